"""`fastsecc` and `fastsecc run` as a user meets them: one line on stdout, the log on stderr, no tracebacks."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fastsecc import __version__
from fastsecc.cli import main as main_module
from fastsecc.cli import run as run_module
from fastsecc.cli.main import COMMANDS, main
from fastsecc.cli.run import _config, _loop_factory
from fastsecc.config import Config
from fastsecc.errors import ConfigError
from fastsecc.sim import test_pki
from fastsecc.sim.battery import Battery
from fastsecc.sim.ev.discovery import Link
from fastsecc.sim.ev.machine import Ev
from fastsecc.sim.ev.runner import Exchange, charge
from fastsecc.sim.ev.settings import EvSettings
from fastsecc.sim.ev.tls import context

READY = re.compile(r"ready iface=lo sdp=\[::1\]:(\d+) tcp=(off|\[::1\]:\d+) tls=(off|\[::1\]:\d+)\n")
QUICK = "connectors.0.simulator.dc={isolation_test_s: 0.01, voltage_ramp_v_per_s: 1.0e+6, current_ramp_a_per_s: 1.0e+6}"

NORMAL_PRIORITY = ("--set", "link.fifo_priority=0")
"""Nothing is asked of the system that only some users are permitted, and the log says the same to all."""


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        return probe.getsockname()[1]


@contextmanager
def secc(*options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run `fastsecc run` on loopback; give the process and its SDP port when it is ready."""
    port = free_udp_port()
    command = [sys.executable, "-m", "fastsecc", "run", "--iface", "lo", "--set", f"connectors.0.sdp_port={port}"]
    with subprocess.Popen(
        [*command, *NORMAL_PRIORITY, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        try:
            assert process.stdout is not None
            ready = READY.fullmatch(process.stdout.readline())
            assert ready is not None
            assert int(ready[1]) == port
            yield process, port
        finally:
            process.kill()


def stop(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[str, str]:
    """Stop in order; give the rest of stdout, and stderr."""
    process.send_signal(number)
    out, log = process.communicate(timeout=20)
    assert process.returncode == 0, log
    return out, log


def test_an_ev_charges_and_sigterm_ends_in_order() -> None:
    with secc("--no-slac", "--log-json", "--set", QUICK) as (process, port):
        ev = Ev(EvSettings(protocol="din", cycles=5, think_s=0.005), Battery(soc_percent=20))
        result = asyncio.run(charge(ev, Link(sdp_host="::1", sdp_port=port), lambda exchange: None))
        assert result.ok, result
        out, log = stop(process)
    assert out == ""
    lines = [json.loads(line) for line in log.splitlines()]
    assert {line["level"] for line in lines} == {"info"}
    messages = "\n".join(line["message"] for line in lines)
    for event in ("ready iface=lo", "asks for NONE, offered NONE", "connected: [::1]:", "DIN70121 chosen", "closed: "):
        assert event in messages


def test_an_ev_charges_over_tls_before_and_after_new_certificates(tmp_path: Path) -> None:
    test_pki.make(tmp_path)
    tls = ("--tls", "force", "--pki", str(tmp_path))
    with secc("--no-slac", "--set", "connectors.0.simulator.energy=ac", *tls) as (process, port):
        results = []
        for new in (False, True):
            if new:
                test_pki.make(tmp_path)
                process.send_signal(signal.SIGHUP)
            ev = Ev(EvSettings(energy="ac", cycles=5, think_s=0.005), Battery(soc_percent=20))
            trusted = context((tmp_path / test_pki.V2G_ROOT,))
            results.append(asyncio.run(charge(ev, Link(sdp_host="::1", sdp_port=port), lambda exchange: None, trusted)))
        _, log = stop(process)
    assert all(result.ok for result in results), results
    for event in ("tcp=off tls=[::1]:", "TLS: OpenSSL 3", "asks for TLS, offered TLS", "SIGHUP: certificates are read"):
        assert event in log
    assert log.count("TLS chain: P-256") >= 2


def test_without_certificates_a_hangup_changes_nothing() -> None:
    with secc("--no-slac") as (process, _):
        process.send_signal(signal.SIGHUP)
        _, log = stop(process, signal.SIGINT)
    assert "SIGHUP: there is nothing to read again" in log


def test_sigterm_in_a_session_lets_the_ev_finish() -> None:
    with secc("--no-slac", "--loop", "asyncio", "--set", QUICK) as (process, port):

        async def charge_until_stopped() -> Ev:
            told = asyncio.Event()
            ev = Ev(EvSettings(think_s=0.005), Battery(soc_percent=20))

            def on_exchange(exchange: Exchange) -> None:
                if exchange.phase == "CurrentDemand" and not told.is_set():
                    told.set()
                    process.terminate()

            await charge(ev, Link(sdp_host="::1", sdp_port=port), on_exchange)
            return ev

        ev = asyncio.run(asyncio.wait_for(charge_until_stopped(), 20))
        assert ev.result.ok, ev.result
        assert process.wait(timeout=20) == 0


def test_a_second_secc_on_the_same_port_says_why_it_waits() -> None:
    with secc("--no-slac") as (_, port):
        command = [sys.executable, "-m", "fastsecc", "run", "--iface", "lo", "--no-slac"]
        command += ["--set", f"connectors.0.sdp_port={port}"]
        with subprocess.Popen([*command, *NORMAL_PRIORITY], stderr=subprocess.PIPE, text=True) as second:
            try:
                assert second.stderr is not None
                log = second.stderr.readline()
            finally:
                second.kill()
    assert f"Device lo: UDP port {port} for SDP: Address already in use" in log


def test_nobody_has_to_read_the_ready_line(monkeypatch) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    monkeypatch.setattr(run_module, "STDOUT", write_end)
    announce = run_module._Announcer()
    announce(type("Charger", (), {"connector": "1"})(), "endpoint")  # type: ignore[arg-type]
    assert announce._announced == {"1"}
    os.close(write_end)


def test_each_connector_is_announced_once(capfd) -> None:
    announce = run_module._Announcer()
    for name in ("1", "2", "1"):
        announce(type("Charger", (), {"connector": name})(), f"at {name}")  # type: ignore[arg-type]
    assert capfd.readouterr().out == "ready at 1\nready at 2\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--config", "none.yaml"], "fastsecc: none.yaml: cannot be read: No such file or directory"),
        (["--config", "bad.yaml"], "fastsecc: bad.yaml:2:log.levle: no such option; did you mean level?"),
        (["--config", "two.yaml", "--iface", "lo"], "fastsecc: --iface: two.yaml has 2 connectors: say it there"),
        (["--tls", "force"], "connectors[0].pki: tls: force needs a folder of certificates and keys (option --pki)"),
        (["--tls", "allow", "--pki", "none"], "fastsecc: none: does not exist"),
        (["--tls", "allow", "--pki", "."], "fastsecc: .: holds no charger certificates: neither client/cso nor"),
        (["--set", "connectors.0.tls=on"], "expected"),
        (["--set", "log"], "fastsecc: --set log: expected section.key=value"),
        (["--set", "session.sequence_timeout_s=-1"], "sequence_timeout_s=-1: expected float > 0.0"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], error: str, tmp_path: Path, monkeypatch, capsys) -> None:
    (tmp_path / "bad.yaml").write_text("log:\n  levle: info\n")
    (tmp_path / "two.yaml").write_text("connectors:\n- {name: a, interface: x}\n- {name: b, interface: y}\n")
    monkeypatch.chdir(tmp_path)
    assert main(["run", *arguments]) == main_module.MISTAKE
    out, err = capsys.readouterr()
    assert out == ""
    assert error in err
    assert err.count("\n") == 1


