"""`fastsecc slac`, `run` and `ev --slac` as a user meets them: over veth, with simulated modems. Needs root."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import Queue
from typing import Any

import pytest

from fastsecc.charger.slac_interface import SlacInterface
from fastsecc.cli import main as main_module
from fastsecc.cli import slac as slac_module
from fastsecc.cli.main import main
from fastsecc.errors import InterfaceError
from fastsecc.sim import test_pki
from fastsecc.sim.plc import network

FASTSECC = [sys.executable, "-m", "fastsecc"]
PATIENCE_s = 30.0
WITHOUT_RIGHTS = ["setpriv", "--inh-caps=-net_raw", "--bounding-set=-net_raw"]


@pytest.fixture
def hosts() -> Iterator[None]:
    """Be in a network with a charger's and a car's interface; processes that are started here are too."""
    try:
        with network.charger_and_car():
            yield
    except InterfaceError as refusal:
        pytest.skip(refusal.reason)


class Process:
    """A fastsecc process whose lines are read as they come."""

    def __init__(self, *arguments: str, inside: Sequence[str] = ()) -> None:
        self.process = subprocess.Popen(
            [*inside, *FASTSECC, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: Queue[str] = Queue()
        self._log: list[str] = []
        self._readers = [threading.Thread(target=self._read), threading.Thread(target=self._read_log)]
        for reader in self._readers:
            reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        self._log.extend(self.process.stderr)

    def line(self) -> str:
        return self._lines.get(timeout=PATIENCE_s)

    def json(self) -> Any:
        return json.loads(self.line())

    def say(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def stop(self, number: int = signal.SIGTERM) -> str:
        """Stop it; give its log."""
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_s)
        self.dispose()
        assert code == 0, self._log
        return "".join(self._log)

    def dispose(self) -> None:
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


@contextmanager
def running(*arguments: str, inside: Sequence[str] = ()) -> Iterator[Process]:
    process = Process(*arguments, inside=inside)
    try:
        yield process
    finally:
        process.dispose()


@contextmanager
def powerline(*options: str) -> Iterator[None]:
    with running("plc", "--evse", network.PLC_EVSE, "--ev", network.PLC_EV, *options) as plc:
        assert plc.line() == "ready\n"
        yield
        plc.stop()


@contextmanager
def elsewhere(interface: str, address: str) -> Iterator[list[str]]:
    """Move an interface into a network namespace of its own; give the words that run what follows there."""
    name = f"fsc-{interface}-{os.getpid()}"
    network.ip(f"netns add {name}")
    try:
        network.ip(f"link set {interface} netns {name}")
        network.ip(f"-n {name} link set lo up")
        network.ip(f"-n {name} link set {interface} up")
        network.ip(f"-n {name} address replace {address}/64 dev {interface} nodad")
        yield ["ip", "netns", "exec", name]
    finally:
        network.ip(f"netns del {name}")


def ev(*options: str, inside: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Let an EV plug in and charge; give its JSON lines."""
    command = [*inside, *FASTSECC, "ev", "--iface", network.EV, "--json", "--cycles", "3", "--think-ms", "2", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_s, check=False)
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def steps(lines: list[dict[str, Any]]) -> list[str]:
    return [line["step"] for line in lines if line["event"] == "slac"]


MATCH = ["CM_SLAC_PARM", "CM_MNBC_SOUND", "CM_ATTEN_CHAR", "CM_SLAC_MATCH", "link"]


def test_slac_alone_tells_of_plug_in_match_and_unplug(hosts) -> None:
    with powerline(), running("slac", "--iface", network.EVSE, "--set", "link_status_detection=true") as slac:
        assert slac.json() == {"ready": {"iface": network.EVSE}}
        assert slac.json() == {"state": "UNMATCHED"}
        slac.say("enter")
        with running("ev", "--iface", network.EV, "--slac", "--sdp-port", "1") as car:
            lines = [slac.json() for _ in range(4)]
            assert lines[0] == {"state": "MATCHING"}
            assert list(lines[1]) == ["ev_mac_address"]
            assert lines[2:] == [{"state": "MATCHED"}, {"dlink_ready": True}]
            slac.say("leave")
            assert [slac.json(), slac.json()] == [{"dlink_ready": False}, {"state": "UNMATCHED"}]
            car.dispose()
        slac.say("what")
        slac.say("reset")
        log = slac.stop()
    assert "fastsecc slac: 'what' is none of enter, leave, reset, terminate, error, pause" in log
    assert "modem: Qualcomm, QCA7000" in log


