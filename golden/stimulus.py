"""Stimuli that consist of small concurrent pieces. Each piece owns some of the chip's input pins.

This file knows no chip and no protocol: it finds pins in the declaration by bus and role, and the behaviour of a bus's
sides is in the file of the bus's kind (``draupnir.emulator.buses``). A piece is a generator. It receives the packed
outputs from before the last clock edge, and yields the levels of its pins until the next edge. So it reacts only to
outputs that a synchronous test bench can see, too. It draws random numbers from its own NumPy generator.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from itertools import count, cycle
from typing import Any

import numpy as np

from draupnir.emulator.buses import spi
from draupnir.emulator.buses.clocks import Clocks, any_level
from draupnir.emulator.declare import Chip, Script, Step, WiredBus, clock_by_clock
from draupnir.emulator.trace import pack

Piece = Generator[int, int, None]  # yields its packed input pins, receives all packed outputs
_OFTEN = 0.6  # the probability that a clock has an edge in ``random_edges``
HostPiece = Generator[tuple[int, ...], int, None]  # yields one or more states of its pins a clock


# --- The sides of buses -------------------------------------------------------------------------------------------


def sender(
    chip: Chip, bus: str, items: Iterator[int | None], rng: np.random.Generator, timing: Any = None
) -> Piece | AtEdges:
    """Return the sending side of a bus into the chip.

    items : integers for the payload, 0..2**width - 1; None for a clock without an item. After the last item the pins
        keep their levels.
    timing : an object of the bus's kind; None for one that keeps the protocol

    Raises DeclarationError if the chip does not receive on this bus, or if the kind has no sender in software.
    """
    wired = chip.bus(bus)
    return _at_its_clock(chip, wired, wired.sender_script(items, rng, timing))


def receiver(chip: Chip, bus: str, rng: np.random.Generator, timing: Any = None) -> Piece | AtEdges:
    """Return the receiving side of a bus out of the chip; timing and errors are as for ``sender``."""
    wired = chip.bus(bus)
    return _at_its_clock(chip, wired, wired.receiver_script(rng, timing))


class AtEdges:
    """A piece that moves only at some clock edges.

    edges : a mask as in ``Trace.clk``
    """

    def __init__(self, piece: Piece, edges: int) -> None:
        self._piece, self._edges, self._pins = piece, edges, 0

    def pins_after(self, last_edges: int, outputs: int | None) -> int:
        """Return the pins until the next edge.

        last_edges : the edges of the row before
        outputs : the packed outputs before these edges, None if there was no row
        """
        if outputs is None or last_edges & self._edges:
            self._pins = self._piece.send(outputs)  # type: ignore[arg-type]
        return self._pins


def _at_its_clock(chip: Chip, bus: WiredBus, script: Script) -> Piece | AtEdges:
    """Return a side of a bus: it moves at the clock of a clocked bus, else at every edge of every clock."""
    clock, piece = chip.clock_of_bus(bus.bus), carried_out(chip, bus, script)
    edges = clock.rise or clock.fall
    return AtEdges(piece, edges) if bus.kind.clocked and sum(chip.period) != edges else piece


def carried_out(chip: Chip, bus: WiredBus, script: Script) -> Piece:
    """Return a piece that carries out the steps of a side of a bus, clock by clock. Then the pins keep their levels."""
    clocks = clock_by_clock(script)
    current, step = None, next(clocks)
    while True:
        if step is not current:
            current, pins = step, pack(chip.input_word, bus.levels(step.levels))
            awaited, level = _awaited(chip, bus, step)
        outputs = yield pins
        step = clocks.send(outputs & awaited == level)


def _awaited(chip: Chip, bus: WiredBus, step: Step) -> tuple[int, int]:
    """Return the mask of the packed output pins that can end a step, and the levels that end it."""
    if step.end is None:
        return 0, 0
    role, level = step.end
    everything = (1 << bus.width(role)) - 1
    return pack(chip.output_word, bus.levels({role: everything})), pack(chip.output_word, bus.levels({role: level}))


def _hold(pins: int, clocks: int) -> Piece:
    for _ in range(clocks):
        yield pins


def _for_ever(pins: int) -> Piece:
    while True:
        yield pins


# --- Pins that belong to no protocol ------------------------------------------------------------------------------


def constant(chip: Chip, **levels: int) -> Piece:
    """Return a piece that keeps these pins at these levels. Raises ValueError for a level that does not fit its pin."""
    return _for_ever(pack(chip.input_word, levels))


def random_levels(
    chip: Chip, pin: str, stay: Clocks, rng: np.random.Generator, levels: Sequence[int] | None = None
) -> Piece:
    """Return a piece that gives a pin a random level, keeps it for ``stay`` clocks, and draws the next one.

    levels : the possible levels; None for all levels that fit the pin
    """
    f = chip.input_word[pin]
    while True:
        level = any_level(rng, f.width) if levels is None else levels[int(rng.integers(len(levels)))]
        yield from _hold(level << f.lsb, max(1, stay.draw(rng)))


def resets(
    chip: Chip, every: Clocks, rng: np.random.Generator, length: Clocks = Clocks(3, 3), at_first: bool = True
) -> HostPiece:
    """Return a host that only resets: at the beginning, and then after ``every`` clocks, for ``length`` clocks each.

    All resets of the chip are active together.

    at_first : False begins with the clocks before the first reset
    """
    active, inactive = (pack(chip.input_word, chip.reset_levels(state)) for state in (True, False))
    reset, run = (active, length), (inactive, every)
    for pins, clocks in cycle((reset, run) if at_first else (run, reset)):
        for _ in range(clocks.draw(rng)):
            yield (pins,)


# --- Clocks -------------------------------------------------------------------------------------------------------


def in_step(chip: Chip) -> Iterator[int]:
    """Yield the edges of clocks that all rise together and all fall together."""
    return cycle(chip.period)


def free_running(chip: Chip, **halves: int) -> Iterator[int]:
    """Yield the edges of clocks with different periods; edges at the same time come together.

    All clocks are low at the beginning.

    halves : pin -> half a period of this clock, at least 1, in a common unit

    Raises ValueError unless each clock has a half period of at least 1.
    """
    names = [clock.pin.name for clock in chip.clocks]
    if sorted(halves) != sorted(names) or min(halves.values()) < 1:
        raise ValueError(f"half periods {halves}; right is one of at least 1 for each of {', '.join(names)}")
    for time in count(1):
        edges = 0
        for clock in chip.clocks:
            n_halves, rest = divmod(time, halves[clock.pin.name])
            if not rest:
                edges |= clock.rise if n_halves % 2 else clock.fall
        if edges:
            yield edges


def random_edges(chip: Chip, rng: np.random.Generator) -> Iterator[int]:
    """Yield random edges of a chip's clocks, at least one each time."""
    high = dict.fromkeys(chip.clocks, False)
    while True:
        edges = 0
        for clock in chip.clocks:
            both = bool(clock.rise and clock.fall)
            if rng.random() < _OFTEN:
                edges |= clock.fall if both and high[clock] else clock.rise or clock.fall
                high[clock] = not high[clock]
        if edges:
            yield edges


