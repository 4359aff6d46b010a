"""Amaranth data layouts made from declared words, so that no bit range is written a second time."""

from amaranth import Shape, Value, signed, unsigned
from amaranth.hdl import ValueLike
from amaranth.lib import data

from draupnir.emulator.declare import Field, Word


def shape_of(field: Field) -> Shape:
    """Width and signedness of a declared field."""
    return signed(field.width) if field.signed else unsigned(field.width)


def layout_of(word: Word) -> data.FlexibleLayout:
    """The word as a layout: its width, its fields where they are declared; bits in no field have no name."""
    return data.FlexibleLayout(word.width, {f.name: data.Field(shape_of(f), f.lsb) for f in word})


def packed_fields(word: Word) -> data.StructLayout:
    """The word's fields side by side in their declared order, without the bits that are in no field."""
    return data.StructLayout({f.name: shape_of(f) for f in word})


def state_span(word: Word) -> tuple[int, int]:
    """First bit, and first bit beyond the last, of the word's fields of kind ``state``."""
    states = [f for f in word if f.kind == "state"]
    return min(f.lsb for f in states), max(f.msb for f in states) + 1


def state_of(word: Word) -> data.FlexibleLayout:
    """The part of the word that holds its state, as a layout of its own: bit 0 is the first bit of the state."""
    start, end = state_span(word)
    states = {f.name: data.Field(shape_of(f), f.lsb - start) for f in word if f.kind == "state"}
    return data.FlexibleLayout(end - start, states)


def bits_of(value: ValueLike, field: Field) -> Value:
    """The bits of ``value`` where a declared field is."""
    return Value.cast(value)[field.lsb : field.msb + 1]
