"""Compile an RTL with Verilator into a shared library, and run it with whole arrays of pins.

The compiled harness runs the rows of ``draupnir.emulator.trace`` at the simulator's own speed. It applies a row's
inputs while the clock is low. If the row has a clock edge, it then samples the outputs, and the clock rises. The clock
falls again before the next row's inputs are applied. If the chip uses both edges of a clock, the clock keeps its level
until the row with the other edge. ``rtl/edges.py`` finds the logic to evaluate at a clock edge.

Verilator knows 0 and 1 only. Every bit starts at 0, or at random with a seed. An X in the source is 0.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import inspect
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from draupnir.emulator.declare import Chip, Memory
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds import pieces
from draupnir.emulator.trace import check_edges, from_row, new_rows, to_rows
from draupnir.rtl import datafiles, edges, kept, toolchain
from draupnir.rtl.design import Design
from draupnir.rtl.harness import cpp_harness, member, public_memories, signal_of
from draupnir.rtl.initial import MOST_SEED

MOST_BYTES = 1 << 10  # of a signal
ROWS = 1 << 16  # rows in one call of the library; a signal has to wait for its end
_VERILATOR_OPTIONS = (
    "--cc", "-O3", "-fno-split", "--prefix", "Vmodel", "--no-timing", "--x-assign", "0", "--x-initial", "unique",
    "-Wno-fatal", "-Wno-lint", "-Wno-style", "-Wwarn-BLKSEQ",
)  # fmt: skip
# If a clocked block assigns with "=", Verilator reports BLKSEQ. Two of its optimisers then let other clocked blocks see
# the new level in the same edge, through a wire. Flip-flops and Icarus do not.
_BLOCKING = "%Warning-BLKSEQ"
_WITH_BLOCKING = ("-fno-gate", "-fno-dfg")
# GCC 12.2 packs the comparisons of many registers of one bit into a vector, and then adds -1 in place of 1.
SCALAR = "-fno-tree-slp-vectorize"
_CXX_OPTIONS = (
    SCALAR, "-std=gnu++17", "-fPIC", "-fvisibility=hidden", "-fno-gnu-unique", "-w",
    "-DVERILATOR=1", "-DVL_TIME_CONTEXT", "-DVL_USER_FATAL", "-DVL_USER_FINISH", "-DVL_USER_STOP",
    *(f"-DVM_{feature}=0" for feature in ("SC", "TIMING", "TRACE", "TRACE_FST", "TRACE_VCD", "TRACE_SAIF")),
)  # fmt: skip
COVERAGE_OPTIONS = ("--coverage-line", "--coverage-toggle", "--coverage-expr")
_SLOW_SUFFIX = "__Slow"  # Verilator's mark on the files that run once, at the start
_RUNTIME = ("verilated.cpp", "verilated_threads.cpp")
_COVERAGE_RUNTIME = "verilated_cov.cpp"
# Verilator's C++ has the path of a source in each stop, and in each point whose coverage it counts.
_STOPS = re.compile(r'(\bVL_(?:FATAL|STOP|FINISH)\w*\(|\b__vlCover\w*Insert\([^"\n]*)"([^"\n]*)"')
_NUMBER = re.compile(r"@source(\d+)@")
_SMALL = 1 << 18  # bytes of C++ that one core compiles about as fast as two


class Verilated:
    """A compiled design and one instance of it; a program may have several.

    All inputs are 0 and the clocks have their idle level until the first row: low, or high if the chip uses only the
    falling edge.

    whole : True to evaluate everything at both edges of the clock, as Verilator's examples do; the rows are the same
    data_folder : the folder with the files that fill the design's memories at the start
    absent : the chip's probes that the design does not have
    sources : the source files; the library's messages have their numbers instead of their paths
    """

    def __init__(
        self,
        library: Path,
        chip: Chip,
        whole: bool = False,
        data_folder: Path | None = None,
        absent: tuple[str, ...] = (),
        sources: Sequence[Path] = (),
    ) -> None:
        self.absent, self._sources = absent, sources
        self._chip, self._whole, self._data_folder = chip, whole, data_folder
        self._lib = ctypes.CDLL(str(library))
        self._lib.model_new.restype = ctypes.c_void_p
        self._lib.model_new.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_uint]
        self._lib.model_evaluate_whole.argtypes = [ctypes.c_void_p, ctypes.c_int]
        self._lib.model_delete.argtypes = [ctypes.c_void_p]
        self._lib.model_error.restype = ctypes.c_char_p
        self._lib.model_run.restype = ctypes.c_int64
        self._lib.model_run.argtypes = [ctypes.c_void_p, *[ctypes.c_void_p] * 3, ctypes.c_int64]
        self._lib.model_coverage.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        self._lib.model_memory.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int]
        place = ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int
        self._lib.model_signal.argtypes = [ctypes.c_void_p, *place, ctypes.c_void_p, ctypes.c_int]
        self._row = new_rows(chip.input_word, 1), np.ones(1, np.uint8), new_rows(chip.output_word, 1)  # of ``step``
        self._at_row = [column.ctypes.data for column in self._row]
        self._only_rises = chip.period == (1,)  # then any number of steps in a row is right
        self._model: int | None = None
        self._rows_run = 0
        self.reset()

    def __del__(self) -> None:
        if getattr(self, "_model", None):
            self._lib.model_delete(self._model)

    def reset(self, seed: int | None = None, levels: Mapping[str, int] | None = None) -> None:
        """Replace the instance by a new one in its initial state.

        seed : None starts every bit at 0; 1..2**31-1 starts all bits at random that the source does not initialise
        levels : clock -> its level before the first row, if that is not its idle level
        """
        if seed is not None and not 1 <= seed <= MOST_SEED:
            raise InputError(f"seed {seed} is not within 1..{MOST_SEED}")
        if self._model:
            self._lib.model_delete(self._model)
        self._rows_run = 0
        self._levels = {clock.pin.name: clock.idle for clock in self._chip.clocks} | dict(levels or {})
        high = sum(self._levels[clock.pin.name] << k for k, clock in enumerate(self._chip.clocks))
        with contextlib.chdir(self._data_folder or Path()):
            self._model = self._lib.model_new(0 if seed is None else 2, seed or 0, high)
        if not self._model:
            raise self._stop_error()
        self._lib.model_evaluate_whole(self._model, self._whole)

    def run(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray:
        """Run rows (see ``draupnir.emulator.trace``).

        inputs : (n,) or (n, n_words) int64, input pins packed
        clk : (n,) uint8, the clock edges that end the row
        Returns the output pins as rows, as they are immediately before the row's clock edge (0 if it has none).
        Raises InputError if the design stops itself ($stop, or a loop that does not settle), or for clock edges that
        cannot be, and Stopped in the middle if the work is to stop (see ``draupnir.emulator.pieces``).
        """
        inputs = np.ascontiguousarray(inputs, dtype=np.int64)
        clk = np.ascontiguousarray(clk, dtype=np.uint8)
        right = new_rows(self._chip.input_word, len(inputs)).shape
        if inputs.shape != right or clk.shape != right[:1]:
            raise ValueError(f"inputs {inputs.shape} and clk {clk.shape}; right are {right} and {right[:1]}")
        self._levels = check_edges(self._chip, clk, self._levels)
        outputs = new_rows(self._chip.output_word, len(inputs))
        for i in range(0, len(inputs), ROWS):
            if i:
                pieces.check_stop()
            part = slice(i, i + ROWS)
            columns = inputs[part], clk[part], outputs[part]
            n_done = self._lib.model_run(self._model, *(column.ctypes.data for column in columns), len(columns[0]))
            self._rows_run += n_done
            if n_done < len(columns[0]):
                raise self._stop_error()
        return outputs

    def step(self, inputs: int, edges: int = 1) -> int:
        """Run one row of packed pins with these clock edges, and return the outputs immediately before the edges."""
        self._row[1][0] = edges
        if not self._only_rises or edges != 1:
            self._levels = check_edges(self._chip, self._row[1], self._levels)
        self._row[0][:] = to_rows(self._chip.input_word, [inputs])
        if not self._lib.model_run(self._model, *self._at_row, 1):
            raise self._stop_error()
        self._rows_run += 1
        return from_row(self._chip.output_word, self._row[2][0])

    def read_memory(self, name: str) -> np.ndarray:
        """Return a copy of a memory: uint32 of its ``shape``, limb 0 least significant."""
        memory = self._chip.memory(name)
        content = np.zeros(memory.shape, dtype=np.uint32)
        self._access(memory, content, write=False)
        return content

    def write_memory(self, name: str, content: np.ndarray) -> None:
        """Overwrite a whole memory; content : in the form of ``read_memory``."""
        memory = self._chip.memory(name)
        content = np.ascontiguousarray(content, dtype=np.uint32)
        if content.shape != memory.shape:
            raise ValueError(f"memory {name}: shape {content.shape}, must be {memory.shape}")
        self._access(memory, content, write=True)

    def read_signal(self, path: str) -> int | None:
        """Return the content of a signal of ``Design.registers``; None if the design does not have it.

        path : its path below the top, or the end of it; with [3] at its end it is a word of an array
        """
        content = bytearray(MOST_BYTES)
        n_bytes = self._signal(path, content, write=False)
        return int.from_bytes(content[:n_bytes], "little") if n_bytes else None

    def write_signal(self, path: str, content: int) -> None:
        """Overwrite a signal that ``read_signal`` finds; the logic that depends on it follows at once."""
        self._signal(path, bytearray(content.to_bytes(MOST_BYTES, "little")), write=True)

    def _signal(self, path: str, content: bytearray, write: bool) -> int:
        scope, name, word = signal_of(path)
        place = scope.encode(), name.encode(), -1 if word is None else word
        buffer = (ctypes.c_char * MOST_BYTES).from_buffer(content)
        n_bytes: int = self._lib.model_signal(self._model, *place, buffer, write)
        if n_bytes < 0:
            raise self._stop_error()
        return n_bytes

    def coverage(self, numbered: bool = False) -> str:
        """Return what this instance has covered so far, in Verilator's format of coverage data.

        numbered : True to leave each source's number, the same on all machines, in place of its path (``with_paths``)

        Raises InputError if the design was built without ``coverage``.
        """
        with tempfile.NamedTemporaryFile(suffix=".dat") as file:
            if self._lib.model_coverage(self._model, file.name.encode()):
                raise self._stop_error()
            text = Path(file.name).read_text(errors="replace")
        return text if numbered else _with_paths(text, self._sources)

    def _access(self, memory: Memory, content: np.ndarray, write: bool) -> None:
        for part, words in zip(memory.parts, content.reshape(-1, *memory.part.shape), strict=True):
            if self._lib.model_memory(self._model, part.encode(), words.ctypes.data, write):
                raise self._stop_error()

    def _stop_error(self) -> InputError:
        message = self._lib.model_error().decode(errors="replace").strip()
        reason = _with_paths(message, self._sources)
        return InputError(f"{self._chip.name}: the Verilated design stopped after {self._rows_run} rows: {reason}")


def build(design: Design, chip: Chip, build_dir: Path, whole: bool = False, coverage: bool = False) -> Verilated:
    """Compile a design into ``build_dir``, unless it is there already, and load it.

    whole : see ``Verilated``
    coverage : True to count what is covered: lines, branches, expressions and toggles; the design is then slower

    Raises InputError when Verilator or the C++ compiler is missing, or Verilator refuses the sources.
    """
    harness, clock = cpp_harness(design, chip), member(design.port(chip.clock)) if chip.period == (1,) else None
    texts = (
        toolchain.verilator().version,
        harness,
        inspect.getsource(edges),
        public_memories(design),
        *_options(design, coverage),
    )
    digest = hashlib.sha256("\0".join(texts).encode())
    sources = _sources(design)
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    library = Path(build_dir) / f"{chip.name}-{design.top}-{digest.hexdigest()[:16]}.so"
    if not library.is_file():
        library.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{chip.name}-", dir=library.parent) as scratch:
            os.replace(_compile(design, clock, harness, Path(scratch), coverage), library)
    data_folder = datafiles.put(design.data, library.with_suffix(".data").resolve()) if design.data else None
    return Verilated(library.resolve(), chip, whole, data_folder, design.absent(chip), sources)


def with_paths(text: str, design: Design) -> str:
    """Replace each source's number, in a text of a design that was built, by its path on this machine."""
    return _with_paths(text, _sources(design))


