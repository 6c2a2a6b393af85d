"""DIN SPEC 70121: DC charging, paid for outside of the session.

One file a request; `machine` says which is due when.
"""
