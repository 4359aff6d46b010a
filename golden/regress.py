"""Drive the recorded inputs of golden cases into an RTL, or the golden model, and compare all that comes out.

Every output pin is compared at every recorded clock, every memory after the last one. Registers start as the simulator
starts them, at 0 in Verilator and in the model, unknown in Icarus where the source does not initialise them, or as the
device was told. What the recording knows has to be known: see ``draupnir.golden.compare.agreement``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.observed import Observed
from draupnir.emulator.state import new_memory
from draupnir.emulator.trace import Trace, any_bit, from_row, only
from draupnir.golden import case, hexfile, wave_out
from draupnir.golden.case import Case
from draupnir.golden.compare import (
    Agreement,
    ComparedBits,
    FirstDifference,
    compared_bits,
    memory_difference,
    pin_differences,
)
from draupnir.golden.compare.agreement import agreement, with_memories
from draupnir.golden.compare.comparison import up_to
from draupnir.golden.compare.device import Device, ModelDevice, loaded_model
from draupnir.golden.compare.first_memory import first_memory_difference, is_reference
from draupnir.golden.compare.memories import Memories, MemoryDifference
from draupnir.golden.compare.model import decoded
from draupnir.golden.resets import over_at
from draupnir.golden.rows import cut, join
from draupnir.golden.wave import Wave

_READING = threading.Lock()  # golden.wave redirects the process's stderr while it reads: one thread at a time


@dataclass(frozen=True)
class CaseOutcome:
    """The outcome of a case.

    n_cycles : clock edges at which the pins were compared
    n_mismatches : edges with at least one pin that differs
    n_words : words that differ after the last edge; None where the memories were not compared
    agreement : the bits that were compared, those that were unknown, and those that differ
    difference : where the pins, or else the memories after the last edge, first differ; None if they do not
    memory : where a memory first differed from the golden model's, if one did before the first pin that differs
    as_recorded : False: compared with a reference (see ``regress``) that did not do what was recorded
    is_drawn : registers started at random, and the case goes where the Verilog is undefined: nothing is expected of it
    """

    case: Case
    n_cycles: int
    n_mismatches: int
    n_words: int | None
    agreement: Agreement
    difference: FirstDifference | None
    memory: FirstDifference | None = None
    as_recorded: bool = True
    is_drawn: bool = False

    @property
    def equal(self) -> bool:
        return self.difference is None

    @property
    def n_unknown(self) -> int:
        """Bits of the outputs at all edges, and of the memories at the end, that were not compared."""
        memories = sum(n for name, n in self.agreement.unknown.items() if name in self.case.after)
        return self.agreement.bits.n_unknown + memories

    @property
    def undeclared(self) -> dict[str, int]:
        """Pin or memory -> bits that are unknown, although the recording knows them and the case does not say so."""
        return {} if self.is_drawn else self.agreement.undeclared(self.case.undefined)

    @property
    def undefined(self) -> bool:
        """It holds, but not every bit is as recorded: the source itself leaves open what happens."""
        return self.holds and not self.agreement.is_equal

    @property
    def holds(self) -> bool:
        """Every pin was compared; nothing differs or is unknown but what the case itself leaves open."""
        return self.agreement.bits.n_compared > 0 and (self.is_drawn or self.agreement.holds(self.case.undefined))


@dataclass(frozen=True)
class _Recorded:
    """A case as far as it is compared.

    trace : its rows, or the first of them; wave : the file that they are from
    after : the memories after its last row; None where the case goes on
    """

    case: Case
    trace: Trace
    wave: Wave
    before: Memories
    after: Memories | None

    def time_text(self, row: int) -> str:
        """The time of a row, for people."""
        return self.wave.time_text(int(self.trace.times[row]))


def select(cases: Sequence[Case], names: Sequence[str]) -> list[Case]:
    """The cases of these names, all if there are none. Raises InputError for a name that no case has."""
    by_name = {one.name: one for one in cases}
    for name in names:
        if name not in by_name:
            raise InputError(f"no case {name!r}; there are: {', '.join(by_name)}")
    return [by_name[name] for name in dict.fromkeys(names)] or list(cases)


def by_sizes(
    chip: str, cases: Sequence[Case], chosen: Mapping[str, int] | None = None
) -> list[tuple[Chip, list[Case]]]:
    """The cases of each size of a chip, with its declaration.

    chosen : only cases of these sizes
    Raises InputError if there is none, or for sizes that the chip cannot have.
    """
    wanted = dict(chosen or {})
    fitting = [one for one in cases if {**one.parameters, **wanted} == dict(one.parameters)]
    if not fitting and cases:
        said = ", ".join(f"{name}={size}" for name, size in wanted.items())
        raise InputError(f"{said}: no case of {chip} was recorded with such sizes")
    groups: dict[str, list[Case]] = {}
    for one in fitting:
        groups.setdefault(str(sorted(one.parameters.items())), []).append(one)
    return [(chips.declaration(chip, group[0].parameters), group) for group in groups.values()]


def regress(
    device: Device,
    chip: Chip,
    cases: Sequence[Case],
    n_cycles: int | None = None,
    waves: Path | None = None,
    reference: Device | None = None,
) -> Iterator[CaseOutcome]:
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
) -> CaseOutcome:
    """Hold a device against a case; see ``regress``."""
    recorded, as_recorded = _read(chip, one, n_cycles), True
    run = observe(device, recorded.trace, recorded.before)
    if reference is not None:
        right = observe(reference, recorded.trace, recorded.before)
        as_recorded = not len(_differing(recorded.trace, right)) and not _memories(chip, recorded, right)
        after = None if recorded.after is None else {name: right.memories[name] for name in recorded.after}
        recorded = replace(recorded, trace=replace(recorded.trace, outputs=right.outputs), after=after)
    outcome = _outcome(chip, recorded, run)
    is_drawn = device.is_random and one.undefined is not None
    outcome = replace(outcome, as_recorded=as_recorded, is_drawn=is_drawn)
    if outcome.holds:
        return outcome
    if reference is None and outcome.difference:
        outcome = _explained(device, chip, recorded, run, outcome, outcome.difference)
    if waves:
        waves.mkdir(parents=True, exist_ok=True)
        trace = recorded.trace
        did = Trace(chip, trace.inputs, trace.clk, run.outputs, run.known, trace.times)
        wave_out.write(did, waves / f"{one.name}.fst")
    return outcome


def observe(device: Device, trace: Trace, before: Memories) -> Observed:
    """Run a trace on a device. What was drawn at random is unknown until the first reset is over."""
    run = device.run(trace, before)
    if not device.is_random:
        return run
    settled = np.arange(len(trace)) >= over_at(trace)
    return replace(run, known=only(run.known, settled))


def _read(chip: Chip, one: Case, n_cycles: int | None) -> _Recorded:
    case.verify(one)
    _check_names(chip, one)
    pieces: list[Trace] = []
    with _READING:
        wave = Wave(one.wave, chip)
        wave.stream(pieces.append)
    trace = join(pieces)
    edges = np.flatnonzero(trace.clk)
    whole = n_cycles is None or n_cycles >= len(edges)
    after = {name: hexfile.read(file, chip.memory(name)) for name, file in one.after.items()} if whole else None
    return _Recorded(one, trace if whole else cut(trace, 0, int(edges[n_cycles])), wave, _before(chip, one), after)


def _outcome(chip: Chip, recorded: _Recorded, run: Observed) -> CaseOutcome:
    """Compare a run with a trace and, where they are there, the memories after it."""
    trace = recorded.trace
    differing = _differing(trace, run)
    memories = _memories(chip, recorded, run)
    agreed = agreement(trace, run.outputs, run.known, _absent(recorded, run))
    difference, n_words = None, None
    if len(differing):
        difference = _at_pins(recorded, run, int(differing[0]))
    elif memories:
        difference = FirstDifference(None, memories=memories, bits=agreed.bits)
    if recorded.after is not None:
        n_words = sum(memory.n_differing for memory in memories)
        agreed = with_memories(agreed, chip, recorded.after, run.memories, run.memories_known)
    return CaseOutcome(recorded.case, trace.n_cycles, len(differing), n_words, agreed, difference)


def _absent(recorded: _Recorded, run: Observed) -> set[str]:
    """The probes that were not recorded, or that the device does not have."""
    return {*recorded.wave.absent, *run.absent}


def _explained(
    device: Device, chip: Chip, recorded: _Recorded, run: Observed, outcome: CaseOutcome, difference: FirstDifference
) -> CaseOutcome:
    """The outcome with what the golden model does at the difference, and where a memory differs before that."""
    end = len(recorded.trace) if difference.row is None else difference.row
    trace, after = cut(recorded.trace, 0, end), recorded.after or {}
    memory = first_memory_difference(device, chip, trace, recorded.before, after if difference.row is None else {})
    if memory is not None and memory.row is not None:
        time, bits = int(trace.times[memory.row]), _bits(recorded, run, memory.row)
        memory = replace(memory, bits=bits, time=time, time_text=recorded.time_text(memory.row))
    if difference.row is not None and _is_modelled(chip, recorded, difference.row):
        context, events = decoded(loaded_model(chip, recorded.before), recorded.trace, difference.row)
        difference = replace(difference, context=context, last_events=events)
    return replace(outcome, difference=difference, memory=memory)


def _is_modelled(chip: Chip, recorded: _Recorded, row: int) -> bool:
    """Tell whether the golden model does what is recorded, up to a row's edge."""
    return chip.name in chips.names() and is_reference(
        ModelDevice(chip), up_to(recorded.trace, row), recorded.before, {}
    )


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


