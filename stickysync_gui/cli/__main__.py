"""The process `stickysync`, or `python -m stickysync_gui.cli`."""

import gc
import sys

from stickysync_gui.cli.main import main


def run() -> int:
    """Run the call's command; return the process's exit code."""
    code = main()
    # Python's last collections would look through everything that is loaded once more, only to free what ends anyway.
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(run())
