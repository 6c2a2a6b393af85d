"""An EV: sans-IO client machines for DIN SPEC 70121, ISO 15118-2 and -20, and the runner that takes them to a SECC."""

from __future__ import annotations

from fastsecc.sim.ev.machine import Ev, Result
from fastsecc.sim.ev.phase import Request
from fastsecc.sim.ev.settings import EvSettings

__all__ = ["Ev", "EvSettings", "Request", "Result"]
