"""Windows' registry as far as this program uses it, behind the names and errors of the module `winreg`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class FakeWinreg:
    """Keys are (root, path), values are (data, kind) by name.

    Args:
        denied: keys that this user may read but not write.
    """

    HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE = 0x80000001, 0x80000002
    KEY_READ, KEY_SET_VALUE = 0x20019, 0x2
    REG_SZ, REG_BINARY = 1, 3

    def __init__(self) -> None:
        self.keys: dict[tuple[int, str], dict[str, tuple[Any, int]]] = {}
        self.denied: set[tuple[int, str]] = set()

    @contextmanager
    def OpenKey(self, root: int, path: str, reserved: int = 0, access: int = KEY_READ) -> Iterator[tuple]:
        self._judge(root, path, access)
        if (root, path) not in self.keys:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        yield (root, path, access)

    @contextmanager
    def CreateKey(self, root: int, path: str) -> Iterator[tuple]:
        self._judge(root, path, self.KEY_SET_VALUE)
        self.keys.setdefault((root, path), {})
        yield (root, path, self.KEY_SET_VALUE)

    def QueryValueEx(self, key: tuple, name: str) -> tuple[Any, int]:
        root, path, access = key
        if access != self.KEY_READ:
            raise PermissionError(13, "Access is denied")
        if name not in self.keys[root, path]:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return self.keys[root, path][name]

    def SetValueEx(self, key: tuple, name: str, reserved: int, kind: int, data: Any) -> None:
        self._writable(key)[name] = (data, kind)

    def DeleteValue(self, key: tuple, name: str) -> None:
        values = self._writable(key)
        if name not in values:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        del values[name]

    def _judge(self, root: int, path: str, access: int) -> None:
        if access & self.KEY_SET_VALUE and (root, path) in self.denied and access != self.KEY_READ:
            raise PermissionError(13, "Access is denied")

    def _writable(self, key: tuple) -> dict[str, tuple[Any, int]]:
        root, path, access = key
        if access != self.KEY_SET_VALUE:
            raise PermissionError(13, "Access is denied")
        return self.keys[root, path]
