"""The formats of the wires that only Gungnir has, from the declaration; the others are ODIN's."""

from amaranth.lib import data

from draupnir.emulator.gungnir.layout import CHIP, LEARNING_REGISTERS

LEARNING_CONFIG = data.StructLayout({r.name.lower(): r.width for r in LEARNING_REGISTERS})
EVENTS = {event.name: event for event in CHIP.events}
