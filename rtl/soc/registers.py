"""The registers of a chip's peripheral on a bus, declared once: the decoder, the C header and the page use them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from draupnir.emulator.declare import Field, Pin, Word
from draupnir.rtl.bridge.protocol import BridgeBuses

BUS_BITS = 32  # of the data on the bus
BUS_BYTES = BUS_BITS // 8
DEPTH_BITS = 16


class BusAccess(StrEnum):
    """The way in which the bus reaches a register. A forbidden access gets an error response, and does nothing."""

    READ = "read"
    READ_WRITE = "read, write"
    WRITE = "write"
    WRITE_ONE_TO_CLEAR = "read, write 1 to clear"


@dataclass(frozen=True)
class BusRegister:
    """A register at a multiple of four bytes.

    offset : bytes from the beginning of the peripheral
    reset : the content after a reset of the bus
    """

    offset: int
    word: Word
    access: BusAccess
    meaning: str
    reset: int = 0

    @property
    def name(self) -> str:
        return self.word.name

    @property
    def is_readable(self) -> bool:
        return self.access != BusAccess.WRITE

    @property
    def is_writable(self) -> bool:
        return self.access != BusAccess.READ


def _clocks(name: str, meaning: str) -> Field:
    return Field(name, 0, BUS_BITS, meaning, "clocks")


CAUSES = (
    Field("spikes", 0, 1, "The spike queue holds at least MARKS.spikes spikes."),
    Field("events", 1, 1, "The event queue holds at most MARKS.events events."),
    Field("quiet", 2, 1, "QUIET is at least QUIET_MARK: the chip has nothing more to do."),
    Field("done", 3, 1, "RUN has counted down to 0. It stays until a 1 is written."),
    Field("lost", 4, 1, "An event came while its queue was full, and was not queued. It stays until a 1 is written."),
)
STICKY = ("done", "lost")


def registers(buses: BridgeBuses, identity: int) -> tuple[BusRegister, ...]:
    """Return the registers of a chip with these buses, in the order of their addresses.

    identity : 0..2**32 - 1, the content of IDENTITY
    """
    rows = [
        ("IDENTITY", (Field("crc", 0, BUS_BITS, "CRC-32 of this map; a driver compares it."),), BusAccess.READ,
         "Chip and map.", identity),
        ("DEPTHS", (Field("events", 0, DEPTH_BITS, "Events."), Field("spikes", DEPTH_BITS, DEPTH_BITS, "Spikes.")),
         BusAccess.READ, "The sizes of both queues.", 0),
        ("CONTROL", (
            Field("free", 0, 1, "The chip's clock runs without end, and RUN does not count."),
            Field("more", 1, 1, "More events will come: with an empty event queue the chip's clock waits."),
            Field("more_levels", 2, 1, "The same for the queue of levels of a chip that takes packets."),
            Field("forget", 3, 1, "A 1 empties the event queue. It reads 0."),
        ), BusAccess.READ_WRITE, "How the chip's clock runs.", 0),
        ("RUN", (_clocks("clocks", "Clocks that the chip still has to run; 0 stops its clock."),), BusAccess.READ_WRITE,
         "Lets the chip run.", 0),
        ("NOW", (_clocks("clocks", "The chip's clocks so far, modulo 2**32."),), BusAccess.READ, "The chip's time.", 0),
        ("QUIET", (_clocks("clocks", "Clocks since RUN, or since an event was on a bus or waited."),), BusAccess.READ,
         "How long the chip's buses have been at rest.", 0),
        ("PINS_IN", _fields(buses.levels_in), BusAccess.READ_WRITE, "Levels of the chip's input pins of no bus.",
         _resting(buses.levels_in)),
        ("PINS_OUT", _fields(buses.levels_out), BusAccess.READ, "Levels of the chip's output pins of no bus.", 0),
        ("EVENT_DELAYS", _pair("gap", "hold"), BusAccess.READ_WRITE,
         "Delays of the input bus: from ACK 0 to the next REQ, and from ACK 1 to REQ 0.", _both(1)),
        ("SPIKE_DELAYS", _pair("ack_delay", "ack_hold"), BusAccess.READ_WRITE,
         "Delays of the output bus: from REQ 1 to ACK 1, and from REQ 0 to ACK 0.", _both(1)),
        ("LEVELS", (Field("events", 0, DEPTH_BITS, "Events."), Field("spikes", DEPTH_BITS, DEPTH_BITS, "Spikes.")),
         BusAccess.READ, "How much both queues hold.", 0),
        ("EVENT_CYCLE", (Field("cycle", 0, BUS_BITS, "A clock as NOW counts, at most 2**31 - 1 ahead; or the operand"
                               " of an operation."),), BusAccess.READ_WRITE, "The time of EVENT_AT.", 0),
        ("EVENT_AT", (Field("addr", 0, buses.event_bits, "Address on the input bus."),), BusAccess.WRITE,
         "Queues an event that is not sent before clock EVENT_CYCLE.", 0),
        ("EVENT", (Field("addr", 0, buses.event_bits, "Address on the input bus."),), BusAccess.WRITE,
         "Queues an event that is sent as soon as possible.", 0),
        ("SPIKE_CYCLE", (Field("cycle", 0, BUS_BITS, "The clock before whose edge the chip's request was first 1."),),
         BusAccess.READ, "The time of the spike that SPIKE reads next; 0 if there is none.", 0),
        ("SPIKE", (Field("addr", 0, buses.spike_bits, "Address on the output bus."),
                   Field("valid", BUS_BITS - 1, 1, "1: this is a spike; 0: the queue was empty.")), BusAccess.READ,
         "Takes a spike out of its queue.", 0),
        ("MARKS", (Field("events", 0, DEPTH_BITS, "For the cause events."),
                   Field("spikes", DEPTH_BITS, DEPTH_BITS, "For the cause spikes, at least 1.")), BusAccess.READ_WRITE,
         "Levels at which the queues interrupt.", 1 << DEPTH_BITS),
        ("QUIET_MARK", (_clocks("clocks", "For the cause quiet."),), BusAccess.READ_WRITE,
         "Quiet clocks after which the chip counts as at rest.", (1 << DEPTH_BITS) - 1),
        ("IRQ_ENABLE", CAUSES, BusAccess.READ_WRITE, "Causes that raise the interrupt.", 0),
        ("IRQ_PENDING", CAUSES, BusAccess.WRITE_ONE_TO_CLEAR, "Causes that are there now.", 0),
    ]  # fmt: skip
    return tuple(
        BusRegister(BUS_BYTES * i, Word(name, BUS_BITS, fields), access, meaning, reset)
        for i, (name, fields, access, meaning, reset) in enumerate(rows)
    )


def _pair(low: str, high: str) -> tuple[Field, Field]:
    return (
        Field(low, 0, DEPTH_BITS, "Clocks of the chip.", "clocks"),
        Field(high, DEPTH_BITS, DEPTH_BITS, "Clocks of the chip.", "clocks"),
    )


def _both(clocks: int) -> int:
    return clocks << DEPTH_BITS | clocks


def _fields(pins: Iterable[Pin]) -> tuple[Field, ...]:
    """Return a field for each pin, from bit 0 on."""
    fields: list[Field] = []
    for pin in pins:
        lsb = fields[-1].msb + 1 if fields else 0
        fields.append(Field(pin.name.lower(), lsb, pin.width, pin.meaning))
    return tuple(fields)


def _resting(pins: tuple[Pin, ...]) -> int:
    """Return the levels of input pins while all resets among them are active."""
    fields = _fields(pins)
    return sum(pin.active_level << f.lsb for pin, f in zip(pins, fields, strict=True) if pin.role == "reset")
