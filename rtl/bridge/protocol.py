"""The protocol between a host and the bridge on a board. The bridge, the host and the README use this declaration.

The host sends a request, the bridge answers with a response, and nothing else is on the line. Both are frames as in
SLIP (RFC 1055): END, the bytes, END. An END within the bytes is written as ESC, ESC_END, and an ESC as ESC, ESC_ESC.
The last two bytes are a CRC, most significant byte first. If a frame is too long, or its CRC is wrong, the receiver
ignores it.

If a request is not answered, the host sends it again with the same number. If a request has the number of the last one,
the bridge only sends the last response again. So each request is carried out once, whatever the line loses. At most one
frame is under way at any time, and it fits the buffers of both sides. The bridge says how many events its queue had
room for, and sends spikes only when the host asks for them. So nothing is lost if one side is slow.

A host leads some chips, such as ReckOn, from timestep to timestep. It sends operations instead of events, and receives
bytes instead of spikes. The bridge carries the operations out one after the other, in the clocks that
emulator/reckon/host.py describes: ``addr`` is the operation, ``at`` its operand. 0 SPIKE and 1 TARGET are events with
this address. 2 TICK raises the tick for a clock, and with operand 1 waits until the chip's ready has fallen and risen.
3 TAKE receives this number of bytes from the output bus. 4 WAIT lets this number of clocks pass. 5 SET and the codes
after it set one pin each.

A chip such as RANC takes packets out of a FIFO, and its other pins belong to no bus. The bridge is then the FIFO, and
has two queues. An entry whose highest bit of ``addr`` is 0 is a packet: it is in the FIFO from clock ``at`` on. An
entry whose highest bit is 1 has levels of all input pins of no bus, from bit 0 on in the order of their declaration;
they hold from clock ``at`` on. Of two entries for the same clock, the second acts a clock later. A request has entries
of one kind only. In place of spikes the bridge sends levels of all output pins of no bus. It samples them before each
rise of the chip's clock, and sends those that differ from the sample before.

This module does not import Amaranth, because the host does not need it.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from draupnir.emulator.buses.fifo_pull import FIFO_PULL
from draupnir.emulator.buses.four_phase import FOUR_PHASE
from draupnir.emulator.buses.spi import SPI
from draupnir.emulator.buses.timesteps import TIMESTEPS
from draupnir.emulator.declare import Chip, Pin, WiredBus
from draupnir.emulator.errors import InputError

VERSION = 1
END, ESC, ESC_END, ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD
CRC_INIT = 0xFFFF  # CRC-16/IBM-3740: polynomial 0x1021, most significant bit first
CRC_BYTES = 2
BUFFER = 256  # the largest number of bytes of a frame, without END and ESC, with the CRC
PAYLOAD = BUFFER - CRC_BYTES
HEAD = 2  # the number of bytes of a frame before its arguments: number, command
REFUSED = 0x80  # The response to an unknown command has the command plus this.


class Command(IntEnum):
    """The second byte of a request and of its response."""

    IDENTIFY = 1
    LEVELS = 2
    ENVIRONMENT = 3
    SPI_WRITE = 4
    SPI_EXCHANGE = 5
    EVENTS = 6
    RUN = 7
    POLL = 8


class Operation(IntEnum):
    """The bridge's operations for a chip that its host leads; SET + i sets pin i of ``Lead.levels``."""

    SPIKE = 0
    TARGET = 1
    TICK = 2
    TAKE = 3
    WAIT = 4
    SET = 5


@dataclass(frozen=True)
class Item:
    """An integer in a frame, least significant byte first.

    size : the number of bytes, or its source: "levels in", "levels out", "event", "spike", "rest" (all that follow)
    """

    name: str
    size: int | str
    meaning: str


@dataclass(frozen=True)
class Exchange:
    """A command, and the items after number and command in its request and its response.

    repeated_request, repeated_response : items after these, as often as the frame has room for
    """

    command: Command
    meaning: str
    request: tuple[Item, ...] = ()
    response: tuple[Item, ...] = ()
    repeated_request: tuple[Item, ...] = ()
    repeated_response: tuple[Item, ...] = ()


