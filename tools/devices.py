"""What can be held against recordings: the golden model, and designs in Verilator and in Icarus, synthesised or not."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.trace import Trace, known_at_edges
from draupnir.golden.replay import GoldenModel
from draupnir.golden.rows import cut
from draupnir.golden.unknown import settled_row
from draupnir.rtl import icarus, memory_changes, verilated
from draupnir.rtl.design import Design
from draupnir.rtl.icarus import Run
from draupnir.rtl.initial import UNKNOWN, ZERO, Initial, vvp_options

if TYPE_CHECKING:
    from draupnir.rtl.fpga.netlist import Netlist

Memories = Mapping[str, np.ndarray]  # name -> (depth, limbs) uint32
_ALL = 0xFFFFFFFF


@dataclass(frozen=True)
class Moment:
    """The memories after a row, and the mask of their known bits; ``known`` is None where all are."""

    memories: Memories
    known: Memories | None = None


@dataclass(frozen=True)
class Device:
    """Something to hold against recordings.

    run : drives a trace's inputs, from the initial state and the memories before
    n_parallel : runs that may be under way at a time
    follow : the memories after each of some rows, ascending, in a run of its own; None where they cannot be had
    initial : how registers and memories start
    n_moments : rows to follow in one run, at most: what can be done in seconds; at least 2
    """

    run: Callable[[Trace, Memories], Run]
    n_parallel: int = 1
    follow: Callable[[Trace, Memories, Sequence[int]], Iterator[Moment]] | None = None
    initial: Initial = ZERO
    n_moments: int = 1 << 17


def model(chip: Chip, initial: Initial = ZERO) -> Device:
    """The chip's golden model; at random start the registers that no reset touches."""

    def begin(before: Memories) -> GoldenModel:
        device: GoldenModel = chips.model(chip.name)(initial.seed if initial.kind == "random" else None)
        for name, content in before.items():
            device.memories[name][:] = content
        return device

    def run(trace: Trace, before: Memories) -> Run:
        device = begin(before)
        return _known_run(trace, device.drive(trace.inputs, trace.clk), device.memories, initial)

    def follow(trace: Trace, before: Memories, rows: Sequence[int]) -> Iterator[Moment]:
        device = begin(before)
        for inputs, clk in _pieces(trace, rows):
            device.drive(inputs, clk)
            yield Moment(device.memories)

    return Device(run, 1, follow, initial)


def in_verilator(design: Design, chip: Chip, build_dir: Path, initial: Initial = ZERO) -> Device:
    """A design compiled with Verilator into ``build_dir``, unless it is there already; raises as rtl.verilated does."""
    device = verilated.build(design, chip, build_dir)

    def begin(before: Memories) -> None:
        device.reset(initial.seed if initial.kind == "random" else None)
        for name, content in before.items():
            device.write_memory(name, content)

    def run(trace: Trace, before: Memories) -> Run:
        begin(before)
        outputs = device.run(trace.inputs, trace.clk)
        return _known_run(trace, outputs, {name: device.read_memory(name) for name in before}, initial)

    def follow(trace: Trace, before: Memories, rows: Sequence[int]) -> Iterator[Moment]:
        begin(before)
        for inputs, clk in _pieces(trace, rows):
            device.run(inputs, clk)
            yield Moment({name: device.read_memory(name) for name in before})

    return Device(run, 1, follow, initial)


def in_icarus(design: Design, chip: Chip, initial: Initial = UNKNOWN) -> Device:
    """A design in Icarus Verilog, a process a case; raises as rtl.icarus does."""
    vvp_options(initial)  # what it needs is compiled before threads ask for it

    def run(trace: Trace, before: Memories) -> Run:
        with tempfile.TemporaryDirectory() as scratch:
            ran = icarus.run(design, chip, trace.inputs, trace.clk, Path(scratch), before, initial)
        return _masked(ran, trace, initial)

    def follow(trace: Trace, before: Memories, rows: Sequence[int]) -> Iterator[Moment]:
        whole = cut(trace, 0, rows[-1] + 1)
        with tempfile.TemporaryDirectory() as scratch:
            icarus.run(design, chip, whole.inputs, whole.clk, Path(scratch), before, initial, follow=True)
            for memories, known in memory_changes.follow(Path(scratch), chip, design, whole.clk, rows):
                yield Moment(memories, known)

    return Device(run, os.cpu_count() or 1, follow, initial)


def of_netlist(netlist: Netlist, inner: Device) -> Device:
    """A synthesised chip as a device; ``inner`` runs its cells, whose memories are the block RAMs."""

    def known_of(cells: Memories) -> dict[str, np.ndarray]:
        known = netlist.from_cells(cells)
        for name, kept in netlist.kept.items():  # words that a reduced chip does not have
            lost = np.ones(len(known[name]), bool)
            lost[kept] = False
            known[name][lost] = 0
        return known

    def run(trace: Trace, before: Memories) -> Run:
        did = inner.run(trace, netlist.to_cells(before))
        return Run(did.outputs, did.known, netlist.from_cells(did.memories), known_of(did.memories_known))

    def follow(trace: Trace, before: Memories, rows: Sequence[int]) -> Iterator[Moment]:
        assert inner.follow is not None
        for moment in inner.follow(trace, netlist.to_cells(before), rows):
            known = moment.known or {name: np.full_like(words, _ALL) for name, words in moment.memories.items()}
            yield Moment(netlist.from_cells(moment.memories), known_of(known))

    return Device(run, inner.n_parallel, follow, inner.initial, n_moments=1 << 9)


def _pieces(trace: Trace, rows: Sequence[int]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Inputs and clock of the rows up to and with each of ``rows``, from the one before on."""
    first = 0
    for row in rows:
        yield trace.inputs[first : row + 1], trace.clk[first : row + 1]
        first = row + 1


def _known_run(trace: Trace, outputs: np.ndarray, memories: Memories, initial: Initial) -> Run:
    """The run of a device that knows 0 and 1 only."""
    known = known_at_edges(trace.chip.output_word, trace.clk)
    masks = {name: np.full_like(content, _ALL) for name, content in memories.items()}
    return _masked(Run(outputs, known, dict(memories), masks), trace, initial)


def _masked(run: Run, trace: Trace, initial: Initial) -> Run:
    """The run, but what was drawn at random shows, before the first reset is over, as if it were unknown."""
    if initial.kind == "random":
        run.known[: settled_row(trace)] = 0
    return run
