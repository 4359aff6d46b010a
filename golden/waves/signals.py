"""The signals of a waveform, derived from a chip's declaration: pins, probes, events, registers, words of memories.

A signal takes its bits from the columns of a table (``tables``). No chip has a signal of its own: what is not declared
is not in a waveform.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from itertools import product
from typing import NamedTuple

import numpy as np

from draupnir.emulator.declare import LIMB_BITS, Block, Chip, Field, OutputPin, Pin, PinWord, Reg, Word

MODEL, RTL = "model", "rtl"  # scopes of the model, and of the source beside it
REGISTERS, MEMORIES, DIFFERS, ANY = "registers", "memories", "differs", "any"
CYCLE = "cycle"
CYCLE_BITS = 63
EVENT = "_event"  # behind the name of a pin: the event that it shows, as text


class SignalTable(Enum):
    """The tables from which signals take their bits; each has times of its own.

    CLOCKS : the levels of the clocks; OUTPUTS : the model's output pins; RECORDED : those of the source beside it
    STATE : registers and words of memories; CYCLES : the number of clock edges; DIFFERENCES : a bit for each output pin
    """

    CLOCKS = "clocks"
    INPUTS = "inputs"
    OUTPUTS = "outputs"
    RECORDED = "recorded"
    STATE = "state"
    CYCLES = "cycles"
    DIFFERENCES = "differences"


class SignalLook(Enum):
    """The way in which a viewer shows a signal."""

    BIT = "bit"
    HEX = "hexadecimal"
    UNSIGNED = "unsigned"
    SIGNED = "signed"
    NAMES = "names"
    TEXT = "text"


class BitRun(NamedTuple):
    """A run of bits of a signal in a column of a table.

    shift : the position of the run in the column, 0..62; lsb : its position in the signal; width : 1..63
    """

    column: int
    shift: int
    lsb: int
    width: int


@dataclass(frozen=True)
class WaveSignal:
    """A signal.

    scopes : the scopes that it lies in, below the chip's; "" is left out
    width : bits; 0 for text
    look : how viewers show it; is_analog : True to draw it as a curve
    is_parameter : True for a field that a user configures
    names : level -> name, if it has names; title : the name of the table of names
    """

    scopes: tuple[str, ...]
    name: str
    width: int
    table: SignalTable
    bits: tuple[BitRun, ...]
    look: SignalLook = SignalLook.HEX
    is_analog: bool = False
    names: Mapping[int, str] = field(default_factory=dict)
    title: str = ""
    direction: str = ""
    is_parameter: bool = False

    @property
    def path(self) -> tuple[str, ...]:
        """The scopes and the name."""
        return (*self.scopes, self.name)


class WatchedWord(NamedTuple):
    """A word of a memory, or an entry of its matrix, whose fields are shown.

    copy : the copy of the memory, 0 for one without copies; addr : the word's address
    entry : row, column and the first bit of an entry within the word; None for the whole word
    """

    memory: str
    copy: int
    addr: int
    entry: tuple[int, int, int] | None = None


def look_of(width: int, is_signed: bool = False, is_number: bool = False) -> SignalLook:
    """Return the look of plain bits; is_number : True for a number that people read in decimal"""
    if is_signed:
        return SignalLook.SIGNED
    if width == 1:
        return SignalLook.BIT
    return SignalLook.UNSIGNED if is_number else SignalLook.HEX


def clock_signals(chip: Chip, scopes: tuple[str, ...]) -> list[WaveSignal]:
    """Return the clocks, a column for each."""
    return [
        WaveSignal(scopes, clock.pin.name, 1, SignalTable.CLOCKS, (BitRun(i, 0, 0, 1),), SignalLook.BIT, direction="in")
        for i, clock in enumerate(chip.clocks)
    ]


def _pin(word: PinWord, pin: OutputPin, scopes: tuple[str, ...], table: SignalTable) -> WaveSignal:
    bits = tuple(BitRun(piece.word, piece.shift, piece.lsb, piece.width) for piece in word.pieces_of(pin.name))
    if isinstance(pin, Pin):
        return WaveSignal(scopes, pin.name, pin.width, table, bits, look_of(pin.width), direction=pin.direction)
    *below, name = pin.path.split(".")
    return WaveSignal((*scopes, *below), name, pin.width, table, bits, look_of(pin.width))


def input_signals(chip: Chip, scopes: tuple[str, ...]) -> Iterator[WaveSignal]:
    """Yield the input pins; behind a pin with events its events as text."""
    for pin in chip.inputs:
        signal = _pin(chip.input_word, pin, scopes, SignalTable.INPUTS)
        yield signal
        if has_events(chip, pin):
            yield WaveSignal(scopes, pin.name + EVENT, 0, SignalTable.INPUTS, signal.bits, SignalLook.TEXT)


def output_signals(
    chip: Chip, scopes: tuple[str, ...], table: SignalTable = SignalTable.OUTPUTS, absent: Sequence[str] = ()
) -> list[WaveSignal]:
    """Return the output pins, then the probes; absent : the names of those that are left out"""
    return [_pin(chip.output_word, pin, scopes, table) for pin in chip.outputs_and_probes if pin.name not in absent]


def difference_signals(chip: Chip, absent: Sequence[str] = ()) -> list[WaveSignal]:
    """Return a bit for each output pin and probe, 1 while it differs, and before them one for any of them."""
    names = [(i, pin.name) for i, pin in enumerate(chip.outputs_and_probes) if pin.name not in absent]
    columns = [(0, ANY), *((i + 1, name) for i, name in names)]
    return [
        WaveSignal((DIFFERS,), name, 1, SignalTable.DIFFERENCES, (BitRun(i, 0, 0, 1),), SignalLook.BIT)
        for i, name in columns
    ]


def cycle_signal() -> WaveSignal:
    """Return the number of clock edges."""
    return WaveSignal((), CYCLE, CYCLE_BITS, SignalTable.CYCLES, (BitRun(0, 0, 0, CYCLE_BITS),), SignalLook.UNSIGNED)


def has_events(chip: Chip, pin: Pin) -> bool:
    """Return True if the events of the chip are on this pin: it carries the items of a bus, and has as many bits."""
    return any(
        pin.name in bus.names(bus.kind.payload) and all(len(event.pattern) == pin.width for event in chip.events)
        for bus in chip.buses
        if bus.kind.payload and chip.events
    )


def event_text(chip: Chip, addr: int) -> str:
    """Return an event as text: its name, and its fields."""
    event = chip.event_of(addr)
    if event is None:
        return f"{addr:#x}"
    return " ".join([event.name, *(f"{name}={number}" for name, number in event.decode(addr).items())])


# --- Registers ----------------------------------------------------------------------------------------------------


def register_signals(chip: Chip, dtype: np.dtype, scopes: tuple[str, ...]) -> Iterator[WaveSignal]:
    """Yield the registers of the chip, block by block; dtype : the type of the model's record, int64 throughout"""
    for block in chip.blocks:
        for copy in range(block.copies or 1):
            name = block.name if block.copies is None else f"{block.name}[{copy}]"
            for reg in block.regs:
                yield from _register(block, copy, reg, dtype, (*scopes, REGISTERS, name))