CYCLE_BYTES = 4
WRITE_HALF = 2  # clocks of half an SCK period, the fewest for a slave that the chip's clock samples
READ_HALF = 8  # the same for a read, before whose answer the slave must read a memory
RUN_MORE, RUN_FORGET, RUN_KEEP, RUN_MORE_LEVELS = 1, 2, 4, 8  # flags of RUN
_AT = Item("at", CYCLE_BYTES, "Not sent before this clock, which is at most 2^31 - 1 clocks ahead.")
_ADDR_IN = Item("addr", "event", "Address on the input bus, or a packet, or levels of the input pins of no bus.")

EXCHANGES = (
    Exchange(
        Command.IDENTIFY,
        "Name the chip, and the sizes of the queues.",
        response=(
            Item("version", 1, f"{VERSION}; a host speaks to no other."),
            Item("event_depth", 2, "Events that the queue holds."),
            Item("spike_depth", 2, "Spikes that the queue holds."),
            Item("chip", "rest", "The chip's name, and after a blank each of its parameters, or a digest: ASCII."),
        ),
    ),
    Exchange(
        Command.LEVELS,
        "Set the chip's input pins that belong to no bus, reset among them, and read such output pins.",
        request=(Item("inputs", "levels in", "The pins in the order of their declaration, from bit 0."),),
        response=(Item("outputs", "levels out", "The pins in the order of their declaration, from bit 0."),),
    ),
    Exchange(
        Command.ENVIRONMENT,
        "Delays of the handshakes in clocks, as emulator/parts/handshake.py describes them.",
        request=tuple(Item(name, 2, "Clocks.") for name in ("gap", "hold", "ack_delay", "ack_hold")),
    ),
    Exchange(
        Command.SPI_WRITE,
        "Clock bytes into the chip's SPI.",
        request=(
            Item("half", 1, "Clocks in half an SCK period, 1 or more."),
            Item("bytes", "rest", "The most significant bit goes first."),
        ),
    ),
    Exchange(
        Command.SPI_EXCHANGE,
        "Clock bytes into the chip's SPI, and return the levels of MISO just before SCK rises.",
        request=(Item("half", 1, "As above."), Item("bytes", "rest", "As above.")),
        response=(Item("bytes", "rest", "As many as were sent."),),
    ),
    Exchange(
        Command.EVENTS,
        "Queue events.",
        repeated_request=(_AT, _ADDR_IN),
        response=(Item("accepted", 1, "The number of events, from the first on, that the queue had room for."),),
    ),
    Exchange(
        Command.RUN,
        "Let the chip's clock run.",
        request=(
            Item("clocks", 4, "The number of clocks from now on; 0 stops the clock."),
            Item(
                "flags",
                1,
                f"{RUN_MORE}: more events will come, so wait, with the clock stopped, where the next one is not there"
                f" yet; {RUN_FORGET}: forget the events that are queued; {RUN_KEEP}: leave the clocks as they are;"
                f" {RUN_MORE_LEVELS}: wait in the same way for the queue of levels.",
            ),
        ),
    ),
    Exchange(
        Command.POLL,
        "Return how far the chip is, and the spikes in the queue.",
        response=(
            Item("now", CYCLE_BYTES, "Clocks so far, modulo 2^32."),
            Item("left", 4, "Clocks left of RUN."),
            Item(
                "quiet",
                4,
                "Clocks since RUN, or since an event last was on a bus or waited in the queue.",
            ),
        ),
        repeated_response=(
            Item("cycle", CYCLE_BYTES, "Clock before whose edge REQ was first seen, counted as ``now`` is."),
            Item("addr", "spike", "Address on the output bus, or the levels of the output pins of no bus."),
        ),
    ),
)
BY_COMMAND = {exchange.command: exchange for exchange in EXCHANGES}
LONGEST_TITLE = (
    PAYLOAD - HEAD - sum(item.size for item in BY_COMMAND[Command.IDENTIFY].response if isinstance(item.size, int))
)
POLL_HEAD = sum(item.size for item in BY_COMMAND[Command.POLL].response if isinstance(item.size, int))


