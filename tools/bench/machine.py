"""What a figure was measured on: the machine, how busy it was, and the versions of what did the work."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from emulator.errors import InputError
from rtl import toolchain

PACKAGES = ("draupnir", "numpy", "numba", "llvmlite", "amaranth")


def machine() -> dict[str, str | int | float]:
    """CPU model, cores that may be used, load average (1 min) now, operating system, date (UTC)."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "load_average": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def versions() -> dict[str, str]:
    """Of Python, packages and simulators; "none" for what is not installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "none"
    for name, tool in (("verilator", toolchain.verilator), ("icarus", toolchain.icarus)):
        try:
            found[name] = tool().version
        except InputError:
            found[name] = "none"
    found["c++"] = _first_line([os.environ.get("CXX", "g++"), "--version"])
    return found


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _first_line(command: list[str]) -> str:
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return "none"
    return said.partition("\n")[0] or "none"
