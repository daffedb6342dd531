"""Automate's MySQL database and the plugin's tables in it: blocking SQL on one thread, records in and out."""
