"""Choices on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

PROTOCOLS: Final = ("din", "iso2", "iso20")
EV_AUTHS: Final = ("eim", "pnc")
AUTHS: Final = (*EV_AUTHS, "both")
ENERGIES: Final = ("dc", "ac", "dc-bpt", "ac-bpt", "mcs", "mcs-bpt")


def choice(*known: str) -> Callable[[str], str]:
    """Make an argparse type for one of some words."""

    def parse(text: str) -> str:
        if text not in known:
            raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(known)}")
        return text

    return parse
