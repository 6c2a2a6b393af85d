"""The configuration: its defaults, what overrides it, and errors that name file, line and option."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

import fastsecc
from fastsecc.config import Config, ConnectorConfig, Override, SessionConfig, load, parse_set
from fastsecc.errors import ConfigError
from fastsecc.session.api import SessionSettings
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
