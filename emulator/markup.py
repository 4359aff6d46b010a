"""HTML for notebooks: tables, sentences and sections that open, for the ``_repr_html_`` of what the library returns.

No other file of the models, the recordings and the library writes HTML. Everything is escaped. There are no colours, so
text and lines have those of the notebook, light or dark; a cell that differs is bold. Nothing is loaded from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

SHOWN = 16  # rows of a table
MARKS = 5000  # spikes in a drawing
_LEFT, _RIGHT = (f' style="text-align:{side};padding:0 1em 0 0"' for side in ("left", "right"))
_WIDTH, _HEIGHT = 600, 120  # of a drawing, in pixels


class Differing(str):
    """The text of a cell that is not as it should be."""

    __slots__ = ()


def sentence(text: str) -> str:
    """Return a paragraph."""
    return f"<p>{escape(text)}</p>"


def lines(texts: Iterable[str]) -> str:
    """Return lines as they would stand on a terminal."""
    return f'<pre style="white-space:pre-wrap">{escape(chr(10).join(texts))}</pre>'


def section(title: str, parts: Iterable[str], is_open: bool = False) -> str:
    """Return a section that a reader can open and close.

    parts : pieces of HTML
    is_open : True if it is open at first
    """
    return f"<details{' open' if is_open else ''}><summary>{escape(title)}</summary>{''.join(parts)}</details>"


def table(caption: str, header: Sequence[str], rows: Sequence[Sequence[int | str]], n_rows: int | None = None) -> str:
    """Return a table, whose first ``SHOWN`` rows are shown; a last row says how many more there are.

    caption : the title, above the table
    header : the names of the columns
    rows : the cells of each row; a column of numbers is aligned to the right, and a ``Differing`` text is bold
    n_rows : the number of all rows, if ``rows`` has only the first of them
    """
    first_rows = rows[:SHOWN]
    n_more = (len(rows) if n_rows is None else n_rows) - len(first_rows)
    sides = [_RIGHT if all(isinstance(row[i], int) for row in first_rows) else _LEFT for i in range(len(header))]
    head = "".join(f'<th scope="col"{side}>{escape(name)}</th>' for side, name in zip(sides, header, strict=True))
    body = "".join(f"<tr>{''.join(map(_cell, sides, row))}</tr>" for row in first_rows)
    more = f'<tr><td colspan="{len(header)}"{_LEFT}>and {n_more:,} more</td></tr>' if n_more else ""
    return (
        f'<div style="overflow-x:auto"><table><caption{_LEFT}>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}{more}</tbody></table></div>"
    )


def _cell(side: str, content: int | str) -> str:
    text = escape(content) if isinstance(content, str) else f"{content:,}"
    return f"<td{side}>{f'<strong>{text}</strong>' if isinstance(content, Differing) else text}</td>"


def raster(cycles: np.ndarray, addrs: np.ndarray) -> str:
    """Return a drawing with a mark for each spike: cycles to the right, addresses upwards; "" if there is no spike.

    cycles, addrs : (n,) int64, at least 0: the cycle and the address of each spike; the first ``MARKS`` are drawn
    """
    if not len(cycles):
        return ""
    xs, ys = cycles[:MARKS].tolist(), addrs[:MARKS].tolist()
    start, end, low, high = min(xs), max(xs), min(ys), max(ys)
    across, up = (_WIDTH - 10) / max(1, end - start), (_HEIGHT - 40) / max(1, high - low)
    marks = "".join(
        f"M{5 + (x - start) * across:.1f} {_HEIGHT - 32 - (y - low) * up:.1f}v8" for x, y in zip(xs, ys, strict=True)
    )
    marked = f"each of the first {MARKS:,} of {len(cycles):,} outputs" if len(cycles) > MARKS else "each output"
    meaning = f"A mark for {marked}: cycle {start:,} to {end:,}, out {low} (bottom) to {high}"
    return (
        f'<svg role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" style="max-width:100%">'
        f'<title>{meaning}</title><path d="M1 0V{_HEIGHT - 18}H{_WIDTH}{marks}" fill="none" stroke="currentColor"/>'
        f'<text x="1" y="{_HEIGHT - 4}" font-size="12" fill="currentColor">{meaning}</text></svg>'
    )
