"""Block diagrams and waveforms: what is declared is drawn, from the recording, and what is wrong is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.tools.docs import chip_pages, diagram, waveform
from draupnir.tools.signoff.quirks import quirks
from draupnir.tools.tests.docs.sites import ROOT, Site

CASE = ROOT / "golden/odin/req_dropped"
CHIPS = [name for name in chips.names() if (ROOT / "emulator" / name).is_dir()]


@pytest.mark.parametrize("chip", CHIPS)
def test_each_chip_has_a_block_diagram_whose_texts_stay_inside(chip: str) -> None:
    drawing = diagram.read(diagram.FOLDER / f"{chip}.toml")
    assert len(drawing.blocks) >= 5 and len(drawing.wires) >= 5
    for block in drawing.blocks.values():
        assert block.x >= 0 and block.x + block.w <= drawing.width
        assert block.y >= 0 and block.y + block.h <= drawing.height
        texts = (len(block.name) * 7.8, *(len(text) * 6.4 for text in block.lines))
        assert block.kind == "pins" or max(texts) <= block.w
    for wire in drawing.wires:
        assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for x, y in wire.points)


@pytest.mark.parametrize("chip", CHIPS)
def test_each_source_that_a_block_names_is_there(chip: str) -> None:
    drawing = diagram.read(diagram.FOLDER / f"{chip}.toml")
    files = [block.file for block in drawing.blocks.values() if block.file]
    assert files and [file for file in files if not (ROOT / "emulator" / chip / file).is_file()] == []


def test_a_wire_runs_along_the_axes_and_meets_its_block() -> None:
    drawing = diagram.read(diagram.FOLDER / "odin.toml")
    for wire in drawing.wires:
        assert all(x == a or y == b for (x, y), (a, b) in zip(wire.points, wire.points[1:], strict=False))
    straight = next(wire for wire in drawing.wires if wire.label == "CTRL_*")
    slave, controller = drawing.blocks["spi_slave"], drawing.blocks["controller"]
    y = slave.y + slave.h / 2
    assert straight.points == ((slave.x + slave.w, y), (controller.x, y))


def test_a_wire_at_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "chip.toml"
    path.write_text('title="t"\nwidth=9\nheight=9\n[blocks]\na={box=[0,0,1,1]}\n[[wires]]\nfrom="a e"\nto="b w"\n')
    with pytest.raises(InputError, match=r"a wire at 'b w'; right is a block, a side n, e, s or w, and 0\.\.1"):
        diagram.read(path)


def test_a_slice_has_the_levels_of_the_recording() -> None:
    """The case and the clocks of ODIN's page: REQ is high before edge 6108 alone, and ACK before edge 6112."""
    part = waveform.cut(CASE, 6105, 9, ["AERIN_REQ", "AERIN_ACK", "AERIN_ADDR"])
    edges = dict(enumerate(part.edges, start=part.first))
    assert [level for _, _, level in part.levels["AERIN_REQ"]] == [0, 1, 0]
    assert [level for _, _, level in part.levels["AERIN_ACK"]] == [0, 1, 0]
    assert [level for _, _, level in part.levels["AERIN_ADDR"]] == [0x7836, 0xC01, 0xFB53]
    begin, end, _ = part.levels["AERIN_REQ"][1]
    assert edges[6107] <= begin < edges[6108] and edges[6108] <= end < edges[6109]
    begin, end, _ = part.levels["AERIN_ACK"][1]
    assert (begin, end) == (edges[6111], edges[6112])


def test_registers_are_those_of_the_golden_model() -> None:
    """The controller leaves WAIT for PUSH in clock 6111, which `draupnir replay` shows, too."""
    part = waveform.cut(CASE, 6108, 6, ["AERIN_ACK"], ["state", "main_fill_cnt"])
    words = [part.words["state"][level] for _, _, level in part.levels["state"]]
    assert words == ["WAIT", "PUSH", "WAIT_REQDN", "WAIT"]
    assert part.levels["state"][1][:2] == part.edges[2:4]
    assert [level for _, _, level in part.levels["main_fill_cnt"]] == [0]
    with pytest.raises(InputError, match="odin has no register nothing"):
        waveform.cut(CASE, 6108, 5, [], ["nothing"])


