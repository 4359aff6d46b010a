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

from draupnir.emulator import chips, markup
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.observed import Observed
from draupnir.emulator.state import new_memory
from draupnir.emulator.trace import Trace, any_bit, from_row, only
from draupnir.golden import case, hexfile, state, wave_out
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
from draupnir.golden.waves import pair

PAIR = ".difference.fst"  # behind the name of a case: the waveform around its first difference
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
    pair : the waveform of the model and of the device around the first difference; None if there is none
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
    pair: Path | None = None
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

    def _repr_html_(self) -> str:
        """Return the verdict and the first differences as tables, which a notebook shows."""
        verdict = f"{self.case.name} {'holds' if self.holds else 'does not hold'}"
        counts = f"{self.n_cycles:,} clocks, {self.n_mismatches:,} mismatches; {self.agreement.bits}"
        differences = (difference for difference in (self.memory, self.difference) if difference)
        return markup.sentence(f"{verdict}: {counts}.") + "".join(each._repr_html_() for each in differences)


@dataclass(frozen=True)
class _CasePart:
    """The part of a case that is compared.

    trace : the first rows of the case, or all of them
    wave : the waveform of these rows
    memories_before : the memories before the first row, and the state of a case that does not begin at the power-up
    memories_after : the memories after the last row; None if the case has more rows
    """

    case: Case
    trace: Trace
    wave: Wave
    memories_before: Memories
    memories_after: Memories | None

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


def cases_in(folder: Path | None, names: Sequence[str], chip: str) -> list[Case]:
    """Return the cases with these names in a folder, or all cases in it. Raises InputError if there is none.

    folder : None for all cases that must hold on the chip
    """
    cases = case.holding_on(chip) if folder is None else case.discover(folder)
    if not cases:
        raise InputError(f"no golden cases in {folder}; a folder of folders with case.toml is needed")
    return select(cases, names)


def by_sizes(chip: str, cases: Sequence[Case], sizes: Mapping[str, int] | None = None) -> list[tuple[Chip, list[Case]]]:
    """Return the cases for each set of sizes of a chip, with the declaration of these sizes.

    sizes : return only cases with these sizes

    Raises InputError if there is no such case, and for sizes that the chip cannot have.
    """
    required = dict(sizes or {})
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
    waves : the folder for a waveform CASE.fst of the device, for each case in which it differs, and CASE.difference.fst
        of the golden model and the device around the first difference
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
    if one.state is not None and not getattr(device, "takes_state", False):
        raise InputError(
            f"{one.folder}: it begins with contents of registers ({state.STATE}), which this device cannot be given; "
            "right is the golden model, or an RTL in Verilator without --workers"
        )
    part, as_recorded = _read(chip, one, n_cycles), True
    run = observe(device, part.trace, part.memories_before)
    if reference is not None:
        right = observe(reference, part.trace, part.memories_before)
        as_recorded = not len(_wrong_rows(part.trace, right)) and not _memories(chip, part, right)
        memories_after = (
            None if part.memories_after is None else {name: right.memories[name] for name in part.memories_after}
        )
        part = replace(part, trace=replace(part.trace, outputs=right.outputs), memories_after=memories_after)
    outcome = _outcome(chip, part, run)
    is_drawn = device.is_random and one.undefined is not None
    outcome = replace(outcome, as_recorded=as_recorded, is_drawn=is_drawn)
    if outcome.holds:
        return outcome
    if reference is None and outcome.difference:
        outcome = _explained(device, chip, part, run, outcome, outcome.difference)
    if waves:
        waves.mkdir(parents=True, exist_ok=True)
        trace = part.trace
        did = Trace(chip, trace.inputs, trace.clk, run.outputs, run.known_bits, trace.times)
        wave_out.write(did, waves / f"{one.name}.fst")
        if reference is None:
            outcome = replace(outcome, pair=_pair(chip, part, did, run, outcome, waves))
    return outcome


def _pair(chip: Chip, part: _CasePart, did: Trace, run: Observed, outcome: CaseOutcome, folder: Path) -> Path | None:
    """Write a waveform of model and device around the first difference, and return its path; None for unknown bits."""
    difference = outcome.memory or outcome.difference
    if difference is None or chip.name not in chips.names():
        return None
    path = folder / f"{part.case.name}{PAIR}"
    pair.write(loaded_model(chip, part.memories_before), did, difference, path, _absent(part, run))
    return path


def observe(device: Device, trace: Trace, initial_memories: Memories) -> Observed:
    """Run a trace on a device. With random registers, all outputs count as unknown until the first reset has ended."""
    run = device.run(trace, initial_memories)
    if not device.is_random:
        return run
    settled = np.arange(len(trace)) >= over_at(trace)
    return replace(run, known_bits=only(run.known_bits, settled))


def inputs_of(chip: Chip, one: Case) -> tuple[Trace, Memories]:
    """Return the rows of a case, and the memories before its first row. Raises InputError for a wrong file."""
    part = _read(chip, one, None)
    return part.trace, part.memories_before


