"""AutoSync in the window: the rounds, how they stand, and the tray."""