@pytest.mark.parametrize(
    ("first", "n_clocks", "pins", "message"),
    [
        (0, 9, ["AERIN_REQ"], r"clocks 0 to 8; right is within 1\.\.\d+"),
        (39_990, 20_000, ["AERIN_REQ"], r"clocks 39990 to 59989; right is within 1\.\.\d+"),
        (10, 9, ["NOTHING"], "odin has no pin NOTHING"),
    ],
)
def test_a_slice_that_is_not_there_is_refused(first: int, n_clocks: int, pins: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        waveform.cut(CASE, first, n_clocks, pins)


def _is_about(entry: dict[str, Any], quirk: str, cases: str) -> bool:
    """Tell whether a waveform, or the reason why there is none, belongs to a quirk."""
    is_of_case = "case" not in entry or entry["case"] in cases.split(", ")
    return is_of_case and quirk.startswith(entry.get("quirk", ""))


@pytest.mark.parametrize("chip", CHIPS)
def test_each_waveform_belongs_to_a_quirk_and_is_on_the_page(chip: str, site: Site) -> None:
    html = (site.folder / f"emulator/{chip}/README.html").read_text()
    waves = chip_pages.named_waves(chip_pages.WAVES / f"{chip}.toml")
    assert waves
    for entry, name in waves:
        assert any(_is_about(entry, quirk, cases) for quirk, _, cases in quirks(chips.package(chip))), name
        assert f'id="{name}"' in html and f'href="#{name}"' in html
    assert html.count('<svg class="drawing"') == 1 + len(waves)


@pytest.mark.parametrize("chip", CHIPS)
def test_each_quirk_has_a_waveform_or_a_reason_why_it_has_none(chip: str) -> None:
    wave_file = chip_pages.wave_file(chip_pages.WAVES / f"{chip}.toml")
    rows = quirks(chips.package(chip))
    for entry in wave_file["without"]:
        assert any(_is_about(entry, quirk, cases) for quirk, _, cases in rows), entry["quirk"]
    entries = [*wave_file["waves"], *wave_file["without"]]
    assert [q for q, _, cases in rows if not any(_is_about(entry, q, cases) for entry in entries)] == []


@pytest.mark.parametrize(
    ("registers", "fields", "message"),
    [
        (["state[1]"], [], r"state\[1\]; right is an index for each of the dimensions of state"),
        (["burst_fill_cnt"], [], "burst_fill_cnt; right is an index for each of the dimensions"),
        ([], ["neurons"], r"neurons; right is MEM\[ADDR\].FIELD, or MEM\[ROW:COLUMN\] of a matrix"),
        ([], ["neurons[256].core"], "neurons has no word 256; right is 0..255"),
        ([], ["neurons[1].nothing"], r"neurons\[1\].nothing; \w+ has no field nothing"),
    ],
)
def test_contents_that_are_not_there_are_refused(registers: list[str], fields: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        waveform.cut(CASE, 6108, 5, [], registers, fields)


def test_fields_of_memories_are_those_of_the_golden_model() -> None:
    """The first event of a sample of ReckOn: a potential of -262, which does not count, becomes 584."""
    part = waveform.cut(CASE.parents[1] / "reckon/inference", 7256, 14, [], ["neur_dirty[0]"], ["neurons[0].neur_u0"])
    assert [level for _, _, level in part.levels["neur_dirty[0]"]] == [0, 1]
    assert [level for _, _, level in part.levels["neurons[0].neur_u0"]] == [-262, 584]
    assert "-262" in waveform.svg(part, {}, "two levels")


def test_an_entry_of_a_matrix_can_be_shown() -> None:
    """E-prop moves the weight of neuron 7 of ReckOn to itself, so it becomes 0."""
    part = waveform.cut(CASE.parents[1] / "reckon/eprop_wrec", 3620, 12, [], [], ["wrec[7:7]"])
    assert [level for _, _, level in part.levels["wrec[7:7]"]] == [256 - 37, 0]


def test_a_block_of_a_diagram_leads_to_its_source(site: Site) -> None:
    page = site.folder / "emulator/odin/README.html"
    links = re.findall(r'<a href="([^"]*sources/[^"]*)"><rect', page.read_text())
    assert len(links) == 6 and all((page.parent / link).is_file() for link in links)
