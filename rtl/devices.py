"""Designs as devices that run recordings: in Verilator and in Icarus, before and after synthesis.

Each is a ``draupnir.golden.compare.device.Device``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.observed import MemoryMoment, Observed
from draupnir.emulator.trace import Trace, first_levels, known_at_edges
from draupnir.golden import state
from draupnir.rtl import icarus, memory_changes, verilated
from draupnir.rtl.design import Design
from draupnir.rtl.initial import UNKNOWN, ZERO, Initial, vvp_options
from draupnir.rtl.registers import RegisterAccess

if TYPE_CHECKING:
    from draupnir.rtl.fpga.netlist import Netlist

Memories = Mapping[str, np.ndarray]  # name -> uint32 of the memory's shape
_ALL = 0xFFFFFFFF


class RtlDevice(Protocol):
    """A design that runs recordings; initial : the start values of its registers."""

    initial: Initial
    n_parallel: int

    def run(self, trace: Trace, initial_memories: Memories) -> Observed: ...

    def follow(self, trace: Trace, initial_memories: Memories, rows: Sequence[int]) -> Iterator[MemoryMoment]: ...


class InVerilator:
    """A design in Verilator, which is compiled into ``build_dir`` unless it is there. Raises as rtl.verilated does.

    coverage : True to count what runs cover

    registers : the registers of a design with ``Design.registers``
    """

    n_parallel, can_follow, n_moments = 1, True, 1 << 17

    def __init__(
        self, design: Design, chip: Chip, build_dir: Path, initial: Initial = ZERO, coverage: bool = False
    ) -> None:
        self.initial = initial
        self.is_random = initial.kind == "random"
        self._chip, self.takes_state = chip, bool(design.registers)
        self._device = verilated.build(design, chip, build_dir, whole=self.takes_state, coverage=coverage)
        self.registers = RegisterAccess(chip, self._device, design.registers)

    def run(self, trace: Trace, initial_memories: Memories) -> Observed:
        """Run the inputs of a trace from the initial state, with these memories before the first row."""
        self._begin(trace, initial_memories)
        outputs = self._device.run(trace.inputs, trace.clk)
        memories = self._memories(initial_memories)
        masks = {name: np.full_like(content, _ALL) for name, content in memories.items()}
        absent = self._device.absent
        known_bits = known_at_edges(trace.chip.output_word, trace.clk, absent)
        return Observed(outputs, known_bits, memories, masks, absent)

    def coverage(self, numbered: bool = False) -> str:
        """Return what the latest run covered, in Verilator's format of coverage data; see ``Verilated.coverage``."""
        return self._device.coverage(numbered)

    def follow(self, trace: Trace, initial_memories: Memories, rows: Sequence[int]) -> Iterator[MemoryMoment]:
        """Run the same again, and yield the memories after each of these rows, which are in ascending order."""
        self._begin(trace, initial_memories)
        first = 0
        for row in rows:
            self._device.run(trace.inputs[first : row + 1], trace.clk[first : row + 1])
            first = row + 1
            yield MemoryMoment(self._memories(initial_memories))

    def stepped(self) -> verilated.Verilated:
        """Return the design in its initial state. It can be run clock by clock, until the next run of this device."""
        self._device.reset(self.initial.seed if self.is_random else None)
        return self._device

    def _begin(self, trace: Trace, initial_memories: Memories) -> None:
        seed = self.initial.seed if self.is_random else None
        self._device.reset(seed, first_levels(trace.chip, trace.clk))
        for memory in self._chip.memories:
            if memory.name in initial_memories:
                self._device.write_memory(memory.name, initial_memories[memory.name])
        if state.INPUTS in initial_memories:  # first the pins, because they may reset registers
            self._device.run(np.array([initial_memories[state.INPUTS]]), np.zeros(1, np.uint8))
            self.registers.put(initial_memories)

    def _memories(self, initial_memories: Memories) -> dict[str, np.ndarray]:
        names = [memory.name for memory in self._chip.memories if memory.name in initial_memories]
        return {name: self._device.read_memory(name) for name in names}


class InIcarus:
    """A design in Icarus Verilog, with one process for each run. Raises as rtl.icarus does."""

    can_follow, n_moments = True, 1 << 17

    def __init__(self, design: Design, chip: Chip, initial: Initial = UNKNOWN) -> None:
        vvp_options(initial)  # It compiles its module before threads need it.
        self.initial = initial
        self.is_random = initial.kind == "random"
        self.n_parallel = os.cpu_count() or 1
        self._design, self._chip = design, chip

    def run(self, trace: Trace, initial_memories: Memories) -> Observed:
        """Run the inputs of a trace from the initial state, with these memories before the first row."""
        with tempfile.TemporaryDirectory() as scratch:
            return icarus.run(
                self._design, self._chip, trace.inputs, trace.clk, Path(scratch), initial_memories, self.initial
            )

    def follow(self, trace: Trace, initial_memories: Memories, rows: Sequence[int]) -> Iterator[MemoryMoment]:
        """Run the same again, and yield the memories after each of these rows, which are in ascending order."""
        inputs, clk = trace.inputs[: rows[-1] + 1], trace.clk[: rows[-1] + 1]
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            icarus.run(self._design, self._chip, inputs, clk, folder, initial_memories, self.initial, follow=True)
            for memories, known_bits in memory_changes.follow(folder, self._chip, self._design, clk, rows):
                yield MemoryMoment(memories, known_bits)


def simulated(design: Design, chip: Chip, simulator: str, build_dir: Path, initial: Initial) -> InVerilator | InIcarus:
    """Return a design in a simulator, "verilator" or "icarus"; Verilator compiles it below ``build_dir``."""
    if simulator == "icarus":
        return InIcarus(design, chip, initial)
    return InVerilator(design, chip, build_dir, initial)


class OfNetlist:
    """A chip after synthesis; inner : the device that runs its cells, whose memories are the block RAMs."""

    can_follow, n_moments = True, 1 << 9

    def __init__(self, netlist: Netlist, inner: RtlDevice) -> None:
        self.initial, self.n_parallel = inner.initial, inner.n_parallel
        self.is_random = inner.initial.kind == "random"
        self._netlist, self._inner = netlist, inner

    def run(self, trace: Trace, initial_memories: Memories) -> Observed:
        """Run the inputs of a trace from the initial state, with these memories before the first row."""
        did = self._inner.run(trace, self._netlist.to_cells(initial_memories))
        memories = self._netlist.from_cells(did.memories)
        return Observed(did.outputs, did.known_bits, memories, self._known_of(did.memories_known), did.absent)

    def follow(self, trace: Trace, initial_memories: Memories, rows: Sequence[int]) -> Iterator[MemoryMoment]:
        """Run the same again, and yield the memories after each of these rows, which are in ascending order."""
        for moment in self._inner.follow(trace, self._netlist.to_cells(initial_memories), rows):
            known_bits = moment.known_bits or {
                name: np.full_like(words, _ALL) for name, words in moment.memories.items()
            }
            yield MemoryMoment(self._netlist.from_cells(moment.memories), self._known_of(known_bits))

    def _known_of(self, cells: Memories) -> dict[str, np.ndarray]:
        known_bits = self._netlist.from_cells(cells)
        for name, addresses in self._netlist.kept_addrs.items():  # words that a reduced chip does not have
            is_lost = np.ones(len(known_bits[name]), bool)
            is_lost[addresses] = False
            known_bits[name][is_lost] = 0
        return known_bits