def _with_paths(text: str, sources: Sequence[Path]) -> str:
    return _NUMBER.sub(lambda number: str(sources[int(number[1])]), text)


def _sources(design: Design) -> list[Path]:
    return [path.resolve() for path in (*design.files, *design.includes)]


def _options(design: Design, coverage: bool) -> tuple[str, ...]:
    return (*_VERILATOR_OPTIONS, *_WITH_BLOCKING, *_design_options(design, coverage), *_cxx_options(coverage))


def _design_options(design: Design, coverage: bool) -> tuple[str, ...]:
    counters = COVERAGE_OPTIONS if coverage else ()
    return (*design.verilator_options, *design.verilator_parameters, *counters, "--top-module", design.top)


def _cxx_options(coverage: bool) -> tuple[str, ...]:
    return (*_CXX_OPTIONS, f"-DVM_COVERAGE={int(coverage)}")


def verilate(design: Design, scratch: Path, coverage: bool = False) -> Path:
    """Write the design as C++ with Verilator; return its folder, below ``scratch``. Raises as ``build`` does."""
    tool, model = toolchain.verilator(), scratch / "model"
    (scratch / "memories.vlt").write_text(public_memories(design))
    command = [
        str(tool.command), *_VERILATOR_OPTIONS, *_design_options(design, coverage), "--Mdir", str(model),
        *(f"-I{folder}" for folder in design.folders), str(scratch / "memories.vlt"),
        *(str(f.resolve()) for f in design.files),
    ]  # fmt: skip
    complaint = "Verilator refused the sources"
    if _BLOCKING in toolchain.warnings_of(command, complaint, tool.environment()):
        shutil.rmtree(model)
        toolchain.call([*command, *_WITH_BLOCKING], complaint, tool.environment())
    return model


