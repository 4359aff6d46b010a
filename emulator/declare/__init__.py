"""The vocabulary in which a chip is declared, once, as data.

All objects are frozen, and are checked when they are built. A bit range that overlaps another or leaves its word, or
a name that is used twice, is an error at import and not a surprise at run time.
"""

from draupnir.emulator.declare.buses import (
    Bus,
    BusKind,
    BusParameter,
    ReceivingSide,
    Role,
    SendingSide,
    Watch,
    WiredBus,
)
from draupnir.emulator.declare.chip import Chip
from draupnir.emulator.declare.errors import DeclarationError
from draupnir.emulator.declare.events import Event
from draupnir.emulator.declare.memories import Matrix, Memory
from draupnir.emulator.declare.parameters import Parameter, Sized, sized
from draupnir.emulator.declare.pins import OutputPin, Piece, Pin, PinWord, Probe, UsedClock, pin_word
from draupnir.emulator.declare.registers import Block, Reg, Register
from draupnir.emulator.declare.steps import Script, Step, clock_by_clock, next_step
from draupnir.emulator.declare.words import INTEGER_BITS, LIMB_BITS, Field, Word

__all__ = [
    "INTEGER_BITS",
    "LIMB_BITS",
    "Block",
    "Bus",
    "BusKind",
    "BusParameter",
    "Chip",
    "DeclarationError",
    "Event",
    "Field",
    "Matrix",
    "Memory",
    "OutputPin",
    "Parameter",
    "Piece",
    "Pin",
    "PinWord",
    "Probe",
    "ReceivingSide",
    "Reg",
    "Register",
    "Role",
    "Script",
    "SendingSide",
    "Sized",
    "Step",
    "UsedClock",
    "Watch",
    "WiredBus",
    "Word",
    "clock_by_clock",
    "next_step",
    "pin_word",
    "sized",
]
