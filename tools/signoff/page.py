"""The sign-off as one page of HTML that needs nothing else: no picture, no script, no address outside."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from draupnir.tools.report import pages
from draupnir.tools.report.provenance import Origin
from draupnir.tools.signoff.sections import Row, Section

MOST_ROWS, MOST_CHARACTERS = 300, 400  # of a table, and of a cell; signoff.json has everything
_WRONG = re.compile(r'<td class="text">(NO\b|FAILS|DIFFERS|UNDECIDED|STALE)')
STYLE = """<style>
:root{color-scheme:light dark}summary{cursor:pointer;font-size:1.2em;font-weight:bold;margin-top:1.5em}
td{overflow-wrap:break-word}td:nth-child(2){min-width:9em}td:last-child{min-width:9em}
.stage{font-size:1.3em}ul{padding-left:1.2em}
@media(prefers-color-scheme:dark){
body{color:#ddd;background:#181a1b}pre{background:#26292b}.words th{color:#aaa}
.bad{color:#ff8a8a}.good{color:#7fd99a}thead th{border-color:#777}}
@media(max-width:40em){body{margin:1em auto;padding:0 .6em;font-size:15px}th,td{padding-right:.7em}}
</style>"""


def page(title: str, head: Sequence[str], sections: Sequence[Section], origin: Origin) -> str:
    """Return the page. head : pieces of HTML before the tables"""
    parts = [STYLE, *head, *(part for section in sections for part in _section(section))]
    return _without_addresses(pages.page(title, parts, origin))


def items(title: str, lines: Sequence[str]) -> str:
    """Return a heading, and a list of sentences below it; nothing if there is none."""
    points = "".join(f"<li>{html.escape(line)}" for line in lines)
    return f"<h2>{html.escape(title)}</h2><ul>{points}</ul>" if lines else ""


def _section(section: Section) -> Iterator[str]:
    title = html.escape(section.title)
    count = f" ({len(section.rows):,})" if section.rows else ""
    yield (
        f"<details open><summary>{title}</summary>"
        if section.is_open
        else (f"<details><summary>{title}{count}</summary>")
    )
    yield from (f"<p>{html.escape(_cut(note))}</p>" for note in section.notes[:MOST_ROWS])
    if section.rows:
        table = pages.table(section.header, [_cells(row) for row in section.rows[:MOST_ROWS]])
        yield _WRONG.sub(r'<td class="bad">\1', table)
    elif not section.notes:
        yield "<p>None.</p>"
    if n_more := len(section.rows) - MOST_ROWS:
        yield f"<p>... and {n_more:,} more; signoff.json has all.</p>" if n_more > 0 else ""
    yield "</details>"


def _cells(row: Row) -> list[str]:
    return [_cut(cell) for cell in row]


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]} ..."


def _without_addresses(text: str) -> str:
    """Return the text with addresses of the web as plain names."""
    return text.replace("https://", "").replace("http://", "")