def _register(block: Block, copy: int, reg: Reg, dtype: np.dtype, scopes: tuple[str, ...]) -> Iterator[WaveSignal]:
    """Yield an array of single bits as one signal, all other registers one by one, and the fields of their words."""
    assert dtype.fields is not None
    n_elements = int(np.prod(reg.shape, dtype=np.int64))
    first = dtype.fields[reg.name][1] // np.dtype(np.int64).itemsize + copy * n_elements
    if len(reg.shape) == 1 and reg.width == 1:
        bits = tuple(BitRun(first + i, 0, i, 1) for i in range(n_elements))
        yield WaveSignal(scopes, reg.name, n_elements, SignalTable.STATE, bits)
        return
    for i, place in enumerate(product(*map(range, reg.shape))):
        name = reg.name + "".join(f"[{n}]" for n in place)
        look = look_of(reg.width, reg.signed, reg.curve)
        signal = WaveSignal(scopes, name, reg.width, SignalTable.STATE, (BitRun(first + i, 0, 0, reg.width),), look)
        yield _with_names(replace(signal, is_analog=reg.curve), reg.states)
        for f in reg.word or ():
            yield _field(f, (BitRun(first + i, f.lsb, 0, f.width),), (*scopes, name))


def _field(f: Field, bits: tuple[BitRun, ...], scopes: tuple[str, ...]) -> WaveSignal:
    look = look_of(f.width, f.signed, f.curve or bool(f.unit))
    is_parameter = f.kind == "parameter"
    signal = WaveSignal(scopes, f.name, f.width, SignalTable.STATE, bits, look, f.curve, is_parameter=is_parameter)
    return _with_names(signal, f.states)


def _with_names(signal: WaveSignal, states: type[IntEnum] | None) -> WaveSignal:
    """Return the signal with the names of an enumeration, if there is one."""
    if states is None:
        return signal
    names = {state.value: state.name for state in states}
    return replace(signal, look=SignalLook.NAMES, names=names, title=states.__name__)


# --- Memories -----------------------------------------------------------------------------------------------------


def word_signals(
    chip: Chip, watched: WatchedWord, columns: Sequence[int], content: int, scopes: tuple[str, ...]
) -> list[WaveSignal]:
    """Return the fields of a word or of an entry.

    columns : the columns with the word's limbs; content : the word before the first clock, which decides its view
    """
    memory = chip.memory(watched.memory)
    part = watched.memory if memory.copies is None else f"{watched.memory}[{watched.copy}]"
    if watched.entry is None:
        return list(_fields(memory.word_of(content), 0, columns, (*scopes, MEMORIES, f"{part}[{watched.addr}]")))
    row, column, lsb = watched.entry
    assert memory.matrix is not None
    return list(_fields(memory.matrix.entry, lsb, columns, (*scopes, MEMORIES, f"{part}[{row}][{column}]")))


def _fields(word: Word, first_bit: int, columns: Sequence[int], scopes: tuple[str, ...]) -> Iterator[WaveSignal]:
    for f in word:
        yield _field(f, tuple(_limb_bits(f, first_bit, columns)), scopes)


def _limb_bits(f: Field, first_bit: int, columns: Sequence[int]) -> Iterator[BitRun]:
    lsb = first_bit + f.lsb
    n_done = 0
    while n_done < f.width:
        limb, shift = divmod(lsb + n_done, LIMB_BITS)
        width = min(f.width - n_done, LIMB_BITS - shift)
        yield BitRun(columns[limb], shift, n_done, width)
        n_done += width
