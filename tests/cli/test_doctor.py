"""`fastsecc doctor`: what is in order, what is not, and what to do then."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fastsecc.cli import diagnosis
from fastsecc.cli.main import main
from fastsecc.net import modem_probe
from fastsecc.sim import test_pki
from fastsecc.slac import vendor
from fastsecc.slac.addresses import LOCALCAST
from tests.namespaces import VethPair, veth_pair
from tests.net.slac_line import MODEM, in_namespace, line_end

NO_RIGHTS = "Name:\tpython\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000000000\n"
ALL_RIGHTS = NO_RIGHTS.replace("CapEff:\t0000000000000000", "CapEff:\t000001ffffffffff")


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str]):
    """Run it with options; give the exit code and the findings by check."""

    def run(*options: str) -> tuple[int, dict[str, dict[str, str]]]:
        code = main(["doctor", "--json", *options])
        found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        for finding in found:
            assert bool(finding["remedy"]) == (finding["level"] != "ok"), finding
        return code, {finding["check"]: finding for finding in found}

    return run


@pytest.fixture
def in_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine that lacks nothing; give its /proc/self/status."""
    status = tmp_path / "status"
    status.write_text(ALL_RIGHTS)
    monkeypatch.setattr(diagnosis, "STATUS", status)
    monkeypatch.setattr(diagnosis, "synchronized", lambda: True)
    monkeypatch.setattr("fastsecc._link.fifo_refused", lambda priority: "")
    return status


def test_a_machine_in_order(doctor, in_order: Path) -> None:
    code, found = doctor("--iface", "lo", "--no-slac")
    assert code == 0
    assert {finding["level"] for finding in found.values()} == {"ok"}
    assert found["link-local address"]["text"] == "::1"
    assert set(found) == {
        "configuration",
        "interface",
        "link-local address",
        "capabilities",
        "real time",
        "clock",
        "event loop",
    }


def test_plain_lines_say_what_to_do(capsys: pytest.CaptureFixture[str], in_order: Path) -> None:
    assert main(["doctor", "--iface", "eth77", "--no-slac"]) == 1
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("problem  interface: connector 1: eth77: does not exist")
    assert lines[at + 1].startswith("         -> there are: lo")


def test_a_mistake_in_the_configuration(doctor, tmp_path: Path) -> None:
    file = tmp_path / "fastsecc.yaml"
    file.write_text("conectors: []\n")
    code, found = doctor("--config", str(file))
    assert code == 1
    assert found.keys() == {"configuration"}
    assert f"{file}:1:conectors: no such option" in found["configuration"]["text"]


def test_rights_that_are_missing(doctor, in_order: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_order.write_text(NO_RIGHTS)
    monkeypatch.setattr("fastsecc._link.fifo_refused", lambda priority: "Operation not permitted")
    code, found = doctor("--iface", "lo", "--no-slac")
    assert code == 0, "real time is a wish"
    assert found["capabilities"]["level"] == found["real time"]["level"] == "warning"
    assert "AmbientCapabilities=CAP_SYS_NICE" in found["capabilities"]["remedy"]
    assert "LimitRTPRIO=40" in found["real time"]["remedy"]
    code, found = doctor("--iface", "lo")
    assert code == 1, "SLAC needs raw frames"
    assert found["capabilities"]["text"] == "missing: CAP_NET_RAW, CAP_SYS_NICE"


@pytest.mark.parametrize(
    ("now", "synchronized", "level"),
    [(datetime(1970, 1, 1, tzinfo=UTC), True, "problem"), (datetime(2027, 1, 1, tzinfo=UTC), False, "warning")],
)
def test_a_clock_that_is_wrong(
    doctor, in_order: Path, monkeypatch: pytest.MonkeyPatch, now: datetime, synchronized: bool, level: str
) -> None:
    monkeypatch.setattr(diagnosis, "synchronized", lambda: synchronized)
    monkeypatch.setattr(diagnosis, "utc_now", lambda: now)
    _, found = doctor("--iface", "lo", "--no-slac")
    assert found["clock"]["level"] == level


def test_the_kernel_says_whether_its_clock_is_kept_right() -> None:
    assert diagnosis.synchronized() in (True, False)


def test_certificates_in_order_soon_old_and_not_there(
    doctor, in_order: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--iface", "lo", "--no-slac", "--set", "connectors.0.tls=allow", "--set")
    good, old = tmp_path / "good", tmp_path / "old"
    test_pki.make(good)
    code, found = doctor(*options, f"connectors.0.pki={good}")
    assert code == 0
    assert "with OCSP response" in found["certificates"]["text"]
    test_pki.make(old, days=5)
    code = main(["doctor", *options, f"connectors.0.pki={old}"])
    assert code == 0
    assert "expires on" in capsys.readouterr().out
    code, found = doctor(*options, f"connectors.0.pki={tmp_path / 'none'}")
    assert code == 1
    assert "does not exist" in found["certificates"]["text"]


@pytest.fixture(scope="module")
def pair() -> Iterator[VethPair]:
    with veth_pair() as pair:
        yield pair


def ask_beside(pair: VethPair, answer) -> str | None:
    """Ask the modem while the other end of the line answers in its way; None: it says nothing."""

    def respond() -> None:
        for _ in modem_probe.ANSWERS:
            heard = parse_question(end.recv(200))
            for frame in answer(heard):
                end.send(frame)

    with line_end(pair) as end, in_namespace(pair.secc_namespace):
        modem = threading.Thread(target=respond)
        modem.start()
        try:
            return modem_probe.ask(pair.secc_interface, LOCALCAST, 0.5)
        finally:
            modem.join()


def parse_question(octets: bytes) -> tuple[bytes, bytes]:
    """Give who asks, and the message after its header."""
    return octets[6:12], octets[14:]


def test_a_qualcomm_modem_answers(pair: VethPair) -> None:
    def answer(heard: tuple[bytes, bytes]) -> list[bytes]:
        asker, message = heard
        if int.from_bytes(message[1:3], "little") != vendor.VS_OP_ATTRIBUTES_REQ.MMTYPE:
            return []
        cnf = vendor.VS_OP_ATTRIBUTES_CNF(
            Cookie=message[6:10], HardwarePlatform=b"QCA7005".ljust(16, b"\0"), SoftwarePlatform=b"MAC".ljust(16, b"\0")
        )
        return [bytes(60), cnf.encode(MODEM, asker)]

    assert ask_beside(pair, answer) == "modem: Qualcomm, QCA7005 MAC"


def test_a_lumissil_modem_answers(pair: VethPair) -> None:
    def answer(heard: tuple[bytes, bytes]) -> list[bytes]:
        asker, message = heard
        if int.from_bytes(message[1:3], "little") != vendor.NSCM_GET_VERSION_REQ.MMTYPE:
            return []
        request = vendor.NSCM_GET_VERSION_REQ.unpack(message[6:])
        cnf = vendor.NSCM_GET_VERSION_CNF(RequestID=request.RequestID, Major=1, Minor=2, Patch=3, Build=4)
        return [cnf.encode(MODEM, asker)]

    assert ask_beside(pair, answer) == "modem: Lumissil, 1.2.3.4"


def test_no_modem_answers(pair: VethPair) -> None:
    assert ask_beside(pair, lambda heard: []) is None