def test_options_override_the_file(tmp_path: Path) -> None:
    file = tmp_path / "fastsecc.yaml"
    file.write_text("connectors: [{interface: plc0, simulator: {energy: dc}}]\nlog: {level: debug}\n")
    options = ["--iface", "lo", "--energy", "ac", "--control-socket", "ctl", "--loop", "asyncio", "--log-json"]
    arguments = ["run", "--config", str(file), *options, "--set", "log.level=error"]
    config = _config(main_module._parser(arguments).parse_args(arguments))
    connector = config.connectors[0]
    assert (connector.interface, connector.simulator.energy) == ("lo", "ac")
    assert (config.control.socket, config.loop, config.log.json, config.log.level) == ("ctl", "asyncio", True, "error")


def test_tls_is_that_of_every_connector_and_adds_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "fastsecc.yaml"
    file.write_text("connectors: [{interface: a, name: a, tls: force}, {interface: b, name: b}]\n")
    arguments = ["run", "--config", str(file), "--pki", "certs"]
    config = _config(main_module._parser(arguments).parse_args(arguments))
    assert [(connector.tls, connector.pki) for connector in config.connectors] == [("force", "certs"), ("off", "certs")]


def test_plain_iso20_is_allowed_by_an_option() -> None:
    arguments = ["run", "--allow-plain-iso20"]
    assert _config(main_module._parser(arguments).parse_args(arguments)).session.allow_plain_iso20
    assert not _config(main_module._parser(["run"]).parse_args(["run"])).session.allow_plain_iso20


