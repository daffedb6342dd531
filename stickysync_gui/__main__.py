"""The process `stickysync-gui`, or `python -m stickysync_gui`: the window."""

import gc

# All that the start loads stays; going through it again and again would take a sixth of the time to the first paint.
# The window brings a collector of its own (`ui/garbage.py`).
gc.disable()

from stickysync_gui.app import main  # noqa: E402

if __name__ == "__main__":
    main()
