"""How a session of the EV simulator is shown: live in a terminal, as plain lines, or as JSON lines."""

from __future__ import annotations

import json
import shutil
import textwrap
from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any, TextIO

from fastsecc.sim.ev.machine import Ev, Result
from fastsecc.sim.ev.runner import Exchange
from fastsecc.sim.ev.settings import EvSettings
from fastsecc.sim.ev.values import number
from fastsecc.sim.plc.ev import Step
from fastsecc.sim.tally import LOOP_PHASES, Tally, Times

PLAIN_LOOP_PERIOD_S = 1.0
"""How often plain lines tell of the charge loop."""
BAR_CELLS = 20
WIDTH = 120
"""Columns where there is no terminal to ask."""
CLEAR_LINE = "\r\x1b[2K"
BOLD, GREEN, RED, PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[31m", "\x1b[0m"


PROTOCOLS = {"din": "DIN SPEC 70121", "iso2": "ISO 15118-2", "iso20": "ISO 15118-20"}

PAYMENTS = {"eim": "external payment", "pnc": "Plug & Charge"}


def describe(wishes: EvSettings) -> str:
    """Say what kind of session it is going to be."""
    control = f", {wishes.control} control" if wishes.protocol == "iso20" else ""
    return f"{PROTOCOLS[wishes.protocol]}, {wishes.energy.upper().replace('-', ' ')}{control}, {PAYMENTS[wishes.auth]}"


class Watch(ABC):
    """Shows one session."""

    def __init__(self, ev: Ev, out: TextIO, title: str) -> None:
        """Make it.

        Args:
            ev: whose session it is.
            out: where to show it.
            title: what is going to happen.
        """
        self.ev = ev
        self.out = out
        self.title = title
        self.tally = Tally()

    def on_exchange(self, exchange: Exchange) -> None:
        """Take an exchange."""
        self.tally.exchange(exchange.phase, exchange.answer_time_s)
        self.show(exchange)

    def on_variable(self, name: str, value: Any) -> None:
        """Take a var of the charger interface, where the SECC is at hand."""
        self.tally.variable(name)

    @abstractmethod
    def begin(self) -> None:
        """Say what is going to happen."""

    @abstractmethod
    def on_slac(self, step: Step) -> None:
        """Take a step of SLAC."""

    @abstractmethod
    def show(self, exchange: Exchange) -> None:
        """Show an exchange."""

    @abstractmethod
    def end(self, result: Result) -> None:
        """Sum up."""


class JsonWatch(Watch):
    """A JSON line for each exchange and var, and one for the whole session at the end."""

    def begin(self) -> None:
        """Nothing: every line is an event."""

    def on_slac(self, step: Step) -> None:
        """Show a step of SLAC."""
        answer_ms = None if step.answer_s is None else round(step.answer_s * 1000, 3)
        self._print({"event": "slac", "step": step.name, "answer_ms": answer_ms, "text": step.text})

    def show(self, exchange: Exchange) -> None:
        """Show an exchange."""
        line: dict[str, object] = {
            "event": "exchange",
            "at_s": round(exchange.at_s, 6),
            "request": exchange.request,
            "response": type(exchange.response).__name__,
            "code": getattr(exchange.response, "ResponseCode", None),
            "answer_ms": round(exchange.answer_time_s * 1000, 3),
        }
        if exchange.phase in LOOP_PHASES:
            line |= {
                "voltage_v": round(self.ev.present_voltage_v, 1),
                "current_a": round(self.ev.present_current_a, 1),
                "power_w": round(self.ev.power_w),
                "soc_percent": round(self.ev.battery.soc_percent, 2),
            }
        self._print(line)

    def end(self, result: Result) -> None:
        """Sum up."""
        facts = asdict(result) | {"session_id": result.session_id.hex()}
        facts = {name: round(value, 3) if isinstance(value, float) else value for name, value in facts.items()}
        wishes = self.ev.settings
        kind = {"protocol": wishes.protocol, "energy": wishes.energy, "evse_id": self.ev.evse_id}
        self._print({"event": "summary", **facts, **kind, **self.tally.to_json()})

    def on_variable(self, name: str, value: Any) -> None:
        """Count and show a var."""
        super().on_variable(name, value)
        self._print({"event": "var", "name": name, "value": value})

    def _print(self, line: dict[str, object]) -> None:
        print(json.dumps(line), file=self.out, flush=True)


class TextWatch(Watch):
    """A line for each phase, and one for the charge loop; in a terminal the newest line is updated in place."""

    def __init__(self, ev: Ev, out: TextIO, title: str) -> None:
        """Find out what the output can show."""
        super().__init__(ev, out, title)
        self._live = out.isatty()
        self._unicode = (out.encoding or "ascii").lower().startswith("utf")
        self._phase = ""
        self._line = ""
        self._repeats = 0
        self._slowest_s = 0.0
        self._shown_at_s = 0.0

    def begin(self) -> None:
        """Say what is going to happen."""
        self._write(self._colour(BOLD, self.title) + "\n")

    def on_slac(self, step: Step) -> None:
        """Show a step of SLAC, in a line of its own: the clock of the session does not run yet."""
        took = " " * 10 if step.answer_s is None else _ms(step.answer_s)
        self._write(f"{'SLAC':9}  {step.name:27} {took}  {step.text}".rstrip() + "\n")

    def show(self, exchange: Exchange) -> None:
        """Show an exchange, in the line of its phase."""
        if exchange.phase != self._phase:
            self._finish_line()
            self._phase, self._repeats, self._slowest_s, self._shown_at_s = exchange.phase, 0, 0.0, exchange.at_s
        self._repeats += 1
        self._slowest_s = max(self._slowest_s, exchange.answer_time_s)
        in_loop = exchange.phase in LOOP_PHASES
        self._line = self._loop_line(exchange) if in_loop else self._phase_line(exchange)
        if self._live:
            self._write(CLEAR_LINE + self._line)
        elif in_loop and exchange.at_s - self._shown_at_s >= PLAIN_LOOP_PERIOD_S:
            self._shown_at_s = exchange.at_s
            self._write(self._line + "\n")

    def end(self, result: Result) -> None:
        """Sum up."""
        self._finish_line()
        colour = GREEN if result.ok else RED
        self._write(self._colour(colour, ("done: " if result.ok else "failed: ") + result.reason) + "\n")
        if not self.tally.messages:
            return
        session_id = result.session_id.hex() if any(result.session_id) else "none"
        self._fact("session", f"{session_id} at {self.ev.evse_id or 'an unknown EVSE'}, {self._charged(result)}")
        self._fact("messages", _listed(self.tally.messages))
        if self.tally.variables:
            self._fact("vars", _listed(self.tally.variables))
        self._fact("answers", f"charge loop: {_times(self.tally.loop)}; all others: {_times(self.tally.others)}")

    def _fact(self, name: str, text: str) -> None:
        indent = " " * 12
        lines = textwrap.fill(text, self._columns, initial_indent=f"  {name:10}", subsequent_indent=indent)
        self._write(lines + "\n")

    def _charged(self, result: Result) -> str:
        soc = f"{result.soc_start_percent:.0f} % -> {result.soc_end_percent:.0f} %"
        lapse = self.ev.battery.time_lapse
        hurry = f", time lapse {lapse:.0f}x" if lapse != 1 else ""
        given_wh = result.discharged_wh
        given = f" taken, {given_wh / 1000:.2f} kWh given back" if given_wh else ""
        return f"state of charge {soc}, {(result.energy_wh + given_wh) / 1000:.2f} kWh{given}{hurry}"

    def _phase_line(self, exchange: Exchange) -> str:
        name = exchange.phase + (f" x{self._repeats}" if self._repeats > 1 else "")
        code = str(getattr(exchange.response, "ResponseCode", type(exchange.response).__name__))
        line = f"{exchange.at_s:7.3f} s  {name:27} {_ms(self._slowest_s)}  {code}{_remark(exchange)}"
        return line[: self._columns - 1] if self._live else line

    def _loop_line(self, exchange: Exchange) -> str:
        ev = self.ev
        name = f"{exchange.phase} x{self._repeats}"
        width = 6 if ev.settings.bidirectional or ev.settings.is_megawatt else 5
        voltage_v, current_a, power_kw = ev.present_voltage_v, ev.present_current_a, ev.power_w / 1000
        values = f"{voltage_v:5.1f} V {current_a:{width}.1f} A {power_kw:{width}.1f} kW"
        line = f"{exchange.at_s:7.3f} s  {name:19} {_ms(exchange.answer_time_s)}  {values}"
        return f"{line} {ev.battery.soc_percent:5.1f} % {self._bar(self._columns - len(line) - 11)}".rstrip()

    def _bar(self, cells: int) -> str:
        """Draw the state of charge in as many cells as there are, and not too many."""
        cells = max(0, min(BAR_CELLS, cells))
        full, empty = ("█", "░") if self._unicode else ("#", ".")
        filled = round(self.ev.battery.soc_percent / 100 * cells)
        return full * filled + empty * (cells - filled)

    @property
    def _columns(self) -> int:
        """Columns of the terminal, asked anew: it may be resized."""
        return shutil.get_terminal_size((WIDTH, 0)).columns

    def _finish_line(self) -> None:
        if self._line:
            self._write("\n" if self._live else self._line + "\n")
        self._line = ""

    def _colour(self, colour: str, text: str) -> str:
        return f"{colour}{text}{PLAIN}" if self._live else text

    def _write(self, text: str) -> None:
        self.out.write(text)
        self.out.flush()


def _remark(exchange: Exchange) -> str:
    """Say what else is worth knowing of an answer."""
    response = exchange.response
    remarks = []
    if getattr(response, "EVSEProcessing", "Finished") != "Finished":
        remarks.append(str(response.EVSEProcessing))
    if exchange.phase == "CableCheck" and hasattr(response, "DC_EVSEStatus"):
        remarks.append(f"isolation {response.DC_EVSEStatus.EVSEIsolationStatus}")
    if exchange.phase.endswith(("PreCharge", "WeldingDetection")) and hasattr(response, "EVSEPresentVoltage"):
        remarks.append(f"{number(response.EVSEPresentVoltage):.1f} V")
    return "".join(f", {remark}" for remark in remarks)


def _ms(time_s: float) -> str:
    return f"{time_s * 1000:7.2f} ms"


def _times(times: Times | None) -> str:
    if times is None:
        return "none"
    return (
        f"{times.count}, median {times.median_s * 1000:.2f} ms, p99 {times.p99_s * 1000:.2f} ms, "
        f"max {times.max_s * 1000:.2f} ms"
    )


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
