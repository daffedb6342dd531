"""The Org Mapping tab: which organization documents which client."""
