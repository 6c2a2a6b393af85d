"""`fastsecc replay`: what would we have answered to the car in this capture?"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from fastsecc.sim.replay import Step

WORSE: Final = 1
"""Exit code: we refuse, or do not answer, what the recorded charger accepted."""

EPILOG = """\
A capture is a file of JSON lines, one record each:
  {"t": 1.5, "kind": "v2g", "dir": "req", "type": "8001", "hex": "8000..."}
with kind slac, sdp or v2g, dir req (from the EV) or res; V2G messages are without their V2GTP header, whose payload
type may stand in type (hexadecimal) or, as a number, in payload_type: {"payload_type": 32770, ...}.

Each request goes to our session core, which meets the same charger as the car did: authorization, cable check,
voltages, limits and stops are read off the recorded answers. Requests in a row that went the same way are one line;
elements of the answers that differ stand below it.

Sessions of ISO 15118-20 are not replayed, only listed. The grammar of a message is that of its payload type; without
one, that of the common messages or else of the chosen energy, whichever it fits without deviations.

exit code: 0 all is well, 1 we refuse what was answered OK, 2 the file cannot be used.
"""

PATH_WIDTH = 32
ROW = "{mark:1} {line:>6}  {request:<34} {recorded:<32} {ours}"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `replay` to the command line."""
    parser = subparsers.add_parser(
        "replay",
        help="compare our answers with those in a capture",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="+", type=Path, metavar="FILE", help="the capture")
    parser.add_argument("--json", action="store_true", help="print JSON lines: one a request, then a summary")
    parser.add_argument(
        "--quirk", action="append", default=[], metavar="NAME", help="switch a quirk on, or no-NAME off"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do what the command line says; give the exit code."""
    from fastsecc.session.api import SessionSettings
    from fastsecc.sim import capture
    from fastsecc.sim.replay import replay

    settings = SessionSettings(close_on_failed=False, quirks=frozenset(args.quirk))
    worse = False
    for path in args.file:
        steps = replay(capture.read(path), settings)
        worse |= any(step.is_worse for step in steps)
        for line in _json_lines(path, steps) if args.json else _table(path, steps):
            print(line)
    return WORSE if worse else 0


def _json_lines(path: Path, steps: list[Step]) -> Iterator[str]:
    for step in steps:
        yield json.dumps({"file": str(path), **_as_dict(step)})
    yield json.dumps({"file": str(path), "summary": dict(Counter(str(step.verdict) for step in steps))})


def _as_dict(step: Step) -> dict[str, Any]:
    return {
        "line": step.line,
        "t": step.at_s,
        "connection": step.connection,
        "request": step.request,
        "recorded": {"message": step.recorded.name, "response_code": step.recorded.code},
        "ours": {"message": step.ours.name, "response_code": step.ours.code},
        "verdict": str(step.verdict),
        "differences": [{"path": one.path, "recorded": one.recorded, "ours": one.ours} for one in step.differences],
        "deviations": [{"path": one.path, "bit": one.bit, "what": one.what} for one in step.deviations],
        "log": list(step.log),
    }


def _table(path: Path, steps: list[Step]) -> Iterator[str]:
    connections = len({step.connection for step in steps})
    yield f"{path.name}: {len(steps)} requests on {connections} connection{'' if connections == 1 else 's'}"
    if any(step.verdict == "listed" for step in steps):
        yield "sessions of ISO 15118-20 are not replayed, only listed"
    for number, connection in groupby(steps, key=lambda step: step.connection):
        yield ""
        yield ROW.format(mark="", line="line", request=f"connection {number}", recorded="recorded", ours="fastsecc")
        for _, alike in groupby(connection, key=_row_key):
            yield from _rows(list(alike))
    yield ""
    yield _summary(steps)


def _row_key(step: Step) -> tuple[str, ...]:
    return step.request, _answer(step.recorded.name, step.recorded.code), _our_answer(step), str(step.verdict)


def _rows(alike: list[Step]) -> Iterator[str]:
    """Give one row for requests in a row that went the same way, and what is to be said of them below it."""
    first = alike[0]
    request, recorded, ours, verdict = _row_key(first)
    times = f" x{len(alike)}" if len(alike) > 1 else ""
    mark = "!" if first.is_worse else ""
    yield ROW.format(mark=mark, line=first.line, request=request + times, recorded=recorded, ours=ours).rstrip()
    if verdict == "same" and first.ours.accepts:
        yield from _differences(alike)
    notes = [f"the EV's {one.path or 'message'}: {one.what}" for step in alike for one in step.deviations]
    if not first.ours.accepts:
        notes += [text for step in alike for text in step.log]
    yield from (f"{'':10}{text}" for text in dict.fromkeys(notes))


def _differences(alike: list[Step]) -> Iterator[str]:
    """Give each element that differs once, with the values of its first time."""
    found = [one for step in alike for one in step.differences]
    counts = Counter(one.path for one in found)
    first = {one.path: one for one in reversed(found)}
    for path in dict.fromkeys(one.path for one in found):
        often = f"  ({counts[path]} of {len(alike)})" if len(alike) > 1 else ""
        name = path if len(path) <= PATH_WIDTH else "..." + path[3 - PATH_WIDTH :]
        yield ROW.format(
            mark="", line="", request="  " + name, recorded=first[path].recorded, ours=first[path].ours + often
        )


def _our_answer(step: Step) -> str:
    instead = {"ended": "(connection has ended)", "listed": "(not replayed)"}
    return instead.get(str(step.verdict)) or _answer(step.ours.name, step.ours.code)


def _answer(name: str, code: str) -> str:
    return code or name or "-"


def _summary(steps: Iterable[Step]) -> str:
    counts = Counter(str(step.verdict) for step in steps)
    texts = {
        "same": "answered alike",
        "accepted": "accepted that was refused",
        "refused": "refused that was accepted",
        "other code": "refused with another code",
        "other message": "answered with another message",
        "unanswered": "not answered that was answered",
        "unrecorded": "without a recorded answer",
        "ended": "after our connection had ended",
        "listed": "listed, not replayed",
    }
    return (
        ", ".join(f"{counts[verdict]} {text}" for verdict, text in texts.items() if counts[verdict]) or "nothing to do"
    )
