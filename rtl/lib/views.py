"""Amaranth layouts and ports made from declared words and pins, so that no bit range is written a second time."""

from collections.abc import Iterable

from amaranth import Shape, Value, signed, unsigned
from amaranth.hdl import ValueLike
from amaranth.lib import data
from amaranth.lib.wiring import In, Member, Out

from draupnir.emulator.declare import Field, Pin, Word


def shape_of(field: Field) -> Shape:
    """Return width and signedness of a declared field."""
    return signed(field.width) if field.signed else unsigned(field.width)


def ports_of(pins: Iterable[Pin]) -> dict[str, Member]:
    """Return a port for each pin, by name, for the signature of the component that has these pins."""
    directions = {"in": In, "out": Out}
    return {pin.name: directions[pin.direction](pin.width) for pin in pins}


def layout_of(word: Word) -> data.FlexibleLayout:
    """Return a word as a layout, with its width and its fields at their places; bits in no field have no name."""
    return data.FlexibleLayout(word.width, {f.name: data.Field(shape_of(f), f.lsb) for f in word})


def packed_fields(word: Word) -> data.StructLayout:
    """Return the word's fields side by side in their declared order, without bits that are in no field."""
    return data.StructLayout({f.name: shape_of(f) for f in word})


def state_span(word: Word) -> tuple[int, int]:
    """Return the first bit, and the bit after the last, of the word's fields of kind ``state``."""
    states = [f for f in word if f.kind == "state"]
    return min(f.lsb for f in states), max(f.msb for f in states) + 1


def state_of(word: Word) -> data.FlexibleLayout:
    """Return the part of the word with its state as a layout; bit 0 is the first bit of the state."""
    start, end = state_span(word)
    states = {f.name: data.Field(shape_of(f), f.lsb - start) for f in word if f.kind == "state"}
    return data.FlexibleLayout(end - start, states)


def bits_of(value: ValueLike, field: Field) -> Value:
    """Return the bits of ``value`` at a declared field's place."""
    return Value.cast(value)[field.lsb : field.msb + 1]
