"""Session ids: eight octets that nobody can guess."""

from __future__ import annotations

import os

from fastsecc.session.api import SessionSettings

SESSION_ID_OCTETS = 8


def new_session_id(settings: SessionSettings) -> bytes:
    """Draw an id that is not zero, which means `no session`."""
    draw = settings.new_session_id or (lambda: os.urandom(SESSION_ID_OCTETS))
    session_id = draw()
    while not any(session_id):
        session_id = os.urandom(SESSION_ID_OCTETS)
    return session_id
