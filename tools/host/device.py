"""A chip behind a bridge, for the host: each command of rtl/bridge/protocol.py is a function."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from draupnir.emulator.declare import Chip, Pin
from draupnir.emulator.errors import InputError
from draupnir.emulator.parts.delays import LONGEST_DELAY
from draupnir.emulator.parts.handshake import Delays
from draupnir.rtl.bridge.protocol import (
    BY_COMMAND,
    CYCLE_BYTES,
    HEAD,
    PAYLOAD,
    POLL_HEAD,
    RUN_FORGET,
    RUN_KEEP,
    RUN_MORE,
    RUN_MORE_LEVELS,
    VERSION,
    Command,
    buses,
)
from draupnir.tools.host.link import BridgeLink

WRAP = 1 << 8 * CYCLE_BYTES  # the bridge counts clocks modulo this
LONGEST_RUN = WRAP - 1
RESET_CLOCKS = 4  # with active reset pins, and again after that, as in ``reset`` of the golden models


@dataclass(frozen=True)
class Progress:
    """The state of a run.

    now : the present clock, at least 0; n_remaining : further clocks of the run, 0..2**32 - 1
    quiet : the number of clocks since a bus last moved, 0..2**32 - 1
    spikes : (cycle, addr) of the next spikes
    drained : True if the queue of spikes is empty
    """

    now: int
    n_remaining: int
    quiet: int
    spikes: list[tuple[int, int]]
    drained: bool


class BridgedChip:
    """A chip behind a bridge.

    title : the chip's name and its parameters, which the bridge must report
    Raises InputError if another chip answers. Each method raises InputError if the line fails.
    """

    def __init__(self, link: BridgeLink, chip: Chip, title: str) -> None:
        self._link, self._chip, self._buses = link, chip, buses(chip)
        self.now = 0  # the present clock, with all its bits
        identity = link.request(Command.IDENTIFY)
        lengths = [int(item.size) for item in BY_COMMAND[Command.IDENTIFY].response if isinstance(item.size, int)]
        version, self.event_depth, self.spike_depth = _integers(identity, lengths) if identity else (0, 0, 0)
        self.title = identity[sum(lengths) :].decode("ascii", "replace")
        if version != VERSION:
            raise InputError(f"the bridge speaks version {version} of the protocol, this host version {VERSION}")
        if self.title != title:
            raise InputError(
                f"the board holds {self.title!r}, not {title!r}; load that bitstream, or name the other chip"
            )

    # --- One command each ---

    def levels(self, **pins: int) -> int:
        """Set all input pins that belong to no bus. The default level is 0, and inactive for a reset.

        Returns the levels of all output pins that belong to no bus, in the order of their declaration from bit 0 on.
        """
        bits = packed_levels(self._buses.levels_in, pins)
        answer = self._link.request(Command.LEVELS, bits.to_bytes(self._buses.n_bytes("levels in"), "little"))
        return int.from_bytes(answer, "little")

    def environment(self, delays: Delays) -> None:
        """Set the delays of sender and receiver, each 0..LONGEST_DELAY clocks. Raises InputError for others."""
        for name, clocks in delays._asdict().items():
            if not 0 <= clocks <= LONGEST_DELAY:
                raise InputError(f"{name} is {clocks}; the bridge has delays of 0..{LONGEST_DELAY} clocks")
        self._link.request(Command.ENVIRONMENT, b"".join(clocks.to_bytes(2, "little") for clocks in delays))

    def run(
        self, clocks: int, with_more_events: bool = False, forget: bool = False, with_more_levels: bool = False
    ) -> None:
        """Let the chip's clock run for ``clocks`` clocks, 0..2**32 - 1.

        with_more_events, with_more_levels : the clock stops while the queue of events, or of levels, is empty
        forget : discard the queued events first
        """
        flags = RUN_MORE * with_more_events | RUN_FORGET * forget | RUN_MORE_LEVELS * with_more_levels
        self._link.request(Command.RUN, clocks.to_bytes(4, "little") + bytes([flags]))

    def await_more(self, events: bool, levels: bool) -> None:
        """Let the clock of a run that has begun stop where the queue of events, or of levels, is empty, or not."""
        flags = RUN_KEEP | RUN_MORE * events | RUN_MORE_LEVELS * levels
        self._link.request(Command.RUN, bytes(4) + bytes([flags]))

    def no_more_events(self) -> None:
        """Let the clock also run while the queue of events is empty."""
        self.await_more(events=False, levels=False)

    def events(self, timed: Collection[tuple[int, int]]) -> int:
        """Queue events, at most ``events_at_once``, each (cycle, addr). Returns how many of them the bridge accepted.

        For a chip that its host leads, each is (operand, operation), with an operand of 0..2**32 - 1. For a chip that
        takes packets, all are packets, or all are levels (see rtl/bridge/protocol.py).
        """
        n = self._buses.event_bytes
        if self._buses.lead is None:
            # A past cycle becomes the present one: the bridge would take one 2**31 clocks ago as a future one.
            timed = [(max(cycle, self.now) % WRAP, addr) for cycle, addr in timed]
        event_bytes = (
            event_cycle.to_bytes(CYCLE_BYTES, "little") + addr.to_bytes(n, "little") for event_cycle, addr in timed
        )
        return self._link.request(Command.EVENTS, b"".join(event_bytes))[0]

    @property
    def levels_bit(self) -> int:
        """The bit of an entry for a chip that takes packets: with it the entry has levels, and no packet."""
        return self._buses.levels_bit

    @property
    def events_at_once(self) -> int:
        """The largest number of events in one request."""
        return (PAYLOAD - HEAD) // (CYCLE_BYTES + self._buses.event_bytes)

    def poll(self) -> Progress:
        """The state of the run, and the next spikes."""
        n = CYCLE_BYTES + self._buses.spike_bytes
        answer = self._link.request(Command.POLL)
        now, n_remaining, quiet = _integers(answer, [int(item.size) for item in BY_COMMAND[Command.POLL].response])
        self.now += (now - self.now) % WRAP
        spikes = []
        for i in range(POLL_HEAD, len(answer), n):
            cycle, addr = _integers(answer[i : i + n], (CYCLE_BYTES, n - CYCLE_BYTES))
            spikes.append(
                (self.now + (cycle - now + WRAP // 2) % WRAP - WRAP // 2, addr)
            )  # a cycle may lie a little after now
        return Progress(self.now, n_remaining, quiet, spikes, drained=HEAD + len(answer) + n <= PAYLOAD)

    def spi(self, transactions: Sequence[int], n_bytes: int, half: int) -> Iterator[int]:
        """Write transactions of ``n_bytes`` bytes each. Yields the number of transactions of each request.

        transactions : 0..2**(8 * n_bytes) - 1, sent with the most significant bit first
        half : clocks of half an SCK period, 1..255
        """
        at_once = (PAYLOAD - HEAD - 1) // n_bytes
        for i in range(0, len(transactions), at_once):
            some = transactions[i : i + at_once]
            content = b"".join(transaction.to_bytes(n_bytes, "big") for transaction in some)
            self._link.request(Command.SPI_WRITE, bytes([half]) + content)
            yield len(some)

    def spi_read(self, transactions: Sequence[int], n_bytes: int, half: int) -> Iterator[int]:
        """Exchange transactions as ``spi`` does. Yields the bits of MISO in each, 0..2**(8 * n_bytes) - 1."""
        at_once = (PAYLOAD - HEAD - 1) // n_bytes
        for i in range(0, len(transactions), at_once):
            content = b"".join(transaction.to_bytes(n_bytes, "big") for transaction in transactions[i : i + at_once])
            answer = self._link.request(Command.SPI_EXCHANGE, bytes([half]) + content)
            yield from (int.from_bytes(answer[j : j + n_bytes], "big") for j in range(0, len(answer), n_bytes))

    # --- Several ---

    def stop(self) -> None:
        """Stop the clock, and discard events and spikes of an earlier user."""
        self.run(0, forget=True)
        while self.poll().spikes:
            pass

    def clocks(self, n: int) -> None:
        """Run the chip for ``n`` clocks, 0..2**32 - 1, and wait for their end. The queue of spikes must have room."""
        self.run(n)
        while self.poll().n_remaining:
            pass

    def reset(self) -> None:
        """Hold the reset pins active for RESET_CLOCKS clocks, then inactive for the same number of clocks."""
        resets = [pin for pin in self._buses.levels_in if pin.role == "reset"]
        for levels in ({pin.name: pin.active_level for pin in resets}, {}):
            self.levels(**levels)
            self.clocks(RESET_CLOCKS)


def packed_levels(pins: Sequence[Pin], levels: Mapping[str, int]) -> int:
    """Pack levels of pins, by name, from bit 0 on; all other pins are at rest."""
    bits, lsb = 0, 0
    for pin in pins:
        bits |= levels.get(pin.name, pin.rest) << lsb
        lsb += pin.width
    return bits


def _integers(content: bytes, lengths: Sequence[int]) -> list[int]:
    numbers, offset = [], 0
    for length in lengths:
        numbers.append(int.from_bytes(content[offset : offset + length], "little"))
        offset += length
    return numbers
