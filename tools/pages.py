"""Reports of demonstrations: pictures (PNG) and one page, report.html, that needs nothing else."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 110
PAGE = "report.html"


class Picture(NamedTuple):
    """A picture, and what it shows."""

    figure: Figure
    meaning: str


def write(out: Path, title: str, figures: Mapping[str, str], pictures: Mapping[str, Picture]) -> list[Path]:
    """Write the pictures, by name, and the page into folder ``out``; returns what was written, the page last.

    figures : what was measured, in words: name and value
    Each file gets its name only when it is complete.
    """
    out.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, picture in pictures.items():
        files[name] = save(out / f"{name}.png", partial(picture.figure.savefig, dpi=DPI, format="png"))
    page = _page(title, figures, {path: pictures[name].meaning for name, path in files.items()})
    return [*files.values(), save(out / PAGE, partial(write_text, page))]


def save(path: Path, saver: Callable[[Path], object]) -> Path:
    """Let ``saver`` write the file under another name, then give it its own."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    saver(unfinished)
    return unfinished.replace(path)


def write_text(text: str, path: Path) -> None:
    """A saver of text."""
    path.write_text(text, encoding="utf-8")


def _page(title: str, figures: Mapping[str, str], pictures: Mapping[Path, str]) -> str:
    rows = "".join(f"<tr><th>{html.escape(k)}<td>{html.escape(v)}" for k, v in figures.items())
    parts = "".join(_picture(path, meaning) for path, meaning in pictures.items())
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title>"
        "<style>body{font:16px sans-serif;max-width:75em;margin:2em auto;padding:0 1em}"
        "th{text-align:left;padding-right:2em}img{max-width:100%}</style>"
        f"<h1>{html.escape(title)}</h1><table>{rows}</table>{parts}\n"
    )


def _picture(path: Path, meaning: str) -> str:
    encoded = base64.b64encode(path.read_bytes()).decode("ascii")
    name = html.escape(path.stem.replace("_", " "))
    return f'<h2>{name}</h2><p>{html.escape(meaning)}</p><img alt="{name}" src="data:image/png;base64,{encoded}">'
