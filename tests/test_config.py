"""The configuration: its defaults, what overrides it, and errors that name file, line and option."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import fastsecc
from fastsecc.config import Config, ConnectorConfig, Override, SessionConfig, load, parse_set
from fastsecc.errors import ConfigError
from fastsecc.net.secc import session_settings
from fastsecc.session.api import SessionSettings
from fastsecc.session.iso2.settings import SalesTariff, TariffStep
from fastsecc.session.iso20.settings import CustomVas, Iso20Settings, Parking, PriceStep, Tariff
from fastsecc.slac.api import LinkLoss, SlacSettings, Validation
from fastsecc.slac.options import SlacOptions


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str) -> Path:
        file = tmp_path / "fastsecc.yaml"
        file.write_text(text)
        return file

    return write


def test_without_a_file_there_is_one_connector() -> None:
    assert load() == Config(connectors=(ConnectorConfig(),))


@pytest.mark.parametrize("text", ["", "# nothing\n", "connectors: [{}]"])
def test_a_file_that_says_nothing_leaves_the_defaults(write, text: str) -> None:
    assert load(write(text)) == Config()


def test_the_example_says_every_option_with_its_default() -> None:
    example = Path(fastsecc.__file__).parent / "data" / "fastsecc.yaml"
    assert load(example) == Config()
    assert options(yaml.safe_load(example.read_text())) == options(msgspec.to_builtins(Config()))


def options(section: Any) -> Any:
    """Give the names of all options, section by section."""
    if isinstance(section, list | tuple):
        return [options(item) for item in section if isinstance(item, dict)]
    return {key: options(value) for key, value in section.items()} if isinstance(section, dict) else None


@pytest.mark.parametrize("word", ["off", "'off'", "false", "allow", "force"])
def test_off_is_a_word_for_tls_though_yaml_has_its_own_meaning_for_it(write, word: str) -> None:
    config = load(write(f"connectors: [{{tls: {word}, pki: certs}}]"))
    assert config.connectors[0].tls == (word if word in ("allow", "force") else "off")
    config = load(overrides=[parse_set(f"connectors.0.tls={word}"), parse_set("connectors.0.pki=certs")])
    assert config.connectors[0].tls == (word if word in ("allow", "force") else "off")


def test_tls_needs_certificates(write) -> None:
    file = write("connectors:\n- interface: plc0\n  tls: allow\n")
    with pytest.raises(ConfigError, match=r"fastsecc\.yaml:2:connectors\[0\]\.pki: tls: allow needs a folder"):
        load(file)
    assert load(file, complete=False).connectors[0].tls == "allow"


def test_contracts_need_tls(write) -> None:
    file = write("connectors:\n- simulator: {auth: pnc}\n")
    with pytest.raises(ConfigError, match=r"fastsecc\.yaml:2:connectors\[0\]\.simulator\.auth: pnc needs TLS"):
        load(file)


def test_issuing_contracts_needs_keys(write) -> None:
    with pytest.raises(ConfigError, match=r"connectors\[0\]\.pki: issue_contracts needs a folder"):
        load(write("connectors:\n- {issue_contracts: true}\n"))


def test_what_a_site_chooses_for_iso2_reaches_the_sessions(write, tmp_path: Path) -> None:
    key = tmp_path / "tariff.key"
    key.write_bytes(new_key_pem())
    text = f"""
session: {{auth_timeout_pnc_s: 30}}
iso2:
  certificate_services: [Installation]
  sales_tariff: {{description: Night, steps: [{{duration_s: 3600, price_level: 1}}]}}
  sales_tariff_key: {key}
