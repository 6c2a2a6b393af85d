"""Sockets that a supervisor opened for us, handed over as sd_listen_fds(3) has it: with their numbers and names."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import Final

FIRST: Final = 3
"""The descriptor after stdin, stdout and stderr: that of the first socket."""
VARIABLES: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def take_socket(names: tuple[str, ...], environment: MutableMapping[str, str] = os.environ) -> int | None:
    """Give the descriptor of the first socket with one of these names, once; None: there is none.

    Args:
        names: names to look for, the best one first.
        environment: where LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES stand; the name that is taken is removed.
    """
    pid, count, listed = (environment.get(variable, "") for variable in VARIABLES)
    if pid != str(os.getpid()) or not count.isdecimal():
        return None
    given = listed.split(":")[: int(count)]
    for name in names:
        if name in given:
            place = given.index(name)
            given[place] = ""
            environment[VARIABLES[2]] = ":".join(given)
            return FIRST + place
    return None
