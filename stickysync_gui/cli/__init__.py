"""The console program: the same engine without a screen, for schedulers and scripts (product.md 9)."""