def test_the_example_is_a_file_that_can_be_used(tmp_path: Path, capsys) -> None:
    assert main(["run", "--example-config"]) == 0
    file = tmp_path / "fastsecc.yaml"
    file.write_text(capsys.readouterr().out)
    arguments = ["run", "--config", str(file)]
    assert _config(main_module._parser(arguments).parse_args(arguments)) == Config()


def test_no_slac_is_said_of_every_connector_and_adds_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "fastsecc.yaml"
    file.write_text("connectors: [{interface: a, name: a, slac: {modem: optional}}, {interface: b, name: b}]\n")
    for options, enabled in (([], True), (["--no-slac"], False)):
        arguments = ["run", "--config", str(file), *options]
        config = _config(main_module._parser(arguments).parse_args(arguments))
        assert [(c.slac.enabled, c.slac.modem) for c in config.connectors] == [
            (enabled, "optional"),
            (enabled, "required"),
        ]


@pytest.mark.parametrize("energy", ["dc", "ac", "dc-bpt", "ac-bpt", "mcs", "mcs-bpt"])
def test_every_kind_of_energy_can_be_offered(energy: str) -> None:
    arguments = ["run", "--energy", energy]
    assert _config(main_module._parser(arguments).parse_args(arguments)).connectors[0].simulator.energy == energy


def test_energy_is_that_of_every_connector(tmp_path: Path) -> None:
    file = tmp_path / "fastsecc.yaml"
    file.write_text("connectors: [{interface: a, name: a}, {interface: b, name: b}]\n")
    arguments = ["run", "--config", str(file), "--energy", "ac"]
    config = _config(main_module._parser(arguments).parse_args(arguments))
    assert [connector.simulator.energy for connector in config.connectors] == ["ac", "ac"]


def test_the_loop_is_uvloop_where_there_is_one(monkeypatch) -> None:
    assert _loop_factory(Config(loop="asyncio")) is asyncio.new_event_loop
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert _loop_factory(Config()) is asyncio.new_event_loop
    with pytest.raises(ConfigError, match="loop: uvloop is not installed"):
        _loop_factory(Config(loop="uvloop"))


def test_every_command_has_its_help(capsys) -> None:
    for arguments in (["--help"], *([command, "--help"] for command in COMMANDS)):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code == 0
        out = capsys.readouterr().out
        assert out.startswith("usage: fastsecc")
        assert arguments != ["--help"] or all(command in out for command in COMMANDS)


def test_the_version_is_told(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"fastsecc {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["nosuch"], ["run", "--nosuch"], ["run", "--energy", "gas"]])
def test_a_command_line_that_makes_no_sense_shows_the_usage(arguments: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == main_module.MISTAKE
    assert "usage: fastsecc" in capsys.readouterr().err


def test_an_interrupt_has_its_exit_code(monkeypatch) -> None:
    def interrupt(args) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "run", interrupt)
    assert main(["run"]) == main_module.INTERRUPTED


def test_a_reader_that_has_gone_is_no_error() -> None:
    """As in `fastsecc exi ... | head`."""
    command = [sys.executable, "-m", "fastsecc", "ctl", "--list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as listing:
        assert listing.stdout is not None
        listing.stdout.close()
        assert listing.stderr is not None
        errors = listing.stderr.read()
    assert (listing.returncode, errors) == (main_module.PIPE_CLOSED, b"")


def test_the_package_alone_is_light() -> None:
    code = "import sys, fastsecc.cli.main; print(*{'asyncio', 'msgspec', 'yaml'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_the_json_log_has_tracebacks_in_one_line() -> None:
    from fastsecc.cli.logs import JsonFormatter

    try:
        raise ValueError("a mistake")
    except ValueError:
        record = logging.LogRecord("fastsecc.x", logging.ERROR, "", 0, "%s failed", ("it",), sys.exc_info())
    line = json.loads(JsonFormatter().format(record))
    assert (line["level"], line["message"]) == ("error", "it failed")
    assert "ValueError: a mistake" in line["traceback"]
    assert line["time"].endswith("Z")


def test_the_example_unit_runs_this_program_and_is_in_order(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["run", "--example-unit"]) == 0
    unit = tmp_path / "fastsecc.service"
    unit.write_text(capsys.readouterr().out)
    program = Path(sys.executable).with_name("fastsecc")
    assert f"ExecStart={program} run --config" in unit.read_text()
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    verdict = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert str(unit) not in verdict.stderr, verdict.stderr
