"""The window. It knows the domain's records and is handed a Backend; it imports nothing that talks to a server."""