# --- The host: reset and SPI ------------------------------------------------------------------------------------


class StimulusHost:
    """A host, which owns the reset and SPI pins, and does one thing after the other.

    Each method is a piece for ``yield from``. RST and SCK never change in the same row, because simulators disagree
    about the order of the two.
    """

    def __init__(self, chip: Chip, rng: np.random.Generator) -> None:
        self._chip = chip
        self._rst = chip.input_word.mask([pin.name for pin in chip.resets])
        self._active, self._inactive = (pack(chip.input_word, chip.reset_levels(state)) for state in (True, False))
        (self._spi,) = chip.buses_of(spi.SPI, "slave")
        self._rng = rng
        self._pins = self._inactive

    def wait(self, clocks: int) -> HostPiece:
        for _ in range(clocks):
            yield (self._pins,)

    def wait_until(self, outputs: int, patience: int, high: bool = True) -> HostPiece:
        """Wait until one of these output pins is high, or all are low, or for ``patience`` clocks.

        outputs : a packed mask; high : False to wait until all are low
        """
        for _ in range(patience):
            if bool((yield (self._pins,)) & outputs) is high:
                return

    def reset(self, clocks: int) -> HostPiece:
        """Hold the resets active for ``clocks`` clocks, at least 1, and then inactive for one clock."""
        yield from self.under_reset(self.wait(clocks - 1))

    def glitch_reset(self) -> HostPiece:
        """Make the resets active and inactive again between two clocks. Only asynchronous resets act on that."""
        yield self._pins & ~self._rst | self._active, self._pins

    def under_reset(self, piece: HostPiece) -> HostPiece:
        """Hold the resets active for one clock and during ``piece``, and then inactive for one clock."""
        self._pins = self._pins & ~self._rst | self._active
        yield from self.wait(1)
        yield from piece
        self._pins = self._pins & ~self._rst | self._inactive
        yield from self.wait(1)

    def levels(self, bits: Sequence[int]) -> list[int]:
        """Return the packed levels of SCK and MOSI that shift ``bits`` in, one for each half period; SCK ends low."""
        return [pack(self._chip.input_word, self._spi.levels(one)) for one in (*spi.levels(bits), spi.LOW)]

    def shift(self, levels: Sequence[int], half: Clocks) -> HostPiece:
        """Keep each level for a random number of clocks; a chip that samples SCK needs at least 2."""
        for level in levels:
            self._pins = self._pins & self._rst | level
            yield from self.wait(half.draw(self._rng))

    def shift_fast(self, levels: Sequence[int], per_clock: Clocks) -> HostPiece:
        """Drive several levels in each clock, so that SCK is faster than the clock."""
        rst = self._pins & self._rst
        n_levels = 0
        while n_levels < len(levels):
            some = levels[n_levels : n_levels + max(1, per_clock.draw(self._rng))]
            n_levels += len(some)
            self._pins = rst | some[-1]
            yield tuple(rst | level for level in some)


