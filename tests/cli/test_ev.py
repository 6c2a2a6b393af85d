"""`fastsecc ev` against our own SECC on loopback, and its mistakes."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from fastsecc.cli.main import main
from fastsecc.config import Config, ConnectorConfig
from fastsecc.net.secc import Secc
from fastsecc.sim import test_pki
from fastsecc.sim.demo import _free_udp_port
from fastsecc.sim.ev import discovery
from fastsecc.sim.power import DcRatings
from fastsecc.sim.settings import SimulatorSettings
from fastsecc.slac.options import SlacOptions


class Station:
    """A SECC on loopback in a thread of its own, as a process of its own would be."""

    def __init__(self, energy, auth="eim", receipt_required=False, **connector):
        ratings = DcRatings(isolation_test_s=0.02)
        simulator = SimulatorSettings(
            energy=energy, auth=auth, dc=ratings, receipt_required=receipt_required, meter_period_s=0.1
        )
        self.sdp_port = _free_udp_port()
        no_slac = SlacOptions(enabled=False)
        connector = ConnectorConfig(
            interface="lo", sdp_port=self.sdp_port, simulator=simulator, slac=no_slac, **connector
        )
        self._config = Config(connectors=(connector,), stop_timeout_s=0.0)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._told.set)
        self._thread.join(10)

    async def _main(self):
        self._loop, self._told = asyncio.get_running_loop(), asyncio.Event()
        secc = Secc(self._config, lambda charger, endpoint: self._ready.set())
        await secc.start()
        await self._told.wait()
        await secc.stop()


@pytest.fixture(scope="module")
def station():
    with Station("dc") as station:
        yield station


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    test_pki.make(folder)
    return folder


@pytest.fixture(scope="module")
def secure_station(pki):
    with Station("dc", tls="force", pki=str(pki)) as station:
        yield station


def ev(station, *options):
    return main(["ev", "--iface", "lo", "--sdp-port", str(station.sdp_port), "--think-ms", "1", *options])


@pytest.mark.parametrize("protocol", ["din", "iso2"])
def test_ev_charges(station, capsys, protocol):
    assert ev(station, "--protocol", protocol, "--cycles", "6") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "done: 6 charge-loop cycles done" in lines
    assert any("DE*FSC*E0001*1" in line for line in lines)


@pytest.mark.parametrize("checked", [False, True])
def test_ev_charges_over_tls(secure_station, pki, capsys, checked):
    assert ev(secure_station, "--tls", *(["--pki", str(pki)] if checked else []), "--cycles", "3") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "fastsecc ev: ISO 15118-2, DC, external payment, TLS"
    assert "done: 3 charge-loop cycles done" in lines


@pytest.fixture(scope="module")
def contract_station(pki):
    with Station("dc", "both", receipt_required=True, tls="allow", pki=str(pki)) as station:
        yield station


@pytest.mark.parametrize("certificate", [[], ["--certificate", "install"], ["--certificate", "update"]])
def test_ev_pays_by_contract(contract_station, pki, capsys, certificate):
    options = ["--tls", "--pki", str(pki), "--auth", "pnc", *certificate, "--json"]
    assert ev(contract_station, *options, "--cycles", "300") == 0
    messages = summary_of(capsys)["messages"]
    assert (messages["PaymentDetails"], messages["CurrentDemand"]) == (1, 300)
    assert messages["MeteringReceipt"] > 1
    assert (messages.get("CertificateInstallation", 0), messages.get("CertificateUpdate", 0)) == (
        certificate[1:] == ["install"],
        certificate[1:] == ["update"],
    )


def test_ev_may_pay_externally_where_contracts_are_taken(contract_station, capsys):
    assert ev(contract_station, "--cycles", "3") == 0
    assert "external payment" in capsys.readouterr().out


def test_ev_without_tls_cannot_pay_by_contract(contract_station, pki, capsys):
    assert ev(contract_station, "--auth", "pnc", "--pki", str(pki)) == 2
    assert "--auth: pnc needs TLS, and a folder with the contract" in capsys.readouterr().err


def iso20(station, pki, *options):
    return ev(station, "--protocol", "iso20", "--tls", "--pki", str(pki), "--json", *options)


def summary_of(capsys):
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.fixture(scope="module", params=["P-521", "Ed448"])
def contracts20(request, tmp_path_factory):
    """A folder with contracts of ISO 15118-20, and a station that takes and issues them."""
    folder = tmp_path_factory.mktemp("pki20")
    test_pki.make(folder, ["P-256", request.param])
    with Station("dc", "pnc", receipt_required=True, tls="allow", pki=str(folder)) as station:
        yield station, folder


@pytest.mark.parametrize("certificate", [[], ["--certificate", "install"]])
def test_ev_of_iso20_pays_by_contract(contracts20, capsys, certificate):
    station, folder = contracts20
    assert iso20(station, folder, "--auth", "pnc", *certificate, "--cycles", "30") == 0
    messages = summary_of(capsys)["messages"]
    assert messages["MeteringConfirmation"] == 1
    assert messages.get("CertificateInstallation", 0) == len(certificate) / 2


def test_ev_of_iso20_knows_no_update(contracts20, capsys):
    station, folder = contracts20
    assert iso20(station, folder, "--auth", "pnc", "--certificate", "update") == 2
    assert "certificate: ISO 15118-20 knows no update" in capsys.readouterr().err


@pytest.mark.parametrize("control", ["scheduled", "dynamic"])
def test_ev_of_iso20_shows_its_certificate(secure_station, pki, capsys, control):
    assert iso20(secure_station, pki, "--control", control, "--cycles", "3") == 0
    assert summary_of(capsys)["messages"]["DC_ChargeLoop"] == 3


def test_ev_of_iso20_without_a_certificate_is_refused(secure_station, capsys):
    assert ev(secure_station, "--protocol", "iso20", "--tls", "--cycles", "3") == 1
    assert "certificate required" in capsys.readouterr().out.lower().replace("_", " ")


def test_ev_of_iso20_in_plain_finds_no_protocol(station, capsys):
    assert ev(station, "--protocol", "iso20") == 1
    assert "failed: supportedAppProtocolReq: ResponseCode Failed_NoNegotiation" in capsys.readouterr().out


def test_ev_of_iso20_pauses_and_resumes(secure_station, pki, capsys):
    """The session is that of the certificate: it is joined again by the same vehicle."""
    assert iso20(secure_station, pki, "--cycles", "3", "--pause") == 0
    paused = summary_of(capsys)["session_id"]
    assert iso20(secure_station, pki, "--cycles", "3", "--resume", paused) == 0
    summary = summary_of(capsys)
    assert summary["session_id"] == paused
    assert "ServiceSelection" not in summary["messages"]


def test_ev_of_iso20_renegotiates_and_confirms(secure_station, pki, capsys):
    options = ["--renegotiate-after", "3", "--renegotiate-service-after", "6", "--confirm-meter-after", "9"]
    assert iso20(secure_station, pki, "--cycles", "12", "--standby-after", "5", *options) == 0
    messages = summary_of(capsys)["messages"]
    assert messages["ScheduleExchange"] == 3
    assert messages["ServiceSelection"] == 2
    assert messages["MeteringConfirmation"] == 1
    assert messages["DC_ChargeLoop"] == 12


def test_ev_wants_what_it_was_told_to(station, secure_station, pki, tmp_path, capsys):
    assert ev(station, "--tls") == 1
    assert "failed: the SECC has no TLS" in capsys.readouterr().out
    assert ev(secure_station) == 1
    assert "failed: the SECC wants TLS: try with --tls" in capsys.readouterr().out
    test_pki.make(tmp_path)
    assert ev(secure_station, "--tls", "--pki", str(tmp_path)) == 1
    assert "failed: TLS: " in capsys.readouterr().out


def test_ev_charges_until_it_is_full(station, capsys):
    assert ev(station, "--soc", "50", "--target-soc", "50.5", "--time-lapse", "1000", "--json") == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["soc_end_percent"] >= 50.5
    assert summary["soc_start_percent"] == 50.0


def test_ev_renegotiates(station, capsys):
    assert ev(station, "--cycles", "6", "--renegotiate-after", "3", "--json") == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["messages"]["ChargeParameterDiscovery"] == 2


def test_ev_pauses_and_resumes(station, capsys):
    assert ev(station, "--cycles", "3", "--pause", "--json") == 0
    paused = json.loads(capsys.readouterr().out.splitlines()[-1])["session_id"]
    assert ev(station, "--cycles", "3", "--resume", paused, "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["session_id"] == paused


def test_session_that_does_not_come_to_its_end_is_exit_code_1(station, capsys):
    assert ev(station, "--energy", "ac") == 1
    assert "failed: the EVSE offers DC_extended" in capsys.readouterr().out


def test_secc_that_does_not_exist_is_exit_code_1(capsys, monkeypatch):
    monkeypatch.setattr(discovery, "SDP_RESPONSE_TIMEOUT_s", 0.001)
    assert main(["ev", "--sdp-host", "::1", "--sdp-port", str(_free_udp_port())]) == 1
    assert "failed: no SECC has answered 50 SDP requests" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "--iface: give an interface"),
        (["--iface", "nowhere0"], "nowhere0: does not exist"),
        (["--sdp-host", "fe80::1"], "a link-local address needs --iface"),
        (["--sdp-host", "charger.example"], "charger.example is no IPv6 address"),
        (["--iface", "lo", "--protocol", "din", "--energy", "ac"], "DIN SPEC 70121 charges with DC only"),
        (["--iface", "lo", "--pki", "certs"], "--pki: is of use with --tls only"),
        (["--iface", "lo", "--tls", "--pki", "certs"], "certs: holds no V2G root certificate"),
        (["--iface", "lo", "--protocol", "din", "--pause"], "DIN SPEC 70121 knows no pause"),
        (["--iface", "lo", "--control", "dynamic"], "ISO 15118-2 knows no dynamic control mode"),
        (["--iface", "lo", "--standby-after", "3"], "standby-after: ISO 15118-2 does not know this"),
        (["--iface", "lo", "--protocol", "iso20", "--mobility-needs", "EVCC_SECC"], "mobility-needs: only the dynamic"),
        (["--iface", "lo", "--protocol", "iso20", "--discharge-after", "3"], "discharge-after: with energy dc nothing"),
    ],
)
def test_mistakes_are_one_line(capsys, options, reason):
    assert main(["ev", *options]) == 2
    err = capsys.readouterr().err
    assert reason in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--resume", "xyz"], "'xyz' is not hexadecimal"),
        (["--resume", "00" * 9], "one to eight octets"),
        (["--soc", "101"], "101 is not from 0 to 100"),
        (["--sdp-port", "0"], "0 is not from 1 to 65535"),
    ],
)
def test_options_are_checked(capsys, options, reason):
    with pytest.raises(SystemExit) as end:
        main(["ev", *options])
    assert end.value.code == 2
    assert reason in capsys.readouterr().err
