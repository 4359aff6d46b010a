"""The sign-off as one page of HTML that needs nothing else: no picture, no script, no address outside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from draupnir.tools.report import pages
from draupnir.tools.report.provenance import Origin
from draupnir.tools.signoff.sections import Row, Section

MOST_ROWS, MOST_CHARACTERS = 300, 400  # of a table, and of a cell; signoff.json has everything
_WRONG = re.compile(r"NO\b|FAILS|DIFFERS|UNDECIDED|STALE|FAILED$")
STYLE = """
td{overflow-wrap:break-word}td:nth-child(2){min-width:9em}td:last-child{min-width:9em}
ul{padding-left:1.2em}
@media(max-width:40em){body{margin:1em auto;padding:0 .6em;font-size:15px}th,td{padding-right:.7em}}
"""


def page(title: str, head: Sequence[str], sections: Sequence[Section], origin: Origin) -> str:
    """Return the page. head : pieces of HTML before the tables"""
    parts = [*head, *map(_section, sections)]
    return _without_addresses(pages.page(title, parts, origin, STYLE))


def _section(section: Section) -> str:
    return pages.details(section.title, len(section.rows), section.is_open, _parts(section))


def _parts(section: Section) -> Iterator[str]:
    yield from (pages.paragraph(_cut(note)) for note in section.notes[:MOST_ROWS])
    if section.rows:
        yield pages.table(section.header, [_cells(row) for row in section.rows[:MOST_ROWS]], is_bad=_WRONG.match)
    elif not section.notes:
        yield pages.paragraph("None.")
    if len(section.rows) > MOST_ROWS:
        yield pages.paragraph(f"... and {len(section.rows) - MOST_ROWS:,} more; signoff.json has all.")


def _cells(row: Row) -> list[str]:
    return [_cut(cell) for cell in row]


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]} ..."


def _without_addresses(text: str) -> str:
    """Return the text with addresses of the web as plain names."""
    return text.replace("https://", "").replace("http://", "")
