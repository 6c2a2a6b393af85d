"""Build of the native modules; everything static stands in pyproject.toml.

Environment: FASTSECC_SANITIZE=1 adds ASan and UBSan, FASTSECC_DEBUG=1 keeps symbols and assertions, FASTSECC_WERROR=1
(what `make` sets) takes warnings for errors. The system's libssl is linked, unless FASTSECC_OPENSSL names the prefix of
a static one; FASTSECC_SYSTEM_OPENSSL=1 has the system's even then.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from Cython.Compiler import Options
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
GENERATED = Path("build/native")

STRICT = ["-Werror"] if os.environ.get("FASTSECC_WERROR") else []
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", *STRICT]
# What Cython writes converts freely between integer types; our own C must not.
NOT_CYTHONS = ["-Wno-conversion", "-Wno-unused-parameter", "-Wno-missing-field-initializers"]
CYTHON_WARNINGS = ["-Wall", "-Wextra", *NOT_CYTHONS, *STRICT]
# It is mostly glue, of which the size counts; what must be fast says so itself (exi_hot.h).
CYTHON_SIZE = ["-Os", "-fno-asynchronous-unwind-tables", "-fno-plt"]
COMPILE = ["-std=c11", "-O2", "-fsigned-char", "-fvisibility=hidden", "-D_GNU_SOURCE"]
LINK: list[str] = []
if os.environ.get("FASTSECC_DEBUG"):
    COMPILE += ["-g", "-UNDEBUG"]
if os.environ.get("FASTSECC_SANITIZE"):
    sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-g", "-fno-omit-frame-pointer"]
    COMPILE += sanitize
    LINK += sanitize
    CYTHON_SIZE = ["-O1"]

ABI3 = [("Py_LIMITED_API", "0x030B0000"), ("CYTHON_LIMITED_API", "1")]


def files(folder: str | Path, suffix: str) -> list[str]:
    """List the files of a folder with a suffix."""
    return sorted(str(path) for path in Path(folder).glob(f"*.{suffix}"))


def static_openssl() -> Path | None:
    """Give the prefix of the OpenSSL that becomes part of the module, None: the system's is loaded."""
    prefix = os.environ.get("FASTSECC_OPENSSL")
    return Path(prefix) if prefix and not os.environ.get("FASTSECC_SYSTEM_OPENSSL") else None


def with_openssl(ext: Extension) -> Extension:
    """Link OpenSSL to a module."""
    prefix = static_openssl()
    if prefix is None:
        ext.libraries += ["ssl", "crypto"]
        return ext
    ext.include_dirs.insert(0, str(prefix / "include"))
    ext.extra_objects += [str(prefix / "lib" / "libssl.a"), str(prefix / "lib" / "libcrypto.a")]
    # Its symbols must not be found by, nor find, those of another OpenSSL in the process.
    ext.extra_link_args = [*ext.extra_link_args, "-Wl,--gc-sections", "-Wl,--version-script=native/link/exports.map"]
    return ext


def extension(name: str, folder: str) -> Extension:
    """Describe one native module: its Cython face and every C file beside it."""
    return Extension(
        f"fastsecc.{name}",
        sources=[f"{folder}/{name}.pyx", *files(folder, "c")],
        include_dirs=[folder, "native/exi", "native/link", str(GENERATED)],
        define_macros=ABI3,
        py_limited_api=True,
        extra_compile_args=COMPILE,
        extra_link_args=LINK,
        depends=[*files(folder, "h"), *files(folder, "p??"), *files(GENERATED, "h")],
        libraries=["pthread"],
    )


class BuildNative(build_ext):
    """Compile our own C with all warnings as errors, and what Cython wrote with fewer."""

    def build_extension(self, ext: Extension) -> None:
        """Give each source the warnings it deserves."""
        compile_one = self.compiler._compile

        def compile_with_warnings(obj: str, src: str, *rest: object) -> None:
            own = not src.startswith(str(GENERATED)) and not src.endswith(f"{ext.name.split('.')[-1]}.c")
            *head, extra, options = rest
            compile_one(obj, src, *head, [*extra, *(WARNINGS if own else CYTHON_WARNINGS + CYTHON_SIZE)], options)

        self.compiler._compile = compile_with_warnings
        try:
            super().build_extension(ext)
        finally:
            self.compiler._compile = compile_one


def slac_extension() -> Extension:
    """Describe the module that cffi makes of native/slac."""
    sys.path.insert(0, str(ROOT / "native" / "slac"))
    from build_slac import ffi

    ext: Extension = ffi.distutils_extension(str(GENERATED))
    ext.sources += files("native/slac", "c")
    ext.include_dirs += ["native/slac"]
    ext.define_macros += ABI3[:1]
    ext.extra_compile_args, ext.extra_link_args = COMPILE, LINK
    ext.depends = files("native/slac", "h")
    return ext


def generate_tables() -> None:
    """Turn the message classes into the constant tables that the codec is compiled with."""
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "native" / "exi")]
    from compile_grammar import write_tables  # the message classes must be importable first

    write_tables(GENERATED)


def extensions() -> list[Extension]:
    """Generate the tables and translate the Cython sources."""
    generate_tables()
    Options.docstrings = False  # the public ones are those of fastsecc.exi
    return cythonize(
        [extension("_exi", "native/exi"), with_openssl(extension("_link", "native/link")), slac_extension()],
        build_dir=str(GENERATED),
        include_path=["native/exi", "native/link", "src"],
        compiler_directives={"language_level": 3, "embedsignature": False},
    )


setup(
    ext_modules=extensions(),
    cmdclass={"build_ext": BuildNative},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
