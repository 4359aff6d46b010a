"""The rules by which changes of pins in a recording become rows of a trace.

The changes of one moment belong together. At each moment two things happen, in this order:

1. A clock rises if it is 1 now and was not 1 before (also from X or Z, but never at the recording's first moment). It
   falls if it is 0 now and was not 0 before. The edges that the chip uses end a row, one row for all clocks. Its inputs
   and its outputs are those *before* this moment.
2. The inputs take their levels after the moment. If these differ from the levels before, a new row begins.

With ``inputs_first`` the order is reversed, and a clock that is 1 at the recording's first moment rises there (one that
is 0 falls). A simulator behaves in this way if a testbench sets clock and inputs with delays and blocking assignments.
The outputs are still those before the moment: if inputs change in it, the outputs end a row of their own without an
edge, and the row of the edge knows no outputs.

If a pin changes several times in a moment, only its last level counts. A pin is X until its first change. X and Z on an
input count as 0; on an output they are not in ``known_bits``. ``samples.SampleAssembler`` reads a recording that has
samples instead of a clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from draupnir.emulator.declare import INTEGER_BITS, LIMB_BITS, Chip, Piece
from draupnir.emulator.trace import Trace, differ, new_rows, only, words
from draupnir.golden.resets import FirstReset

_COLUMNS = ("inputs", "clk", "outputs", "known_bits", "times")
PinParts = Sequence[Sequence[tuple[int, int, int]]]


@dataclass(frozen=True)
class SignalChanges:
    """Changes in the order of time; all changes of one moment are in the same object.

    times : (n,) int64, never decreasing
    signals : (n,) int64, the number of the signal, or of its limb (see ``limbs``); a negative number only says that
        this time exists in the recording
    levels : (n,) int64, the new level, 0 in each bit that is X or Z
    known_bits : (n,) int64, 1 in each bit that is neither X nor Z; bits beyond the signal are ignored
    """

    times: np.ndarray
    signals: np.ndarray
    levels: np.ndarray
    known_bits: np.ndarray


def limbs(width: int) -> list[int]:
    """Return the widths of a variable's signals: the variable itself, or its limbs, the lowest first."""
    step = width if width <= INTEGER_BITS else LIMB_BITS
    return [min(step, width - lsb) for lsb in range(0, width, step)]


@dataclass(frozen=True)
class Gap:
    """A time between $dumpoff and $dumpon, in which nothing was recorded; place : that of $dumpoff, or ""."""

    begin: int
    end: int
    place: str = ""