def test_slac_alone_goes_on_after_the_end_of_stdin(hosts) -> None:
    with powerline(), running("slac", "--iface", network.EVSE) as slac:
        slac.say("enter")
        assert slac.process.stdin is not None
        slac.process.stdin.close()
        with running("ev", "--iface", network.EV, "--slac", "--sdp-port", "1"):
            while slac.json() != {"dlink_ready": True}:
                pass
        slac.process.stdin = open(os.devnull)  # noqa: PTH123, SIM115
        slac.stop(signal.SIGINT)


def test_slac_alone_takes_the_lines_of_a_file(hosts, tmp_path) -> None:
    (tmp_path / "lines").write_text("enter\nleave\nenter")
    from_file = ["sh", "-c", f'exec "$@" < {tmp_path / "lines"}', "sh"]
    with powerline(), running("slac", "--iface", network.EVSE, inside=from_file) as slac:
        with running("ev", "--iface", network.EV, "--slac", "--sdp-port", "1"):
            while slac.json() != {"dlink_ready": True}:
                pass
        slac.stop()


def test_slac_alone_ends_when_nobody_reads_it(hosts) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [*FASTSECC, "slac", "--iface", network.EVSE]
    unread = subprocess.run(command, stdout=write_end, stderr=subprocess.PIPE, timeout=PATIENCE_s, check=False)
    os.close(write_end)
    assert unread.returncode == main_module.PIPE_CLOSED
    assert b"Traceback" not in unread.stderr


@pytest.mark.parametrize("closed", ["<&-", "2>&-"])
@pytest.mark.parametrize("command", ["slac", "run"])
def test_without_a_standard_stream_it_ends_in_order(hosts, command: str, closed: str) -> None:
    """A socket that takes the place of one would make uvloop abort."""
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", *FASTSECC, command, "--iface", network.EVSE]
    with subprocess.Popen(shell, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "ready" in process.stdout.readline()
        process.terminate()
        assert process.wait(PATIENCE_s) == 0


def test_an_interface_that_comes_later_is_taken(hosts) -> None:
    network.ip(f"link set {network.EVSE} down")
    with powerline(), running("slac", "--iface", network.EVSE) as slac:
        assert slac.json() == {
            "error": "generic/CommunicationFault",
            "message": f"Device {network.EVSE}: is down (ip link set {network.EVSE} up)",
        }
        network.ip(f"link set {network.EVSE} up")
        assert slac.json() == {"cleared": "generic/CommunicationFault"}
        assert slac.json() == {"ready": {"iface": network.EVSE}}
        slac.stop()


@pytest.mark.parametrize(("protocol", "car"), [("din", "tesla"), ("iso2", "vw")])
def test_run_matches_and_charges_one_ev_after_the_other(hosts, protocol: str, car: str) -> None:
    with powerline(), running("run", "--iface", network.EVSE) as secc:
        assert secc.line().startswith(f"ready iface={network.EVSE} ")
        for _ in range(2):
            lines = ev("--slac", car, "--protocol", protocol)
            assert steps(lines) == MATCH
            assert lines[-1]["ok"], lines[-1]
        log = secc.stop()
    assert log.count("SLAC: MATCHED") == 2


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("pki")
    test_pki.make(folder)
    return str(folder)


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("protocol", ["din", "iso2", "iso20"])
def test_charger_modems_and_car_are_three_hosts(hosts, pki: str, protocol: str, tls: bool) -> None:
    """What one knows of the other came over the powerline: each has a kernel's network of its own."""
    with (
        powerline(),
        elsewhere(network.EVSE, "fe80::1") as charger,
        elsewhere(network.EV, "fe80::2") as car,
        running(
            *("run", "--iface", network.EVSE, "--allow-plain-iso20"),
            *(("--tls", "force", "--pki", pki) if tls else ()),
            inside=charger,
        ) as secc,
    ):
        assert secc.line().startswith(f"ready iface={network.EVSE} ")
        lines = ev("--slac", "--protocol", protocol, *(("--tls", "--pki", pki) if tls else ()), inside=car)
        assert steps(lines) == MATCH
        log = secc.stop()
    assert lines[-1]["ok"], (lines[-1], log)
    assert lines[-1]["messages"]["DC_ChargeLoop" if protocol == "iso20" else "CurrentDemand"] == 3


def test_run_finds_the_interface_of_slac_by_itself(hosts) -> None:
    network.ip(f"address flush dev {network.EV}")
    with powerline(), running("run") as secc:
        assert secc.line().startswith(f"ready iface={network.EVSE} ")
        network.ip(f"address add fe80::2/64 dev {network.EV} nodad")
        assert ev("--slac")[-1]["ok"]
        secc.stop()


def test_without_modems_the_match_is_over_a_plain_wire(hosts) -> None:
    """Each modem's end of a veth pair is a port of a bridge."""
    network.ip("link add wire type bridge")
    for name in (network.PLC_EVSE, network.PLC_EV):
        network.ip(f"link set {name} master wire")
    network.ip("link set wire up")
    with running("run", "--iface", network.EVSE, "--set", "connectors.0.slac.modem=optional") as secc:
        secc.line()
        lines = ev("--slac", "--slac-profile", "9")
        assert lines[-1]["ok"], lines[-1]
        secc.stop()


@pytest.mark.parametrize("arguments", [["run", "--iface", "evse"], ["run"], ["slac", "--iface", "evse"]])
def test_without_the_right_to_raw_frames_the_line_that_mends_it_is_shown(hosts, arguments: list[str]) -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv (util-linux) is not installed")
    done = subprocess.run(
        [*WITHOUT_RIGHTS, *FASTSECC, *arguments], capture_output=True, text=True, timeout=PATIENCE_s, check=False
    )
    assert done.returncode == main_module.MISTAKE
    assert done.stdout == ""
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("fastsecc: ")]
    assert "setcap cap_net_raw+ep " in line
    assert "AmbientCapabilities=CAP_NET_RAW" in line
    assert line.endswith("; --no-slac charges without SLAC") == (arguments[0] == "run")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["slac", "--iface", "lo", "--set", "validation=maybe"], "validation=maybe: "),
        (
            ["slac", "--iface", "lo", "--set", "TT_EVSE_SLAC_init_s=51"],
            "TT_EVSE_SLAC_init_s=51: expected float <= 50.0",
        ),
        (["slac", "--iface", "lo"], "fastsecc: interface lo: is no Ethernet interface, so there is no SLAC\n"),
        (
            ["run", "--iface", "lo"],
            "fastsecc: interface lo: is no Ethernet interface, so there is no SLAC; --no-slac charges without SLAC\n",
        ),
        (["slac", "--iface", "lo", "--config", "slac.yaml"], "slac.yaml:3:connectors[0].slac.modme: no such option"),
        (["ev", "--iface", "lo", "--slac", "trabant"], "--slac trabant: no such car; there are: standard, audi"),
        (["ev", "--iface", "lo", "--slac-profile", "3"], "--slac-profile: is of use with --slac only"),
        (["ev", "--sdp-host", "::1", "--slac"], "--slac: needs --iface"),
        (["plc", "--evse", "nosuch0", "--ev", "lo"], "interface nosuch0: "),
        (["plc", "--evse", "a", "--ev", "b", "--fault", "eaten:X.REQ"], "eaten:X.REQ: expected lost|doubled|late"),
        (["plc", "--evse", "a", "--ev", "b", "--attenuation", "a:c=3"], "expected two of the interfaces"),
        (["plc", "--evse", "a", "--ev", "b", "--attenuation", "a:b=x"], "expected decibels, or off"),
        (["plc", "--evse", "a", "--ev", "b", "--attenuation", "a:b=256"], "expected 0 to 255 dB"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], error: str, tmp_path, monkeypatch, capsys) -> None:
    (tmp_path / "slac.yaml").write_text("connectors:\n- slac:\n    modme: optional\n")
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == main_module.MISTAKE
    out, err = capsys.readouterr()
    assert out == ""
    assert error in err
    assert err.count("\n") == 1


