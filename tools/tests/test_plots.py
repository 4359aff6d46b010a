"""All pictures have one style, and a page has what a reader with a dark screen, a printer or a screen reader needs."""

from __future__ import annotations

import io
import re
from pathlib import Path

import matplotlib
import pytest

from draupnir.tools.report import pages, plots
from draupnir.tools.report.pages import Picture
from draupnir.tools.report.provenance import Origin

TOOLS = Path(__file__).resolve().parents[1]
ROOMS = ("emulator", "golden", "rtl", "cocotb_tests")
SOURCES = sorted(path for path in TOOLS.rglob("*.py") if "tests" not in path.parts and path.name != "plots.py")


@plots.styled
def draw() -> tuple[list[str], bool]:
    """Return the colours of the first lines, and True if an axis has a frame at the top."""
    axes = plots.new_figure(3, 2).subplots()
    lines = [str(axes.plot([0, 1])[0].get_color()) for _ in plots.PALETTE]
    return lines, axes.spines["top"].get_visible()


def test_a_picture_has_the_palette_and_no_frame() -> None:
    assert draw() == (list(plots.PALETTE), False)


def test_the_style_ends_with_the_picture() -> None:
    settings = dict(matplotlib.rcParams)
    draw()
    assert dict(matplotlib.rcParams) == settings


@plots.styled
def place_of_a_legend() -> tuple[float, float]:
    """Return the upper right corner of a legend, as a part of the width and height of its axes."""
    figure = plots.new_figure(3, 2)
    axes = figure.subplots()
    axes.plot(range(1000), label="rising")
    legend = axes.legend()
    plots.save(figure, io.BytesIO())
    box = legend.get_window_extent().transformed(axes.transAxes.inverted())
    return float(box.x1), float(box.y1)


def test_a_legend_does_not_look_for_the_best_place() -> None:
    """The search takes seconds where there are many points, and Matplotlib then warns.

    A rising line is in the upper right corner, so the best place would be another one.
    """
    x, y = place_of_a_legend()
    assert x > 0.9
    assert y > 0.9


def test_a_picture_is_saved_as_png() -> None:
    file = io.BytesIO()
    plots.save(plots.new_figure(2, 1), file)
    assert file.getvalue().startswith(b"\x89PNG")


@pytest.mark.parametrize("pattern", [r"\bFigure\(", r"\.savefig\(", r"\"#[0-9a-fA-F]{6}\"", r"\"tab:", r"loc=\"best\""])
def test_pictures_are_begun_coloured_and_saved_in_one_place(pattern: str) -> None:
    others = {path.relative_to(TOOLS).as_posix() for path in SOURCES if re.search(pattern, path.read_text())}
    assert others <= {"docs/conf.py"}  # the colours of the site


def test_html_is_written_by_the_template_alone_and_for_notebooks_by_one_file() -> None:
    """The site has its own pages, and below ``tools`` nothing can import the template."""
    tag = re.compile(r"""['"]<(?:h\d|p|table|td|tr|ul|li|div|img|pre|details)\b""")
    rooms = [path for room in ROOMS for path in (TOOLS.parent / room).rglob("*.py") if "tests" not in path.parts]
    rooms += (TOOLS.parent / "draupnir").glob("*.py")  # the links there lead to the rooms
    writers = [path for path in (*SOURCES, *rooms) if "docs" not in path.parts and tag.search(path.read_text())]
    assert [path.relative_to(TOOLS.parent).as_posix() for path in writers] == ["emulator/markup.py"]


def test_what_a_page_is_given_is_escaped_and_empty_columns_are_left_out() -> None:
    rows: list[list[pages.Cell]] = [["<a>", "1,200", "", "FAILED"], ["b", "7", "", [pages.PageLink("w & x", "a.fst")]]]
    assert pages.table(["name", "n", "none", "ends"], rows) == (
        '<div class="wide"><table><thead><tr><th class="text">name<th class="number">n<th class="bad">ends</thead>'
        '<tr><td class="text">&lt;a&gt;<td class="number">1,200<td class="bad">FAILED'
        '<tr><td class="text">b<td class="number">7<td><a href="a.fst">w &amp; x</a></table></div>'
    )
    assert pages.words({"<x>": "a & b"}) == '<table class="words"><tr><th>&lt;x&gt;<td>a &amp; b</table>'
    assert pages.items("t", []) == "" and pages.items("t", ["<"]) == "<h2>t</h2><ul><li>&lt;</ul>"
    assert pages.details("t", 1200, False, [pages.paragraph("x")]) == (
        "<details><summary>t (1,200)</summary><p>x</p></details>"
    )


def test_a_page_is_for_dark_screens_and_printers_and_its_pictures_have_words(tmp_path: Path) -> None:
    origin = Origin("draupnir demo digits", "2026-01-02T03:04:05+00:00", (1,), "c0ffee")
    pages.write(tmp_path / "out", "title", {}, {"one": Picture(plots.new_figure(2, 1), "A <line> & more.")}, origin)
    page = (tmp_path / "out" / pages.PAGE).read_text()
    assert 'alt="A &lt;line&gt; &amp; more."' in page
    assert "@media(prefers-color-scheme:dark)" in page and "@media print" in page
