"""Reports: pictures (PNG), and one page, report.html, that includes the pictures and states its origin."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from draupnir.golden.files import filling
from draupnir.tools.report import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from draupnir.tools.report.provenance import Origin

PAGE = "report.html"
STYLE = """
:root{color-scheme:light dark}
:root{--text:#222;--page:#fff;--soft:#555;--line:#999;--box:#f4f4f4;--bad:#b00020;--good:#1a6b2f}
@media(prefers-color-scheme:dark){
:root{--text:#ddd;--page:#15171a;--soft:#aaa;--line:#666;--box:#23262b;--bad:#ff7b86;--good:#7bd88f}}
body{font:16px/1.4 sans-serif;max-width:75em;margin:2em auto;padding:0 1em;color:var(--text);background:var(--page)}
h1{font-size:1.6em}h2{font-size:1.2em;margin-top:2em}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.2em 1.2em .2em 0;vertical-align:top}td.number,th.number{text-align:right}
thead th{border-bottom:1px solid var(--line);white-space:nowrap}
.words td{overflow-wrap:anywhere}.words th{font-weight:normal;color:var(--soft);white-space:nowrap}
.bad{color:var(--bad);font-weight:bold}.good{color:var(--good);font-weight:bold}
img{max-width:100%;background:#fff}.roomy img{width:100%;max-width:none}.roomy img,.roomy table{min-width:64em}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--box);padding:.6em}
@media print{body{font-size:10px;margin:0;max-width:none}h2,tr,img{break-inside:avoid}h2{margin-top:1em}
img,.roomy img,.roomy table{min-width:0;max-width:100%;max-height:60vh;width:auto}}
"""


class PageLink(NamedTuple):
    """A link to a file of the report; target : its path, relative to the page."""

    text: str
    target: str


Cell: TypeAlias = "str | Sequence[PageLink]"


class Picture(NamedTuple):
    """A picture, and a sentence on its contents."""

    figure: Figure
    meaning: str


def write(
    out: Path, title: str, figures: Mapping[str, str], pictures: Mapping[str, Picture], origin: Origin
) -> list[Path]:
    """Write the pictures and the page into folder ``out``. Returns the paths, the page last.

    figures : the results as name and text
    pictures : name -> picture
    The files appear when all of them are complete.
    """
    with filling(out) as temporary:
        for name, picture in pictures.items():
            plots.save(picture.figure, temporary / f"{name}.png")
        picture_texts = (picture_part(temporary / f"{name}.png", picture.meaning) for name, picture in pictures.items())
        (temporary / PAGE).write_text(page(title, [words(figures), *picture_texts], origin), encoding="utf-8")
    return [*(out / f"{name}.png" for name in pictures), out / PAGE]


def page(title: str, parts: Iterable[str], origin: Origin) -> str:
    """A whole page of HTML. parts : pieces of HTML, in order, which stand before the origin of the page"""
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style><h1>{html.escape(title)}</h1>{''.join(parts)}"
        f"<h2>Where this comes from</h2>{words(dict(origin.rows()))}\n"
    )


def words(figures: Mapping[str, str]) -> str:
    """A table of names and texts."""
    rows = "".join(f"<tr><th>{html.escape(name)}<td>{html.escape(text)}" for name, text in figures.items())
    return f'<table class="words">{rows}</table>'


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]], roomy: bool = False) -> str:
    """A table with a header. Numbers are aligned to the right, and empty columns are left out.

    roomy : True for a table of sentences, which scrolls on a narrow screen instead of shrinking
    """
    all_rows = list(rows)
    columns = [column for column in range(len(header)) if any(row[column] for row in all_rows)]
    heads = "".join(f'<th class="{_kind(all_rows[0][column])}">{html.escape(header[column])}' for column in columns)
    body = "".join("<tr>" + "".join(_cell(row[column]) for column in columns) for row in all_rows)
    room = " roomy" if roomy else ""
    return f'<div class="wide{room}"><table><thead><tr>{heads}</thead>{body}</table></div>'


def text(title: str, words: str) -> str:
    """A heading, and below it a text with its own line breaks."""
    return f"<h2>{html.escape(title)}</h2><pre>{html.escape(words)}</pre>"


def verdict(holds: bool, text: str) -> str:
    """A paragraph with the verdict, in green if ``holds`` is True, else in red."""
    return f'<p class="{"good" if holds else "bad"}">{html.escape(text)}</p>'


def _cell(cell: Cell) -> str:
    if not isinstance(cell, str):
        return "<td>" + " ".join(f'<a href="{html.escape(link.target)}">{html.escape(link.text)}</a>' for link in cell)
    return f'<td class="{_kind(cell)}">{html.escape(cell)}'


def _kind(cell: Cell) -> str:
    """The class of a cell, for its style."""
    if isinstance(cell, str) and cell.replace(",", "").replace(".", "").isdecimal():
        return "number"
    return "bad" if cell == "FAILED" else "text"


def picture_part(path: Path, meaning: str, roomy: bool = False) -> str:
    """A picture with a link to its file, which shows it in full size.

    roomy : True for a picture with small text, which scrolls on a narrow screen instead of shrinking
    """
    encoded = base64.b64encode(path.read_bytes()).decode("ascii")
    name = html.escape(path.stem.replace("_", " "))
    image = f'<img alt="{html.escape(meaning)}" src="data:image/png;base64,{encoded}">'
    linked_image = f'<a href="{path.name}">{image}</a>'
    shown_image = f'<div class="wide roomy">{linked_image}</div>' if roomy else linked_image
    return f"<h2>{name}</h2><p>{html.escape(meaning)}</p>{shown_image}"
