"""The checklist of a sign-off: its lines are data, and a chip's figures fulfil them or not."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from draupnir.tools.signoff.figures import Figures

FILE = Path(__file__).parent / "stages.toml"
NONE = "none"  # the stage of a chip that has reached none


@dataclass(frozen=True)
class CheckedLine:
    """A line of the checklist, judged.

    stage, figure : as in stages.toml; requirement : its text "what"
    command : the one that measures the figure, with the chip's name
    limit : the least or the greatest figure; is_least : which of them
    measured : the figure, None if there is none
    """

    stage: str
    requirement: str
    figure: str
    command: str
    limit: float
    is_least: bool
    measured: float | None

    @property
    def holds(self) -> bool:
        """True if the figure is measured, and within its limit."""
        if self.measured is None:
            return False
        return self.measured >= self.limit if self.is_least else self.measured <= self.limit

    @property
    def limit_text(self) -> str:
        """The limit in words."""
        return f"{'at least' if self.is_least else 'at most'} {number(self.limit)}"

    @property
    def gap(self) -> str:
        """The reason why the line does not hold, "" if it does."""
        if self.holds:
            return ""
        if self.measured is None:
            return f"not measured: {self.command}"
        return f"{number(self.measured)}, and {self.limit_text} is needed: {self.command}"

    def as_object(self) -> dict[str, Any]:
        """Return the line for JSON."""
        limit = {"at_least" if self.is_least else "at_most": self.limit}
        texts = {"stage": self.stage, "what": self.requirement, "figure": self.figure, "command": self.command}
        return {**texts, **limit, "measured": self.measured, "holds": self.holds, "missing": self.gap}


def number(figure: float | None) -> str:
    """Return a figure as text, with at most two digits after the point. A share below 100 does not become 100."""
    if figure is None:
        return "not measured"
    return f"{figure:,.2f}".rstrip("0").rstrip(".") if isinstance(figure, float) else f"{figure:,}"


def stages() -> dict[str, str]:
    """Return stage -> its meaning, the first stage first."""
    return {stage["name"]: stage["meaning"] for stage in _tables()["stage"]}


def judge(figures: Figures, chip: str) -> list[CheckedLine]:
    """Return all lines of the checklist for the figures of a chip."""
    return [
        CheckedLine(
            line["stage"],
            line["what"],
            line["figure"],
            line["command"].replace("CHIP", chip),
            line["at_least" if "at_least" in line else "at_most"],
            "at_least" in line,
            figures[line["figure"]],
        )
        for line in _tables()["line"]
    ]


def reached(lines: Sequence[CheckedLine]) -> str:
    """Return the last stage of which each line holds, and each line of the stages before; "none" if there is none."""
    last = NONE
    for stage in stages():
        if not all(line.holds for line in lines if line.stage == stage):
            break
        last = stage
    return last


def next_stage(lines: Sequence[CheckedLine]) -> str:
    """Return the stage after the last one that is reached, "" after the last of all."""
    names = [NONE, *stages(), ""]
    return names[names.index(reached(lines)) + 1]


def _tables() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
