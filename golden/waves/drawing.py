"""Draw a waveform of a golden model: declare its signals in a file, and write their changes, chunk by chunk of rows.

Times are those of ``wave_out``: the edge of clock n comes at 10 (n + 1) ns, and later only if thousands of rows come
before one edge. Outputs and registers change right after an edge; a register that an SPI moves does so when the clock
of the SPI moves. Outputs are those immediately before each edge, as in every comparison.

The names of states are in the file itself, because FST knows enumerations, and events are variables of text. GTKWave
and Surfer show both without a filter or a plug-in, so the file is enough by itself, and can be sent to somebody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from draupnir.emulator.trace import Trace, any_bit, first_levels, piece_of, words
from draupnir.golden.fst_out import FstChange, FstFile, FstVariable
from draupnir.golden.wave_out import CLOCK, OUTPUT_AT, times_of
from draupnir.golden.waves import signals
from draupnir.golden.waves.changes import TableRows, changes_in, in_order
from draupnir.golden.waves.sampler import StateSampler, with_fast_pins_apart
from draupnir.golden.waves.signals import MODEL, RTL, SignalTable, WaveSignal
from draupnir.golden.waves.watch import WaveLevel

_HALF = CLOCK // 2  # after which a clock is back at its idle level


class Drawing:
    """A waveform of a model that is immediately before the first clock of the window.

    first_cycle : the number of this clock
    has_source : True if the rows have the outputs of a source; these then stand beside the model's
    absent : output pins and probes that the source does not have

    signals : all signals of the file
    begin, end : the times in picoseconds of its first moment, and of the last edge so far
    first_difference : the time in picoseconds of the first edge before which the source differs; None if it does not
    """

    def __init__(
        self,
        file: FstFile,
        sampler: StateSampler,
        level: WaveLevel,
        first_cycle: int,
        has_source: bool,
        absent: Sequence[str],
    ) -> None:
        self._file, self._sampler, self._chip = file, sampler, sampler.model.chip
        self._has_source, self._absent = has_source, absent
        self._base, self._cycle = first_cycle * CLOCK, first_cycle
        self._last_rows: dict[SignalTable, np.ndarray] = {}
        self._falls: list[FstChange] = []  # of clocks, behind the last chunk
        self.begin = self._base
        self.first_difference: int | None = None
        self.signals = list(self._all_signals(level))
        self._variables = {signal.path: self._variable(signal) for signal in self.signals}
        if has_source:
            self._aliases()
        file.end_declarations()

    # --- Declarations -----------------------------------------------------------------------------------------------

    def _all_signals(self, level: WaveLevel) -> Iterator[WaveSignal]:
        chip, sampler, scopes = self._chip, self._sampler, scopes_of(self._has_source)
        yield signals.cycle_signal()
        if self._has_source:
            yield from signals.difference_signals(chip, self._absent)
        yield from self._common_pins(scopes)
        yield from signals.output_signals(chip, scopes)
        if level != WaveLevel.PINS:
            yield from signals.register_signals(chip, sampler.model.registers.dtype, scopes)
        for word, columns, content in zip(sampler.words, sampler.columns, sampler.contents(), strict=True):
            yield from signals.word_signals(chip, word, columns, content, scopes)
        if self._has_source:
            yield from signals.output_signals(chip, (RTL,), SignalTable.RECORDED, self._absent)

    def _common_pins(self, scopes: tuple[str, ...]) -> list[WaveSignal]:
        """Return the pins that model and source have in common: clocks and inputs."""
        return [*signals.clock_signals(self._chip, scopes), *signals.input_signals(self._chip, scopes)]

    def _variable(self, signal: WaveSignal) -> FstVariable:
        table = self._file.names(signal.title, signal.width, signal.names) if signal.names else 0
        scopes = (self._chip.name, *signal.scopes)
        return self._file.variable(scopes, signal.name, signal.width, signal.direction, table=table)

    def _aliases(self) -> None:
        """Declare the inputs in the scope of the source, too, so that its scope is a whole recording."""
        for signal in self._common_pins((MODEL,)):
            alias = self._variables[signal.path]
            self._file.variable((self._chip.name, RTL), signal.name, signal.width, signal.direction, alias)

    @property
    def end(self) -> int:
        return self._base

    # --- Changes ----------------------------------------------------------------------------------------------------

    def draw(self, rows: Trace) -> None:
        """Run rows on the model, and draw them. They end with a clock edge, unless they are the last ones."""
        earlier = self._last_rows.get(SignalTable.INPUTS)
        rows = with_fast_pins_apart(rows, rows.inputs[0] if earlier is None else earlier.reshape(rows.inputs[0].shape))
        state_before = self._sampler.state()[None] if self._sampler.takes_state else np.zeros((1, 0), np.int64)
        outputs, states = self._sampler.run(rows)
        input_times, edge_times = (times + self._base for times in times_of(rows.clk))
        is_edge = rows.clk != 0
        row_times = np.where(is_edge, edge_times + OUTPUT_AT, input_times)
        n_cycles = self._cycle + np.cumsum(is_edge)
        changes = [
            *self._falls,
            *self._clocks(rows.clk, edge_times),
            *self._changes(SignalTable.INPUTS, input_times, words(rows.inputs), words(rows.inputs)[:1]),
            *self._changes(SignalTable.STATE, row_times, states, state_before),
            *self._changes(SignalTable.CYCLES, row_times, n_cycles[:, None], np.array([[self._cycle]])),
            *self._outputs(rows, outputs, edge_times[is_edge]),
        ]
        self._file.emit(in_order(changes))
        if is_edge.any():
            self._cycle, self._base = int(n_cycles[-1]), int(edge_times[is_edge][-1])

    def finish(self) -> None:
        """Bring the clocks back to their idle levels after the last edge."""
        self._file.emit(in_order(self._falls))

    def _changes(
        self,
        table: SignalTable,
        times: np.ndarray,
        rows: np.ndarray,
        rows_before: np.ndarray | None = None,
        known_bits: np.ndarray | None = None,
    ) -> list[FstChange]:
        """Return the changes of a table. Before its first rows ever come those of ``rows_before``, if there are any."""
        last = self._last_rows.get(table)
        is_first = last is None
        if last is None and rows_before is not None:
            last = rows_before
        masks = known_bits
        if last is not None:
            columns = last.shape[1] // (1 if known_bits is None else 2)
            times, rows = np.concatenate(([self._base], times)), np.concatenate((last[:, :columns], rows))
            masks = None if known_bits is None else np.concatenate((last[:, columns:], known_bits))
        if len(rows):
            self._last_rows[table] = rows[-1:] if masks is None else np.concatenate((rows[-1:], masks[-1:]), axis=1)
        pairs = [(signal, self._variables[signal.path]) for signal in self.signals if signal.table == table]
        return changes_in(TableRows(times, rows, masks, is_first), pairs, self._text)

    def _text(self, addr: int) -> str:
        return signals.event_text(self._chip, addr)

    def _outputs(self, rows: Trace, outputs: np.ndarray, edges: np.ndarray) -> Iterator[FstChange]:
        """Yield the changes of the outputs, of those of the source, and of their differences; edges : their times"""
        if not len(edges):
            return
        first = self._base + (OUTPUT_AT if SignalTable.OUTPUTS in self._last_rows else 0)
        times = np.concatenate(([first], edges[:-1] + OUTPUT_AT))
        here = _rows_of_outputs(rows)
        yield from self._changes(SignalTable.OUTPUTS, times, words(outputs[here]))
        if not self._has_source:
            return
        source_rows, known_bits = rows.outputs[here], rows.known_bits[here]
        wrong = (source_rows ^ outputs[here]) & known_bits
        yield from self._changes(SignalTable.RECORDED, times, words(source_rows), None, words(known_bits))
        yield from self._changes(SignalTable.DIFFERENCES, times, self._by_pin(wrong))
        if self.first_difference is None and any_bit(wrong).any():
            self.first_difference = int(edges[any_bit(wrong)][0])

    def _by_pin(self, wrong: np.ndarray) -> np.ndarray:
        """Return 1 for each output pin with a wrong bit, and before them 1 for any of them: (n, 1 + pins) int64."""
        word = self._chip.output_word
        table = np.zeros((len(wrong), 1 + len(self._chip.outputs_and_probes)), np.int64)
        for i, pin in enumerate(self._chip.outputs_and_probes):
            if pin.name not in self._absent:
                for piece in word.pieces_of(pin.name):
                    table[:, 1 + i] |= piece_of(wrong, piece) != 0
        table[:, 0] = table[:, 1:].any(axis=1)
        return table

    def _clocks(self, clk: np.ndarray, edge_times: np.ndarray) -> list[FstChange]:
        """Return the changes of the clocks, and keep the falls behind the last edge for the next chunk."""
        is_first, changes, falls = SignalTable.CLOCKS not in self._last_rows, list[FstChange](), list[FstChange]()
        self._last_rows[SignalTable.CLOCKS] = np.zeros((1, 0), np.int64)
        levels = first_levels(self._chip, clk)
        last = int(edge_times[clk != 0][-1]) if clk.any() else self._base
        pairs = [self._variables[signal.path] for signal in self.signals if signal.table == SignalTable.CLOCKS]
        for clock, variable in zip(self._chip.clocks, pairs, strict=True):
            if is_first:
                changes.append(FstChange(self._base, variable, levels[clock.pin.name], 1))
            rows = np.flatnonzero(clk & (clock.rise | clock.fall))
            for time, edges in zip(edge_times[rows].tolist(), clk[rows].tolist(), strict=True):
                changes.append(FstChange(time, variable, int(edges & clock.rise != 0), 1))
                if clock.n_edges == 1:
                    back = FstChange(time + _HALF, variable, clock.idle, 1)
                    (changes if back.time <= last else falls).append(back)
        self._falls = falls
        return changes


def scopes_of(has_source: bool) -> tuple[str, ...]:
    """Return the scopes of the model's signals below the chip's: a scope of their own beside a source."""
    return (MODEL,) if has_source else ()


def _rows_of_outputs(rows: Trace) -> np.ndarray:
    """Return the row that has the outputs of each edge: the edge's own, or else the one before it (``golden.rows``)."""
    here = np.flatnonzero(rows.clk)
    earlier = np.maximum(here - 1, 0)
    in_earlier = (rows.clk[earlier] == 0) & any_bit(rows.known_bits[earlier]) & ~any_bit(rows.known_bits[here])
    return np.where(in_earlier, earlier, here)