def _at_pins(recorded: _Recorded, run: Observed, row: int) -> FirstDifference:
    """The difference of the pins at a row."""
    trace = recorded.trace
    word = trace.chip.output_word
    known = from_row(word, trace.known[row] & run.known[row])
    pins = pin_differences(trace.chip, from_row(word, trace.outputs[row]), from_row(word, run.outputs[row]), known)
    cycle = int(np.count_nonzero(trace.clk[:row]))
    time, text = int(trace.times[row]), recorded.time_text(row)
    return FirstDifference(cycle, pins, (), _bits(recorded, run, row), time, text, row)


def _bits(recorded: _Recorded, run: Observed, row: int) -> ComparedBits:
    """The bits that were compared up to a row's edge."""
    trace = recorded.trace
    both = replace(trace, known=trace.known & run.known)
    return compared_bits(up_to(both, row), _absent(recorded, run))


def _differing(trace: Trace, run: Observed) -> np.ndarray:
    """The rows at which a pin that is known differs."""
    return np.flatnonzero(any_bit((run.outputs ^ trace.outputs) & trace.known & run.known))


def _memories(chip: Chip, recorded: _Recorded, run: Observed) -> tuple[MemoryDifference, ...]:
    """The memories of which a word differs, after the last edge, in a bit that is known."""
    compared = (
        memory_difference(chip.memory(name), words, run.memories[name], known=run.memories_known[name])
        for name, words in (recorded.after or {}).items()
    )
    return tuple(difference for difference in compared if difference.n_differing)
