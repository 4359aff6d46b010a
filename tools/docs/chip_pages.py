"""The pages of the chips: a drawing in place of the block diagram in characters, and waveforms of the quirks."""

from __future__ import annotations

import os
import tomllib
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes

from draupnir.emulator import chips
from draupnir.tools.docs import diagram, sources, waveform

WAVES = Path(__file__).parent / "waves"
HOW_TO_READ = (
    "The waveforms below are parts of these recordings. The number of a clock stands at its edge, and a level before an"
    " edge is that of its clock. Levels of several bits are hexadecimal. Names in italics are registers and words of"
    " memories in the golden model; the latter, and their fields, are decimal."
)
NO_WAVEFORM = "These quirks have no waveform:"
QUIRKS = "Quirks"  # the beginning of the heading above the table of quirks


def chip_of(docname: str) -> str:
    """The name of the chip whose page this is; "" for any other page."""
    parts = docname.split("/")
    is_chip = len(parts) == 3 and parts[0] == "emulator" and parts[2] == "README"
    return parts[1] if is_chip and (diagram.FOLDER / f"{parts[1]}.toml").is_file() else ""


def draw_blocks(document: nodes.document, docname: str) -> None:
    """Replace the first block of characters on a chip's page by the drawing of its blocks."""
    chip = chip_of(docname)
    block = next((node for node in document.findall(nodes.literal_block) if "+--" in node.astext()), None)
    if not chip or block is None:
        return
    path = diagram.FOLDER / f"{chip}.toml"
    drawing = diagram.read(path)
    links = {key: _address(docname, block.file) for key, block in drawing.blocks.items() if block.file}
    block.replace_self(figure(diagram.svg(drawing, links)))


def draw_waves(document: nodes.document, docname: str) -> None:
    """Put a waveform of each case that tools/docs/waves declares behind the table of quirks, and link to it there."""
    chip = chip_of(docname)
    path = WAVES / f"{chip}.toml"
    section = next((node for node in document.findall(nodes.section) if node[0].astext().startswith(QUIRKS)), None)
    if not chip or not path.is_file() or section is None:
        return
    section += nodes.paragraph("", HOW_TO_READ)
    rows = list(section.findall(nodes.row))
    for entry, name in named_waves(path):
        for row in rows_of(rows, entry):
            for literal in [node for node in row.findall(nodes.literal) if node.astext() == entry["case"]]:
                _link(literal, name)
        section += figure(_wave(chip, entry), f"<b>{entry['case']}</b>: {escape(entry['text'])}", name)
    if reasons := wave_file(path)["without"]:
        section += nodes.paragraph("", NO_WAVEFORM)
        lines = [f"{entry['quirk']} ...: {entry['why']}" for entry in reasons]
        section += nodes.bullet_list("", *(nodes.list_item("", nodes.paragraph("", line)) for line in lines))


def wave_file(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The file of a chip: ``waves``, and ``without``, which are the quirks that no waveform can show, and why."""
    return {"without": [], **tomllib.loads(path.read_text())}


def named_waves(path: Path) -> list[tuple[dict[str, Any], str]]:
    """Each waveform that a file declares, and the target of links to it: its case, numbered from the second on."""
    counts: dict[str, int] = {}
    result = []
    for entry in wave_file(path)["waves"]:
        number = counts[entry["case"]] = counts.get(entry["case"], 0) + 1
        result.append((entry, f"wave-{entry['case']}" + (f"-{number}" if number > 1 else "")))
    return result


def rows_of(rows: list[nodes.row], entry: dict[str, Any]) -> list[nodes.row]:
    """The rows of the table of quirks to which a waveform belongs.

    These are the rows whose text begins with its ``quirk``; without one, the rows that name its case.
    """
    beginning = entry.get("quirk", "")
    return [row for row in rows if row[0].astext().startswith(beginning)]


def _link(literal: nodes.literal, name: str) -> None:
    """Make the name of a case a link to a waveform; the second and further ones get a number behind the name."""
    first = literal.parent
    if not isinstance(first, nodes.reference):
        literal.replace_self(nodes.reference("", "", literal.deepcopy(), internal=True, refuri=f"#{name}"))
        return
    cell = first.parent
    links = [node for node in cell.findall(nodes.reference) if node is first or node.astext().isdigit()]
    more = nodes.reference("", str(len(links) + 1), internal=True, refuri=f"#{name}")
    cell.insert(cell.index(links[-1]) + 1, [nodes.Text(" "), more])


def _wave(chip: str, entry: dict[str, Any]) -> str:
    package = chips.package(chip)
    inside = (entry.get("registers", ()), entry.get("fields", ()))
    part = waveform.cut(package.cases / entry["case"], entry["first"], entry["clocks"], entry["pins"], *inside)
    widths = {pin.name: pin.width for pin in package.declared.pins}
    widths |= {probe.name: probe.width for probe in package.declared.probes}
    widths |= dict.fromkeys(entry.get("flags", ()), 1)
    return waveform.svg(part, widths, entry["text"])


def figure(svg: str, caption: str = "", name: str = "") -> nodes.raw:
    """A drawing in a frame that scrolls where the screen is too narrow; caption : HTML; name : the target of links."""
    mark = f' id="{name}"' if name else ""
    text = f"<figcaption>{caption}</figcaption>" if caption else ""
    return nodes.raw("", f'<figure class="drawn"{mark}><div class="scroll">{svg}</div>{text}</figure>', format="html")


def _address(docname: str, file: str) -> str:
    """The address, from a page, of the page of a file that lies in its folder or below."""
    folder = Path(docname).parent
    return os.path.relpath(Path(sources.FOLDER) / folder / f"{file}.html", folder)
