"""The style of all pictures: one palette, one look of axes, one way to begin a figure and one to save it.

Matplotlib is imported by the functions that need it, because the import takes a second.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import IO, TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

P = ParamSpec("P")
R = TypeVar("R")

DPI = 110
# Okabe and Ito's palette, whose colours differ for all kinds of colour vision.
BLUE, ORANGE, GREEN, YELLOW, SKY, PINK = "#0072b2", "#d55e00", "#009e73", "#e69f00", "#56b4e9", "#cc79a7"
PALETTE = (BLUE, ORANGE, GREEN, YELLOW, SKY, PINK)
BLACK, DARK, GRAY, LIGHT = "#000000", "#333333", "#8a8a8a", "#d0d0d0"
# The colours of the two things that most pictures compare.
FIRST, SECOND = BLUE, ORANGE
STYLE: dict[str, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "figure.titleweight": "bold",
    "grid.alpha": 0.3,
    "legend.frameon": False,
    # Matplotlib's own choice, "best", compares the legend with every point: with many points it takes seconds
    # and warns.
    "legend.loc": "upper right",
}


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Give this style to all that a function draws, and to nothing else in the process."""

    @wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        import matplotlib
        from cycler import cycler

        style: Any = {**STYLE, "axes.prop_cycle": cycler(color=PALETTE)}
        with matplotlib.rc_context(style):
            return draw(*args, **kwargs)

    return wrapper


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure; width, height : inches"""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Figure, file: Path | IO[bytes]) -> None:
    """Write a figure as PNG."""
    figure.savefig(file, dpi=DPI, format="png")
