"""Drive the recorded inputs of golden cases into an RTL, or the golden model, and compare all that comes out.

Every output pin is compared at every recorded clock, every memory after the last one. Registers start as the simulator
starts them, at 0 in Verilator and in the model, unknown in Icarus where the source does not initialise them, or as the
device was told. What the recording knows has to be known: see ``draupnir.golden.unknown``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.state import new_memory
from draupnir.emulator.trace import Trace, any_bit, from_row
from draupnir.golden import case, hexfile, unknown, wave, wave_out
from draupnir.golden.case import Case
from draupnir.golden.compare import memory_difference, pin_differences
from draupnir.golden.rows import cut
from draupnir.golden.unknown import Held
from draupnir.rtl.icarus import Run
from draupnir.tools import first_difference
from draupnir.tools.devices import Device, Memories
from draupnir.tools.first_difference import MemoryMoment

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
    held : the bits that were compared, those that were unknown, and those that differ
    differences : all pins of the first edge that differs, or all listed fields of the memories
    memory : where a memory first differed from the golden model's, if one did before the first pin that differs
    as_recorded : False: compared with a reference (see ``regress``) that did not do what was recorded
    is_drawn : registers started at random, and the case goes where the Verilog is undefined: nothing is expected of it
    """

    case: Case
    n_cycles: int
    n_mismatches: int
    n_words: int | None
    held: Held
    differences: tuple[Difference, ...]
    memory: MemoryMoment | None = None
    as_recorded: bool = True
    is_drawn: bool = False

    @property
    def equal(self) -> bool:
        return not self.differences

    @property
    def n_unknown(self) -> int:
        """Bits of the outputs at all edges, and of the memories at the end, that were not compared."""
        memories = sum(n for name, n in self.held.unknown.items() if name in self.case.after)
        return self.held.bits.n_unknown + memories

    @property
    def undeclared(self) -> dict[str, int]:
        """Pin or memory -> bits that are unknown, although the recording knows them and the case does not say so."""
        return {} if self.is_drawn else self.held.undeclared(self.case.undefined)

    @property
    def undefined(self) -> bool:
        """It holds, but not every bit is as recorded: the source itself leaves open what happens."""
        return self.holds and not self.held.is_equal

    @property
    def holds(self) -> bool:
        """Every pin was compared; nothing differs or is unknown but what the case itself leaves open."""
        return self.held.bits.n_compared > 0 and (self.is_drawn or self.held.holds(self.case.undefined))


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
    _check_names(chip, one)
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
    outcome = _outcome(chip, one, trace, run, after if whole else None)
    outcome = replace(outcome, as_recorded=as_recorded, is_drawn=_is_drawn(device, one))
    if outcome.holds:
        return outcome
    if reference is None and outcome.differences:
        outcome = replace(outcome, memory=_first_memory(device, chip, trace, run, before, after))
    if waves:
        waves.mkdir(parents=True, exist_ok=True)
        did = Trace(chip, trace.inputs, trace.clk, run.outputs, run.known, trace.times)
        wave_out.write(did, waves / f"{one.name}.fst")
    return outcome


def _outcome(chip: Chip, one: Case, trace: Trace, run: Run, after: Memories | None) -> Outcome:
    """Compare a run with a trace and, where they are given, the memories after it."""
    differing = _differing(trace, run)
    differences = _of_pins(trace, run, int(differing[0])) if len(differing) else ()
    held = unknown.hold(trace, run.outputs, run.known)
    n_words = None
    if after is not None:
        n_words, of_memories = _of_memories(chip, one, run, after)
        differences = differences or of_memories
        held = unknown.with_memories(held, chip, after, run.memories, run.memories_known)
    return Outcome(one, trace.n_cycles, len(differing), n_words, held, differences)


def _is_drawn(device: Device, one: Case) -> bool:
    return device.initial.kind == "random" and one.undefined is not None


def _first_memory(
    device: Device, chip: Chip, trace: Trace, run: Run, before: Memories, after: Memories
) -> MemoryMoment | None:
    """Where a memory first differs from the golden model's, up to the first pin that differs."""
    differing = _differing(trace, run)
    end = int(differing[0]) if len(differing) else len(trace)
    return first_difference.find(device, chip, cut(trace, 0, end), before, after if end == len(trace) else {})


def _check_names(chip: Chip, one: Case) -> None:
    """Raise InputError where a case leaves open what the chip does not have."""
    names = {*(pin.name for pin in chip.outputs), *(memory.name for memory in chip.memories)}
    for title in ("unknown", "different") if one.undefined else ():
        for name in getattr(one.undefined, title):
            if name not in names:
                path = one.folder / case.TOML
                raise InputError(f"{path}: undefined.{title}.{name}: {chip.name} has no such output or memory")


def _before(chip: Chip, one: Case) -> dict[str, np.ndarray]:
    """All memories before the first edge."""
    contents = {memory.name: new_memory(memory) for memory in chip.memories}
    return contents | {name: hexfile.read(file, chip.memory(name)) for name, file in one.before.items()}


def _of_pins(trace: Trace, run: Run, row: int) -> tuple[Difference, ...]:
    word = trace.chip.output_word
    known = from_row(word, trace.known[row] & run.known[row])
    pins = pin_differences(trace.chip, from_row(word, trace.outputs[row]), from_row(word, run.outputs[row]), known)
    cycle = int(np.count_nonzero(trace.clk[:row]))
    return tuple(Difference(cycle, pin.pin, pin.expected, pin.recorded) for pin in pins)


def _differing(trace: Trace, run: Run) -> np.ndarray:
    """The rows at which a pin that is known differs."""
    return np.flatnonzero(any_bit((run.outputs ^ trace.outputs) & trace.known & run.known))


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
