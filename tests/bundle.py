"""The program as it is shipped, and a screen of a test's own to start it on."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOP = Path(__file__).parents[1]
BUILD_SECONDS = 1500


def build(folder: Path) -> Path:
    """`make dist` into a folder; returns the folder of the programs."""
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR"]
    subprocess.run(
        [*command, "--distpath", folder / "dist", "--workpath", folder / "build", TOP / "build_installer.spec"],
        cwd=TOP,
        check=True,
        timeout=BUILD_SECONDS,
    )
    return folder / "dist" / "StickySync"


def surroundings(home: Path, **more: str) -> dict[str, str]:
    """An environment with nothing of this checkout: neither its packages nor its libraries."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "STICKYSYNC_HOME": str(home),
        "QT_QPA_PLATFORM": "offscreen",
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        **more,
    }


@contextmanager
def x_screen(size: str = "1600x1000x24") -> Iterator[str]:
    """A real X screen without a monitor; gives its DISPLAY."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", size, "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(writer,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        with os.fdopen(reader) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait(60)
