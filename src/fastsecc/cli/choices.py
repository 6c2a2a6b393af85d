"""Choices on the command line, and a plain word for those that later versions bring."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

PROTOCOLS: Final = ("din", "iso2", "iso20")
ENERGIES: Final = ("dc", "ac", "dc-bpt", "ac-bpt", "mcs", "mcs-bpt")
LATER: Final = {
    "pnc": "Plug & Charge",
    "both": "Plug & Charge",
}
"""Choices that later versions will have."""


def choice(*known: str) -> Callable[[str], str]:
    """Make an argparse type for one of some words, which tells unknown words from those of later versions."""

    def parse(text: str) -> str:
        if text in known:
            return text
        if text in LATER:
            raise argparse.ArgumentTypeError(f"this version does not have {LATER[text]} ({text}) yet")
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(known)}")

    return parse
