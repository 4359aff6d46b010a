"""Waveforms: a few clocks of a golden case as a drawing (SVG).

What is drawn of the pins was recorded from the original: the inputs at every moment, and the outputs before each edge.
What is drawn of registers is in the golden model, which agrees with the original on every pin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import Trace, column
from draupnir.golden import case, wave
from draupnir.golden.rows import join
from draupnir.tools.docs.contents import contents

HEIGHT, GAP = 18, 10  # of the line of a pin, and between two, in pixels
WIDTH, RIGHT = 800, 25  # of the drawing, and of the margin at its right
LETTER, BOLD = 7.0, 9.0  # the width of a letter
Levels = list[tuple[float, float, int]]  # a time, the time at which it ends, and the level in between


@dataclass(frozen=True)
class Slice:
    """Some clocks of a recording.

    levels : pin or register -> its levels from the first to the last time
    edges : the times of the edges of the clock
    first : the number of the first edge, counted from 0 at the beginning of the recording
    registers, fields : the names of the registers and of the fields of memories among these
    words : register -> level -> its word, for the registers whose levels have words
    """

    levels: dict[str, Levels]
    edges: tuple[float, ...]
    first: int
    registers: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    words: dict[str, dict[int, str]] = field(default_factory=dict)


def cut(
    folder: Path,
    first: int,
    n_clocks: int,
    pins: Sequence[str],
    registers: Sequence[str] = (),
    fields: Sequence[str] = (),
) -> Slice:
    """Read some clocks of a golden case.

    folder : the case; first : its first clock, from 0; n_clocks : at least 2; pins : the names of the pins to show
    registers, fields : the registers and the fields of memories to show, in the words of ``contents``; their levels are
        those of the golden model, which runs the inputs
    Raises InputError if the recording does not have these clocks or pins, or the model these registers and fields.
    """
    golden_case = case.load(folder)
    chip = chips.declaration(golden_case.chip, dict(golden_case.parameters) or None)
    rows = _rows(golden_case.wave, chip, first + n_clocks)
    edge_rows = np.flatnonzero(rows.clk)
    if first < 1 or n_clocks < 2 or first + n_clocks > len(edge_rows):
        raise InputError(f"{folder}: clocks {first} to {first + n_clocks - 1}; right is within 1..{len(edge_rows) - 1}")
    edges = edge_rows[first - 1 : first + n_clocks]
    levels = {name: _levels(chip, rows, edges, name, folder) for name in pins}
    if registers or fields:
        inside = contents(golden_case, rows, edges, registers, fields)
        levels |= {name: _joined_levels(rows.times[edges], each) for name, each in inside.items()}
    words = {name: states for name, states in _states(chip).items() if name in registers}
    return Slice(levels, tuple(rows.times[edges[1:]].tolist()), first, tuple(registers), tuple(fields), words)


def _states(chip: Chip) -> dict[str, dict[int, str]]:
    """The words for the levels of each register whose values have names."""
    regs = (reg for block in chip.blocks for reg in block.regs)
    return {reg.name: {int(state): state.name for state in reg.states} for reg in regs if reg.states}


def _rows(path: Path, chip: Chip, n_edges: int) -> Trace:
    """The rows of a recording up to this number of edges, or a few more; all of them if it has fewer."""
    pieces: list[Trace] = []

    def collect(piece: Trace) -> None:
        pieces.append(piece)
        if sum(part.n_cycles for part in pieces) >= n_edges:
            raise wave.Enough

    wave.Wave(path, chip).stream(collect)
    return join(pieces)


def _levels(chip: Chip, rows: Trace, edges: np.ndarray, name: str, folder: Path) -> Levels:
    """The levels of a pin from the first to the last of these rows. Those of an output are known at edges alone."""
    is_input = name in {f.name for f in chip.input_word}
    if not is_input and name not in {f.name for f in chip.output_word}:
        raise InputError(f"{folder}: {chip.name} has no pin {name}")
    at_rows = np.arange(edges[0], edges[-1] + 1) if is_input else edges
    word, rows_of_pins = (chip.input_word, rows.inputs) if is_input else (chip.output_word, rows.outputs)
    column_levels, times = column(word, name, rows_of_pins[at_rows]), rows.times[at_rows]
    return _joined_levels(times, column_levels[1:].tolist())


def _joined_levels(times: np.ndarray, contents: Sequence[int]) -> Levels:
    """The levels between each two times, with equal neighbours as one."""
    result: Levels = []
    for begin, end, level in zip(times, times[1:], contents, strict=False):
        if result and result[-1][2] == level:
            result[-1] = (result[-1][0], float(end), level)
        else:
            result.append((float(begin), float(end), level))
    return result


def svg(part: Slice, widths: dict[str, int], title: str) -> str:
    """The drawing of some clocks.

    widths : pin -> its number of bits, for all pins and for registers of one bit
    title : for who cannot see the drawing
    """
    margin = max(map(len, part.levels)) * BOLD + 16
    begin = min(levels[0][0] for levels in part.levels.values())
    scale = (WIDTH - margin - RIGHT) / (part.edges[-1] - begin)
    places = [margin + (edge - begin) * scale for edge in part.edges]
    height = (HEIGHT + GAP) * len(part.levels) + 30
    parts = [_grid(places, part.first, height)]
    for number, (name, levels) in enumerate(part.levels.items()):
        y = 8 + number * (HEIGHT + GAP)
        at_places = [(margin + (a - begin) * scale, margin + (b - begin) * scale, level) for a, b, level in levels]
        kind = "state" if name in part.registers or name in part.fields else "name"
        parts.append(f'<text class="{kind}" x="{margin - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>')
        is_line = widths.get(name) == 1
        number_format = "d" if name in part.fields else "x"
        parts.append(_line(at_places, y) if is_line else _bus(at_places, y, part.words.get(name, {}), number_format))
    size = f'viewBox="0 0 {WIDTH} {height}" style="min-width: {WIDTH * 0.8:g}px"'
    return "\n".join([f'<svg class="drawing" {size} role="img" aria-label="{escape(title)}">', *parts, "</svg>"])


def _grid(places: Sequence[float], first: int, height: int) -> str:
    """A line at each edge of the clock, and the number of some edges, at least 40 pixels apart."""
    step = next(n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if n * (places[1] - places[0]) >= 40)
    every = max(1, step // 10)
    parts = []
    for number, x in enumerate(places, start=first):
        if number % every == 0:
            parts.append(f'<line class="edge" x1="{x:.1f}" y1="4" x2="{x:.1f}" y2="{height - 18}"/>')
        if number % step == 0:
            parts.append(f'<text class="label" x="{x:.1f}" y="{height - 4}" text-anchor="middle">{number}</text>')
    return "".join(parts)


def _line(levels: Levels, y: float) -> str:
    """A pin of one bit: high or low."""
    heights = [y + (0 if level else HEIGHT) for _, _, level in levels]
    points = [f"{x:.1f},{h:g}" for (a, b, _), h in zip(levels, heights, strict=True) for x in (a, b)]
    return f'<polyline class="level" points="{" ".join(points)}"/>'


def _bus(levels: Levels, y: float, words: dict[int, str], number_format: str) -> str:
    """A signal of several bits: a box for each level, with its word or its number where there is room."""
    parts = []
    for a, b, level in levels:
        parts.append(f'<rect class="bus" x="{a:.1f}" y="{y:g}" width="{b - a:.1f}" height="{HEIGHT}"/>')
        text = words.get(level, format(level, number_format))
        if len(text) * LETTER + 4 <= b - a:
            parts.append(f'<text class="line" x="{(a + b) / 2:.1f}" y="{y + 13:g}" text-anchor="middle">{text}</text>')
    return "".join(parts)
