"""States of a design during its golden cases: a netlist whose flip-flops are all visible, compiled by Verilator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from draupnir.emulator.declare import Chip, Probe
from draupnir.emulator.trace import first_levels, new_rows, words
from draupnir.rtl import verilated
from draupnir.rtl.design import Design
from draupnir.tools.mutants.replay import CaseRows
from draupnir.tools.mutants.visible import ALL
from draupnir.tools.proofs.candidates import StateSamples

ROWS = 1 << 13  # in one run
MOST_BITS = 1 << 26  # of all sampled states
LENGTHS = (1, 4, 16, 64)  # rows in which a pin is wrong
FIRST_CLOCKS = 8  # after which a reset has acted


class Watcher:
    """A compiled design whose flip-flops are visible.

    places : the flip-flop and its bit, for each bit of the wire ALL
    """

    def __init__(self, design: Design, chip: Chip, places: Sequence[tuple[str, int]], folder: Path) -> None:
        probe = Probe(ALL, len(places), ALL, "all flip-flops")
        self._chip = replace(chip, probes=(*chip.probes, probe))
        self._device = verilated.build(replace(design, probes={**design.probes, ALL: ALL}), self._chip, folder)
        self._pieces = self._chip.output_word.pieces_of(ALL)
        self.places = places

    def states(self, recording: CaseRows, skips_to_reset: bool, generator: np.random.Generator, n: int) -> np.ndarray:
        """Run a case twice, and return about ``n`` of its states as rows of bits.

        The second time pins change that should not, so that states follow that no careful user brings about.
        skips_to_reset : True to leave out all states before the end of the first reset
        """
        first = self._after_reset(recording) if skips_to_reset else 0
        clk = recording.trace.clk
        noise = self._noise(len(clk), generator) * (np.arange(len(clk)) >= first)[:, None]
        parts = []
        for rows in (words(recording.inputs), words(recording.inputs) ^ noise):
            selection = (
                (clk != 0) & (generator.random(len(clk)) < n / 2 / max(1, len(clk))) & (np.arange(len(clk)) >= first)
            )
            parts.append(self._run(recording, rows, selection))
        return np.concatenate(parts)

    def _run(self, recording: CaseRows, rows: np.ndarray, selection: np.ndarray) -> np.ndarray:
        """Run a case with other levels of the pins; return the selection states."""
        device, clk = self._device, recording.trace.clk
        device.reset(None, first_levels(recording.trace.chip, clk))
        for name, content in recording.initial_memories.items():
            device.write_memory(name, content)
        rows = rows.reshape(new_rows(self._chip.input_word, len(rows)).shape)
        parts = [
            self._bits(words(device.run(rows[i : i + ROWS], clk[i : i + ROWS]))[selection[i : i + ROWS]])
            for i in range(0, len(clk), ROWS)
        ]
        return np.concatenate(parts)

    def _noise(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Return which pins are inverted in each row: each one for some rows now and then, and resets seldom."""
        word = self._chip.input_word
        noise = words(new_rows(word, n))
        for pin in self._chip.inputs:
            for piece in word.pieces_of(pin.name):
                rate, length = (2000, 1) if pin.role == "reset" else (8, int(generator.choice(LENGTHS)))
                size = n // length + 1
                bits = generator.integers(0, 1 << piece.width, size) * (generator.integers(0, rate, size) == 0)
                noise[:, piece.word] |= np.repeat(bits, length)[:n] << piece.shift
        return noise

    def _bits(self, rows: np.ndarray) -> np.ndarray:
        columns = [
            (rows[:, [piece.word]] >> np.arange(piece.shift, piece.shift + piece.width) & 1).astype(np.uint8)
            for piece in self._pieces
        ]
        return np.concatenate(columns, axis=1)

    def _after_reset(self, recording: CaseRows) -> int:
        """Return the first row after a reset of some clocks, or the number of rows if there is none."""
        word = self._chip.input_word
        active = np.ones(len(recording.inputs), bool)
        for pin, level in self._chip.reset_levels(active=True).items():
            (piece,) = word.pieces_of(pin)
            active &= (words(recording.inputs)[:, piece.word] >> piece.shift & 1) == level
        clocks = np.cumsum(np.where(active & (recording.trace.clk != 0), 1, 0))
        ended = ~active & (clocks >= FIRST_CLOCKS)
        return int(ended.argmax()) if ended.any() else len(active)


def samples(watcher: Watcher, recordings: Iterable[CaseRows], skips_to_reset: bool) -> StateSamples:
    """Return states of some cases."""
    generator, all_recordings = np.random.default_rng(1), list(recordings)
    n = MOST_BITS // len(watcher.places) // max(1, len(all_recordings))
    parts = [watcher.states(each, skips_to_reset, generator, n) for each in all_recordings]
    widths: dict[str, int] = {}
    for cell, _ in watcher.places:
        widths[cell] = widths.get(cell, 0) + 1
    cells = {cell: i for i, cell in enumerate(widths)}
    order = sorted(range(len(watcher.places)), key=lambda i: (cells[watcher.places[i][0]], watcher.places[i][1]))
    return StateSamples(widths, np.concatenate(parts)[:, order])
