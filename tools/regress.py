"""Drive the recorded inputs of golden cases into an RTL, or the golden model, and compare all that comes out.

Every output pin is compared at every recorded clock, every memory after the last one. Registers start as the simulator
starts them: at 0 in Verilator and in the model, unknown in Icarus where the source does not initialise them. What is
unknown is counted and not compared.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emulator import chips
from emulator.codec import to_limbs
from emulator.declare import Chip
from emulator.errors import InputError
from emulator.trace import Trace
from golden import case, hexfile, recipes, wave, wave_out
from golden.case import Case
from golden.compare import memory_difference, pin_differences
from golden.rows import cut
from rtl import icarus, verilated
from rtl.design import Design
from rtl.icarus import Run

if TYPE_CHECKING:
    from rtl.fpga.netlist import Netlist

Memories = Mapping[str, np.ndarray]  # name -> (depth, limbs) uint32
_READING = threading.Lock()  # golden.wave redirects the process's stderr while it reads: one thread at a time


@dataclass(frozen=True)
class Difference:
    """Where an RTL first left the recording.

    cycle : clock edges before it, None in a memory, after the last edge
    place : the pin, or the memory's word and field
    """

    cycle: int | None
    place: str
    expected: int
    got: int

    def __str__(self) -> str:
        where = "after the last clock" if self.cycle is None else f"cycle {self.cycle}"
        return f"{where}: {self.place} expected {self.expected:#x}, got {self.got:#x}"


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    n_cycles : clock edges at which the pins were compared
    n_mismatches : edges with at least one pin that differs
    n_words : words that differ after the last edge; None where the memories were not compared
    n_unknown : bits that the recording knows and the simulator does not: outputs at all edges, and memories at the end
    differences : all pins of the first edge that differs, or all listed fields of the memories
    undefined : the case goes where the chip's Verilog is undefined, and the simulator did not know what happens there
    as_recorded : False: compared with a reference (see ``regress``) that did not do what was recorded
    """

    case: Case
    n_cycles: int
    n_mismatches: int
    n_words: int | None
    n_unknown: int
    differences: tuple[Difference, ...]
    undefined: bool
    as_recorded: bool = True

    @property
    def equal(self) -> bool:
        return not self.differences

    @property
    def holds(self) -> bool:
        """No difference, or only where the source itself leaves open what happens."""
        return self.equal or self.undefined


@dataclass(frozen=True)
class Device:
    """Something to hold against recordings.

    run : drives a trace's inputs, from the initial state and the memories before
    n_parallel : runs that may be under way at a time
    """

    run: Callable[[Trace, Memories], Run]
    n_parallel: int = 1


def model(chip: Chip) -> Device:
    """The chip's golden model."""

    def run(trace: Trace, before: Memories) -> Run:
        device = chips.model(chip.name)()
        for name, content in before.items():
            device.memories[name][:] = content
        return _known_run(chip, trace, device.drive(trace.inputs, trace.clk), device.memories)

    return Device(run)


def in_verilator(design: Design, chip: Chip, build_dir: Path) -> Device:
    """A design compiled with Verilator into ``build_dir``, unless it is there already; raises as rtl.verilated does."""
    device = verilated.build(design, chip, build_dir)

    def run(trace: Trace, before: Memories) -> Run:
        device.reset()
        for name, content in before.items():
            device.write_memory(name, content)
        outputs = device.run(trace.inputs, trace.clk)
        return _known_run(chip, trace, outputs, {name: device.read_memory(name) for name in before})

    return Device(run)


def in_icarus(design: Design, chip: Chip) -> Device:
    """A design in Icarus Verilog, a process a case; raises as rtl.icarus does."""

    def run(trace: Trace, before: Memories) -> Run:
        with tempfile.TemporaryDirectory() as scratch:
            return icarus.run(design, chip, trace.inputs, trace.clk, Path(scratch), before)

    return Device(run, os.cpu_count() or 1)


def of_netlist(netlist: Netlist, inner: Device) -> Device:
    """A synthesised chip as a device; ``inner`` runs its cells, whose memories are the block RAMs."""

    def run(trace: Trace, before: Memories) -> Run:
        did = inner.run(trace, netlist.to_cells(before))
        known = netlist.from_cells(did.memories_known)
        for name, kept in netlist.kept.items():  # words that a reduced chip does not have
            lost = np.ones(len(known[name]), bool)
            lost[kept] = False
            known[name][lost] = 0
        return Run(did.outputs, did.known, netlist.from_cells(did.memories), known)

    return Device(run, inner.n_parallel)


def _known_run(chip: Chip, trace: Trace, outputs: np.ndarray, memories: Memories) -> Run:
    """The run of a device that knows 0 and 1 only."""
    known = np.where(trace.clk == 1, (1 << chip.output_word.width) - 1, 0)
    masks = {name: np.full_like(content, 0xFFFFFFFF) for name, content in memories.items()}
    return Run(outputs, known, dict(memories), masks)


