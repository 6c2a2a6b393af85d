"""Run every benchmark of the package, one after the other."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path


def main() -> None:
    """Run what exists."""
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        import_module(f"benchmarks.{path.stem}").main()


if __name__ == "__main__":
    main()
