"""Stimulus from small concurrent pieces, each owning some of the chip's input pins.

Nothing here knows a chip: pins are found in the declaration by bus and role. A piece is a generator. It is sent the
packed outputs as they are now and yields what its pins shall be until the next clock; so it can only react to what
the chip showed, as a board would. What a piece draws, it draws from the NumPy generator that it was given.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from draupnir.emulator.declare import Chip, Pin
from draupnir.emulator.trace import pack

Piece = Generator[int, int, None]  # yields its input pins, packed; is sent all outputs, packed
HostPiece = Generator[tuple[int, ...], int, None]  # yields several states of its pins within a clock, the last stays


@dataclass(frozen=True)
class Clocks:
    """A number of clocks, drawn anew each time: lo..hi, or, with probability ``rare``, rare_lo..rare_hi."""

    lo: int
    hi: int
    rare: float = 0.0
    rare_lo: int = 0
    rare_hi: int = 0

    def draw(self, rng: np.random.Generator) -> int:
        if self.rare and rng.random() < self.rare:
            return int(rng.integers(self.rare_lo, self.rare_hi + 1))
        return self.lo if self.lo == self.hi else int(rng.integers(self.lo, self.hi + 1))


def _pin(chip: Chip, bus: str, role: str) -> Pin:
    return next(p for p in chip.pins if p.bus == bus and p.role == role)


def _mask(chip: Chip, pin: Pin) -> int:
    f = (chip.input_word if pin.direction == "in" else chip.output_word)[pin.name]
    return f.high << f.lsb


# --- Address-event buses, four-phase ----------------------------------------------------------------------------


@dataclass(frozen=True)
class SenderTiming:
    """When the sender of an address-event bus moves.

    gap : from ACK low to the next event; setup : address before REQ; req_hold : REQ after ACK
    scramble : the address is random while REQ is low, instead of 0
    Abuse, each with its probability an event:
    early : REQ is dropped after ``early_after`` clocks if there was no ACK by then
    change : the address becomes another event's ``change_after`` clocks after REQ
    impatient : REQ stays low for ``impatient_low`` clocks only, whatever ACK does
    """

    gap: Clocks = Clocks(0, 4)
    setup: Clocks = Clocks(0, 2)
    req_hold: Clocks = Clocks(0, 2)
    scramble: bool = True
    early: float = 0.0
    early_after: Clocks = Clocks(0, 6)
    change: float = 0.0
    change_after: Clocks = Clocks(1, 12)
    impatient: float = 0.0
    impatient_low: Clocks = Clocks(1, 1)


class AerSender:
    """The sending side of a bus into the chip; sends what ``events`` gives, and idles a clock where that is None.

    beside : pins that qualify the address, by name; their bits are above those of the address in an event
    """

    def __init__(
        self,
        chip: Chip,
        bus: str,
        events: Iterator[int | None],
        timing: SenderTiming,
        rng: np.random.Generator,
        beside: Sequence[str] = (),
    ) -> None:
        self._addr = [chip.input_word[name] for name in (_pin(chip, bus, "addr").name, *beside)]
        self._req = _mask(chip, _pin(chip, bus, "req"))
        self._ack = _mask(chip, _pin(chip, bus, "ack"))
        self._events, self._timing, self._rng = events, timing, rng

    def _pins(self, event: int) -> int:
        """The pins that carry an event."""
        pins = 0
        for f in self._addr:
            pins |= (event & f.high) << f.lsb
            event >>= f.width
        return pins

    def piece(self) -> Piece:
        t, rng = self._timing, self._rng
        idle = 0
        while True:
            event = next(self._events)
            if event is None:
                yield idle
                continue
            addr = self._pins(event)
            yield from _hold(addr, t.setup.draw(rng))
            yield from self._request(addr)
            if t.scramble:
                idle = self._pins(int(rng.integers(1 << sum(f.width for f in self._addr))))
            if t.impatient and rng.random() < t.impatient:
                yield from _hold(idle, t.impatient_low.draw(rng))
                continue
            while (yield idle) & self._ack:
                pass
            yield from _hold(idle, t.gap.draw(rng))

    def _request(self, addr: int) -> Piece:
        """REQ from its rise to its fall."""
        t, rng = self._timing, self._rng
        drop_at = t.early_after.draw(rng) if t.early and rng.random() < t.early else -1
        change_at = t.change_after.draw(rng) if t.change and rng.random() < t.change else -1
        waited = 0
        while not (yield addr | self._req) & self._ack:
            if waited == drop_at:
                return
            if waited == change_at:
                other = next(self._events)
                addr = addr if other is None else self._pins(other)
            waited += 1
        yield from _hold(addr | self._req, t.req_hold.draw(rng))


@dataclass(frozen=True)
class ReceiverTiming:
    """When the receiver of an address-event bus moves.

    latency : from REQ to ACK; hold : ACK after REQ is low
    Abuse:
    pulse : probability an event that ACK lasts ``pulse_clocks`` only, whatever REQ does
    glitch : clocks from one ACK without any REQ to the next, None for never; each lasts ``glitch_clocks``
    """

    latency: Clocks = Clocks(0, 3)
    hold: Clocks = Clocks(0, 2)
    pulse: float = 0.0
    pulse_clocks: Clocks = Clocks(1, 3)
    glitch: Clocks | None = None
    glitch_clocks: Clocks = Clocks(1, 3)


class AerReceiver:
    """The receiving side of a bus out of the chip."""

    def __init__(self, chip: Chip, bus: str, timing: ReceiverTiming, rng: np.random.Generator) -> None:
        self._req = _mask(chip, _pin(chip, bus, "req"))
        self._ack = _mask(chip, _pin(chip, bus, "ack"))
        self._timing, self._rng = timing, rng

    def piece(self) -> Piece:
        t, rng = self._timing, self._rng
        while True:
            glitch_in = t.glitch.draw(rng) if t.glitch else -1
            while not (yield 0) & self._req:
                if glitch_in == 0:
                    yield from _hold(self._ack, t.glitch_clocks.draw(rng))
                glitch_in -= 1
            for _ in range(t.latency.draw(rng)):
                if not (yield 0) & self._req:  # a reset took it back
                    break
            if t.pulse and rng.random() < t.pulse:
                yield from _hold(self._ack, t.pulse_clocks.draw(rng))
                continue
            while (yield self._ack) & self._req:
                pass
            yield from _hold(self._ack, t.hold.draw(rng))


def _hold(pins: int, clocks: int) -> Piece:
    for _ in range(clocks):
        yield pins


# --- Pins that belong to no protocol ------------------------------------------------------------------------------


def constant(chip: Chip, **levels: int) -> Piece:
    """Pins, by name, that keep their levels for ever. Raises ValueError for a level that does not fit its pin."""
    pins = pack(chip.input_word, levels)

    def piece() -> Piece:
        while True:
            yield pins

    return piece()


def random_levels(
    chip: Chip, pin: str, stay: Clocks, rng: np.random.Generator, levels: Sequence[int] | None = None
) -> Piece:
    """A pin that takes a level, keeps it for ``stay`` clocks, and takes another.

    levels : those that it may take; without it, all that fit the pin
    """
    f = chip.input_word[pin]
    while True:
        level = int(rng.integers(f.high + 1)) if levels is None else levels[int(rng.integers(len(levels)))]
        yield from _hold(level << f.lsb, max(1, stay.draw(rng)))


def resets(chip: Chip, every: Clocks, rng: np.random.Generator, length: Clocks = Clocks(3, 3)) -> HostPiece:
    """A host that only resets: at the beginning, and then after ``every`` clocks, each time for ``length`` clocks."""
    rst = next(_mask(chip, p) for p in chip.inputs if p.role == "reset")
    while True:
        for pins, clocks in ((rst, length.draw(rng)), (0, every.draw(rng))):
            for _ in range(clocks):
                yield (pins,)


# --- The host: reset and SPI ------------------------------------------------------------------------------------


class Host:
    """Whoever configures the chip: owns the reset and SPI pins, and does one thing after the other.

    Each method is a piece to be run with ``yield from``. RST and SCK never change in the same row, because simulators
    disagree about which comes first.
    """

    def __init__(self, chip: Chip, rng: np.random.Generator) -> None:
        self._rst = next(_mask(chip, p) for p in chip.inputs if p.role == "reset")
        self._sck = _mask(chip, _pin(chip, "spi", "sck"))
        self._mosi = _mask(chip, _pin(chip, "spi", "mosi"))
        self._rng = rng
        self._pins = 0

    def wait(self, clocks: int) -> HostPiece:
        for _ in range(clocks):
            yield (self._pins,)

    def until(self, outputs: int, patience: int) -> HostPiece:
        """Wait until one of these output pins is high, at most ``patience`` clocks."""
        for _ in range(patience):
            if (yield (self._pins,)) & outputs:
                return

    def reset(self, clocks: int) -> HostPiece:
        """RST high for ``clocks``, at least 1, and low for one more."""
        yield from self.under_reset(self.wait(clocks - 1))

    def glitch_reset(self) -> HostPiece:
        """RST high and low again between two clocks: only what resets at once can notice."""
        yield self._pins | self._rst, self._pins

    def under_reset(self, doing: HostPiece) -> HostPiece:
        """RST high for one clock and then while ``doing`` lasts, and low for one more."""
        self._pins |= self._rst
        yield from self.wait(1)
        yield from doing
        self._pins &= ~self._rst
        yield from self.wait(1)

    def levels(self, bits: Sequence[int]) -> list[int]:
        """SCK and MOSI, half an SCK period each, to shift ``bits`` in; SCK ends low."""
        return [(self._mosi if bit else 0) | sck for bit in bits for sck in (0, self._sck)] + [0]

    def shift(self, levels: Sequence[int], half: Clocks) -> HostPiece:
        """Each level for a number of clocks drawn from ``half``; at least 2 is what a sampling chip can follow."""
        for level in levels:
            self._pins = self._pins & self._rst | level
            yield from self.wait(half.draw(self._rng))

    def shift_fast(self, levels: Sequence[int], per_clock: Clocks) -> HostPiece:
        """Several levels in each clock: SCK faster than the clock."""
        rst = self._pins & self._rst
        done = 0
        while done < len(levels):
            some = levels[done : done + max(1, per_clock.draw(self._rng))]
            done += len(some)
            self._pins = rst | some[-1]
            yield tuple(rst | level for level in some)


# --- All together -----------------------------------------------------------------------------------------------


class Stimulus:
    """Input pins for a chip, decided clock by clock from what its outputs show.

    host : reset and SPI; pieces : the rest; no two own the same pin
    """

    def __init__(self, host: HostPiece, pieces: Sequence[Piece]) -> None:
        self._host, self._pieces = host, list(pieces)
        self._first = True

    def next(self, outputs: int) -> list[tuple[int, int]]:
        """The rows of the next clock as (inputs packed, clk); clk is 1 in the last row and 0 in those before."""
        sent = None if self._first else outputs  # a generator takes nothing before its first yield
        self._first = False
        others = 0
        for piece in self._pieces:
            others |= piece.send(sent)  # type: ignore[arg-type]
        *early, last = self._host.send(sent)  # type: ignore[arg-type]
        return [(others | pins, 0) for pins in early] + [(others | last, 1)]
