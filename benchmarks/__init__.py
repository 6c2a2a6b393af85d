"""Measurements: `python -m benchmarks` runs them all, `python -m benchmarks.bench_x` one."""
