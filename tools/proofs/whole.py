"""A whole chip: the golden model and RTL, from any state that they have in common, have a state in common afterwards.

The RTL's flip-flops and memories have unknown contents, and the model's registers are the signals that they stand for.
So a step that is proved holds from every state; with a proof of how the chip starts, it holds for ever (induction).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import prod
from types import ModuleType
from typing import Any

from bitwuzla import Kind

from draupnir.emulator.declare import Chip, Reg
from draupnir.emulator.errors import InputError
from draupnir.emulator.state import record_dtype, registers
from draupnir.tools.proofs.claim import Pairs, Proof, ProofTask, Unknowns, demands, solve
from draupnir.tools.proofs.clocked import ClockedModule, ModuleState
from draupnir.tools.proofs.heap import FlatRecord, UnknownArray, UnknownMemory, UnknownRecord
from draupnir.tools.proofs.kernels import Kernels, Summary
from draupnir.tools.proofs.logic import BITWUZLA, KERNEL_BITS, Bits, Logic, Truth, Words
from draupnir.tools.proofs.netlist import NetlistReader

CYCLE = "cycle"
AFTERWARDS = " afterwards"
STATE = "state"  # the key of the bits that all elements of a register follow from
LIMB = "limb"  # the result that a limb of a memory's word is
WORD_BYTES = 8  # of an integer in a record
LACKS = ""  # the place of a register that nothing reads
Invariant = Callable[[Kernels, UnknownRecord], Truth]


Signals = Callable[[str], Bits]  # path of a signal or of a memory's word -> its content
Place = str | Callable[[Signals, int], Bits]
Relation = Callable[[Kernels, UnknownRecord, Signals], Truth]


@dataclass(frozen=True)
class StatePlaces:
    """The places of a chip's state in a design.

    registers : register -> the path of its signal below the top, or the end of it; without one, the signal has the
        register's own name. For an array of registers it contains {i}, or {row} and {column}, and may be the path of a
        memory's word; without these it is one signal with all elements side by side, the first the lowest. A signal
        that is narrower than the register has its lower bits, and the others are 0. Instead of a path it may be a
        function of the signals and the element, which returns the content. LACKS if the design has no such register.
    memories : memory -> the path of its array
    ports : pin -> its port, where this is not its name
    invariants : in words -> what holds of the design's own signals in every state that it reaches
    relations : in words -> what holds of the model's registers and the design's signals together in every such state
    """

    registers: Mapping[str, Place]
    memories: Mapping[str, str]
    ports: Mapping[str, str]
    invariants: Mapping[str, Callable[[Signals], Truth]] = field(default_factory=dict)
    relations: Mapping[str, Relation] = field(default_factory=dict)

    def fits(self, chip: Chip, netlist: Mapping[str, Any]) -> bool:
        """Return True if a design has all these signals."""
        names = ClockedModule(Logic(), netlist)
        places = [self.registers.get(reg.name, reg.name) for reg in registers(chip)]
        return all(
            names.has(place.format(i=0, row=0, column=0)) if isinstance(place, str) else _has(names, place)
            for place in places
            if place != LACKS
        )

    def lacks(self, reg: Reg) -> bool:
        """Return True if the design does not have a register."""
        return self.registers.get(reg.name) == LACKS


def _has(module: ClockedModule, place: Callable[[Signals, int], Bits]) -> bool:
    """Return True if a module has the signals from which a place takes the first element of a register."""
    words = module.unknown_state().memories

    def signals(path: str) -> Bits:
        word = module.word_of(path, words)
        return module.logic.unknown(path, len(module.bits_of(path))) if word is None else word

    try:
        place(signals, 0)
    except InputError:
        return False
    return True


@dataclass(frozen=True)
class WholeChip:
    """The parts that a proof of a whole chip needs.

    model : the module with the kernels ``outputs``, ``clock`` and ``apply_inputs``
    counters : registers of the model that the chip does not have, apart from the number of the cycle
    original : places in the original, of the registers that do not have their own name there
    ours : places in our RTL that are functions; the RTL declares all others. None if our RTL is not proved
    invariants : in words -> what holds of the model in every state that it reaches
    our_invariants : in words -> what holds of our RTL's own signals in every state that it reaches
    our_relations : in words -> what holds of the model's registers and our RTL's signals together in every such state
    after_reset : in words -> what holds of the reset values, and after each step if all of it holds before; no step
        assumes it
    states : register whose elements follow from fewer bits -> the scratch elements, which do not. In a proof it has
        these bits and the scratch elements alone, and the summaries of the kernels that use it know them
    elements : register of ``states`` -> a function of its bits that returns the other elements, from the first on
    summaries : kernel -> what a proof does instead of its source
    trusts : in words, what these assume that no proof shows
    limbs : memory -> limbs of a word, where the clock takes a memory in others than those of the declaration
    together : array of registers -> elements in one question, where all are too many
    alone : registers, and results in words, whose question is quicker with a solver of its own
    pack : returns the memories as the clock takes them, None if it takes one after the other
    has_flat : True if ``apply_inputs`` also takes the record as one array
    """

    chip: Chip
    model: ModuleType
    counters: Sequence[Reg]
    original: Mapping[str, Place]
    ours: Mapping[str, Place] | None = field(default_factory=dict)
    invariants: Mapping[str, Invariant] = field(default_factory=dict)
    our_invariants: Mapping[str, Callable[[Signals], Truth]] = field(default_factory=dict)
    our_relations: Mapping[str, Relation] = field(default_factory=dict)
    after_reset: Mapping[str, Invariant] = field(default_factory=dict)
    states: Mapping[str, range] = field(default_factory=dict)
    elements: Mapping[str, Callable[[int], Sequence[int]]] = field(default_factory=dict)
    summaries: Mapping[Any, Summary] = field(default_factory=dict)
    trusts: Sequence[str] = ()
    limbs: Mapping[str, int] = field(default_factory=dict)
    together: Mapping[str, int] = field(default_factory=dict)
    alone: Collection[str] = ()
    pack: Callable[..., Any] | None = None
    has_flat: bool = False


class Setting:
    """Both ways side by side: a netlist with a state, and the model's registers with the same contents."""

    def __init__(
        self,
        whole: WholeChip,
        netlist: Mapping[str, Any],
        places: StatePlaces,
        ways: tuple[str, str],
        solver: str = BITWUZLA,
    ) -> None:
        self.whole, self.chip, self.places, self.ways = whole, whole.chip, places, ways
        self.logic = Logic(solver)
        self.kernels = Kernels(self.logic, whole.summaries)
        self.module = ClockedModule(self.logic, netlist)
        self.clock = self.chip.clock.name
        self.counters = [CYCLE, *(reg.name for reg in whole.counters)]
        self.pins_before = self.pins("")
        state = self.module.unknown_state()
        self.state = self.module.at_rest(self.inputs(self.pins_before), state)
        self.record = self._record()
        self.memories = [
            self._memory(memory.name, whole.limbs.get(memory.name, memory.n_limbs)) for memory in self.chip.memories
        ]
        self.held_before = self._all_held()  # all that holds after a reset

    # --- Pins

    def pins(self, suffix: str) -> dict[str, Bits]:
        """Return unknown levels of all input pins but the clock."""
        return {field.name: self.logic.unknown(field.name + suffix, field.width) for field in self.chip.input_word}

    def inputs(self, pins: Mapping[str, Bits]) -> dict[str, Bits]:
        """Return the contents of the input ports. The level of the clock itself means nothing; only its edge does."""
        levels = {**pins, self.clock: self.logic.number(0, 1)}
        return {self.port(name): bits for name, bits in levels.items()}

    def input_word(self, pins: Mapping[str, Bits]) -> Bits:
        """Return the word of input pins, as the model has it."""
        fields = sorted(self.chip.input_word, key=lambda field: field.lsb)
        return self.logic.concat([pins[field.name] for field in fields]).resized(KERNEL_BITS)

    # --- ModuleState

    def _record(self) -> UnknownRecord:
        reader = self.module.reader(self.inputs(self.pins_before), self.state)
        record = UnknownRecord({CYCLE: self.logic.unknown(CYCLE, KERNEL_BITS)})
        for reg in self.whole.counters:
            unknown = [self.logic.unknown(name, KERNEL_BITS) for name in _names(reg)]
            record[reg.name] = UnknownArray(enumerate(unknown)) if reg.shape else unknown[0]
        record["inputs"] = self.input_word(self.pins_before)
        for reg in registers(self.chip):
            signals = self.signals(reader, reg)
            elements = [bits.resized(KERNEL_BITS) for bits in signals]
            if reg.name in self.whole.states:
                scratch: dict[Any, Any] = {
                    i: self.logic.unknown(reg.name, KERNEL_BITS) for i in self.whole.states[reg.name]
                }
                record[reg.name] = UnknownArray(scratch | {STATE: signals[0]})
            else:
                record[reg.name] = UnknownArray(enumerate(elements)) if reg.shape else elements[0]
        return record

    def signals(self, reader: NetlistReader, reg: Reg) -> list[Bits]:
        """Return the content of a register, or of each element of an array of registers, in the netlist."""
        n = 1 if reg.name in self.whole.states else prod(reg.shape)
        if self.places.lacks(reg):
            return [self.logic.unknown(reg.name, reg.width) for _ in range(n)]
        place = self.places.registers.get(reg.name, reg.name)
        if callable(place):
            return [place(partial(self._signal, reader), i) for i in range(n)]
        columns = prod(reg.shape[1:])
        paths = [place.format(i=i, row=i // columns, column=i % columns) for i in range(n)]
        return [self._element(reader, reg, path, i) for i, path in enumerate(paths)]

    def _element(self, reader: NetlistReader, reg: Reg, path: str, i: int) -> Bits:
        bits = self._signal(reader, path)
        if reg.shape and bits.width == reg.width * prod(reg.shape):
            return bits.slice(reg.width * i, reg.width)
        if bits.width > reg.width:
            raise InputError(f"signal {path} has {bits.width} bits; right is {reg.width}")
        return bits

    def _signal(self, reader: NetlistReader, path: str) -> Bits:
        word = self.module.word_of(path, reader.memories)
        return reader.bits(self.module.bits_of(path)) if word is None else word

    def _memory(self, name: str, n_limbs: int) -> UnknownMemory:
        return UnknownMemory(self.state.memories[self.module.memory_of(self.places.memories[name])], n_limbs)

    def flat(self) -> FlatRecord:
        """Return the registers as one array."""
        fields = record_dtype(self.chip).fields
        assert fields is not None
        places: dict[int, tuple[str, int | None]] = {}
        for reg in registers(self.chip):
            if reg.name in self.whole.states:
                continue
            first = fields[reg.name][1] // WORD_BYTES
            places |= {first + i: (reg.name, i if reg.shape else None) for i in range(prod(reg.shape))}
        return FlatRecord(self.record, places)

    def unknowns(self) -> dict[str, Bits]:
        """Return all that a witness tells: pins, and registers."""
        unknowns = dict(self.pins_before)
        for name, content in self.record.items():
            if name in self.whole.states:
                unknowns[name] = content[STATE]
            elif isinstance(content, UnknownArray):
                unknowns |= {f"{name}[{i}]": element for i, element in content.items()}
            elif name != "inputs":
                unknowns[name] = content
        return unknowns

    def invariants(self, pins: Mapping[str, Bits]) -> dict[str, Truth]:
        """Return the invariants for the present state."""
        signals = partial(self._signal, self.module.reader(self.inputs(pins), self.state))
        model = {text: holds(self.kernels, self.record) for text, holds in self.whole.invariants.items()}
        own = {text: holds(signals) for text, holds in self.places.invariants.items()}
        both = {text: holds(self.kernels, self.record, signals) for text, holds in self.places.relations.items()}
        return {**model, **own, **both}

    # --- Questions

    def problem(self, unknowns: Unknowns, questions: Sequence[Pairs], assumptions: Mapping[str, Truth]) -> ProofTask:
        """Return a claim about this setting, for all contents of flip-flops and memories.

        A witness also tells the words that the model's memories had at the addresses that it has used.
        """
        n_kept = sum(bits.width for bits in self.state.flip_flops.values())
        words = sum(words.width << words.addr_bits for words in self.state.memories.values())
        pins = sum(bits.width for name, bits in unknowns.items() if name not in self.record)
        unknowns = {**unknowns, **self._words_used()}
        names = [name for pairs in questions for name in pairs]
        alone = {name for name in names if name.startswith(LIMB) or name.partition("[")[0] in self.whole.alone}
        n_unknown = n_kept + words + pins
        assumptions = {**assumptions, **dict.fromkeys(self.whole.trusts, self.logic.constant(True))}
        return ProofTask(
            self.logic, unknowns, questions, assumptions, n_unknown, self.ways, rest=self._rest(), alone=alone
        )

    def _rest(self) -> dict[str, int]:
        """The reset values of registers that are not 0."""
        rest: dict[str, int] = {}
        for reg in registers(self.chip):
            if reg.reset:
                rest |= dict.fromkeys(_names(reg), int(reg.reset))
        return rest

    def _words_used(self) -> dict[str, Bits]:
        words_used: dict[str, Bits] = {}
        for memory, memory_of_chip in zip(self.memories, self.chip.memories, strict=True):
            for i, addr in enumerate(memory.accesses):
                words_used[f"address {i} in {memory_of_chip.name}"] = addr
                words_used[f"word {i} in {memory_of_chip.name}"] = memory.words.select(addr)
        return words_used

    def compare_outputs(self, reader: NetlistReader) -> Pairs:
        """Return both ways' output pins."""
        output_word = self._output_word()
        fields = [self.chip.output_word[pin.name] for pin in self.chip.outputs]
        return {
            field.name: (output_word.slice(field.lsb, field.width), reader.port(self.port(field.name)))
            for field in fields
        }

    def _output_word(self) -> Bits:
        """Return the model's outputs: what its kernel returns or, if a row has several integers, writes into a row."""
        parts = self.chip.output_word.row
        if len(parts) == 1:
            return self.kernels.bits(self.kernels.call(self.whole.model.outputs, self.record))
        row = UnknownArray(enumerate([0] * len(parts)))
        self.kernels.call(self.whole.model.outputs, self.record, row)
        return self.logic.concat([self.kernels.bits(row[i]).slice(0, part.width) for i, part in enumerate(parts)])

    def port(self, pin: str) -> str:
        """Return the port of a pin."""
        return self.places.ports.get(pin, pin)

    def compare_state(self, reader: NetlistReader, state: ModuleState) -> list[Pairs]:
        """Return both ways' registers, one a question, and memories, at an address of unknown content."""
        questions: list[Pairs] = []
        for reg in registers(self.chip):
            if self.places.lacks(reg):
                continue
            content = self.record[reg.name]
            pairs = zip(_elements(content), self.signals(reader, reg), strict=True)
            results = [
                (self.kernels.bits(one).resized(KERNEL_BITS), other.resized(KERNEL_BITS)) for one, other in pairs
            ]
            names = [reg.name] if reg.name in self.whole.states else _names(reg)
            # Each row of a matrix is a question.
            n = self.whole.together.get(reg.name, prod(reg.shape[1:]) if len(reg.shape) > 1 else len(results))
            for i in range(0, len(results), n):
                questions.append(dict(zip(names[i : i + n], results[i : i + n], strict=True)))
        for memory, memory_of_chip in zip(self.memories, self.chip.memories, strict=True):
            other = state.memories[self.module.memory_of(self.places.memories[memory_of_chip.name])]
            questions += self._compare_words(memory, other, memory_of_chip.name)
        return questions

    def _compare_words(self, memory: UnknownMemory, other: Words, name: str) -> list[Pairs]:
        """Return both ways' words at an address of unknown content: one question, or one for each of many limbs."""
        addr = self.logic.unknown(f"an address of {name}", other.addr_bits)
        limbs, word = self.kernels.limbs_at(memory, addr), other.select(addr)
        if name not in self.whole.limbs:
            return [{f"a word of {name}": (self.logic.concat(limbs), word)}]
        n = memory.limb_bits
        return [{f"{LIMB} {i} of a word of {name}": (limb, word.sliced(n * i, n))} for i, limb in enumerate(limbs)]

    def _all_held(self) -> Truth:
        """Tell whether all that holds after a reset holds in the present state."""
        return self.logic.every([holds(self.kernels, self.record) for holds in self.whole.after_reset.values()])

    def held_after_reset(self) -> list[Pairs]:
        """Return the questions whether what holds after a reset goes on to hold, and holds of all reset values."""
        one = self.logic.number(1, 1)
        questions: list[Pairs] = []
        reset_values = UnknownRecord({reg.name: int(reg.reset or 0) for reg in registers(self.chip)})
        for text, holds in self.whole.after_reset.items():
            later = self.logic.truth(Kind.OR, (self.held_before.inverted(), holds(self.kernels, self.record)))
            at_first = self.logic.constant(bool(holds(self.kernels, reset_values)))
            questions.append({text: (self.logic.every((later, at_first)).as_bits(1), one)})
        return questions

    def compare_invariants(self, pins: Mapping[str, Bits]) -> list[Pairs]:
        """Return the question whether each invariant holds."""
        one = self.logic.number(1, 1)
        return [{text: (truth.as_bits(1), one)} for text, truth in self.invariants(pins).items()]


def _elements(content: Any) -> list[Any]:
    """Return the content of a register, or those of all elements of an array; of a state its bits alone."""
    if not isinstance(content, UnknownArray):
        return [content]
    return [content[STATE]] if STATE in content else list(content.values())


def _names(reg: Reg) -> list[str]:
    """Return the name of a register, or those of all elements of an array of registers."""
    return [f"{reg.name}[{i}]" for i in range(prod(reg.shape))] if reg.shape else [reg.name]


def clock_edge(setting: Setting) -> ProofTask:
    """The claim that a rising edge of the clock does the same in both, in any state and with any levels of the pins."""
    unknowns, assumptions = setting.unknowns(), setting.invariants(setting.pins_before)
    inputs = setting.inputs(setting.pins_before)
    outputs = setting.compare_outputs(setting.module.reader(inputs, setting.state))
    _clock(setting)
    return setting.problem(unknowns, [outputs, *_questions_after(setting, setting.pins_before)], assumptions)


def pin_edges(setting: Setting) -> ProofTask:
    """The claim that a change of any pins at one moment does the same in both, in any state."""
    unknowns, assumptions = setting.unknowns(), setting.invariants(setting.pins_before)
    pins = setting.pins(AFTERWARDS)
    unknowns |= {name + AFTERWARDS: level for name, level in pins.items()}
    edges = {}
    for name, level in pins.items():
        if level.width == 1:
            old, new = setting.pins_before[name].is_true(), level.is_true()
            edges[setting.port(name), True] = setting.logic.every((new, old.inverted()))
            edges[setting.port(name), False] = setting.logic.every((old, new.inverted()))
    inputs_before, inputs = setting.inputs(setting.pins_before), setting.inputs(pins)
    setting.state = setting.module.after_edges(inputs_before, inputs, setting.state, edges)
    flat = [setting.flat()] if setting.whole.has_flat else []
    setting.kernels.call(setting.whole.model.apply_inputs, setting.record, *flat, setting.input_word(pins))
    return setting.problem(unknowns, _questions_after(setting, pins), assumptions)


def start(setting: Setting) -> ProofTask:
    """The claim that what the other steps assume holds at first."""
    unknowns = setting.unknowns()
    counters = [bits for name in setting.counters for bits in _elements(setting.record[name])]
    zero = [bits.equals(setting.logic.number(0, KERNEL_BITS)) for bits in counters]
    assumptions = {"the model counts from 0": setting.logic.every(zero)}
    if setting.places.invariants or setting.places.relations:
        flip_flops = setting.module.flip_flops
        n_kept = [bits for name, bits in setting.state.flip_flops.items() if name in flip_flops]
        cleared = [bits.equals(setting.logic.number(0, bits.width)) for bits in n_kept]
        assumptions["flip-flops are 0 at first, as in an FPGA"] = setting.logic.every(cleared)
    return setting.problem(unknowns, setting.compare_invariants(setting.pins_before), assumptions)


def _clock(setting: Setting) -> None:
    """Let both have a rising edge of the clock."""
    inputs = setting.inputs(setting.pins_before)
    edge = {(setting.port(setting.clock), True): setting.logic.constant(True)}
    setting.state = setting.module.after_edges(inputs, inputs, setting.state, edge)
    pack = setting.whole.pack
    memories = setting.memories if pack is None else [pack(*setting.memories)]
    setting.kernels.call(setting.whole.model.clock, setting.record, *memories)


def _questions_after(setting: Setting, pins: Mapping[str, Bits]) -> list[Pairs]:
    """All questions about the state after a step."""
    reader = setting.module.reader(setting.inputs(pins), setting.state)
    state = setting.compare_state(reader, setting.state)
    later = [*setting.compare_invariants(pins), *setting.held_after_reset()]
    return [*state, *later, *demands(setting.kernels)]


def below(register: str, limit: int) -> Invariant:
    """Return the statement that a register is less than a limit."""
    return lambda kernels, record: kernels.compare(ast.Lt, record[register], limit)


def lowest_bits_are_0(register: str, n: int) -> Invariant:
    """Return the statement that the lowest bits of a register are 0."""
    mask = (1 << n) - 1
    return lambda kernels, record: kernels.compare(ast.Eq, kernels.binary(ast.BitAnd, record[register], mask), 0)


@dataclass(frozen=True)
class ChipStep:
    """A part of a proof by induction of a whole chip.

    name : on the command line; title : in words
    problem : returns the claim for a chip and a design
    pins_after : the end of the pins' names in a witness, as they are after the step; None if its witness is no moment
        of a run
    """

    name: str
    title: str
    whole: WholeChip
    problem: Callable[[Setting], ProofTask]
    pins_after: str | None = None


def steps(whole: WholeChip) -> tuple[ChipStep, ...]:
    """Return all steps of a chip: how it starts, an edge of its clock, and edges of its other pins.

    Where the other steps hold in any state, nothing has to be shown of the start.
    """
    first = ChipStep("start", "what the whole chip's steps assume, at first", whole, start)
    return (
        *([first] if whole.invariants or whole.our_invariants or whole.our_relations else []),
        ChipStep("clock-edge", "an edge of the whole chip's clock", whole, clock_edge, ""),
        ChipStep("pin-edges", "edges of all other pins of the whole chip, at one moment", whole, pin_edges, AFTERWARDS),
    )


def prove_step(
    step: ChipStep,
    netlist: Mapping[str, Any],
    places: StatePlaces,
    ways: tuple[str, str],
    claim: str,
    seconds: float,
    solver: str = BITWUZLA,
) -> Proof:
    """Prove a step for a design; seconds : the solver's limit for each question; solver : its name

    Raises InputError if the design lacks a register or a memory.
    """
    return solve(step.problem(Setting(step.whole, netlist, places, ways, solver)), claim, seconds)
