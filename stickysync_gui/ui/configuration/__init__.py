"""The Configuration tab: where the two systems are, and how the program shall behave."""
