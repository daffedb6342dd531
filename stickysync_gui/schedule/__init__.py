"""AutoSync without a window: a task of the operating system's own scheduler (product.md 7)."""