# --- The whole stimulus -----------------------------------------------------------------------------------------------


class Stimulus:
    """The input pins of a chip, clock by clock, as a reaction to its outputs.

    host : the piece that owns reset and SPI
    pieces : all other pieces; no two own the same pin
    edges : the clock edges, one mask for each row with an edge; for the pieces a clock is the time between two edges.
        None: the edges of clocks in step (``in_step``) if the chip is known, else the rises of one clock
    """

    def __init__(self, host: HostPiece, pieces: Sequence[Piece | AtEdges], edges: Iterator[int] | None = None) -> None:
        self._host, self._pieces, self._edges = host, list(pieces), edges
        self._first, self._ended = True, 0

    def of_chip(self, chip: Chip) -> Stimulus:
        """Return this stimulus; unless it has edges of its own, the chip's clocks run in step."""
        self._edges = self._edges or in_step(chip)
        return self

    def along(self, edges: Iterator[int]) -> None:
        """Use the edges of external clocks from now on instead of its own."""
        self._edges = edges

    def next(self, outputs: int) -> list[tuple[int, int]]:
        """Return the rows of the next clock as (packed inputs, clk); clk is 0 in all rows but the last."""
        outputs_to_send = None if self._first else outputs  # a generator receives nothing before its first yield
        self._first = False
        others = 0
        for piece in self._pieces:
            if isinstance(piece, AtEdges):
                others |= piece.pins_after(self._ended, outputs_to_send)
            else:
                others |= piece.send(outputs_to_send)  # type: ignore[arg-type]
        *early, last = self._host.send(outputs_to_send)  # type: ignore[arg-type]
        self._ended = next(self._edges) if self._edges else 1
        return [(others | pins, 0) for pins in early] + [(others | last, self._ended)]
