"""ISO 15118-20:2022 sessions: one file a message, `table.py` says which state takes which."""
