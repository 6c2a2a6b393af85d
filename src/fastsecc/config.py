"""The configuration: a YAML file, options that override it, and errors that name the line at fault."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml

from fastsecc import config_checks
from fastsecc.errors import ConfigError
from fastsecc.session.iso2.settings import Iso2Settings
from fastsecc.session.iso20.settings import Iso20Settings
from fastsecc.sim.settings import SimulatorSettings
from fastsecc.slac.options import SlacOptions

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Name = Annotated[str, msgspec.Meta(min_length=1)]
Protocol = Literal["DIN70121", "ISO15118D2", "ISO15118D20"]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the file."""


class ConnectorConfig(Section, frozen=True):
    """One connector: where an EV finds it and what it offers."""

    name: Name = "1"
    """What cmds, vars and the log call it."""
    interface: Name = "auto"
    """Network interface towards the EV; `auto` is the first with an IPv6 link-local address."""
    tcp_port: Port = 0
    """0: any free one from 49152 on."""
    sdp_port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 15118
    tls: Literal["off", "allow", "force"] = "off"
    """Plain TCP only, TLS for those who ask for it, or TLS only."""
    tls_port: Port = 0
    """0: any free one from 49152 on."""
    pki: Name | None = None
    """Folder of certificates and keys; see `fastsecc.security.layouts`."""
    client_certificate: Literal["tls13", "never", "always"] = "tls13"
    """Of whom a certificate is demanded: ISO 15118-20 wants one with TLS 1.3, ISO 15118-2 none with TLS 1.2."""
    tls_key_log: Name | None = None
    """File for the keys of every TLS connection (NSS format), to decrypt recorded traffic; null: none."""
    issue_contracts: bool | None = None
    """Answer EVs' certificate requests here, with the authorities' keys in `pki`; None: beside the built-in charger, if
    it takes contracts and the keys are there."""
    adapter: Literal["simulator", "control"] = "simulator"
    """Who is on the other side of the charger interface: the built-in charger, or a program at the control socket."""
    protocols: Annotated[tuple[Protocol, ...], msgspec.Meta(min_length=1)] = ("DIN70121", "ISO15118D2", "ISO15118D20")
    slac: SlacOptions = SlacOptions()
    """How an EV is matched to the connector."""
    simulator: SimulatorSettings = SimulatorSettings()
    """What the built-in charger is; with adapter `control`, cmds say it."""


class SessionConfig(Section, frozen=True):
    """The policy of sessions; see `fastsecc.session.api.SessionSettings`."""

    close_on_failed: bool = True
    present_values_max_age_s: NotNegative = 10.0
    dc_maximum_limits_max_age_s: NotNegative = 0.0
    isolation_status_max_age_s: NotNegative = 0.0
    auth_timeout_eim_s: NotNegative = 300.0
    auth_timeout_pnc_s: NotNegative = 55.0
    sequence_timeout_s: Positive = 60.0
    communication_setup_timeout_s: Positive = 18.0
    din_isolation_without_imd: Literal["Valid", "Warning"] = "Valid"
    evse_time: bool = False
    """Tell the EV the time of day."""
    allow_plain_iso20: bool = False
    """For tests: ISO 15118-20 without TLS 1.3, too."""
    quirks: tuple[str, ...] = ()
    """Leniencies to switch on by name, or off by `no-` and the name."""


class LinkConfig(Section, frozen=True):
    """The limits of an EV's connection; see `fastsecc._link.Link`."""

    max_payload: Annotated[int, msgspec.Meta(ge=512, le=1 << 20)] = 16384
    queue_frames: Annotated[int, msgspec.Meta(ge=1, le=256)] = 8
    max_ignored_frames: Annotated[int, msgspec.Meta(ge=0)] = 64
    report_interval_ms: Annotated[int, msgspec.Meta(ge=10, le=10_000)] = 100
    heartbeat_ms: Annotated[int, msgspec.Meta(ge=10, le=60_000)] = 1000
    fin_wait_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 5000
    send_timeout_ms: Annotated[int, msgspec.Meta(ge=1, le=60_000)] = 5000
    handshake_timeout_ms: Annotated[int, msgspec.Meta(ge=1, le=60_000)] = 15_000
    fifo_priority: Annotated[int, msgspec.Meta(ge=0, le=99)] = 40
    """SCHED_FIFO priority in the charge loop; 0: normal priority."""


