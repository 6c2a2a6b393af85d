"""The codec through its Python API, for pytest-benchmark: `python -m pytest benchmarks`."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.messages import SAMPLES, Sample
from fastsecc.exi import decode, encode, to_json


@pytest.fixture(params=SAMPLES, ids=lambda sample: sample.name)
def sample(request: pytest.FixtureRequest) -> Sample:
    """Each message that is measured."""
    found = request.param
    assert isinstance(found, Sample)
    return found


def test_decode(benchmark: BenchmarkFixture, sample: Sample) -> None:
    message = sample.message()
    octets = encode(message)
    assert benchmark(decode, octets, sample.namespace) == message


def test_encode(benchmark: BenchmarkFixture, sample: Sample) -> None:
    message = sample.message()
    assert len(benchmark(encode, message)) == sample.octets


def test_to_json(benchmark: BenchmarkFixture, sample: Sample) -> None:
    assert benchmark(to_json, sample.message())
