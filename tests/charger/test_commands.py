"""The 28 cmds: their names, their effect on a fresh state, and what is refused (interface-semantics, section A)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsecc.charger import commands
from fastsecc.charger.commands import COMMANDS
from fastsecc.charger.commands.command import MAX_ARGUMENT_DEPTH, MAX_NAME_CHARS
from fastsecc.charger.state import ChargerState
from tests.charger.cases import GOOD, NAMES, NOW, OPTIONAL, at, attempt, paths, put, refused

MEMBERS = [
    pytest.param(name, args, path, id=f"{name}-{'.'.join(path)}") for name, args, _ in GOOD for path in paths(args)
]


def test_there_are_exactly_the_28_cmds() -> None:
    assert len(NAMES) == 28
    assert sorted(COMMANDS) == sorted(NAMES)
    assert all(name == command.name for name, command in COMMANDS.items())
    assert {name for name, _, _ in GOOD} == set(NAMES)
    assert {name for name, command in COMMANDS.items() if command.result is bool} == {"update_supported_app_protocols"}


@pytest.mark.parametrize(("name", "args", "expected"), GOOD)
def test_a_cmd_takes_effect(name: str, args: dict[str, Any], expected: dict[str, Any]) -> None:
    state = ChargerState()
    result = commands.apply(state, name, json.loads(json.dumps(args)), NOW)
    assert result is (True if name == "update_supported_app_protocols" else None)
    assert {attribute: getattr(state, attribute) for attribute in expected} == expected


@pytest.mark.parametrize(("name", "args", "expected"), GOOD)
def test_unknown_members_are_ignored(name: str, args: dict[str, Any], expected: dict[str, Any]) -> None:
    state = ChargerState()
    commands.apply(state, name, args | {"x_vendor": {"a": [None, 1.5]}}, NOW)
    assert {attribute: getattr(state, attribute) for attribute in expected} == expected


@pytest.mark.parametrize(("name", "args", "path"), MEMBERS)
def test_a_member_of_the_wrong_type_is_named(name: str, args: dict[str, Any], path: tuple[str, ...]) -> None:
    wrong = 5 if isinstance(at(args, path), str | list | dict) else "5"
    error = refused(name, put(args, path, wrong))
    assert (error.command, error.field) == (name, ".".join(path))
    assert str(error).startswith(f"{name}: {error.field}: ")


@pytest.mark.parametrize(("name", "args", "path"), MEMBERS)
def test_a_member_that_is_missing_is_named_or_optional(name: str, args: dict[str, Any], path: tuple[str, ...]) -> None:
    less = put(args, path, ...)
    field = ".".join(path)
    optional = set(OPTIONAL.get(name, "").split())
    if path[-1] in optional:
        assert commands.apply(ChargerState(), name, less, NOW) in (None, True)
    else:
        error = refused(name, less)
        assert (error.field, error.reason) == (field, "is missing")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), 10**400])
def test_numbers_that_no_double_holds_are_refused_and_named(number: float) -> None:
    error = refused("update_dc_present_values", {"present_voltage_current": {"evse_present_voltage": number}})
    assert error.field == "present_voltage_current.evse_present_voltage"
    error = refused("reset_error", {"ignored": [1, {"x": number}]})
    assert error.field == "ignored[1].x"


@pytest.mark.parametrize("number", [-10001, 1e9, 5000])
def test_numbers_out_of_the_schema_range_are_taken(number: float) -> None:
    state = ChargerState()
    args = {"present_voltage_current": {"evse_present_voltage": 1, "evse_present_current": number}}
    commands.apply(state, "update_dc_present_values", args, NOW)
    assert state.present_current_a == number


@pytest.mark.parametrize("args", [None, [], "x", 5, True, 1.5])
def test_arguments_are_an_object(args: Any) -> None:
    assert refused("reset_error", args).field == ""


def test_an_unknown_enum_string_is_named_with_its_place_in_a_list() -> None:
    error = refused("update_energy_transfer_modes", {"supported_energy_transfer_modes": ["DC_core", "DC_turbo"]})
    assert error.field == "supported_energy_transfer_modes[1]"
    assert "DC_turbo" in error.reason


def test_endless_nesting_is_refused() -> None:
    deep: Any = 1
    for _ in range(MAX_ARGUMENT_DEPTH * 100):
        deep = {"a": deep}
    assert refused("reset_error", {"x": deep}).field == "x"


@pytest.mark.parametrize(
    ("wrong", "nearest"), [("set_up", "setup"), ("stop_charge", "stop_charging"), ("dlink", "dlink_ready")]
)
def test_an_unknown_cmd_is_named_with_the_nearest(wrong: str, nearest: str) -> None:
    error = refused(wrong, {})
    assert error.command == wrong
    assert error.reason.endswith(f"nearest is {nearest}")
    assert len(str(refused("x" * 100_000, {}))) < 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ARGUMENTS = [(name, args, path) for name, args, _ in GOOD for path in paths(args)]


@given(name=st.sampled_from(NAMES) | st.text(), args=JSON)
def test_random_arguments_only_ever_raise_a_command_error_and_change_nothing(name: str, args: Any) -> None:
    error = attempt(name, args)
    assert error is None or error.command == name[:MAX_NAME_CHARS]


@given(member=st.sampled_from(ARGUMENTS), value=JSON)
def test_one_random_member_only_ever_raises_a_command_error_and_changes_nothing(
    member: tuple[str, dict[str, Any], tuple[str, ...]], value: Any
) -> None:
    name, args, path = member
    error = attempt(name, put(args, path, value))
    assert error is None or error.field.startswith(".".join(path))
