"""Golden cases on mutants, in one design that Verilator has compiled; a case ends at the first difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.trace import Trace, any_bit, first_levels, known_at_edges, new_rows, only, words
from draupnir.golden import case, hexfile
from draupnir.golden.rows import join
from draupnir.golden.wave import Wave
from draupnir.rtl import verilated
from draupnir.rtl.design import Design
from draupnir.tools.mutants.netlist import PORT, with_port

_FIRST_ROWS, _MOST_ROWS = 128, 8192  # between two comparisons


@dataclass(frozen=True)
class CaseRows:
    """A golden case in memory.

    inputs : the rows of the inputs, with the input PORT at 0
    known_bits : the mask of the output bits to compare, 0 in rows without a clock edge
    initial_memories, final_memories : name -> content
    """

    name: str
    trace: Trace
    inputs: np.ndarray
    known_bits: np.ndarray
    initial_memories: Mapping[str, np.ndarray]
    final_memories: Mapping[str, np.ndarray]

    @property
    def n_cycles(self) -> int:
        return self.trace.n_cycles


@dataclass(frozen=True)
class KillingRow:
    """The first difference of a mutant from a recording.

    cycle : the number of the clock; memory : the memory that differs after the last clock, if no pin does
    """

    cycle: int
    memory: str = ""


def load(one: case.Case, chip: Chip, absent: tuple[str, ...] = ()) -> CaseRows:
    """Read a golden case. absent : the chip's probes that the design does not have"""
    case.verify(one)
    pieces: list[Trace] = []
    wave = Wave(one.wave, chip)
    wave.stream(pieces.append)
    trace = join(pieces)
    known_bits = known_at_edges(chip.output_word, trace.clk, (*absent, *wave.absent)) & trace.known_bits
    initial, final = (
        {name: hexfile.read(file, chip.memory(name)) for name, file in files.items()}
        for files in (one.before, one.after)
    )
    rows = new_rows(with_port(chip).input_word, len(trace))
    words(rows)[:, : words(trace.inputs).shape[1]] = words(trace.inputs)
    return CaseRows(one.name, trace, rows, only(known_bits, trace.clk != 0), initial, final)


class Replayer:
    """A compiled design with mutants. Only one thread may use it.

    Raises InputError when Verilator or the C++ compiler is missing, or Verilator refuses the netlist.
    """

    def __init__(self, design: Design, chip: Chip, folder: Path) -> None:
        self._chip = with_port(chip)
        self._device = verilated.build(design, self._chip, folder)
        self._piece = self._chip.input_word.pieces_of(PORT)[0]

    def first_difference(self, recording: CaseRows, number: int, n_cycles: int | None = None) -> KillingRow | None:
        """Replay a case on a mutant; return its first difference, or None.

        n_cycles : end after this number of rows, without a comparison of memories
        """
        device, n_rows = self._device, len(recording.inputs)
        device.reset(None, first_levels(recording.trace.chip, recording.trace.clk))
        for memory in self._chip.memories:
            if memory.name in recording.initial_memories:
                device.write_memory(memory.name, recording.initial_memories[memory.name])
        end, first, step = min(n_rows, n_cycles or n_rows), 0, _FIRST_ROWS
        while first < end:
            part = slice(first, min(end, first + step))
            row = self._wrong_row(recording, part, number)
            if row is not None:
                return KillingRow(int(np.count_nonzero(recording.trace.clk[:row])))
            first, step = part.stop, min(2 * step, _MOST_ROWS)
        return self._wrong_memory(recording) if end == n_rows else None

    def _wrong_row(self, recording: CaseRows, part: slice, number: int) -> int | None:
        """Run some rows on a mutant; return the first row that differs."""
        inputs = recording.inputs[part].copy()
        words(inputs)[:, self._piece.word] |= number << self._piece.shift
        outputs = self._device.run(inputs, recording.trace.clk[part])
        wrong = any_bit((outputs ^ recording.trace.outputs[part]) & recording.known_bits[part])
        return part.start + int(wrong.argmax()) if wrong.any() else None

    def _wrong_memory(self, recording: CaseRows) -> KillingRow | None:
        for name, content in recording.final_memories.items():
            if not np.array_equal(self._device.read_memory(name), content):
                return KillingRow(recording.n_cycles, name)
        return None
