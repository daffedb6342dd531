"""A Windows of a test's own: Wine over a prefix in a temporary folder, without any screen."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

WINE = next((path for path in map(Path, ("/usr/lib/wine/wine64", "/usr/bin/wine64")) if path.exists()), Path("wine64"))
SECONDS = 250


class Wine:
    """Drive C and registry of a fresh Windows; `end` stops its server.

    Args:
        folder: an empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.drive = folder / "prefix" / "drive_c"
        (folder / "home").mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self._environment = {
            **kept,
            "HOME": str(folder / "home"),
            "WINEPREFIX": str(folder / "prefix"),
            "WINEDEBUG": "-all",
            # Nobody needs .NET or a browser here, and Wine would ask for them in a window.
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
        }
        self.run("wineboot", "-i")

    @property
    def user(self) -> Path:
        """The folder of the user that Wine has."""
        return next(folder for folder in (self.drive / "users").iterdir() if folder.name != "Public")

    def run(self, *command: str | Path) -> int:
        """Run a Windows program to its end; return its exit code."""
        return self.start(*command).wait()

    def start(self, *command: str | Path, stdout: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
        """Start a Windows program; it is killed after a while whatever happens."""
        return subprocess.Popen(
            ["timeout", "-s", "KILL", str(SECONDS), WINE, *command],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
        )

    def registry(self, key: str) -> dict[str, str]:
        """The values of a key, as `reg query` prints them; empty when there is none."""
        with self.start("reg", "query", key, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            printed = process.stdout.read().decode("utf-8", "replace")
        return dict(re.findall(r"^ {4}(\S+) {4}REG_\w+ {4}(.*?)\r?$", printed, re.MULTILINE))

    def end(self) -> None:
        """Stop everything in this Windows, and remove it: it is large."""
        server = WINE.with_name("wineserver64")
        subprocess.run([server, "-k"], env=self._environment, check=False, timeout=SECONDS)
        shutil.rmtree(self.drive.parent, ignore_errors=True)


def wait_for(condition: object, seconds: float = SECONDS) -> None:
    """Wait for what a process of Windows does in its own time."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
