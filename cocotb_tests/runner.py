"""Build a design in a simulator, and run cocotb tests in it, each in a process and a folder of its own.

So each test starts from the simulator's initial state, and its model from the model's initial state.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO, get_args

from cocotb_tools.runner import get_runner

from draupnir.cocotb_tests import runtime, standbys
from draupnir.cocotb_tests.catalogue import Test
from draupnir.cocotb_tests.lib import wrapper
from draupnir.cocotb_tests.lib.session import Session
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden.files import alone
from draupnir.rtl import datafiles, icarus_names, processes, toolchain
from draupnir.rtl.design import Design
from draupnir.rtl.harness import public_memories
from draupnir.rtl.initial import Initial, Kind, plusargs, vvp_options
from draupnir.rtl.verilated import COVERAGE_OPTIONS, SCALAR

Simulator = Literal["verilator", "icarus"]
SIMULATORS: tuple[Simulator, ...] = get_args(Simulator)
_VERILATOR_OPTIONS = (
    "--no-public-flat-rw", "-fno-split", "-O3", "--timing", "--x-assign", "0", "--x-initial", "unique",
    "-Wno-fatal", "-Wno-lint", "-Wno-style", "-CFLAGS", f"-std=gnu++20 -fcoroutines {SCALAR}",
)  # fmt: skip
# These options go to make in the environment, because cocotb's runner calls make without -MAKEFLAGS.
_OPTIMISED = "OPT_FAST=-O2 OPT_GLOBAL=-O2"
_TIMESCALE = ("1ns", "1ps")
_DUMP = """\
module draupnir_dump;
    initial begin
        $dumpfile("dump.fst");
        $dumpvars(0, @TOP@);
    end
endmodule
"""
COVERAGE = "coverage.dat"  # what a test covers, in its folder, if the design counts
_LOG_LINES = 12
# Cocotb rewrites the assertions in these files only. By default it rewrites all, also Numba's, which takes seconds.
_EXPLAINED = "test_*.py"
_OWN_FILE = "draupnir.cocotb_tests.lib.own_file"


@dataclass(frozen=True)
class BuiltDesign:
    """A design that is compiled for a simulator; waves : True if it can write waveforms."""

    design: Design
    chip: Chip
    simulator: Simulator
    waves: bool
    folder: Path
    seconds: float


@dataclass(frozen=True)
class BenchOutcome:
    """The outcome of a test.

    failure : the reason why the test failed, "" if it passed
    seconds : wall time, with the start of the simulator, for which only the first of several tests waits
    notes : the bench's counts: "cycles", "mismatches", "unknown", ...
    folder : the folder with log, results and waveform
    """

    test: Test
    failure: str
    seconds: float
    folder: Path
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not self.failure


# --- Building ---------------------------------------------------------------------------------------------------


def build(
    design: Design, chip: Chip, simulator: Simulator, root: Path, waves: bool = False, coverage: bool = False
) -> BuiltDesign:
    """Compile a design, unless the same sources have already been compiled with the same tool and options.

    root : the folder for all builds; each has a folder in it
    waves : True to make waveforms possible
    coverage : True to count in Verilator what each test covers; its folder has it in the file ``COVERAGE``

    Raises InputError if the simulator is missing or refuses the sources.
    """
    begin = time.perf_counter()
    version = toolchain.verilator().version if simulator == "verilator" else toolchain.icarus().version
    if simulator == "verilator":
        options = [*_VERILATOR_OPTIONS, *design.verilator_options, *(COVERAGE_OPTIONS if coverage else ())]
    else:  # Cocotb's own dump module is SystemVerilog.
        options = [*design.icarus_options, *(("-s", "draupnir_dump") if waves else ())]
    generated = _generated(design, chip, simulator, waves)
    paths = [str(path.resolve()) for path in design.files] if coverage else []  # The data has them.
    digest = _digest(design, version, *generated.values(), *options, _OPTIMISED, str(waves), *paths)
    folder = root.resolve() / f"{simulator}-{digest}"
    with alone(folder.with_suffix(".lock")):
        if not (folder / "built").is_file():
            _compile(design, simulator, folder, options, generated, waves)
            (folder / "built").touch()
    if simulator == "icarus" and icarus_names.has_unnamed_blocks(design):
        compiled = (folder / "sim.vvp").read_text(errors="replace")
        design = icarus_names.as_in_icarus(design, compiled, f"{wrapper.TOP}.{design.top}")
    return BuiltDesign(design, chip, simulator, waves, folder, time.perf_counter() - begin)


def _generated(design: Design, chip: Chip, simulator: Simulator, waves: bool) -> dict[str, str]:
    """Return name -> text of the files that are compiled in addition to the design's."""
    files = {"wrapper.v": wrapper.verilog(design, chip)}
    if simulator == "verilator":
        return files | {"public.vlt": public_pins(chip) + public_memories(design).removeprefix("`verilator_config\n")}
    return files | ({"dump.v": _DUMP.replace("@TOP@", wrapper.TOP)} if waves else {})