def test_the_lines_of_stdin_are_cmds(hosts, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """In this process, so that what it does can be seen."""
    reading, writing = os.pipe()
    lines: list[Any] = []
    cmds: list[str] = []

    def take(line: dict[str, Any]) -> None:
        lines.append(line)
        if line == {"state": "UNMATCHED"}:
            os.write(writing, b"enter\nleave\n\nwhat\nterminate\nerror\npause\nres")
            os.write(writing, b"et\n")

    def command(self: SlacInterface, name: str, args: Any, now: float) -> None:
        cmds.append(name)
        if name == "reset":
            assert args == {"enable": False}
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(slac_module, "_print", take)
    monkeypatch.setattr(SlacInterface, "command", command)
    with powerline(), open(reading) as stdin:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdin", stdin)
        assert main(["slac", "--iface", network.EVSE, "--log-json"]) == 0
    os.close(writing)
    assert lines == [{"ready": {"iface": network.EVSE}}, {"state": "UNMATCHED"}]
    assert cmds == ["enter_bcd", "leave_bcd", "dlink_terminate", "dlink_error", "dlink_pause", "reset"]
    assert "fastsecc slac: 'what' is none of enter, leave," in capsys.readouterr().err


def test_the_demo_is_interrupted_and_leaves_nothing(hosts) -> None:
    with running("demo", "--cycles", "10000") as demo:
        while "CurrentDemand" not in demo.line():
            pass
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(PATIENCE_s) == main_module.INTERRUPTED
    assert {name for _, name in socket.if_nameindex()} == {
        *("lo", network.EVSE, network.EV, network.PLC_EVSE, network.PLC_EV)
    }
