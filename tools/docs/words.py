"""The directive `words`: a table of the fields of each word that a layout declares, by its name in Python."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from draupnir.emulator.declare import Word


def markdown(name: str) -> str:
    """The fields of a word as a table in Markdown, from the highest bit down.

    name : the module and the name of the word, such as draupnir.emulator.crossbar.layout.SPI_ADDR
    """
    module, _, attribute = name.rpartition(".")
    word = getattr(import_module(module), attribute)
    return "\n".join(
        [f"**{word.name}**, {word.width} bits:", "", "| bits | field | meaning |", "|---|---|---|", *_rows(word)]
    )


def _rows(word: Word) -> Iterator[str]:
    for field in sorted(word, key=lambda field: -field.lsb):
        bits = str(field.lsb) if field.width == 1 else f"{field.msb}..{field.lsb}"
        yield f"| {bits} | `{field.name}` | {field.meaning} |"


class WordTables(SphinxDirective):
    """The directive. Each line of its content names a word."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n\n".join(markdown(name) for name in self.content))
