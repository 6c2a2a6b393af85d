"""`fastsecc ev` and `fastsecc run` at the two ends of a veth pair: multicast, link-local addresses, scope ids."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.namespaces import veth_pair

FASTSECC = [sys.executable, "-c", "import sys; from fastsecc.cli.main import main; sys.exit(main())"]
PATIENCE_S = 60


@pytest.fixture(scope="module")
def link():
    with veth_pair() as pair:
        command = [*pair.inside(pair.secc_namespace), *FASTSECC, "run", "--iface", pair.secc_interface, "--no-slac"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as secc:
            try:
                assert secc.stdout.readline().startswith(f"ready iface={pair.secc_interface} ")
                yield pair
            finally:
                secc.terminate()
            secc.communicate(timeout=PATIENCE_S)
        assert secc.returncode == 0


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("protocol", ["din", "iso2"])
def test_ev_finds_the_secc_and_charges(link, protocol, loop):
    """Two loops, for they differ in what they make of an address's scope id."""
    without_uvloop = "import sys; sys.modules['uvloop'] = None; " if loop == "asyncio" else ""
    python, option, program = FASTSECC
    options = ["--iface", link.ev_interface, "--protocol", protocol, "--cycles", "5", "--think-ms", "2", "--json"]
    command = [*link.inside(link.ev_namespace), python, option, without_uvloop + program, "ev", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["loop"]["count"] == 5
