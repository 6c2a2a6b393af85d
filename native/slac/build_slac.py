"""What cffi is told of slac_api.h; setup.py makes the module of it."""

from __future__ import annotations

from pathlib import Path

from cffi import FFI

ffi = FFI()
ffi.cdef((Path(__file__).parent / "slac_api.h").read_text())
ffi.set_source("fastsecc._slac", '#include "slac.h"', py_limited_api=True)
