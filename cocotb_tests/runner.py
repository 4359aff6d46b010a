"""Builds a design in a simulator and runs one cocotb test at a time in it, each in a process and a folder of its own.

So every test starts from the simulator's initial state, and the model from its own.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from cocotb_tools.runner import get_runner

from cocotb_tests.lib import wrapper
from cocotb_tests.lib.session import Session
from emulator.declare import Chip
from emulator.errors import InputError
from golden.files import alone
from rtl import toolchain
from rtl.design import Design
from rtl.harness import public_memories

Simulator = Literal["verilator", "icarus"]
SIMULATORS: tuple[Simulator, ...] = get_args(Simulator)
FOLDER = Path(__file__).parent
_VERILATOR_OPTIONS = (
    "--no-public-flat-rw", "-fno-split", "-O3", "--timing", "--x-assign", "0", "--x-initial", "unique",
    "-Wno-fatal", "-Wno-lint", "-Wno-style", "-CFLAGS", "-std=gnu++20 -fcoroutines",
)  # fmt: skip
_OPTIMISED = "OPT_FAST=-O2 OPT_GLOBAL=-O2"  # for make, which cocotb's runner calls itself: -MAKEFLAGS is lost on it
_LANGUAGE_OPTIONS = {
    ("verilator", "verilog-2005"): ("--default-language", "1364-2005"),
    ("verilator", "systemverilog"): ("--default-language", "1800-2017"),
    ("icarus", "verilog-2005"): ("-g2005",),
    ("icarus", "systemverilog"): ("-g2012",),
}
_TIMESCALE = ("1ns", "1ps")
_DUMP = """\
module draupnir_dump;
    initial begin
        $dumpfile("dump.fst");
        $dumpvars(0, @TOP@);
    end
endmodule
"""
_LOG_LINES = 12
_EXPLAINED = "test_*.py"  # files whose assertions cocotb rewrites; by default all, Numba's too, which takes seconds


@dataclass(frozen=True)
class Test:
    """A cocotb test of a chip: module without "test_", and the function's name without "test_"."""

    module: str
    name: str

    __test__ = False  # for pytest: no test class

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True)
class Built:
    """A design compiled for a simulator, with or without the means to write waveforms."""

    design: Design
    chip: Chip
    simulator: Simulator
    waves: bool
    folder: Path
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """What a test came to.

    failure : why it failed, "" if it passed
    seconds : wall time, with the start of the simulator
    notes : what the bench counted: "cycles", "mismatches", "unknown", ...
    folder : log, results and waveform
    """

    test: Test
    failure: str
    seconds: float
    folder: Path
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not self.failure


# --- Which tests there are --------------------------------------------------------------------------------------


def tests(chip: Chip) -> list[Test]:
    """All cocotb tests of a chip, read from the sources without importing them."""
    found = []
    for path in sorted((FOLDER / chip.name).glob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found.append(Test(path.stem.removeprefix("test_"), node.name.removeprefix("test_")))
    return found


def select(chip: Chip, wanted: str) -> list[Test]:
    """The tests that a name stands for: "all", a module, a test, or "module.test"; with or without "test_".

    Raises InputError for a name that stands for none.
    """
    every = tests(chip)
    name = wanted.replace("test_", "")
    chosen = [t for t in every if name in ("all", t.module, t.name, str(t))]
    if not chosen:
        modules = ", ".join(sorted({t.module for t in every}))
        raise InputError(
            f"--test {wanted}: no such test of {chip.name}; there are: all, {modules}, and the tests in them"
        )
    return chosen


# --- Building ---------------------------------------------------------------------------------------------------


def build(design: Design, chip: Chip, simulator: Simulator, root: Path, waves: bool = False) -> Built:
    """Compile a design, unless the same sources were compiled with the same tool and options before.

    root : folder in which each build has one of its own
    Raises InputError when the simulator is missing or refuses the sources.
    """
    begin = time.perf_counter()
    version = toolchain.verilator().version if simulator == "verilator" else toolchain.icarus().version
    options = [*_LANGUAGE_OPTIONS[simulator, design.language]]
    if simulator == "verilator":
        options = [*_VERILATOR_OPTIONS, *options]
    elif waves:  # cocotb's own dump module is SystemVerilog
        options = [*options, "-s", "draupnir_dump"]
    generated = _generated(design, chip, simulator, waves)
    digest = _digest(design, version, *generated.values(), *options, _OPTIMISED, str(waves))
    folder = root.resolve() / f"{simulator}-{digest}"
    with alone(folder.with_suffix(".lock")):
        if not (folder / "built").is_file():
            _compile(design, simulator, folder, options, generated, waves)
            (folder / "built").touch()
    return Built(design, chip, simulator, waves, folder, time.perf_counter() - begin)


def _generated(design: Design, chip: Chip, simulator: Simulator, waves: bool) -> dict[str, str]:
    """What is compiled beside the design's files: name -> text."""
    files = {"wrapper.v": wrapper.verilog(design, chip)}
    if simulator == "verilator":
        return files | {"public.vlt": public_pins(chip) + public_memories(design).removeprefix("`verilator_config\n")}
    return files | ({"dump.v": _DUMP.replace("@TOP@", wrapper.TOP)} if waves else {})


def public_pins(chip: Chip) -> str:
    """Verilator's control file that makes the wrapper's pins and controls, and nothing else, accessible."""
    written = [chip.clock.name, *(pin.name for pin in chip.inputs), *wrapper.controls(chip)]
    access = {"public_flat_rw": written, "public_flat_rd": [pin.name for pin in chip.outputs]}
    lines = [f'{kind} -module "{wrapper.TOP}" -var "{name}"\n' for kind, names in access.items() for name in names]
    return "`verilator_config\n" + "".join(lines)


def _digest(design: Design, *settings: str) -> str:
    digest = hashlib.sha256("\0".join((design.top, *settings)).encode())
    for source in (*design.files, *design.includes):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]


