"""Reports: pictures (PNG), and one page, report.html, that includes the pictures and states its origin.

The pieces of a page are the macros of ``page.html.jinja``, and its style is ``page.css``. Each function returns HTML,
in which everything that it was given is escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from markupsafe import Markup

from draupnir.golden.files import filling
from draupnir.tools.report import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from draupnir.tools.report.provenance import Origin

PAGE = "report.html"
HERE = Path(__file__).parent


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


@cache
def _macros() -> Any:
    """Return the macros of the template, by name."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("page.html.jinja").module


def page(title: str, parts: Iterable[str], origin: Origin, style: str = "") -> str:
    """A whole page of HTML.

    parts : pieces of HTML, in order, which stand before the origin of the page; style : CSS beside that of all pages
    """
    all_styles = Markup(f"\n{(HERE / 'page.css').read_text()}{style}")
    return f"{_macros().page(title, all_styles, Markup(''.join(parts)), dict(origin.rows()))}\n"


def words(figures: Mapping[str, str]) -> str:
    """A table of names and texts."""
    return str(_macros().words(figures))


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    roomy: bool = False,
    is_bad: Callable[[str], object] = lambda text: text == "FAILED",
) -> str:
    """A table with a header. Numbers are aligned to the right, and empty columns are left out.

    roomy : True for a table of sentences, which scrolls on a narrow screen instead of shrinking
    is_bad : true for the text of a cell that is to be red
    """
    all_rows = list(rows)
    columns = [column for column in range(len(header)) if any(row[column] for row in all_rows)]
    filled_rows = [[row[column] for column in columns] for row in all_rows]
    kinds = [[_kind(cell, is_bad) for cell in row] for row in filled_rows]
    return str(_macros().table([header[column] for column in columns], kinds, filled_rows, roomy))


def _kind(cell: Cell, is_bad: Callable[[str], object]) -> str:
    """The class of a cell, for its style."""
    if not isinstance(cell, str):
        return "text"
    if cell.replace(",", "").replace(".", "").isdecimal():
        return "number"
    return "bad" if is_bad(cell) else "text"


def text(title: str, words: str) -> str:
    """A heading, and below it a text with its own line breaks."""
    return str(_macros().text(title, words))


def paragraph(sentence: str, role: str = "") -> str:
    """A paragraph; role : "lead" for the finding of the page, in bold"""
    return str(_macros().paragraph(sentence, role))


def heading(title: str) -> str:
    """A heading of a part of the page."""
    return str(_macros().heading(title))


def verdict(holds: bool, text: str) -> str:
    """A paragraph with the verdict, in green if ``holds`` is True, else in red."""
    return str(_macros().verdict(holds, text))


def items(title: str, lines: Sequence[str]) -> str:
    """A heading, and a list of sentences below it; nothing if there is none."""
    return str(_macros().items(title, lines))


def details(title: str, count: int, is_open: bool, parts: Iterable[str]) -> str:
    """A section that a reader can open and close; count : shown while it is closed, unless it is 0"""
    return str(_macros().details(title, count, is_open, Markup("".join(parts))))


def picture_part(path: Path, meaning: str, roomy: bool = False) -> str:
    """A picture with a link to its file, which shows it in full size.

    roomy : True for a picture with small text, which scrolls on a narrow screen instead of shrinking
    """
    encoded = base64.b64encode(path.read_bytes()).decode("ascii")
    return str(_macros().picture(path.stem.replace("_", " "), path.name, meaning, encoded, roomy))
