"""The Passwords tab: what stands where, and the sync itself."""
