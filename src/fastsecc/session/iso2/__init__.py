"""ISO 15118-2:2014 sessions, AC and DC: one file a message, `table.py` says which state takes which."""
