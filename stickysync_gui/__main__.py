"""`python -m stickysync_gui` starts the window."""

from stickysync_gui.app import main

if __name__ == "__main__":
    main()
