"""Drive the recorded inputs of golden cases into an RTL, or into the golden model, and compare all results.

Every output pin is compared at every recorded clock, and every memory after the last clock. How do registers start? At
0 in Verilator and in the model; unknown in Icarus, unless the source initialises them or the device has another
setting. Every bit that the recording knows must be known: see ``draupnir.golden.compare.agreement``.
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

    n_cycles : the number of clock edges at which the pins were compared
    n_mismatches : the number of edges with at least one different pin
    n_words : the number of different words after the last edge; None if the memories were not compared
    agreement : the numbers of compared, unknown and different bits
    difference : the first difference of the pins, or else of the memories after the last edge; None if there is none
    memory : the first difference of a memory from the golden model, if it comes before the first different pin
    as_recorded : False if the reference (see ``regress``) differs from the recording
    is_drawn : True if registers started at random in a case in which the Verilog is undefined; nothing is expected then
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
        """The number of bits, of outputs at all edges and of memories at the end, that were not compared."""
        memories = sum(n for name, n in self.agreement.unknown.items() if name in self.case.after)
        return self.agreement.bits.n_unknown + memories

    @property
    def undeclared(self) -> dict[str, int]:
        """Pin or memory -> number of unknown bits that the recording knows and that the case does not allow."""
        return {} if self.is_drawn else self.agreement.undeclared(self.case.undefined)

    @property
    def undefined(self) -> bool:
        """True if the case holds although bits differ from the recording, because the source leaves them undefined."""
        return self.holds and not self.agreement.is_equal

    @property
    def holds(self) -> bool:
        """True if every pin was compared, and only bits that the case allows are different or unknown."""
        return self.agreement.bits.n_compared > 0 and (self.is_drawn or self.agreement.holds(self.case.undefined))


@dataclass(frozen=True)
class _Recorded:
    """The part of a case that is compared.

    trace : the first rows of the case, or all of them
    wave : the waveform of these rows
    after : the memories after the last row; None if the case has more rows
    """

    case: Case
    trace: Trace
    wave: Wave
    before: Memories
    after: Memories | None

    def time_text(self, row: int) -> str:
        """The time of a row, with its unit."""
        return self.wave.time_text(int(self.trace.times[row]))


def select(cases: Sequence[Case], names: Sequence[str]) -> list[Case]:
    """Return the cases with these names, or all cases if there are no names. Raises InputError for an unknown name."""
    by_name = {one.name: one for one in cases}
    for name in names:
        if name not in by_name:
            raise InputError(f"no case {name!r}; there are: {', '.join(by_name)}")
    return [by_name[name] for name in dict.fromkeys(names)] or list(cases)


def by_sizes(
    chip: str, cases: Sequence[Case], chosen: Mapping[str, int] | None = None
) -> list[tuple[Chip, list[Case]]]:
    """Return the cases for each set of sizes of a chip, with the declaration of these sizes.

    chosen : return only cases with these sizes

    Raises InputError if there is no such case, and for sizes that the chip cannot have.
    """
    required = dict(chosen or {})
    cases_of_sizes = [one for one in cases if {**one.parameters, **required} == dict(one.parameters)]
    if not cases_of_sizes and cases:
        text = ", ".join(f"{name}={size}" for name, size in required.items())
        raise InputError(f"{text}: no case of {chip} has these sizes")
    groups: dict[str, list[Case]] = {}
    for one in cases_of_sizes:
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
    """Compare a device with each case, in the order of the cases.

    n_cycles : compare only this number of clocks of each case; the memories of a longer case are then not compared
    waves : the folder for a waveform CASE.fst of the device, for each case in which it differs
    reference : a device whose results replace the recorded ones. A reduced chip needs it, because it cannot do what was
        recorded in cases that use the missing parts

    Raises InputError for a case with a wrong file, and for one that cannot be run.
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
    """Compare a device with one case; see ``regress``."""
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
    """Run a trace on a device. With random registers, all outputs count as unknown until the first reset has ended."""
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
    """Compare a run with a trace, and with the memories after it if they were recorded."""
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
    """Return the probes that were not recorded, or that the device does not have."""
    return {*recorded.wave.absent, *run.absent}


def _explained(
    device: Device, chip: Chip, recorded: _Recorded, run: Observed, outcome: CaseOutcome, difference: FirstDifference
) -> CaseOutcome:
    """Add to an outcome what the golden model does at the difference, and a memory that differs before it."""
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
    """Return True if the golden model agrees with the recording up to a row's edge."""
    return chip.name in chips.names() and is_reference(
        ModelDevice(chip), up_to(recorded.trace, row), recorded.before, {}
    )


def _check_names(chip: Chip, one: Case) -> None:
    """Raise InputError if a case allows undefined bits in a pin or memory that the chip does not have."""
    names = {*(pin.name for pin in chip.outputs), *(memory.name for memory in chip.memories)}
    for title in ("unknown", "different") if one.undefined else ():
        for name in getattr(one.undefined, title):
            if name not in names:
                path = one.folder / case.TOML
                raise InputError(f"{path}: undefined.{title}.{name}: {chip.name} has no such output or memory")


def _before(chip: Chip, one: Case) -> dict[str, np.ndarray]:
    """Return all memories before the first edge."""
    contents = {memory.name: new_memory(memory) for memory in chip.memories}
    return contents | {name: hexfile.read(file, chip.memory(name)) for name, file in one.before.items()}


def _at_pins(recorded: _Recorded, run: Observed, row: int) -> FirstDifference:
    """Return the difference of the pins at a row."""
    trace = recorded.trace
    word = trace.chip.output_word
    known = from_row(word, trace.known[row] & run.known[row])
    pins = pin_differences(trace.chip, from_row(word, trace.outputs[row]), from_row(word, run.outputs[row]), known)
    cycle = int(np.count_nonzero(trace.clk[:row]))
    time, text = int(trace.times[row]), recorded.time_text(row)
    return FirstDifference(cycle, pins, (), _bits(recorded, run, row), time, text, row)


def _bits(recorded: _Recorded, run: Observed, row: int) -> ComparedBits:
    """Count the bits that were compared up to a row's edge."""
    trace = recorded.trace
    both = replace(trace, known=trace.known & run.known)
    return compared_bits(up_to(both, row), _absent(recorded, run))


def _differing(trace: Trace, run: Observed) -> np.ndarray:
    """Return the rows at which a known pin differs."""
    return np.flatnonzero(any_bit((run.outputs ^ trace.outputs) & trace.known & run.known))


def _memories(chip: Chip, recorded: _Recorded, run: Observed) -> tuple[MemoryDifference, ...]:
    """Return the memories in which a known bit of a word differs after the last edge."""
    compared = (
        memory_difference(chip.memory(name), words, run.memories[name], known=run.memories_known[name])
        for name, words in (recorded.after or {}).items()
    )
    return tuple(difference for difference in compared if difference.n_differing)
