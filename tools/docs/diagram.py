"""Block diagrams: the boxes and wires of a chip, declared in a TOML file, become a drawing (SVG).

All diagrams have one style. Their colours are variables of the site's theme, so that they follow light and dark.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from draupnir.emulator.errors import InputError

FOLDER = Path(__file__).parent / "blocks"
LINE = 15  # from a line of text to the next
ARROWS = {"to": "marker-end", "from": "marker-start"}
Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A box with a name and some lines below it.

    x, y, w, h : its place in the drawing, from the left and from the top, and its size, in pixels
    lines : what stands below its name
    file : the source of the block, from the chip's folder; "" for none
    kind : "block", "memory" (drawn filled), "pins" (without a box) or "frame" (around other blocks)
    """

    x: float
    y: float
    w: float
    h: float
    name: str
    lines: tuple[str, ...] = ()
    file: str = ""
    kind: str = "block"

    def port(self, side: str, place: float) -> Point:
        """The point on a side (n, e, s, w) of the box; place : 0..1, from the left or from the top."""
        if side in "ns":
            return self.x + place * self.w, self.y + (self.h if side == "s" else 0)
        return self.x + (self.w if side == "e" else 0), self.y + place * self.h

    def place(self, side: str, point: Point) -> float:
        """The place on a side that is straight opposite a point; the middle of the side if there is none."""
        place = (point[0] - self.x) / self.w if side in "ns" else (point[1] - self.y) / self.h
        return place if 0 <= place <= 1 else 0.5


@dataclass(frozen=True)
class Wire:
    """A wire between two blocks, along the two axes.

    points : its corners
    label : the text at its longest part
    arrows : the ends with an arrow, "to", "from" or both
    """

    points: tuple[Point, ...]
    label: str = ""
    arrows: tuple[str, ...] = ("to",)


@dataclass(frozen=True)
class Diagram:
    """The blocks and wires of a chip, in a drawing of ``width`` x ``height`` pixels; title : for who cannot see it."""

    title: str
    width: float
    height: float
    blocks: dict[str, Box] = field(default_factory=dict)
    wires: tuple[Wire, ...] = ()


def read(path: Path) -> Diagram:
    """Read a diagram. Raises InputError for a wire at a block that is not there."""
    table = tomllib.loads(path.read_text())
    blocks = {key: _block(key, entry) for key, entry in table["blocks"].items()}
    wires = tuple(_wire(path, blocks, entry) for entry in table.get("wires", ()))
    return Diagram(table["title"], table["width"], table["height"], blocks, wires)


def _block(key: str, entry: dict[str, Any]) -> Box:
    x, y, w, h = entry["box"]
    name, lines = entry.get("name", key), tuple(entry.get("lines", ()))
    return Box(x, y, w, h, name, lines, entry.get("file", ""), entry.get("kind", "block"))


def _wire(path: Path, blocks: dict[str, Box], entry: dict[str, Any]) -> Wire:
    first, side, place = _end(path, blocks, entry["from"])
    second, other_side, other_place = _end(path, blocks, entry["to"])
    start = first.port(side, 0.5 if place is None else place)
    end = second.port(other_side, second.place(other_side, start) if other_place is None else other_place)
    corners = _corners(start, side, end, other_side, entry.get("bend"))
    return Wire(corners, entry.get("label", ""), tuple(entry.get("arrows", "to").split()))


def _end(path: Path, blocks: dict[str, Box], text: str) -> tuple[Box, str, float | None]:
    """The block, the side and the place of an end of a wire: "scheduler e 0.3"; None if it has no place."""
    key, side, *place = text.split()
    if key not in blocks or side not in "nesw":
        raise InputError(f"{path}: a wire at {text!r}; right is a block, a side n, e, s or w, and 0..1")
    return blocks[key], side, float(place[0]) if place else None


def _corners(start: Point, side: str, end: Point, other_side: str, bend: float | None) -> tuple[Point, ...]:
    """The corners of a wire from a side to a side; bend : x or y of the part in the middle, None for half way."""
    (x, y), (other_x, other_y) = start, end
    if side in "ew" and other_side in "ew":
        middle = (x + other_x) / 2 if bend is None else bend
        return (start, end) if y == other_y else (start, (middle, y), (middle, other_y), end)
    if side in "ns" and other_side in "ns":
        middle = (y + other_y) / 2 if bend is None else bend
        return (start, end) if x == other_x else (start, (x, middle), (other_x, middle), end)
    return (start, (other_x, y) if side in "ew" else (x, other_y), end)


def svg(diagram: Diagram, links: dict[str, str]) -> str:
    """The drawing; links : the key of a block -> the address of its source, for those that have one."""
    parts = [*_frames(diagram), *map(_wire_svg, diagram.wires), *_boxes(diagram, links)]
    parts += [_label(wire) for wire in diagram.wires if wire.label]
    size = f'viewBox="0 0 {diagram.width:g} {diagram.height:g}" style="min-width: {diagram.width * 0.8:g}px"'
    arrow = (
        '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z"/></marker>'
    )
    head = f'<svg class="drawing" {size} role="img" aria-label="{escape(diagram.title)}"><defs>{arrow}</defs>'
    return "\n".join([head, *parts, "</svg>"])


def _frames(diagram: Diagram) -> Iterator[str]:
    for block in diagram.blocks.values():
        if block.kind == "frame":
            yield _rectangle(block) + _text(block.x + 8, block.y + LINE, block.name, "name", "start")


def _boxes(diagram: Diagram, links: dict[str, str]) -> Iterator[str]:
    for key, block in diagram.blocks.items():
        if block.kind == "frame":
            continue
        rows = [(block.name, "name"), *((line, "line") for line in block.lines)]
        top = block.y + block.h / 2 - LINE * (len(rows) - 1) / 2 + 4
        middle = block.x + block.w / 2
        texts = "".join(_text(middle, top + LINE * n, row, kind) for n, (row, kind) in enumerate(rows))
        shape = ("" if block.kind == "pins" else _rectangle(block)) + texts
        yield f'<a href="{escape(links[key])}">{shape}</a>' if key in links else shape


def _rectangle(block: Box) -> str:
    return (
        f'<rect class="{block.kind}" x="{block.x:g}" y="{block.y:g}" width="{block.w:g}" height="{block.h:g}" rx="4"/>'
    )


def _text(x: float, y: float, text: str, kind: str, anchor: str = "middle") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def _wire_svg(wire: Wire) -> str:
    points = " ".join(f"{x:g},{y:g}" for x, y in wire.points)
    arrows = " ".join(f'{ARROWS[end]}="url(#arrow)"' for end in wire.arrows if end in ARROWS)
    return f'<polyline class="wire" points="{points}" {arrows}/>'


def _label(wire: Wire) -> str:
    """The text above a wire, or beside an upright one, at its longest part."""
    parts = list(zip(wire.points, wire.points[1:], strict=False))
    (x, y), (other_x, other_y) = max(
        parts, key=lambda part: abs(part[0][0] - part[1][0]) + abs(part[0][1] - part[1][1])
    )
    if y == other_y:
        return _text((x + other_x) / 2, y - 5, wire.label, "label")
    return _text(x + 5, (y + other_y) / 2 + 4, wire.label, "label", "start")
