"""A SECC as a process of its own, and an EV's connection to it that is in the charge loop."""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from fastsecc import exi
from fastsecc.sim.ev import Ev, EvSettings

ROOT = Path(__file__).parent.parent
HEADER = struct.Struct(">BBHI")
LOOP_REQUESTS = ("CurrentDemandReq", "ChargingStatusReq")


class SeccProcess:
    """`fastsecc run` on loopback, under a load of benchmarks.loaded_secc."""

    def __init__(self, load: str, energy: str) -> None:
        """Start it, and wait until it says that it is ready."""
        command = [sys.executable, "-m", "benchmarks.loaded_secc", load, "run", "--iface", "lo", "--no-slac"]
        started = time.monotonic()
        self.process = subprocess.Popen([*command, "--energy", energy], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        ready = self.process.stdout.readline()
        self.start_s = time.monotonic() - started
        port = re.search(r"tcp=\[[^]]*\]:(\d+)", ready)
        if port is None:
            raise RuntimeError(f"the SECC did not become ready: {ready!r}")
        self.port = int(port[1])

    def memory_kib(self) -> int:
        """Resident memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) if found else 0

    def cpu_s(self) -> float:
        """Processor time so far, user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def _exchange(connection: socket.socket, payload: bytes) -> bytes:
    connection.sendall(HEADER.pack(1, 0xFE, 0x8001, len(payload)) + payload)
    header = connection.recv(HEADER.size, socket.MSG_WAITALL)
    return connection.recv(HEADER.unpack(header)[3], socket.MSG_WAITALL)


def charging_connection(port: int, protocol: str, energy: str) -> tuple[socket.socket, bytes, bytes]:
    """Take an EV into its charge loop.

    Returns:
        The connection; the frame of the loop request; the frame of its answer.
    """
    connection = socket.create_connection(("::1", port), timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    ev = Ev(EvSettings(protocol=protocol, energy=energy, think_s=0.0))
    request = ev.start(time.monotonic())
    for _ in range(1000):
        time.sleep(max(0.0, request.send_at - time.monotonic()) + (0.02 if ev.phase == "CableCheck" else 0.0))
        payload = exi.encode(request.message)
        answer = _exchange(connection, payload)
        if request.name in LOOP_REQUESTS:
            frames = (HEADER.pack(1, 0xFE, 0x8001, len(data)) + data for data in (payload, answer))
            return connection, *frames
        following = ev.receive(exi.decode(answer, request.namespace), time.monotonic())
        if following is None:
            break
        request = following
    raise RuntimeError(f"no charge loop: {ev.result.reason}")
