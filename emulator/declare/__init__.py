"""The vocabulary in which a chip is declared, once, as data.

Everything here is frozen and checked when it is built: a bit range that overlaps another or leaves its
word, or a name used twice, is an error at import and not a surprise at run time.
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
from draupnir.emulator.declare.pins import Piece, Pin, PinWord, Probe, Shown, UsedClock, pin_word
from draupnir.emulator.declare.registers import Block, Reg, Register
from draupnir.emulator.declare.steps import Script, Step, clock_by_clock, following
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
    "Shown",
    "Sized",
    "Step",
    "UsedClock",
    "Watch",
    "WiredBus",
    "Word",
    "clock_by_clock",
    "following",
    "pin_word",
    "sized",
]
