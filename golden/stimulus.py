"""Stimulus from small concurrent pieces, each owning some of the chip's input pins.

Nothing here knows a chip or a protocol: pins are found in the declaration by bus and role, and what the sides of a bus
do is in the file of the bus's kind (``draupnir.emulator.buses``). A piece is a generator. It is sent the packed outputs
as they were before the last clock edge and yields what its pins shall be until the next; so it can only react to what
the chip showed, as a synchronous test bench would. What a piece draws, it draws from the NumPy generator that it has.
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

Piece = Generator[int, int, None]  # yields its input pins, packed; is sent all outputs, packed
_OFTEN = 0.6  # how likely a clock has an edge in ``random_edges``
HostPiece = Generator[tuple[int, ...], int, None]  # yields several states of its pins within a clock, the last stays


# --- The sides of buses -------------------------------------------------------------------------------------------


def sender(
    chip: Chip, bus: str, items: Iterator[int | None], rng: np.random.Generator, timing: Any = None
) -> Piece | AtEdges:
    """The sending side of a bus into the chip.

    items : what it sends; None is a clock without anything to send. Where the items end, the pins stay.
    timing : of the bus's kind; None: one that keeps the protocol
    Raises DeclarationError if the chip does not receive on this bus, or if nobody has written the side in software.
    """
    wired = chip.bus(bus)
    return _at_its_clock(chip, wired, wired.sending(items, rng, timing))


def receiver(chip: Chip, bus: str, rng: np.random.Generator, timing: Any = None) -> Piece | AtEdges:
    """The receiving side of a bus out of the chip; ``timing`` and errors as for ``sender``."""
    wired = chip.bus(bus)
    return _at_its_clock(chip, wired, wired.receiving(rng, timing))


class AtEdges:
    """A piece that moves at some clock edges only, and at all others stays as it is.

    edges : as the rows of a trace tell them
    """

    def __init__(self, piece: Piece, edges: int) -> None:
        self._piece, self._edges, self._pins = piece, edges, 0

    def after(self, ended: int, outputs: int | None) -> int:
        """The pins until the next edge.

        ended : the edges that ended the row before; outputs : before those edges, None where there was no row
        """
        if outputs is None or ended & self._edges:
            self._pins = self._piece.send(outputs)  # type: ignore[arg-type]
        return self._pins


def _at_its_clock(chip: Chip, bus: WiredBus, script: Script) -> Piece | AtEdges:
    """A side of a clocked bus moves at its own clock; any other at every edge of every clock."""
    clock, piece = chip.clock_of_bus(bus.bus), carried_out(chip, bus, script)
    edges = clock.rise or clock.fall
    return AtEdges(piece, edges) if bus.kind.clocked and sum(chip.period) != edges else piece


def carried_out(chip: Chip, bus: WiredBus, script: Script) -> Piece:
    """The steps of a side of a bus, clock by clock; afterwards the pins stay as they are."""
    clocks = clock_by_clock(script)
    current, step = None, next(clocks)
    while True:
        if step is not current:
            current, pins = step, pack(chip.input_word, bus.levels(step.levels))
            awaited, level = _awaited(chip, bus, step)
        shown = yield pins
        step = clocks.send(shown & awaited == level)


def _awaited(chip: Chip, bus: WiredBus, step: Step) -> tuple[int, int]:
    """The packed output pins that a step looks at, as a mask, and the levels that it waits for."""
    if step.until is None:
        return 0, 0
    role, level = step.until
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
    """Pins, by name, that keep their levels for ever. Raises ValueError for a level that does not fit its pin."""
    return _for_ever(pack(chip.input_word, levels))


def random_levels(
    chip: Chip, pin: str, stay: Clocks, rng: np.random.Generator, levels: Sequence[int] | None = None
) -> Piece:
    """A pin that takes a level, keeps it for ``stay`` clocks, and takes another.

    levels : those that it may take; without it, all that fit the pin
    """
    f = chip.input_word[pin]
    while True:
        level = any_level(rng, f.width) if levels is None else levels[int(rng.integers(len(levels)))]
        yield from _hold(level << f.lsb, max(1, stay.draw(rng)))


def resets(chip: Chip, every: Clocks, rng: np.random.Generator, length: Clocks = Clocks(3, 3)) -> HostPiece:
    """A host that only resets: at the beginning, and then after ``every`` clocks, each time for ``length`` clocks.

    Several resets of a chip go together.
    """
    active, inactive = (pack(chip.input_word, chip.reset_levels(state)) for state in (True, False))
    while True:
        for pins, clocks in ((active, length.draw(rng)), (inactive, every.draw(rng))):
            for _ in range(clocks):
                yield (pins,)


# --- Clocks -------------------------------------------------------------------------------------------------------


def in_step(chip: Chip) -> Iterator[int]:
    """The edges of a chip's clocks that all rise together, and all fall together."""
    return cycle(chip.period)


