"""The text of the source at each point, so that a person knows the place, and a waiver finds it after an edit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from draupnir.tools.coverage.emitted import Emitted, is_emitted
from draupnir.tools.coverage.points import Point


def _read(file: str) -> str:
    return Path(file).read_text(errors="replace")


class Places:
    """The sources of a design.

    read : returns the text of a file
    """

    def __init__(self, read: Callable[[str], str] = _read) -> None:
        self._read = read
        self._lines_of: dict[str, list[str]] = {}
        self._emitted_of: dict[str, Emitted] = {}

    def counts(self, point: Point) -> bool:
        """Return False for a point that is no part of the design: Yosys added it as it wrote the Verilog."""
        emitted = self._emitted(point.file)
        return emitted is None or emitted.counts(point)

    def text(self, point: Point) -> str:
        """Return the line of a point, with single spaces. Unnamed wires of emitted Verilog stand as what they are."""
        emitted = self._emitted(point.file)
        return emitted.text(point.line) if emitted else self._line(point.file, point.line)

    def name(self, point: Point) -> str:
        """Return the name of a point, in which unnamed wires of emitted Verilog stand as what they are."""
        emitted = self._emitted(point.file)
        return emitted.resolved(point.line, point.name) if emitted else point.name

    def text_before(self, point: Point) -> str:
        """Return the nearest line before the one of a point that is not empty; "" if there is none."""
        lines = (self._line(point.file, number) for number in range(point.line - 1, 0, -1))
        return next((line for line in lines if line), "")

    def _line(self, file: str, number: int) -> str:
        lines = self._lines(file)
        return " ".join(lines[number - 1].split()) if number <= len(lines) else ""

    def _lines(self, file: str) -> list[str]:
        if file not in self._lines_of:
            self._lines_of[file] = self._read(file).splitlines()
            if is_emitted(self._lines_of[file]):
                self._emitted_of[file] = Emitted(self._lines_of[file])
        return self._lines_of[file]

    def _emitted(self, file: str) -> Emitted | None:
        self._lines(file)
        return self._emitted_of.get(file)