def _compile(
    design: Design, simulator: Simulator, folder: Path, options: list[str], generated: Mapping[str, str], waves: bool
) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in generated.items():
        (folder / name).write_text(text)
    log = folder / "build.log"
    with _environment(simulator):
        try:
            get_runner(simulator).build(
                sources=[*(path.resolve() for path in design.files), *(folder / name for name in generated)],
                includes=design.folders,
                hdl_toplevel=wrapper.TOP,
                build_dir=folder,
                build_args=options,
                timescale=_TIMESCALE,
                always=True,
                waves=waves and simulator == "verilator",
                log_file=log,
            )
        except RuntimeError as error:
            raise InputError(f"{simulator} refused the sources: {_first_error(log)}; all of it in {log}") from error


@contextmanager
def _environment(simulator: Simulator) -> Iterator[None]:
    """The tool's own environment, which cocotb's runner takes from this process."""
    before = dict(os.environ)
    if simulator == "verilator":
        os.environ.update(toolchain.verilator().environment())
        os.environ["MAKEFLAGS"] = f"{os.environ.get('MAKEFLAGS', '')} {_OPTIMISED}"
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ.pop("PYTEST_CURRENT_TEST", None)  # under pytest the runner would end the process at a failure
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _first_error(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "nothing was said")


# --- Running ----------------------------------------------------------------------------------------------------


def run(built: Built, test: Test, folder: Path, seed: int, reproduce: str = "", **how: Any) -> Outcome:
    """Run a test; its log, results, notes and waveform are left in ``folder``, which is emptied first.

    how : check, naive, times: see ``Session``
    """
    folder = folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    design = built.design
    memories = {name: f"{design.top}.{path}" for name, path in design.memories.items()}
    session = Session(
        built.chip.name,
        str(folder),
        built.simulator,
        seed,
        memories=memories,
        reproduce=reproduce,
        **how,
    )
    begin = time.perf_counter()
    with _environment(built.simulator):
        crash = _run_simulator(built, test, folder, session)
    seconds = time.perf_counter() - begin
    return Outcome(test, _failure(folder) or crash, seconds, folder, session.notes())


def _run_simulator(built: Built, test: Test, folder: Path, session: Session) -> str:
    """Why the simulator itself failed, or ""."""
    runner: Any = get_runner(built.simulator)
    module = f"cocotb_tests.{built.chip.name}.test_{test.module}"
    try:
        runner.test(
            test_module=module,
            test_filter=rf"^{re.escape(module)}\.test_{test.name}$",
            hdl_toplevel=wrapper.TOP,
            hdl_toplevel_lang="verilog",
            build_dir=built.folder,
            test_dir=folder,
            seed=session.seed,
            extra_env=session.environment() | {"COCOTB_REWRITE_ASSERTION_FILES": _EXPLAINED},
            waves=built.waves,
            results_xml=str(folder / "results.xml"),
            log_file=folder / "log.txt",
        )
    except (RuntimeError, SystemExit) as error:
        return f"the simulator failed ({error}): " + "\n".join(_tail(folder / "log.txt"))
    return ""


def _failure(folder: Path) -> str:
    """Why the test failed as its results tell it; "" if it passed or left no results."""
    results = folder / "results.xml"
    if not results.is_file():
        return "no results: " + "\n".join(_tail(folder / "log.txt"))
    cases = list(ElementTree.parse(results).iter("testcase"))
    if not cases:
        return f"no test was run, see {folder / 'log.txt'}"
    for case in cases:
        for bad in (*case.iter("failure"), *case.iter("error")):
            return bad.get("error_msg") or bad.get("message") or (bad.text or "failed").strip()
    return ""


def _tail(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()[-_LOG_LINES:] if log.is_file() else ["no log"]