def _read(chip: Chip, one: Case, n_cycles: int | None) -> _CasePart:
    case.verify(one)
    _check_names(chip, one)
    pieces: list[Trace] = []
    with _READING:
        wave = Wave(one.wave, chip)
        wave.stream(pieces.append)
    trace = join(pieces)
    edges = np.flatnonzero(trace.clk)
    whole = n_cycles is None or n_cycles >= len(edges)
    memories_after = (
        {name: hexfile.read(file, chip.memory(name)) for name, file in one.after.items()} if whole else None
    )
    return _CasePart(
        one, trace if whole else cut(trace, 0, int(edges[n_cycles])), wave, _initial_memories(chip, one), memories_after
    )


def _outcome(chip: Chip, part: _CasePart, run: Observed) -> CaseOutcome:
    """Compare a run with a trace, and with the memories after it if they were recorded."""
    trace = part.trace
    wrong_rows = _wrong_rows(trace, run)
    memories = _memories(chip, part, run)
    agreed = agreement(trace, run.outputs, run.known_bits, _absent(part, run))
    difference, n_words = None, None
    if len(wrong_rows):
        difference = _at_pins(part, run, int(wrong_rows[0]))
    elif memories:
        difference = FirstDifference(None, memories=memories, bits=agreed.bits)
    if part.memories_after is not None:
        n_words = sum(memory.n_differing for memory in memories)
        agreed = with_memories(agreed, chip, part.memories_after, run.memories, run.memories_known)
    return CaseOutcome(part.case, trace.n_cycles, len(wrong_rows), n_words, agreed, difference)


def _absent(part: _CasePart, run: Observed) -> set[str]:
    """Return the probes that were not recorded, or that the device does not have."""
    return {*part.wave.absent, *run.absent}


def _explained(
    device: Device, chip: Chip, part: _CasePart, run: Observed, outcome: CaseOutcome, difference: FirstDifference
) -> CaseOutcome:
    """Add to an outcome what the golden model does at the difference, and a memory that differs before it."""
    end = len(part.trace) if difference.row is None else difference.row
    trace, memories_after = cut(part.trace, 0, end), part.memories_after or {}
    memory = first_memory_difference(
        device, chip, trace, part.memories_before, memories_after if difference.row is None else {}
    )
    if memory is not None and memory.row is not None:
        time, bits = int(trace.times[memory.row]), _bits(part, run, memory.row)
        memory = replace(memory, bits=bits, time=time, time_text=part.time_text(memory.row))
    if difference.row is not None and _is_modelled(chip, part, difference.row):
        context, events = decoded(loaded_model(chip, part.memories_before), part.trace, difference.row)
        difference = replace(difference, context=context, last_events=events)
    return replace(outcome, difference=difference, memory=memory)


def _is_modelled(chip: Chip, part: _CasePart, row: int) -> bool:
    """Return True if the golden model agrees with the recording up to a row's edge."""
    return chip.name in chips.names() and is_reference(
        ModelDevice(chip), up_to(part.trace, row), part.memories_before, {}
    )


def _check_names(chip: Chip, one: Case) -> None:
    """Raise InputError if a case allows undefined bits in a pin or memory that the chip does not have."""
    names = {*(pin.name for pin in chip.outputs_and_probes), *(memory.name for memory in chip.memories)}
    for title in ("unknown", "different") if one.undefined else ():
        for name in getattr(one.undefined, title):
            if name not in names:
                path = one.folder / case.TOML
                raise InputError(f"{path}: undefined.{title}.{name}: {chip.name} has no such output or memory")


def _initial_memories(chip: Chip, one: Case) -> dict[str, np.ndarray]:
    """Return all memories before the first edge, and the case's state."""
    contents = {memory.name: new_memory(memory) for memory in chip.memories}
    contents |= {name: hexfile.read(file, chip.memory(name)) for name, file in one.before.items()}
    return contents if one.state is None else contents | state.read(one.state, chip)


def _at_pins(part: _CasePart, run: Observed, row: int) -> FirstDifference:
    """Return the difference of the pins at a row."""
    trace = part.trace
    word = trace.chip.output_word
    known_bits = from_row(word, trace.known_bits[row] & run.known_bits[row])
    pins = pin_differences(trace.chip, from_row(word, trace.outputs[row]), from_row(word, run.outputs[row]), known_bits)
    cycle = int(np.count_nonzero(trace.clk[:row]))
    time, text = int(trace.times[row]), part.time_text(row)
    return FirstDifference(cycle, pins, (), _bits(part, run, row), time, text, row)


def _bits(part: _CasePart, run: Observed, row: int) -> ComparedBits:
    """Count the bits that were compared up to a row's edge."""
    trace = part.trace
    both = replace(trace, known_bits=trace.known_bits & run.known_bits)
    return compared_bits(up_to(both, row), _absent(part, run))


def _wrong_rows(trace: Trace, run: Observed) -> np.ndarray:
    """Return the rows at which a known pin differs."""
    return np.flatnonzero(any_bit((run.outputs ^ trace.outputs) & trace.known_bits & run.known_bits))


def _memories(chip: Chip, part: _CasePart, run: Observed) -> tuple[MemoryDifference, ...]:
    """Return the memories in which a known bit of a word differs after the last edge."""
    differences = (
        memory_difference(chip.memory(name), words, run.memories[name], known_bits=run.memories_known[name])
        for name, words in (part.memories_after or {}).items()
    )
    return tuple(difference for difference in differences if difference.n_differing)
