"""`python -m stickysync_gui.cli`."""

import sys

from stickysync_gui.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