def _compile(design: Design, clock: str | None, harness: str, scratch: Path, coverage: bool) -> Path:
    model = verilate(design, scratch, coverage)
    (model / "edges.h").write_text(edges.cpp_edges(model, clock))
    (model / "harness.cpp").write_text(harness)
    _number(_sources(design), model)
    compiler, include = toolchain.cxx(), toolchain.verilator().root / "include"
    tool = kept.compiler(compiler), kept.headers(include), Path(__file__).read_text()
    sources = sorted([*model.glob("*.h"), *model.glob("*.cpp")])
    generated = (part for path in sources for part in (path.name, path.read_bytes()))
    library = scratch / "model.so"
    options = _cxx_options(coverage)
    runtime = (*_RUNTIME, *((_COVERAGE_RUNTIME,) if coverage else ()))
    made_from = (*tool, *options, *generated)
    return kept.put(library, made_from, lambda: _compile_cpp(compiler, include, model, tool, library, options, runtime))


def _number(sources: list[Path], model: Path) -> None:
    """Replace each source's path by its number in the C++ of stops and points: paths differ from folder to folder."""
    numbers = {str(path): f'"@source{i}@"' for i, path in enumerate(sources)}
    for file in model.glob("*.cpp"):
        text = file.read_text()
        numbered = _STOPS.sub(lambda stop: stop[1] + numbers.get(stop[2], f'"{stop[2]}"'), text)
        if numbered != text:
            file.write_text(numbered)


