"""Reading both sides, applying a plan, and the self-check."""