"""
    settings = session_settings(load(write(text)))
    assert (settings.auth_timeout_pnc_s, settings.iso2.certificate_services) == (30.0, ("Installation",))
    assert settings.iso2.sales_tariff == SalesTariff((TariffStep(3600, 1),), "Night")
    assert isinstance(settings.sales_tariff_key, ec.EllipticCurvePrivateKey)


def new_key_pem(curve: ec.EllipticCurve | None = None) -> bytes:
    key = ec.generate_private_key(curve or ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_key_that_cannot_sign_tariffs_is_named(write, tmp_path: Path) -> None:
    key = tmp_path / "tariff.key"
    key.write_bytes(new_key_pem(ec.SECP384R1()))
    with pytest.raises(ConfigError, match=r"tariff\.key: is of no kind that ISO 15118 has"):
        session_settings(load(write(f"iso2: {{sales_tariff_key: {key}}}")))
    with pytest.raises(ConfigError, match=r"absent\.key: does not exist"):
        session_settings(load(write(f"iso2: {{sales_tariff_key: {tmp_path / 'absent.key'}}}")))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{certificate_services: [Update, Update]}", "certificate_services[1]: is there twice"),
        ("{sales_tariff: {steps: []}}", "sales_tariff.steps: expected at least one"),
        (
            "{sales_tariff: {steps: [{duration_s: 0, price_level: 1}]}}",
            "sales_tariff.steps[0].duration_s: expected 1 to 4294967295",
        ),
        (
            "{sales_tariff: {steps: [{duration_s: 1, price_level: 256}]}}",
            "sales_tariff.steps[0].price_level: expected 1 to 255",
        ),
        (
            f"{{sales_tariff: {{description: {33 * 'x'}, steps: [{{duration_s: 1, price_level: 1}}]}}}}",
            "sales_tariff.description: expected at most 32 characters",
        ),
    ],
)
def test_what_iso2_cannot_offer_is_refused(write, text: str, error: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"fastsecc.yaml:1:iso2.{error}")):
        load(write(f"iso2: {text}"))


def test_session_defaults_are_those_of_the_session_core() -> None:
    here = {f.name: f.default for f in dataclasses.fields(SessionSettings)}
    for name in SessionConfig.__struct_fields__:
        if name != "evse_time":
            default = getattr(SessionConfig(), name)
            assert (frozenset(default) if name == "quirks" else default) == here[name], name


def test_slac_defaults_are_those_of_the_machine() -> None:
    assert SlacOptions().settings() == SlacSettings()


def test_slac_options_reach_the_machine(write) -> None:
    text = "modem: optional, modem_mac: '00:b0:52:aa:bb:cc', link_loss: error_routine, validation: not_required"
    file = write(f"connectors: [{{slac: {{{text}, amp_map: '0f'}}}}]")
    settings = load(file).connectors[0].slac.settings(frozenset({"slac-station-ids"}))
    assert (settings.modem_required, settings.modem_mac) == (False, bytes.fromhex("00b052aabbcc"))
    assert (settings.link_loss, settings.validation) == (LinkLoss.ERROR_ROUTINE, Validation.NOT_REQUIRED)
    assert (settings.amp_map, settings.quirks) == (b"\x0f", frozenset({"slac-station-ids"}))


@pytest.mark.parametrize(
    ("option", "error"),
    [
        ("enable: true", "fastsecc.yaml:3:connectors[0].slac.enable: no such option; did you mean enabled?"),
        ("modem_mac: 00b052", "fastsecc.yaml:3:connectors[0].slac.modem_mac: expected str"),
        ("TT_EVSE_SLAC_init_s: 51", "fastsecc.yaml:3:connectors[0].slac.TT_EVSE_SLAC_init_s: expected float <= 50.0"),
        ("sounding_attenuation_adjustment_db: -256", "sounding_attenuation_adjustment_db: expected int >= -255"),
        ("amp_map: 'f'", "fastsecc.yaml:3:connectors[0].slac.amp_map: expected str matching"),
    ],
)
def test_a_slac_option_that_cannot_be_used_is_named(write, option: str, error: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load(write(f"connectors:\n- slac:\n    {option}\n"))
    assert error in str(refusal.value)


def test_a_file_is_read(write) -> None:
    config = load(
        write(
            """
connectors:
  - {name: left, interface: plc0, protocols: [DIN70121]}
  - name: right
    interface: plc1
    tcp_port: 50000
    protocols: [ISO15118D2]
session:
  close_on_failed: false
  quirks: [session-stop-in-loop]
