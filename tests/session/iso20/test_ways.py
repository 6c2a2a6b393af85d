"""Whole sessions in memory: every kind of service in both control modes, from connection to the last var."""

from __future__ import annotations

from typing import Any

import pytest

from tests.session.iso20.conftest import SERVICES


@pytest.mark.parametrize(
    ("control_mode", "mobility_needs"), [("Scheduled", "EVCC"), ("Dynamic", "EVCC"), ("Dynamic", "EVCC_SECC")]
)
@pytest.mark.parametrize("kind", SERVICES)
def test_a_whole_session(way: Any, kind: str, control_mode: str, mobility_needs: str) -> None:
    """Also ECOG-023, ECOG-024, ECOG-025, ECOG-027, OC-022."""
    made = way(kind, control_mode, mobility_needs)
    drive = made.to("ENDED")
    assert drive.close().names == ["dlink_terminate"]
    published = [name for name in drive.published if name != "v2g_messages"]
    common = ["selected_protocol", "evcc_id", "ev_info", "require_auth_eim", "selected_service_parameters"]
    assert published[:5] == common
    assert published.count("charging_needs") == 1
    contactor = "ac_open_contactor" if made.energy == "ac" else "dc_open_contactor"
    for first, second in (
        ("selected_service_parameters", "v2g_setup_finished"),
        ("v2g_setup_finished", "current_demand_started"),
        ("current_demand_started", "current_demand_finished"),
        ("current_demand_finished", contactor),
        (contactor, "dlink_terminate"),
    ):
        assert published.index(first) < published.index(second)
