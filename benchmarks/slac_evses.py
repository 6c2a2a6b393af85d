"""The EVSEs that `bench_slac` measures, each a process at one interface."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

INTERFACE = "evse"
NEEDED = ("pyslac", "marshmallow<4")
"""pyslac's environs does not know marshmallow 4."""
PYSLAC = Path(__file__).with_name("pyslac_evse.py")


class Evse(ABC):
    """One EVSE."""

    NAME: ClassVar[str]
    KEYS: ClassVar[int]
    """When it sets a key: 0 never, 1 once, 2 before each match."""

    process: subprocess.Popen[str]

    @abstractmethod
    def start(self) -> None:
        """Start it; the client is there already, and answers as its modem."""

    def matched(self) -> None:
        """End the match."""

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


class Echo(Evse):
    """The floor."""

    NAME = "C echo"
    KEYS = 0

    def __init__(self, program: Path) -> None:
        """Take the compiled program."""
        self._program = program

    def start(self) -> None:
        """Start it."""
        self.process = subprocess.Popen([str(self._program), "echo", INTERFACE], text=True)


class Fastsecc(Evse):
    """`fastsecc slac`, with a car that stays plugged in."""

    NAME = "fastsecc"
    KEYS = 2

    def start(self) -> None:
        """Start it and plug in."""
        command = [sys.executable, "-m", "fastsecc", "slac", "--iface", INTERFACE, "--set", "TT_EVSE_SLAC_init_s=0"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
        )
        self._say("enter")

    def matched(self) -> None:
        """Leave the logical network; the next match has another key."""
        self._say("terminate")

    def _say(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()


class Pyslac(Evse):
    """pyslac's EVSE session."""

    NAME = "pyslac"
    KEYS = 1

    def __init__(self, python: Path) -> None:
        """Take the interpreter that it is installed for."""
        self._python = python

    def start(self) -> None:
        """Start it."""
        command = [str(self._python), str(PYSLAC), INTERFACE]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL, text=True)


def pyslac_python(folder: Path) -> Path | str:
    """Install pyslac for an interpreter of its own; where that cannot be done, say why."""
    python = folder / "venv" / "bin" / "python"
    for command in (
        [sys.executable, "-m", "venv", str(folder / "venv")],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *NEEDED],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["pip failed"])[-1]
    return python


def build_client() -> Path:
    """Compile the client, which is C so that it measures the EVSE and not itself."""
    program = Path(tempfile.mkdtemp(prefix="fastsecc-slac-")) / "slac_bench"
    subprocess.run(["cc", "-O2", "-o", str(program), str(Path(__file__).with_name("slac_bench.c"))], check=True)
    return program


def wakeups(pid: int) -> int:
    """Count how often a process's threads were given a processor."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        fields = dict(line.split(":\t") for line in (task / "status").read_text().splitlines() if "_ctxt_" in line)
        total += sum(int(value) for value in fields.values())
    return total


def cpu_s(pid: int) -> float:
    """Give the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