def select(cases: Sequence[Case], names: Sequence[str]) -> list[Case]:
    """The cases of these names, all if there are none. Raises InputError for a name that no case has."""
    by_name = {one.name: one for one in cases}
    for name in names:
        if name not in by_name:
            raise InputError(f"no case {name!r}; there are: {', '.join(by_name)}")
    return [by_name[name] for name in dict.fromkeys(names)] or list(cases)


def regress(
    device: Device,
    chip: Chip,
    cases: Sequence[Case],
    n_cycles: int | None = None,
    waves: Path | None = None,
    reference: Device | None = None,
) -> Iterator[Outcome]:
    """Hold a device against each case, in their order.

    n_cycles : compare only so many clocks of each; memories are then compared only where the case is no longer
    waves : folder for a waveform CASE.fst of what the device did, for each case in which it differs
    reference : what the device is to do, instead of what was recorded: that is, what this one does with the recorded
        inputs. For a reduced chip, which cannot do what was recorded where a case needs what it lacks

    Raises InputError for a case that is not as described or cannot be run.
    """
    with ThreadPoolExecutor(device.n_parallel) as pool:
        yield from pool.map(lambda one: hold(device, chip, one, n_cycles, waves, reference), cases)


def hold(
    device: Device,
    chip: Chip,
    one: Case,
    n_cycles: int | None = None,
    waves: Path | None = None,
    reference: Device | None = None,
) -> Outcome:
    """Hold a device against a case; see ``regress``."""
    case.verify(one)
    with _READING:
        recorded = wave.read(one.wave, chip)
    edges = np.flatnonzero(recorded.clk)
    whole = n_cycles is None or n_cycles >= len(edges)
    trace = recorded if whole else cut(recorded, 0, int(edges[n_cycles]))
    after = {name: hexfile.read(file, chip.memory(name)) for name, file in one.after.items()} if whole else {}
    before, as_recorded = _before(chip, one), True
    run = device.run(trace, before)
    if reference is not None:
        right = reference.run(trace, before)
        as_recorded = not len(_differing(trace, right)) and not _of_memories(chip, one, right, after)[0]
        trace, after = replace(trace, outputs=right.outputs), {name: right.memories[name] for name in after}
    differing = _differing(trace, run)
    differences = _of_pins(trace, run, int(differing[0])) if len(differing) else ()
    n_words, of_memories = _of_memories(chip, one, run, after) if whole else (None, ())
    n_unknown = int(np.bitwise_count(trace.known & ~run.known).sum()) + _n_unknown(chip, run)
    outcome = Outcome(
        one,
        trace.n_cycles,
        len(differing),
        n_words,
        n_unknown,
        differences or of_memories,
        n_unknown > 0 and _goes_where_undefined(chip, one),
        as_recorded,
    )
    if waves and differences:
        waves.mkdir(parents=True, exist_ok=True)
        did = Trace(chip, trace.inputs, trace.clk, run.outputs, run.known, trace.times)
        wave_out.write(did, waves / f"{one.name}.fst")
    return outcome


def _before(chip: Chip, one: Case) -> dict[str, np.ndarray]:
    """All memories before the first edge."""
    contents = {memory.name: np.zeros((memory.depth, memory.n_limbs), np.uint32) for memory in chip.memories}
    return contents | {name: hexfile.read(file, chip.memory(name)) for name, file in one.before.items()}


def _of_pins(trace: Trace, run: Run, row: int) -> tuple[Difference, ...]:
    known = int(trace.known[row] & run.known[row])
    pins = pin_differences(trace.chip, int(trace.outputs[row]), int(run.outputs[row]), known)
    cycle = int(np.count_nonzero(trace.clk[:row]))
    return tuple(Difference(cycle, pin.pin, pin.expected, pin.recorded) for pin in pins)


def _differing(trace: Trace, run: Run) -> np.ndarray:
    """The rows at which a pin that is known differs."""
    return np.flatnonzero((run.outputs ^ trace.outputs) & trace.known & run.known)


def _of_memories(chip: Chip, one: Case, run: Run, after: Memories) -> tuple[int, tuple[Difference, ...]]:
    """How many words differ from those after the last edge in a bit that is known, and the fields of the first."""
    n_words, differences = 0, []
    for name, words in after.items():
        memory, mask = chip.memory(name), run.memories_known[name]
        found = memory_difference(memory, run.memories[name] & mask, words & mask, str(one.after[name]))
        n_words += found.n_differing
        for word in found.words:
            place = f"{name}[{word.addr:#x}]"
            differences += [Difference(None, f"{place}.{f.name}", f.recorded, f.model) for f in word.fields]
    return n_words, tuple(differences)


def _n_unknown(chip: Chip, run: Run) -> int:
    """Bits of the memories that are unknown after the last edge."""
    whole = {memory.name: to_limbs((1 << memory.width) - 1, memory.n_limbs) for memory in chip.memories}
    return sum(int(np.bitwise_count(whole[name] & ~mask).sum()) for name, mask in run.memories_known.items())


def _goes_where_undefined(chip: Chip, one: Case) -> bool:
    recipe = recipes.recipes(chip).get(one.name)
    return recipe is not None and recipe.undefined