@dataclass(frozen=True)
class Lead:
    """The pins by which a host leads a chip from timestep to timestep, in addition to its event buses.

    target : 1 for a target, 0 for a spike on the input bus
    tick : a rise begins a timestep; ready : 1 when the chip is ready for it
    levels : pins that the host sets between timesteps
    """

    target: Pin
    tick: Pin
    ready: Pin
    levels: tuple[Pin, ...]

    @property
    def pins(self) -> tuple[Pin, ...]:
        return (self.target, self.tick, self.ready, *self.levels)


@dataclass(frozen=True)
class BridgeBuses:
    """The chip's pins, grouped by their use in the bridge.

    levels_in, levels_out : the pins that belong to no bus, without the clock
    spi, aer_in, aer_out : role -> the first pin of this role; empty for a chip that takes packets
    lead : the pins by which the host leads the chip; None if it does not
    packets : role -> the pin of the FIFO out of which the chip takes packets; empty if it has none
    """

    levels_in: tuple[Pin, ...]
    levels_out: tuple[Pin, ...]
    spi: Mapping[str, Pin] = field(default_factory=dict)
    aer_in: Mapping[str, Pin] = field(default_factory=dict)
    aer_out: Mapping[str, Pin] = field(default_factory=dict)
    lead: Lead | None = None
    packets: Mapping[str, Pin] = field(default_factory=dict)

    @property
    def event_bits(self) -> int:
        """The bits of an event on the input bus, or of a packet or levels with the bit above that tells them apart."""
        if not self.packets:
            return self.aer_in["addr"].width
        return max(self.packets["data"].width, _width(self.levels_in)) + 1

    @property
    def levels_bit(self) -> int:
        """The highest bit of an entry for a chip that takes packets: with it the entry has levels, and no packet."""
        return 1 << self.event_bits - 1

    @property
    def spike_bits(self) -> int:
        """The bits of an event on the output bus, or of all output pins that belong to no bus."""
        return _width(self.levels_out) if self.packets else self.aer_out["addr"].width

    @property
    def event_bytes(self) -> int:
        return -(-self.event_bits // 8)

    @property
    def spike_bytes(self) -> int:
        return -(-self.spike_bits // 8)

    def n_bytes(self, size: int | str) -> int:
        """Return the number of bytes of an item; ``size`` must not be "rest"."""
        byte_counts = {
            "event": self.event_bytes,
            "spike": self.spike_bytes,
            "levels in": -(-_width(self.levels_in) // 8),
            "levels out": -(-_width(self.levels_out) // 8),
        }
        return size if isinstance(size, int) else byte_counts[size]


def _width(pins: Iterable[Pin]) -> int:
    return sum(pin.width for pin in pins)


def clocks_a_cycle(chip: Chip) -> int:
    """Return the fewest clocks of the bridge in a clock of the chip: two for each edge that the chip uses.

    The inputs of a chip change with the fall of its clock, if it does not use the fall, and else between both edges.
    """
    return 2 * len(chip.period)


def buses(chip: Chip) -> BridgeBuses:
    """Return the buses of a chip.

    Raises InputError unless the chip has one clock, and either a FIFO as its only bus, or one SPI, one event bus in and
    one out, which move with the rise of the clock. An event bus has one address pin; the input bus of a chip that its
    host leads has two.
    """
    if chip.buses_of(FIFO_PULL, "reader"):
        return _packet_buses(chip)
    if chip.period != (1,):
        raise InputError(
            f"the bridge drives one clock, of which the chip uses the rise; {chip.name} has {chip.used_edges}"
        )
    steps = chip.buses_of(TIMESTEPS, "led")
    groups = (
        chip.buses_of(SPI, "slave"),
        chip.buses_of(FOUR_PHASE, "receiver"),
        chip.buses_of(FOUR_PHASE, "sender"),
    )
    if [len(buses) for buses in groups] != [1, 1, 1]:
        raise InputError(f"{chip.name}: the bridge needs an SPI, one event bus in and one out, and there are not all")
    (spi,), (aer_in,), (aer_out,) = groups
    if (len(aer_in.pins["addr"]), len(aer_out.pins["addr"])) != (2 if steps else 1, 1):
        raise InputError(
            f"{chip.name}: the bridge needs one address pin an event bus, and two on the one into a chip that is led"
        )
    lead = _lead(aer_in, steps[0]) if steps else None
    levels = _levels(chip, spi, aer_in, aer_out, *steps)
    return BridgeBuses(*levels, _first_pins(spi), _first_pins(aer_in), _first_pins(aer_out), lead)


def _packet_buses(chip: Chip) -> BridgeBuses:
    """Return the buses of a chip that takes packets out of a FIFO. Raises InputError if it has anything more."""
    if len(chip.clocks) != 1 or chip.period[0] != 1:
        raise InputError(f"the bridge drives one clock, whose rise the chip uses; {chip.name} has {chip.used_edges}")
    if len(chip.buses) != 1 or chip.wired_buses[0].parameter("latency") != 1:
        raise InputError(f"{chip.name}: the bridge needs a FIFO of latency 1 as the only bus of a chip without an SPI")
    (fifo,) = chip.wired_buses
    return BridgeBuses(*_levels(chip, fifo), packets=_first_pins(fifo))


def _levels(chip: Chip, *wired: WiredBus) -> tuple[tuple[Pin, ...], tuple[Pin, ...]]:
    """Return the input pins and the output pins that are in none of these buses, without the clock."""
    of_buses = {name for bus in wired for name in bus.bus.all_names}
    others = [pin for pin in chip.pins if pin.name not in of_buses and pin != chip.clock]
    directions = ("in", "out")
    inputs, outputs = (tuple(pin for pin in others if pin.direction == direction) for direction in directions)
    return inputs, outputs


def _first_pins(bus: WiredBus) -> dict[str, Pin]:
    """Return role -> its first pin. Only the address may have more than one pin."""
    return {role: pins[0] for role, pins in bus.pins.items()}


def _lead(aer_in: WiredBus, steps: WiredBus) -> Lead:
    return Lead(aer_in.pins["addr"][1], steps.pin("tick"), steps.pin("ready"), steps.pins["levels"])


# --- Frames -----------------------------------------------------------------------------------------------------


def frame(payload: bytes) -> bytes:
    """Return the bytes on the line for a frame.

    payload : at most PAYLOAD bytes. Raises ValueError if there are more.
    """
    if len(payload) > PAYLOAD:
        raise ValueError(f"{len(payload)} bytes; a frame has at most {PAYLOAD}")
    checked = payload + crc_hqx(payload, CRC_INIT).to_bytes(CRC_BYTES, "big")
    escaped = checked.replace(bytes([ESC]), bytes([ESC, ESC_ESC])).replace(bytes([END]), bytes([ESC, ESC_END]))
    return bytes([END]) + escaped + bytes([END])


class SoftwareDeframer:
    """Find the frames in a stream of bytes, whatever lies between them.

    n_bad : the number of frames so far that were too long or had a wrong CRC
    """

    def __init__(self) -> None:
        self._frame = bytearray()
        self._escaped = False
        self._bad = False
        self.n_bad = 0

    def take(self, line: bytes) -> list[bytes]:
        """Return the payloads of the frames that these bytes complete."""
        return [payload for byte in line if (payload := self._byte(byte)) is not None]

    def _byte(self, byte: int) -> bytes | None:
        if byte == END:
            checked, good = bytes(self._frame), not self._bad and not self._escaped
            self._frame.clear()
            self._bad = self._escaped = False
            if not checked and good:
                return None
            if good and len(checked) > CRC_BYTES and crc_hqx(checked, CRC_INIT) == 0:
                return checked[:-CRC_BYTES]
            self.n_bad += 1
            return None
        if self._escaped:
            self._bad |= byte not in (ESC_END, ESC_ESC)
            byte = END if byte == ESC_END else ESC
            self._escaped = False
        elif byte == ESC:
            self._escaped = True
            return None
        if len(self._frame) == BUFFER:
            self._bad = True
        else:
            self._frame.append(byte)
        return None