def public_pins(chip: Chip) -> str:
    """Return Verilator's control file, which makes only the wrapper's pins and controls accessible."""
    input_names = [
        *(clock.pin.name for clock in chip.clocks),
        *(pin.name for pin in chip.inputs),
        *wrapper.controls(chip),
    ]
    access = {"public_flat_rw": input_names, "public_flat_rd": [pin.name for pin in chip.outputs]}
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
    if simulator == "verilator":
        toolchain.verilator().check_folder(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in generated.items():
        (folder / name).write_text(text)
    log = folder / "build.log"
    with _environment(simulator):
        try:
            _runner(simulator).build(
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


def _runner(simulator: Simulator, stands_by: bool = False) -> Any:
    """Return cocotb's runner, changed so that its programs end when this one is interrupted.

    stands_by : True if its only program may be a simulator that stands by
    """
    runner: Any = get_runner(simulator)

    def execute(commands: Sequence[Sequence[str]], cwd: Path, stdout: TextIO | None = None) -> None:
        for command in commands:
            if command[0] == "make":
                runtime.put(Path(cwd), command, runner.env, stdout)
            status = standbys.run(command, runner.env, cwd, Path(stdout.name)) if stands_by and stdout else None
            if status is None:
                stderr = None if stdout is None else subprocess.STDOUT
                status = processes.run(command, cwd=cwd, env=runner.env, stdout=stdout, stderr=stderr).returncode
            if status:
                raise RuntimeError(f"exit status {status}")

    runner._execute_cmds = execute
    return runner


@contextmanager
def _environment(simulator: Simulator) -> Iterator[None]:
    """Set the tool's own environment in this process, from which cocotb's runner takes it."""
    environment = dict(os.environ)
    if simulator == "verilator":
        os.environ.update(toolchain.verilator().environment())
        os.environ["MAKEFLAGS"] = f"{os.environ.get('MAKEFLAGS', '')} {_OPTIMISED}"
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ.pop("PYTEST_CURRENT_TEST", None)  # With this variable the runner would end the process at a failure.
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)


def _first_error(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "nothing was said")


# --- Running ----------------------------------------------------------------------------------------------------


def start_of(simulator: Simulator, kind: Kind | None, seed: int) -> Initial:
    """Return the start values of registers in a simulator: by default they are unknown in Icarus, and 0 in Verilator.

    Raises InputError for a start that the simulator does not have, or a seed that is out of range.
    """
    if simulator == "verilator" and kind == "unknown":
        raise InputError("--initial unknown: Verilator knows only 0 and 1; --sim icarus knows unknown bits")
    kind = kind or ("zero" if simulator == "verilator" else "unknown")
    return Initial(kind, seed) if kind == "random" else Initial(kind)


def run(
    built: BuiltDesign,
    test: Test,
    folder: Path,
    seed: int,
    reproduce: str = "",
    start: Initial | None = None,
    **how: Any,
) -> BenchOutcome:
    """Run a test. Its log, results, notes and waveform are in ``folder`` afterwards, which is emptied first.

    start : the start values of registers; None for those of ``start_of``
    how : check, naive, times: see ``Session``
    """
    start = start or start_of(built.simulator, None, seed)
    folder = folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    design = built.design
    datafiles.put_beside(design.data, folder)
    memories = {name: f"{design.top}.{path}" for name, path in design.memories.items()}
    test_file = str(test.path.parent.resolve() / test.path.name) if test.path else ""
    session = Session(
        str(folder),
        built.simulator,
        seed,
        random_start=start.kind == "random",
        memories=memories,
        sizes=built.chip.sizes,
        probes={name: f"{design.top}.{path}" for name, path in design.probes.items()},
        reproduce=reproduce,
        test_file=test_file,
        chip=built.chip.name,
        **how,
    )
    begin = time.perf_counter()
    with _environment(built.simulator):
        crash = _run_simulator(built, test, folder, session, start)
    seconds = time.perf_counter() - begin
    notes = session.notes()
    failure = _failure(folder) or crash or (_not_held(notes) if session.check else "")
    return BenchOutcome(test, failure, seconds, folder, notes)


def _not_held(notes: Mapping[str, Any]) -> str:
    """Return the reason why a test that passed has compared nothing, or ""."""
    if notes.get("mismatches"):
        return f"{notes['mismatches']} mismatches, which the test has caught"
    if "compared" not in notes:
        return "nothing was compared: the test has not left `async with Bench(dut)`, which holds the model to the pins"
    return (
        "" if notes["compared"] else "nothing was compared: no clock edge was seen between begin and end of the bench"
    )


def _run_simulator(built: BuiltDesign, test: Test, folder: Path, session: Session, start: Initial) -> str:
    """Run the simulator. Return the reason why it failed, or ""."""
    in_icarus = built.simulator == "icarus"
    verilators = [f"+verilator+rand+reset+{2 if start.kind == 'random' else 0}", f"+verilator+seed+{start.seed}"]
    explained = f"{_EXPLAINED} {test.path.name}" if test.path else _EXPLAINED
    # A user's own file may do anything. Verilator opens a waveform in the folder in which it starts.
    stands_by = test.path is None and not built.waves
    try:
        _runner(built.simulator, stands_by).test(
            test_module=_OWN_FILE if test.path else test.fullname.partition("/")[0].rpartition(".")[0],
            test_filter=rf"^{re.escape(test.fullname)}$",
            hdl_toplevel=wrapper.TOP,
            hdl_toplevel_lang="verilog",
            build_dir=built.folder,
            test_dir=folder,
            seed=session.seed,
            test_args=vvp_options(start) if in_icarus else [],
            plusargs=plusargs(start) if in_icarus else verilators,
            extra_env=session.environment() | {"COCOTB_REWRITE_ASSERTION_FILES": explained},
            waves=built.waves,
            results_xml=str(folder / "results.xml"),
            log_file=folder / "log.txt",
        )
    except (RuntimeError, SystemExit) as error:
        return f"the simulator failed ({error}): " + "\n".join(_tail(folder / "log.txt"))
    return ""


def _failure(folder: Path) -> str:
    """Return the reason why the test failed from its results; "" if it passed or there are no results."""
    results = folder / "results.xml"
    if not results.is_file():
        return "no results: " + "\n".join(_tail(folder / "log.txt"))
    cases = list(ElementTree.parse(results).iter("testcase"))
    if not cases:
        return f"no test was run, see {folder / 'log.txt'}"
    for case in cases:
        if case.find("skipped") is not None:
            return "the test was skipped, and so has shown nothing"
        for bad in (*case.iter("failure"), *case.iter("error")):
            return bad.get("error_msg") or bad.get("message") or (bad.text or "failed").strip()
    return ""


def _tail(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()[-_LOG_LINES:] if log.is_file() else ["no log"]
