"""The IT Glue REST API: pages, writes, pacing and the translation of what it answers."""
