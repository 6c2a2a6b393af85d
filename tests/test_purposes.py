"""Each public test purpose that concerns what this version does is named by a test, or stands here with the reason."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

CONTROL_PILOT = "the control pilot is the charger's; the interface does not say its state"
DER = "distributed energy resources (AC_DER_IEC) are not in this version"

NOT_HERE = {
    "CMN_ServiceDetail_001": "no value-added service is offered",
    "CMN_ServiceDetail_011": "no value-added service is offered",
    "DC_CableCheck_008": CONTROL_PILOT,
    "DC_WeldingDetection_005": CONTROL_PILOT,
    "DC_SessionStop_006": CONTROL_PILOT,
    "CMN_Abnormal_001": CONTROL_PILOT,
    "EVV2G-037": CONTROL_PILOT,
    "OC-011": "one schedule is offered, not two",
    "ECOG-004": "a second AuthorizationReq after Finished is FAILED_SequenceError, as OC-005 wants",
    "JPV2G-002": "it tests an EV",
    "OC-033": "SDP for wireless charging",
    "EV20-F-002": "no protocol of the site's own can be configured",
    "EV20-S-028": DER,
    "EV20-S-029": DER,
    **{f"EV20-F-{number:03}": DER for number in (31, 32, 34, 80, 81, 111, 112, 113, 114, 115, 116)},
    "AC_ChargeParameterDiscovery_014": "ChargeParameterDiscoveryRes is never Ongoing",
    "DC_ChargeParameterDiscovery_014": "ChargeParameterDiscoveryRes is never Ongoing",
}


def test_every_public_test_purpose_has_a_test_or_a_reason(shared: Path) -> None:
    named = _flat(_node_ids() + "".join(path.read_text() for path in _test_files()))
    purposes = _purposes((shared / "facts" / "conformance.md").read_text())
    assert len(purposes) > 450
    missing = {purpose for purpose in purposes if _flat(purpose) not in named}
    assert missing - set(NOT_HERE) == set(), "neither a test nor a reason"
    assert set(NOT_HERE) - missing == set(), "a reason for what has a test, or is no purpose"


def _purposes(document: str) -> set[str]:
    """List the ids of all purposes."""
    found = (re.match(r"- `([\w-]+)` ([^|]*)\|", line) for line in document.splitlines())
    return {purpose[1] for purpose in found if purpose}


def _flat(text: str) -> str:
    """Leave out what Python names may not have, or have otherwise."""
    return re.sub(r"[_-]", "", text).lower()


def _node_ids() -> str:
    """Let pytest tell the names of all tests, parameters among them."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def _test_files() -> list[Path]:
    return [path for path in sorted((ROOT / "tests").rglob("*.py")) if path != Path(__file__)]