stop_timeout_s: 3
"""
        )
    )
    left, right = config.connectors
    assert (left.name, left.protocols, right.tcp_port, right.protocols) == (
        "left",
        ("DIN70121",),
        50000,
        ("ISO15118D2",),
    )
    assert (config.session.close_on_failed, config.stop_timeout_s) == (False, 3.0)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("conectors: []", "1:conectors: no such option; did you mean connectors?"),
        ("connectors:\n  - name: a\n    tcpport: 1", "3:connectors[0].tcpport: no such option; did you mean tcp_port?"),
        (
            "connectors:\n- simulator:\n    dc:\n      max_volts: 3",
            "4:connectors[0].simulator.dc.max_volts: no such option; did you mean max_voltage_v?",
        ),
        ("\nlog: {zzz: 1}", "2:log.zzz: no such option; there are: level, json"),
        ("session:\n  sequence_timeout_s: soon", "2:session.sequence_timeout_s: expected float, got str"),
        ("session:\n  sequence_timeout_s: 0", "2:session.sequence_timeout_s: expected float > 0.0"),
        (
            "connectors:\n- interface: plc0\n- interface: plc1\n  sdp_port: 0",
            "4:connectors[1].sdp_port: expected int >= 1",
        ),
        ("connectors: []", "1:connectors: expected array of length >= 1"),
        (
            "connectors:\n  - simulator:\n      energy: gas",
            "3:connectors[0].simulator.energy: invalid enum value 'gas'",
        ),
        (
            "connectors:\n  -\n    protocols: [DIN70121,\n      OCPP]",
            "4:connectors[0].protocols[1]: invalid enum value",
        ),
        ("connectors: 7", "1:connectors: expected array, got int"),
        ("connectors:\n- {interface: a}\n- {interface: b}", "3:connectors[1].name: 1 is that of connectors[0] already"),
        (
            "connectors:\n- {interface: a, name: x}\n- {interface: a, name: y}",
            "3:connectors[1].interface: a port 15118 is that of connectors[0] already",
        ),
        ("session:\n  quirks:\n  - sesion-stop-in-loop", "2:session.quirks: "),
        ("log:\n  json: true\n  json: false", "3:json: is there twice"),
        ("log: {json: true", "1: expected ',' or '}'"),
        ("a: b\n\tc: d", "2: found character"),
        ("- 1", "1: expected options"),
        ("just words", "1: expected options"),
        ("log: !!python/object:os.system {}", "could not determine a constructor"),
    ],
)
def test_an_error_names_file_line_and_option(write, text: str, error: str) -> None:
    file = write(text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(caught.value).startswith(f"{file}:")
    assert error in str(caught.value)


ISO20 = """
iso20:
  control_modes: [dynamic]
  tariff:
    currency: EUR
    steps: [{duration_s: 3600, price_per_kwh: 0.39}, {duration_s: 7200, price_per_kwh: 0.29}]
  target_soc_percent: 80
  internet_ports: [443]
  parking: [{intended_service: VehicleCheckIn, parking_status: ManualExternal}]
  custom_vas:
    - service_id: 60001
      parameter_sets: {1: {Wash: true, Wax: gloss, Minutes: 5, Litres: 1.5}}
