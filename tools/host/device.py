"""A chip behind a bridge, as the host sees it: the commands of rtl/bridge/protocol.py as functions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from draupnir.emulator.declare import Chip
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
    VERSION,
    Command,
    buses,
)
from draupnir.tools.host.link import BridgeLink

WRAP = 1 << 8 * CYCLE_BYTES  # clocks are counted modulo this
LONGEST_RUN = WRAP - 1
RESET_CLOCKS = 4  # under reset, and after: as the golden models' ``reset``


@dataclass(frozen=True)
class Progress:
    """now : clocks so far; left : clocks of the run; quiet : clocks since anything moved; spikes : (cycle, addr)"""

    now: int
    left: int
    quiet: int
    spikes: list[tuple[int, int]]
    drained: bool  # the queue of spikes is empty


class BridgedChip:
    """Raises InputError, everywhere, if the line fails, and here if it is not the chip ``title`` that answers.

    title : the chip's name, and its parameters
    """

    def __init__(self, link: BridgeLink, chip: Chip, title: str) -> None:
        self._link, self._chip, self._buses = link, chip, buses(chip)
        self.now = 0  # clocks so far, of all bits
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

    def levels(self, **pins: int) -> None:
        """Set all pins that belong to no bus: those not named to 0, and resets to their inactive level."""
        bits, lsb = 0, 0
        for pin in self._buses.levels_in:
            bits |= pins.get(pin.name, pin.rest) << lsb
            lsb += pin.width
        self._link.request(Command.LEVELS, bits.to_bytes(self._buses.n_bytes("levels in"), "little"))

    def environment(self, delays: Delays) -> None:
        """Raises InputError for delays that the bridge cannot make."""
        for name, clocks in delays._asdict().items():
            if not 0 <= clocks <= LONGEST_DELAY:
                raise InputError(f"{name} is {clocks}; the bridge has delays of 0..{LONGEST_DELAY} clocks")
        self._link.request(Command.ENVIRONMENT, b"".join(clocks.to_bytes(2, "little") for clocks in delays))

    def run(self, clocks: int, more: bool = False, forget: bool = False) -> None:
        """Let the chip's clock run, 0..2**32 - 1 clocks from now on."""
        flags = RUN_MORE * more | RUN_FORGET * forget
        self._link.request(Command.RUN, clocks.to_bytes(4, "little") + bytes([flags]))

    def no_more_events(self) -> None:
        """Let it run on, also where there is no event left."""
        self._link.request(Command.RUN, bytes(4) + bytes([RUN_KEEP]))

    def events(self, timed: Collection[tuple[int, int]]) -> int:
        """Queue (cycle, addr), at most ``events_at_once``; returns how many of them there was room for.

        For a chip that is led (operand, operation).
        """
        n = self._buses.event_bytes
        if self._buses.lead is None:
            # An event whose cycle has passed says now: 2**31 clocks later it would seem to lie ahead.
            timed = [(max(cycle, self.now) % WRAP, addr) for cycle, addr in timed]
        packed = (at.to_bytes(CYCLE_BYTES, "little") + addr.to_bytes(n, "little") for at, addr in timed)
        return self._link.request(Command.EVENTS, b"".join(packed))[0]

    @property
    def events_at_once(self) -> int:
        return (PAYLOAD - HEAD) // (CYCLE_BYTES + self._buses.event_bytes)

    def poll(self) -> Progress:
        """Return how far it is, and the next spikes."""
        n = CYCLE_BYTES + self._buses.spike_bytes
        answer = self._link.request(Command.POLL)
        now, left, quiet = _integers(answer, [int(item.size) for item in BY_COMMAND[Command.POLL].response])
        self.now += (now - self.now) % WRAP
        spikes = []
        for i in range(POLL_HEAD, len(answer), n):
            cycle, addr = _integers(answer[i : i + n], (CYCLE_BYTES, n - CYCLE_BYTES))
            spikes.append((self.now + (cycle - now + WRAP // 2) % WRAP - WRAP // 2, addr))  # before now, or just after
        return Progress(self.now, left, quiet, spikes, drained=HEAD + len(answer) + n <= PAYLOAD)

    def spi(self, transactions: Sequence[int], n_bytes: int, half: int) -> Iterator[int]:
        """Write transactions of ``n_bytes`` each; yields how many are done, from time to time."""
        at_once = (PAYLOAD - HEAD - 1) // n_bytes
        for i in range(0, len(transactions), at_once):
            some = transactions[i : i + at_once]
            content = b"".join(transaction.to_bytes(n_bytes, "big") for transaction in some)
            self._link.request(Command.SPI_WRITE, bytes([half]) + content)
            yield len(some)

    def spi_read(self, transactions: Sequence[int], n_bytes: int, half: int) -> Iterator[int]:
        """Exchange transactions; yields what MISO showed in each."""
        at_once = (PAYLOAD - HEAD - 1) // n_bytes
        for i in range(0, len(transactions), at_once):
            content = b"".join(transaction.to_bytes(n_bytes, "big") for transaction in transactions[i : i + at_once])
            answer = self._link.request(Command.SPI_EXCHANGE, bytes([half]) + content)
            yield from (int.from_bytes(answer[j : j + n_bytes], "big") for j in range(0, len(answer), n_bytes))

    # --- Several ---

    def stop(self) -> None:
        """Stop the clock, and forget events and spikes of whoever was here before."""
        self.run(0, forget=True)
        while self.poll().spikes:
            pass

    def clocks(self, n: int) -> None:
        """Run the chip for some clocks and wait for their end. The queue of spikes must have room."""
        self.run(n)
        while self.poll().left:
            pass

    def reset(self) -> None:
        """The reset pins active for RESET_CLOCKS, and inactive for as many clocks after."""
        resets = [pin for pin in self._buses.levels_in if pin.role == "reset"]
        for levels in ({pin.name: pin.active_level for pin in resets}, {}):
            self.levels(**levels)
            self.clocks(RESET_CLOCKS)


def _integers(packed: bytes, lengths: Sequence[int]) -> list[int]:
    found, at = [], 0
    for length in lengths:
        found.append(int.from_bytes(packed[at : at + length], "little"))
        at += length
    return found