def _compile_cpp(
    compiler: str,
    include: Path,
    model: Path,
    tool: tuple[str, ...],
    library: Path,
    options: tuple[str, ...],
    runtime: tuple[str, ...],
) -> None:
    """Compile the model and its harness, and the runtime if it is not compiled yet."""
    flags = [*options, "-I", str(include), "-I", str(include / "vltstd"), "-I", str(model)]

    def compile_one(source: Path, level: str) -> Path:
        target = library.with_name(f"{source.stem}.o")
        toolchain.call([compiler, level, *flags, "-c", str(source), "-o", str(target)], f"{compiler} failed")
        return target

    def compile_runtime(source: Path) -> Path:
        target = library.with_name(f"{source.stem}.o")
        return kept.put(target, (*tool, *options, source.name), lambda: compile_one(source, "-O1"))

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        objects = [pool.submit(compile_one, unit, level) for unit, level in _units(model)]
        objects += [pool.submit(compile_runtime, include / name) for name in runtime]
        files = [str(each.result()) for each in objects]
    link = [compiler, "-shared", "-pthread", "-Wl,-Bsymbolic", *files, "-o", str(library)]
    toolchain.call(link, f"{compiler} failed to link")


def _units(model: Path) -> list[tuple[Path, str]]:
    """Return sources to compile, each with its level of optimisation. They include the model's files.

    In this way the compiler reads the headers only once. A small model has one source, whose end is the code that runs
    once; a large model has more, so that each core has work.
    """
    sources = sorted(model.glob("*.cpp"), key=lambda path: (-path.stat().st_size, path.name))
    slow = [path.name for path in sources if path.stem.endswith(_SLOW_SUFFIX)]
    fast = [path.name for path in sources if path.name not in slow]
    if sum(path.stat().st_size for path in sources) < _SMALL:
        return [(_unit(model / "whole.cc", fast, slow), "-O2")]
    n_fast = min(os.cpu_count() or 1, len(fast))
    units = [(_unit(model / f"fast_{i}.cc", fast[i::n_fast]), "-O2") for i in range(n_fast)]
    return [*units, (_unit(model / "slow.cc", slow), "-O0")]


def _unit(path: Path, names: list[str], once: Sequence[str] = ()) -> Path:
    """Write a source that includes others, and return its path; ``once`` : the files that are not optimised."""
    lines = [*(f'#include "{name}"' for name in names), "#pragma GCC optimize (0)", *(f'#include "{n}"' for n in once)]
    path.write_text("\n".join(lines) + "\n")
    return path