"""


def test_what_a_site_chooses_for_iso20_reaches_the_sessions(write) -> None:
    config = load(write(ISO20))
    parameters = {1: {"Wash": True, "Wax": "gloss", "Minutes": 5, "Litres": 1.5}}
    assert config.iso20 == Iso20Settings(
        control_modes=("dynamic",),
        tariff=Tariff("EUR", (PriceStep(3600, 0.39), PriceStep(7200, 0.29))),
        target_soc_percent=80,
        internet_ports=(443,),
        parking=(Parking("VehicleCheckIn", "ManualExternal"),),
        custom_vas=(CustomVas(60001, parameters),),
    )
    settings = session_settings(config)
    assert (settings.iso20, settings.allow_plain_iso20) == (config.iso20, False)
    assert session_settings(load(write("session: {allow_plain_iso20: true}"))).allow_plain_iso20


def vas(text: str) -> str:
    return f"custom_vas:\n  - {text}"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("control_modes: []", "2:iso20.control_modes: expected at least one"),
        ("mobility_needs: []", "2:iso20.mobility_needs: expected at least one"),
        ("pricing: []", "2:iso20.pricing: expected at least one"),
        ("pricing: [none, free]", "2:iso20.pricing[1]: invalid enum value 'free'"),
        ("control_modes: [dynamic, dynamic]", "2:iso20.control_modes[1]: is there twice"),
        ("internet_ports: [80, 443, 80]", "2:iso20.internet_ports[2]: is there twice"),
        ("internet_ports: [8080]", "2:iso20.internet_ports[0]: invalid enum value 8080"),
        ("loop_sequence_timeout_s: 0", "2:iso20.loop_sequence_timeout_s: expected a time above 0"),
        ("metering_confirmation_interval_s: -1", "2:iso20.metering_confirmation_interval_s: expected a time from 0 on"),
        ("supported_providers: [DE8AA, DE]", "2:iso20.supported_providers[1]: expected a country and a provider"),
        ("supported_providers: [DE8AA, DE8AA]", "2:iso20.supported_providers[1]: is there twice"),
        (f"supported_providers: [{', '.join(f'DE{n:03}' for n in range(129))}]", "expected at most 128"),
        ("loop_sequence_timeout_s: .nan", "2:iso20.loop_sequence_timeout_s: expected a number that has an end"),
        ("loop_sequence_timeout_s: .inf", "2:iso20.loop_sequence_timeout_s: expected a number that has an end"),
        ("2: 3", "1:iso20: a name in it: expected str"),
        ("? [a]\n: 1", "2: expected an option's name"),
        ("departure_time_s: -1", "2:iso20.departure_time_s: expected 0 to 4294967295"),
        ("target_soc_percent: 101", "2:iso20.target_soc_percent: expected 0 to 100"),
        (
            "target_soc_percent: 60\nminimum_soc_percent: 70",
            "3:iso20.minimum_soc_percent: is above target_soc_percent",
        ),
        ("tariff: {currency: euro, steps: []}", "2:iso20.tariff.currency: expected three capital letters"),
        (
            "tariff: {currency: EUR, language: english, steps: []}",
            "2:iso20.tariff.language: expected two or three letters",
        ),
        ("tariff: {currency: EUR, steps: []}", "2:iso20.tariff.steps: expected at least one"),
        (
            "tariff:\n  currency: EUR\n  steps:\n    - {duration_s: 0, price_per_kwh: 1}",
            "5:iso20.tariff.steps[0].duration_s: expected 1 to 4294967295",
        ),
        (
            "tariff:\n  currency: EUR\n  steps:\n    - {duration_s: 1, price_per_kwh: -.inf}",
            "5:iso20.tariff.steps[0].price_per_kwh: expected a number that has an end",
        ),
        (
            "tariff:\n  currency: EUR\n  steps:\n    - {duration_s: 1, price_per_kwh: 1.0e+9}",
            "5:iso20.tariff.steps[0].price_per_kwh: expected at most 32767000",
        ),
        ("tariff: {currency: EUR}", "2:iso20.tariff: object missing required field steps"),
        ("tarif: 1", "2:iso20.tarif: no such option; did you mean tariff?"),
        ("parking: [{intended_service: VehicleCheckIn, parking_status: Far}]", "invalid enum value 'Far'"),
        (
            vas("{service_id: 66, parameter_sets: {1: {A: 1}}}"),
            "3:iso20.custom_vas[0].service_id: expected 67 to 65535",
        ),
        (vas("{service_id: 67, parameter_sets: {}}"), "3:iso20.custom_vas[0].parameter_sets: expected 1 to 32"),
        (vas("{service_id: 67, parameter_sets: {1: {}}}"), "custom_vas[0].parameter_sets[1]: expected 1 to 32 param"),
        (vas("{service_id: 67, parameter_sets: {-1: {A: 1}}}"), "expected ids of 0 to 65535"),
        (vas("{service_id: 67, parameter_sets: {1: {A: 4294967296}}}"), "expected a number of 32 bits"),
        (vas("{service_id: 67, parameter_sets: {1: {A: 1.0e+9}}}"), "expected a number of at most 32767000"),
        (vas("{service_id: 67, parameter_sets: {1: {A: .nan}}}"), "expected a number that has an end"),
        (vas('{service_id: 67, parameter_sets: {1: {A: "\\0"}}}'), "expected printable characters"),
        (vas("{service_id: 67, parameter_sets: {one: {A: 1}}}"), "3:iso20.custom_vas[0].parameter_sets: a name in it"),
        (
            vas("service_id: 67\n    parameter_sets:\n      1: {A: 1}\n      2: {}"),
            "6:iso20.custom_vas[0].parameter_sets[2]: expected 1 to 32 parameters",
        ),
        (vas(f"{{service_id: 67, parameter_sets: {{1: {{A: {'x' * 81}}}}}}}"), "expected at most 80 characters"),
        (vas(f"{{service_id: 67, parameter_sets: {{1: {{{'x' * 81}: 1}}}}}}"), "expected a name of 1 to 80 characters"),
        (
            vas("\n  - ".join(["{service_id: 67, parameter_sets: {1: {A: 1}}}"] * 2)),
            "4:iso20.custom_vas[1]: is there twice",
        ),
        (
            vas("\n  - ".join(f"{{service_id: {id}, parameter_sets: {{1: {{A: 1}}}}}}" for id in range(67, 76))),
            "2:iso20.custom_vas: more than 8 value-added services",
        ),
    ],
)
def test_what_iso20_cannot_offer_is_refused(write, text: str, error: str) -> None:
    file = write("iso20:\n  " + text.replace("\n", "\n  "))
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(caught.value).startswith(f"{file}:")
    assert error in str(caught.value)


def test_a_service_has_to_fit_into_one_message(write) -> None:
    sets = {number: {f"{n:02} {'x' * 77}": "y" * 80 for n in range(32)} for number in range(4)}
    service = {"iso20": {"custom_vas": [{"service_id": 67, "parameter_sets": sets}]}}
    file = write(yaml.safe_dump(service))
    with pytest.raises(ConfigError, match=r"custom_vas\[0\]\.parameter_sets: \d+ octets of ServiceDetailRes"):
        load(file)
    assert load(file, [parse_set("link.max_payload=32768")]).iso20.custom_vas[0].service_id == 67


def test_a_file_that_contains_itself_is_refused(write) -> None:
    with pytest.raises(ConfigError, match="too deep"):
        load(write("iso20: &itself\n  custom_vas: *itself\n"))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for file, reason in ((tmp_path / "none.yaml", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigError, match=rf"{file}: cannot be read: {reason}"):
            load(file)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ConfigError, match="no UTF-8"):
        load(binary)


def test_overrides_win_over_the_file(write) -> None:
    file = write("connectors:\n  - {interface: plc0}\nlog: {level: debug}")
    config = load(
        file,
        [
            Override(("connectors", 0, "interface"), "lo", "--iface"),
            parse_set("log.level=error"),
            parse_set("session.quirks=[session-stop-in-loop]"),
            parse_set("connectors.0.tcp_port=50001"),
        ],
    )
    connector = config.connectors[0]
    assert (connector.interface, connector.tcp_port, config.log.level) == ("lo", 50001, "error")
    assert config.session.quirks == ("session-stop-in-loop",)


def test_overrides_need_no_file() -> None:
    assert load(None, [parse_set("connectors.0.simulator.energy=ac")]).connectors[0].simulator.energy == "ac"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("log.level", "--set log.level: expected section.key=value"),
        ("=1", "--set =1: expected section.key=value"),
        ("log..level=1", "expected section.key=value"),
        ("log.level={", "the value is no YAML"),
        ("log.level=loud", "--set log.level=loud: invalid enum value 'loud'"),
        ("log.leevel=info", "--set log.leevel=info: no such option; did you mean level?"),
        ("connectors.3.name=x", "--set connectors.3.name=x: there is no such option"),
        ("loop.x=1", "--set loop.x=1: expected"),
        ("connectors.name=x", "there is no such option"),
    ],
)
def test_an_override_that_cannot_be_used_is_named(text: str, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, [parse_set(text)])
    assert error in str(caught.value)