class ControlConfig(Section, frozen=True):
    """The control socket."""

    socket: Name | None = None
    """Path; null: none, or the default one if a connector's adapter is `control`."""


class LogConfig(Section, frozen=True):
    """The log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    json: bool = False


class Config(Section, frozen=True):
    """Everything that `fastsecc run` can be told."""

    connectors: Annotated[tuple[ConnectorConfig, ...], msgspec.Meta(min_length=1)] = (ConnectorConfig(),)
    session: SessionConfig = SessionConfig()
    iso2: Iso2Settings = Iso2Settings()
    """What ISO 15118-2 lets a site choose beside that."""
    iso20: Iso20Settings = Iso20Settings()
    """And what ISO 15118-20 does."""
    link: LinkConfig = LinkConfig()
    control: ControlConfig = ControlConfig()
    log: LogConfig = LogConfig()
    min_response_ms: dict[str, Annotated[int, msgspec.Meta(ge=0, le=10_000)]] = {}
    """Shortest time from a request to its response, by protocol, message or both; see `fastsecc.net.pacing`."""
    memory_lock: bool = False
    """Keep all memory of the process resident."""
    loop: Literal["auto", "uvloop", "asyncio"] = "auto"
    stop_timeout_s: NotNegative = 5.0
    """How long an EV may take to end its session when the process is to stop."""


@dataclasses.dataclass(slots=True, frozen=True)
class Override:
    """One setting from elsewhere: the path to it (`connectors`, 0, `interface`), its value, and what to call it."""

    path: tuple[str | int, ...]
    value: Any
    option: str


def parse_set(text: str) -> Override:
    """Read `section.key=value`; the value is YAML, a number in the path counts list items from 0.

    Raises:
        ConfigError: it has another shape.
    """
    option = f"--set {text}"
    path, equals, value = text.partition("=")
    keys = path.split(".")
    if not equals or not all(keys):
        raise ConfigError("expected section.key=value", option=option)
    try:
        return Override(tuple(int(k) if k.isdecimal() else k for k in keys), yaml.safe_load(value), option)
    except yaml.YAMLError as error:
        raise ConfigError(f"the value is no YAML: {_first_line(error)}", option=option) from None


def load(file: Path | None = None, overrides: Iterable[Override] = (), *, complete: bool = True) -> Config:
    """Read a file, if there is one, and put the overrides over it.

    Args:
        file: YAML.
        overrides: in the order of their weight, the heaviest last.
        complete: False: other overrides will add what values need of one another.

    Raises:
        ConfigError: with file, line and option where a value cannot be used.
    """
    source = Source(file)
    for override in overrides:
        source.override(override)
    source.take_off_for_a_word("connectors", "tls")
    try:
        config = msgspec.convert(source.data, Config)
    except msgspec.ValidationError as error:
        raise source.error(error) from None
    source.refuse_unknown(source.data, config, ())
    if complete:
        config_checks.check(config, source)
    return config


class Source:
    """What was written, and where each value stands."""

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self.data: Any = {}
        self._root: yaml.Node | None = None
        self._overrides: list[Override] = []
        if file is not None:
            self._read(file)

    def _read(self, file: Path) -> None:
        try:
            loader = yaml.SafeLoader(file.read_text(encoding="utf-8"))
            self._root = loader.get_single_node()
            if self._root is not None:
                self._refuse_duplicates(self._root)
                self.data = loader.construct_document(self._root)
        except OSError as error:
            raise ConfigError(f"cannot be read: {error.strerror}", file=file) from None
        except UnicodeDecodeError:
            raise ConfigError("is no UTF-8 text", file=file) from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            raise ConfigError(_first_line(error), file=file, line=mark.line + 1 if mark else 0) from None
        except RecursionError:
            raise ConfigError("lists and options stand too deep in each other", file=file) from None
        if not isinstance(self.data, dict):
            raise ConfigError("expected options with their values", file=file, line=1)

    def _refuse_duplicates(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise ConfigError("expected an option's name", file=self.file, line=_line(key))
                if key.value in seen:
                    raise ConfigError("is there twice", option=key.value, file=self.file, line=_line(key))
                seen.add(key.value)
                self._refuse_duplicates(value)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._refuse_duplicates(item)

    def override(self, override: Override) -> None:
        """Put a value in place of what the file says.

        Raises:
            ConfigError: there is no such place.
        """
        self._overrides.append(override)
        *parents, last = override.path
        place: Any = self.data
        for key in parents:
            place = _step(place, key, override)
        if isinstance(place, list) and isinstance(last, int) and last < len(place):
            place[last] = override.value
        elif isinstance(place, dict):
            place[str(last)] = override.value
        else:
            raise ConfigError("there is no such option", option=override.option)

    def take_off_for_a_word(self, section: str, key: str) -> None:
        """Mend what YAML makes of `off` where it is a word among others: it means false there."""
        items = self.data.get(section)
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and item.get(key) is False:
                item[key] = "off"

    def error(self, error: msgspec.ValidationError) -> ConfigError:
        """Say where a value that msgspec refuses was written."""
        reason, _, place = str(error).partition(" - at `")
        where, _, path = place.partition("$")
        reason = reason[0].lower() + reason[1:].replace("`", "")
        return self.at(_parse_path(path.rstrip("`")), f"a name in it: {reason}" if where else reason)

    def refuse_unknown(self, written: Any, read: Any, path: tuple[str | int, ...]) -> None:
        """Compare what was written with what was read from it.

        Raises:
            ConfigError: something was not read.
        """
        if isinstance(written, list):
            for index, item in enumerate(written):
                self.refuse_unknown(item, read[index], (*path, index))
        elif isinstance(written, dict) and not isinstance(read, dict):
            options = _options(read)
            for key, value in written.items():
                if key not in options:
                    raise self.at((*path, key), f"no such option; {_hint(str(key), options)}")
                self.refuse_unknown(value, getattr(read, key), (*path, key))

    def at(self, path: Sequence[str | int], reason: str) -> ConfigError:
        """Make an error for the value at a path."""
        for override in reversed(self._overrides):
            shared = min(len(path), len(override.path))
            if tuple(path[:shared]) == override.path[:shared]:
                return ConfigError(reason, option=override.option)
        node, line = self._root, 0
        for key in path:
            node, line = _child(node, key, line)
        return ConfigError(reason, option=_dotted(path), file=self.file, line=line)


def _step(place: Any, key: str | int, override: Override) -> Any:
    if isinstance(place, dict):
        if place.get(str(key)) is None:
            place[str(key)] = [{}] if key == "connectors" else {}
        return place[str(key)]
    if isinstance(place, list) and isinstance(key, int) and key < len(place):
        return place[key]
    raise ConfigError("there is no such option", option=override.option)


def _parse_path(text: str) -> tuple[str | int, ...]:
    """Read msgspec's `.connectors[0].tcp_port`."""
    return tuple(int(index) if index else key for key, index in re.findall(r"\.(\w+)|\[(\d+)\]", text))


def _options(section: Any) -> list[str]:
    if dataclasses.is_dataclass(section):
        return [field.name for field in dataclasses.fields(section)]
    return list(section.__struct_fields__)


def _hint(wrong: str, options: list[str]) -> str:
    nearest = get_close_matches(wrong, options, n=1)
    return f"did you mean {nearest[0]}?" if nearest else f"there are: {', '.join(options)}"


def _child(node: yaml.Node | None, key: str | int, line: int) -> tuple[yaml.Node | None, int]:
    """Find a value's node and its key's line; what is not written keeps its parent's line."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return value, _line(name)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], _line(node.value[key])
    return None, line


def _line(node: yaml.Node) -> int:
    line: int = node.start_mark.line + 1
    return line


def _dotted(path: Sequence[str | int]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")


def _first_line(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]
