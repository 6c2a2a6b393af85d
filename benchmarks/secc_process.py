"""A SECC as a process of its own: one connector on loopback for each kind of session that is measured."""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from fastsecc import exi
from fastsecc.sim.ev import Ev, EvSettings
from fastsecc.sim.ev.phase import Request

ROOT = Path(__file__).parent.parent
HEADER = struct.Struct(">BBHI")
LOOP_REQUESTS = ("CurrentDemandReq", "ChargingStatusReq", "DC_ChargeLoopReq", "AC_ChargeLoopReq")
FIRST_SDP_PORT = 15_118
LINK_THREAD = "fastsecc-link"
FIFO_PRIORITY = 40

Transport = Literal["plain", "tls12", "tls13"]
PROTOCOLS = {"din": "DIN", "iso2": "-2", "iso20": "-20"}


@dataclass(frozen=True, slots=True)
class Kind:
    """What sort of session."""

    transport: Transport
    protocol: Literal["din", "iso2", "iso20"]
    energy: Literal["dc", "ac"]
    control: Literal["scheduled", "dynamic"] = "scheduled"
    """Who plans, in ISO 15118-20."""

    def __str__(self) -> str:
        control = f" {self.control}" if self.protocol == "iso20" else ""
        return f"{self.transport} {PROTOCOLS[self.protocol]} {self.energy.upper()}{control}"


class SeccProcess:
    """`fastsecc run`, under a load of benchmarks.loaded_secc once that is asked for."""

    def __init__(self, folder: Path, kinds: Sequence[Kind], *, load: str = "idle", fifo: bool = True) -> None:
        """Start it with a connector for each kind, and wait until all are ready.

        Args:
            folder: for its files; has `pki` in it where TLS is wanted.
            kinds: of the connectors, in their order.
            load: name of the load.
            fifo: whether the charge loop runs at SCHED_FIFO.
        """
        config = folder / "fastsecc.yaml"
        config.write_text(yaml.safe_dump(_config(folder, kinds, fifo)))
        command = [sys.executable, "-m", "benchmarks.loaded_secc", load, "run", "--no-slac", "--config", str(config)]
        started = time.monotonic()
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.ports = [0] * len(kinds)
        self._read_ports()
        self.start_s = time.monotonic() - started

    def _read_ports(self) -> None:
        assert self.process.stdout is not None
        for _ in self.ports:
            line = self.process.stdout.readline()
            sdp = re.search(r"sdp=\[[^]]*\]:(\d+)", line)
            port = re.search(r"t(?:cp|ls)=\[[^]]*\]:(\d+)", line)
            if sdp is None or port is None:
                raise RuntimeError(f"the SECC did not become ready: {line!r}")
            self.ports[int(sdp[1]) - FIRST_SDP_PORT] = int(port[1])

    def connect(self, index: int) -> socket.socket:
        """Connect to a connector."""
        connection = socket.create_connection(("::1", self.ports[index]), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(None)  # for who inherits it
        return connection

    def begin_load(self) -> None:
        """Let the load begin."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def memory_kib(self) -> int:
        """Resident memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) if found else 0

    def link_threads_ns(self) -> dict[int, int]:
        """Processor time of each link thread so far."""
        times = {}
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            if (task / "comm").read_text().strip() == LINK_THREAD:
                times[int(task.name)] = task_ns(task)
        return times

    def pin(self, link_cpu: int, python_cpu: int | None) -> None:
        """Keep the link threads on one processor, as the floor is, and the others on another if one is given."""
        links = self.link_threads_ns()
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            if int(task.name) in links:
                os.sched_setaffinity(int(task.name), {link_cpu})
            elif python_cpu is not None:
                os.sched_setaffinity(int(task.name), {python_cpu})

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def task_ns(task: Path) -> int:
    """Processor time of a thread."""
    return int((task / "schedstat").read_text().split()[0])


def _config(folder: Path, kinds: Sequence[Kind], fifo: bool) -> dict[str, object]:
    connectors = []
    for index, kind in enumerate(kinds):
        connector = {"name": str(index), "interface": "lo", "sdp_port": FIRST_SDP_PORT + index}
        connector["simulator"] = {"energy": kind.energy}
        if kind.transport != "plain":
            connector |= {"tls": "force", "pki": str(folder / "pki"), "client_certificate": "never"}
        connectors.append(connector)
    return {
        "connectors": connectors,
        "session": {"sequence_timeout_s": 3600.0, "allow_plain_iso20": True},
        "iso20": {"loop_sequence_timeout_s": 3600.0},
        "link": {"fifo_priority": FIFO_PRIORITY if fifo else 0},
        "stop_timeout_s": 0.0,
    }


def _exchange(connection: socket.socket, frame: bytes) -> bytes:
    connection.sendall(frame)
    header = connection.recv(HEADER.size, socket.MSG_WAITALL)
    if len(header) < HEADER.size:
        raise RuntimeError("the SECC has closed the connection")
    return header + connection.recv(HEADER.unpack(header)[3], socket.MSG_WAITALL)


def _frame(request: Request) -> bytes:
    payload = exi.encode(request.message)
    return HEADER.pack(1, 0xFE, request.payload_type, len(payload)) + payload


def to_charge_loop(connection: socket.socket, kind: Kind) -> tuple[bytes, bytes]:
    """Take an EV into its charge loop.

    Returns:
        The frame of the loop request; the frame of its answer.
    """
    ev = Ev(EvSettings(protocol=kind.protocol, energy=kind.energy, control=kind.control, think_s=0.0))
    request = ev.start(time.monotonic())
    for _ in range(10_000):
        time.sleep(max(0.0, request.send_at - time.monotonic()) + (0.05 if ev.phase.endswith("CableCheck") else 0.0))
        frame = _frame(request)
        answer = _exchange(connection, frame)
        if request.name in LOOP_REQUESTS:
            return frame, answer
        following = ev.receive(exi.decode(answer[HEADER.size :], request.namespace), time.monotonic())
        if following is None:
            break
        request = following
    raise RuntimeError(f"no charge loop: {ev.result.reason}")