def free_running(chip: Chip, **halves: int) -> Iterator[int]:
    """The edges of a chip's clocks of different speed; those that come at the same time come together.

    halves : half a period of each clock, by pin, in a unit that they share. All clocks are low at the beginning.
    Raises ValueError unless each clock is named, and at least 1.
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
    """Any edges of a chip's clocks: each time one at least, and others with it as it falls out."""
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
    """Whoever configures the chip: owns the reset and SPI pins, and does one thing after the other.

    Each method is a piece to be run with ``yield from``. RST and SCK never change in the same row, because simulators
    disagree about which comes first.
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

    def until(self, outputs: int, patience: int) -> HostPiece:
        """Wait until one of these output pins is high, at most ``patience`` clocks."""
        for _ in range(patience):
            if (yield (self._pins,)) & outputs:
                return

    def reset(self, clocks: int) -> HostPiece:
        """The resets active for ``clocks``, at least 1, and inactive for one more."""
        yield from self.under_reset(self.wait(clocks - 1))

    def glitch_reset(self) -> HostPiece:
        """The resets active and inactive again between two clocks: only what resets at once can notice."""
        yield self._pins & ~self._rst | self._active, self._pins

    def under_reset(self, doing: HostPiece) -> HostPiece:
        """The resets active for one clock and then while ``doing`` lasts, and inactive for one more."""
        self._pins = self._pins & ~self._rst | self._active
        yield from self.wait(1)
        yield from doing
        self._pins = self._pins & ~self._rst | self._inactive
        yield from self.wait(1)

    def levels(self, bits: Sequence[int]) -> list[int]:
        """SCK and MOSI, half an SCK period each, to shift ``bits`` in; SCK ends low."""
        return [pack(self._chip.input_word, self._spi.levels(one)) for one in (*spi.levels(bits), spi.LOW)]

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
    edges : the clock edges that end one clock after the other; a clock, to the pieces, is what lies between two edges.
        None: those of clocks in step, where the chip is known (``in_step``), else those of one clock that rises
    """

    def __init__(self, host: HostPiece, pieces: Sequence[Piece | AtEdges], edges: Iterator[int] | None = None) -> None:
        self._host, self._pieces, self._edges = host, list(pieces), edges
        self._first, self._ended = True, 0

    def of_chip(self, chip: Chip) -> Stimulus:
        """This stimulus, with the clocks of a chip in step unless it has edges of its own."""
        self._edges = self._edges or in_step(chip)
        return self

    def along(self, edges: Iterator[int]) -> None:
        """Go by the edges of clocks that somebody else makes, and no longer by its own."""
        self._edges = edges

    def next(self, outputs: int) -> list[tuple[int, int]]:
        """The rows of the next clock as (inputs packed, clk); clk is 0 in all rows but the last."""
        sent = None if self._first else outputs  # a generator takes nothing before its first yield
        self._first = False
        others = 0
        for piece in self._pieces:
            if isinstance(piece, AtEdges):
                others |= piece.after(self._ended, sent)
            else:
                others |= piece.send(sent)  # type: ignore[arg-type]
        *early, last = self._host.send(sent)  # type: ignore[arg-type]
        self._ended = next(self._edges) if self._edges else 1
        return [(others | pins, 0) for pins in early] + [(others | last, self._ended)]
