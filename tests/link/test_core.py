"""Parts of the C core by themselves: each program says with its exit code whether they do what they promise."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LINK = ROOT / "native" / "link"
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]


def check_program(tmp_path: Path, program: str, *sources: str) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    binary = tmp_path / program
    includes = [LINK, ROOT / "native" / "exi", ROOT / "build" / "native"]
    command: list[str | Path] = [compiler, "-std=c11", "-O2", "-fsigned-char", "-D_GNU_SOURCE", *WARNINGS]
    command += [f"-I{folder}" for folder in includes]
    command += [HERE / f"{program}.c", *(LINK / source for source in sources), "-o", binary, "-pthread", "-lm"]
    subprocess.run(command, check=True)
    done = subprocess.run([binary], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_triple_buffer_is_never_torn(tmp_path):
    check_program(tmp_path, "triple_stress")


def test_ring_keeps_every_frame(tmp_path):
    check_program(tmp_path, "ring_stress", "ring.c")


def test_limits_are_compared_as_decimals(tmp_path):
    check_program(tmp_path, "limits", "loop_response.c")


def test_response_that_cannot_be_encoded_is_pythons(tmp_path):
    check_program(tmp_path, "loop_refusal", "loop.c", "loop_response.c")


def test_links_keep_their_order_under_threads(tmp_path):
    parts = ("link", "thread", "loop", "loop_response", "ring", "rt", "v2gtp", "transport_plain")
    check_program(tmp_path, "link_stress", *(f"{part}.c" for part in parts))


def test_noise_in_a_client_hello(tmp_path):
    check_program(tmp_path, "hello_noise", "tls_hello.c")