class Assembler:
    """The common part of all assemblers: the levels of the pins, and counts.

    parts_of_pin : for each pin of the chip, and then for each probe, in the order of the declaration, its signals:
        number, width, and the pin's bit at which the signal begins. A pin without signals is not recorded: an output
        is then unknown, and an input is 0
    from_power_up : True if the state before the first edge is known, so that the clocks before a reset count, too

    n_edges : the number of moments so far with a clock edge that the chip uses
    first_reset : the watch over the first reset
    n_before_reset : the number of edges before the end of the first reset; None until it has ended
    unknown_inputs : pin -> number of edges at which a bit of it was X or Z; after the end of a first reset, without the
        edges before it
    n_together : the number of edges in whose moment an input changed
    n_outputs_after : the number of changes of output pins since the last edge
    """

    def __init__(self, chip: Chip, parts_of_pin: PinParts, from_power_up: bool = False) -> None:
        self.chip = chip
        self.n_edges = 0
        self.n_before_reset: int | None = 0 if from_power_up else None
        self.unknown_inputs: dict[str, int] = {}
        self.n_together = 0
        self.n_outputs_after = 0
        names = [*(pin.name for pin in chip.pins), *(probe.name for probe in chip.probes)]
        self._parts_of_pin = dict(zip(names, parts_of_pin, strict=True))
        clocks = [Piece(clock.pin.name, 0, 1, 0, 0) for clock in chip.clocks]
        self._pieces = (*clocks, *chip.input_word.pieces, *chip.output_word.pieces)
        self._level = np.zeros(len(self._pieces), dtype=np.int64)
        self._known_bits = np.zeros(len(self._pieces), dtype=np.int64)
        self.first_reset = FirstReset(chip)

    def _moments(self, changes: SignalChanges) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the moments' times, and levels and known bits after each: (pieces, moments + 1) int64.

        Column 0 has the levels before the first moment. The pieces are the clocks, those of the inputs, and those of
        the outputs.
        """
        is_new = np.diff(changes.times, prepend=changes.times[0] - 1) != 0
        moments = changes.times[is_new]
        level, known_bits = self._levels_at(changes, np.cumsum(is_new) - 1, len(moments))
        self._level, self._known_bits = level[:, -1].copy(), known_bits[:, -1].copy()
        return moments, level, known_bits

    def _levels_at(self, changes: SignalChanges, moment: np.ndarray, n_moments: int) -> tuple[np.ndarray, np.ndarray]:
        level = np.zeros((len(self._pieces), n_moments + 1), dtype=np.int64)
        known_bits = np.zeros_like(level)
        levels = np.concatenate(([0], changes.levels))
        knowns = np.concatenate(([0], changes.known_bits))
        for p, piece in enumerate(self._pieces):
            for signal, width, lsb in self._parts_of_pin[piece.pin]:
                first, end = max(lsb, piece.lsb), min(lsb + width, piece.lsb + piece.width)
                if first >= end:
                    continue
                here = np.flatnonzero(changes.signals == signal)
                latest = np.zeros(n_moments + 1, dtype=np.int64)  # 1 + index of the present change; 0: none yet
                latest[moment[here] + 1] = here + 1  # the last change of a moment counts
                latest = np.maximum.accumulate(latest)
                in_signal, in_piece, mask = first - lsb, first - piece.lsb, (1 << (end - first)) - 1
                levels[0] = (self._level[p] >> in_piece & mask) << in_signal
                knowns[0] = (self._known_bits[p] >> in_piece & mask) << in_signal
                level[p] |= (levels[latest] >> in_signal & mask) << in_piece
                known_bits[p] |= (knowns[latest] >> in_signal & mask) << in_piece
        return level, known_bits

    def _pack(self, columns: np.ndarray, direction: str) -> np.ndarray:
        """Return the rows of the input or output pins; columns : levels or known bits from ``_moments``."""
        is_in = direction == "in"
        word = self.chip.input_word if is_in else self.chip.output_word
        rows = new_rows(word, columns.shape[1])
        first = len(self.chip.clocks) + (0 if is_in else len(self.chip.input_word.pieces))
        for p, piece in enumerate(word.pieces, first):
            words(rows)[:, piece.word] |= columns[p] << piece.shift
        return rows

    def _count(self, inputs: np.ndarray, clk: np.ndarray, known_bits: np.ndarray) -> None:
        """Count edges.

        inputs, clk : the rows of the input pins, and their clock edges
        known_bits : (pieces, n) int64, the known bits of each piece
        """
        has_edge = clk != 0
        if self.n_before_reset is None:
            over = self.first_reset.feed(inputs, clk)
            if self.first_reset.begun:
                self.unknown_inputs = {}
                has_edge &= over
            if self.first_reset.over:
                self.n_before_reset = self.n_edges + int(np.count_nonzero(clk[~over]))
        self.n_edges += int(np.count_nonzero(clk))
        for pin in self.chip.inputs:
            if self._parts_of_pin[pin.name]:
                n = int(np.count_nonzero(self._is_unknown(pin.name, known_bits[:, has_edge])))
                if n:
                    self.unknown_inputs[pin.name] = self.unknown_inputs.get(pin.name, 0) + n

    def _is_unknown(self, pin: str, known_bits: np.ndarray) -> np.ndarray:
        """Return (n,) bool: True for each column of known bits in which a bit of the pin is unknown."""
        unknown = np.zeros(known_bits.shape[1], np.bool_)
        for p, piece in enumerate(self._pieces):
            if piece.pin == pin:
                unknown |= known_bits[p] != (1 << piece.width) - 1
        return unknown


class RowAssembler(Assembler):
    """An assembler that makes rows of changes, piece by piece. The last row waits until it is clear if an edge ends it.

    inputs_first : True if inputs that change in the moment of an edge count as changed before it, False for after it
    """

    def __init__(
        self, chip: Chip, parts_of_pin: PinParts, from_power_up: bool = False, inputs_first: bool = False
    ) -> None:
        super().__init__(chip, parts_of_pin, from_power_up)
        self._inputs_first = inputs_first
        self._begun = False
        self._pending_time: int | None = None  # of the row that waits

    def feed(self, changes: SignalChanges) -> Iterator[Trace]:
        """Yield the rows that are complete after these changes."""
        if len(changes.times):
            moments, level, known_bits = self._moments(changes)
            inputs = self._pack(level, "in")
            clk = self._edges(level, known_bits)
            if not (self._begun or self._inputs_first):
                clk[0] = 0
            self._begun = True
            first = 1 if self._inputs_first else 0
            span = slice(first, len(moments) + first)
            self._count(inputs[span], clk, known_bits[:, span])
            self.n_together += int(np.count_nonzero((clk != 0) & differ(inputs[1:], inputs[:-1])))
            outputs, known_outputs = self._pack(level, "out"), self._pack(known_bits, "out")
            self._count_after(clk != 0, level, known_bits)
            yield self._rows(moments, clk, inputs, outputs, known_outputs)

    def _edges(self, level: np.ndarray, known_bits: np.ndarray) -> np.ndarray:
        """Return the clock edges of each moment that the chip uses: (n,) uint8."""
        clk = np.zeros(level.shape[1] - 1, np.uint8)
        for k, clock in enumerate(self.chip.clocks):
            high, low = level[k] == 1, (level[k] == 0) & (known_bits[k] & 1 == 1)
            for edge, level_after in ((clock.rise, high), (clock.fall, low)):
                clk |= np.where(level_after[1:] & ~level_after[:-1], edge, 0).astype(np.uint8)
        return clk

    def begin_anew(self) -> None:
        """Start again with the next moment as the first one, because of a gap in the recording."""
        self._begun = False

    def finish(self) -> Iterator[Trace]:
        """Yield the row that still waits, if there is one: inputs that changed after the last edge."""
        if self._pending_time is not None:
            inputs = self._pack(self._level[:, None], "in")
            times = np.array([self._pending_time], dtype=np.int64)
            self._pending_time = None
            none = new_rows(self.chip.output_word, 1)
            yield Trace(self.chip, inputs, np.zeros(1, np.uint8), none, none, times)

    def _count_after(self, edge: np.ndarray, level: np.ndarray, known_bits: np.ndarray) -> None:
        """Count the changes of outputs since the last edge, with those in the moment of the edge."""
        begin = 0
        if edge.any():
            begin = int(np.flatnonzero(edge)[-1])
            self.n_outputs_after = 0
        for pin in self.chip.outputs_and_probes:
            has_change = np.zeros(level.shape[1] - 1 - begin, np.bool_)
            for p, piece in enumerate(self._pieces):
                if piece.pin == pin.name:
                    has_change |= level[p, begin + 1 :] != level[p, begin:-1]
                    has_change |= known_bits[p, begin + 1 :] != known_bits[p, begin:-1]
            self.n_outputs_after += int(np.count_nonzero(has_change))

    def _rows(
        self, moments: np.ndarray, clk: np.ndarray, inputs: np.ndarray, outputs: np.ndarray, known_bits: np.ndarray
    ) -> Trace:
        """Return the rows of moments, in order.

        Positions 3m, 3m + 1 and 3m + 2 are the outputs, the edge and the change of inputs of moment m. Outputs have a
        row of their own only if an edge comes after a change. Position -1 is the row that waited.
        """
        has_change, edge = differ(inputs[1:], inputs[:-1]), clk != 0
        apart = edge & has_change & self._inputs_first
        waited = [] if self._pending_time is None else [-1]
        happened = np.concatenate(
            (
                np.array(waited, dtype=np.int64),
                3 * np.flatnonzero(apart),
                3 * np.flatnonzero(edge) + 1,
                3 * np.flatnonzero(has_change & ~apart) + 2,
            )
        )
        happened.sort()
        moment, kind = np.divmod(happened, 3)
        ends = kind != 2  # a row
        times = np.concatenate(([self._pending_time or 0], moments))[moment + 1]
        waits = len(happened) > 0 and not ends[-1]
        self._pending_time = int(times[-1]) if waits else None
        # a change that does not end a row is part of the next row; the last change waits
        is_row = ends | ~np.append(ends[1:], waits)
        moment, kind, times = moment[is_row], kind[is_row], times[is_row]
        apart = np.append(apart, False)[moment]
        has_outputs = (kind == 0) | (kind == 1) & ~apart
        return Trace(
            self.chip,
            inputs[moment + ((kind == 2) | (kind == 1) & apart)],
            np.where(kind == 1, np.append(clk, 0)[moment], 0).astype(np.uint8),
            only(outputs[moment], has_outputs),
            only(known_bits[moment], has_outputs),
            times,
        )


def join(traces: Sequence[Trace]) -> Trace:
    """Join traces of one chip, at least one, in this order."""
    columns = (np.concatenate([getattr(trace, name) for trace in traces]) for name in _COLUMNS)
    return Trace(traces[0].chip, *columns)


def cut(trace: Trace, first: int, end: int) -> Trace:
    """Return rows ``first`` to ``end - 1``."""
    columns = (getattr(trace, name)[first:end] for name in _COLUMNS)
    return Trace(trace.chip, *columns)
