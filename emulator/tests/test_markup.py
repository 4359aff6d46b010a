"""HTML for notebooks: everything is escaped, nothing has a colour of its own, and long tables say how long they are."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest

from draupnir.emulator import chips, markup
from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.odin.layout import IZH, LIF

VOID = ("path",)


class Tree(HTMLParser):
    """A reader of HTML that fails at the first tag that does not close; it keeps the cells of all rows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open_tags: list[str] = []
        self.rows: list[list[str]] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)
        self.close()
        assert self.open_tags == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        self.open_tags += [] if tag in VOID else [tag]
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open_tags.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & {*self.open_tags}:
            self.rows[-1][-1] += data


def test_a_table_is_escaped_and_has_a_caption_and_scopes() -> None:
    html = markup.table("<a>", ["b & c", "n"], [["<td>", 1200], [markup.Differing("x<y"), -1]])
    assert Tree(html).rows == [["b & c", "n"], ["<td>", "1,200"], ["x<y", "-1"]]
    assert (
        '<caption style="text-align:left;padding:0 1em 0 0">&lt;a&gt;</caption>' in html
        and html.count('<th scope="col"') == 2
    )
    assert "<strong>x&lt;y</strong>" in html and "<strong>&lt;td" not in html
    sides = [part[:4] for part in html.split("text-align:")]
    assert sides[1:] == ["left", *("left", "righ") * 3]


@pytest.mark.parametrize(("n", "n_more"), [(16, 0), (17, 1), (2016, 2000)])
def test_a_long_table_says_how_many_rows_are_left_out(n: int, n_more: int) -> None:
    rows = Tree(markup.table("a", ["b"], [[i] for i in range(n)])).rows
    assert rows[1:17] == [[f"{i:,}"] for i in range(16)]
    assert rows[17:] == ([[f"and {n_more:,} more"]] if n_more else [])
    assert Tree(markup.table("a", ["b"], [[0]], n)).rows[2:] == [[f"and {n - 1:,} more"]]


def test_sentences_lines_and_sections_are_escaped() -> None:
    assert markup.sentence("a < b & c") == "<p>a &lt; b &amp; c</p>"
    assert markup.lines(["a", "<b>"]) == '<pre style="white-space:pre-wrap">a\n&lt;b&gt;</pre>'
    assert markup.section("<a>", ["<p>b</p>"], True) == "<details open><summary>&lt;a&gt;</summary><p>b</p></details>"
    assert markup.section("a", []) == "<details><summary>a</summary></details>"


def test_a_raster_has_a_mark_for_each_spike_and_says_what_it_shows() -> None:
    html = markup.raster(np.array([10, 20, 30]), np.array([0, 4, 4]))
    Tree(html)
    assert [mark.split("M")[-1] for mark in html.split("v8")[:-1]] == ["5.0 88.0", "300.0 8.0", "595.0 8.0"]
    assert "<title>A mark for each output: cycle 10 to 30, out 0 (bottom) to 4</title>" in html
    assert markup.raster(np.zeros(0, np.int64), np.zeros(0, np.int64)) == ""


def test_a_raster_of_very_many_spikes_says_how_many_it_draws() -> None:
    html = markup.raster(np.arange(6000), np.zeros(6000, np.int64))
    assert html.count("v8") == 5000 and "each of the first 5,000 of 6,000 outputs: cycle 0 to 4,999" in html


def row_of(html: str, name: str) -> list[str]:
    """The first row that begins with this name."""
    return next(row for row in Tree(html).rows if row[0] == name)


def test_a_model_shows_its_pins_words_and_registers() -> None:
    model = chips.model("odin")()
    model.memories["neurons"][2:7] = to_limbs(encode(LIF, lif_izh_sel=1, thr=255), 4)
    model.memories["neurons"][4] = to_limbs(encode(LIF, lif_izh_sel=1, thr=8, core=3), 4)
    model.memories["neurons"][9] = to_limbs(encode(IZH, thr=5), 4)
    model.memories["synapses"][3 << 5 | 1] = 0xF0
    model.poke("spi_monitor_neur_addr", 200)
    model.step(1)
    html = model._repr_html_()
    assert "reset" not in html.partition("Pins")[0] and "RST is on" in html
    assert row_of(html, "RST")[1:4] == ["in", "1", "0x1"]
    assert row_of(html, "word") == ["word", "lif_izh_sel", "thr", "core"]
    rows = Tree(html).rows
    assert [row for row in rows if row[0] in ("2..3", "4", "5..6")] == [
        *(["2..3", "1", "255", "0"], ["4", "1", "8", "3"], ["5..6", "1", "255", "0"]),
    ]
    assert ["9", "5"] in rows  # the other kind of neuron has a table of its own
    assert rows[rows.index(["pre", "post", "syn_weight", "mapping"]) + 1] == ["3", "9", "7", "1"]
    assert "Memory neurons: 6 of 256 words are not 0" in html
    assert row_of(html, "spi_monitor_neur_addr")[1:3] == ["8", "200"]


@pytest.mark.parametrize("name", chips.names())
def test_every_chip_shows_all_of_its_pins_and_no_more_than_a_notebook_can_bear(name: str) -> None:
    model = chips.model(name)(seed=1)
    html = model._repr_html_()
    pins = [row[0] for row in Tree(html).rows]
    names = [f.name for word in (model.chip.input_word, model.chip.output_word) for f in word]
    assert all(pin in pins for pin in names[: markup.SHOWN])
    assert len(html) < 100_000


@pytest.mark.parametrize("name", chips.names())
def test_nothing_has_a_colour_of_its_own_or_comes_from_elsewhere(name: str) -> None:
    """The text has the colours of the notebook, light or dark."""
    attributes = Tree(chips.model(name)()._repr_html_() + markup.raster(np.arange(3), np.arange(3))).attributes
    styles = {text for attribute, text in attributes if attribute in ("style", "fill", "stroke") and text}
    properties = {part.partition(":")[0] for style in styles for part in style.split(";") if ":" in part}
    assert properties <= {"text-align", "padding", "overflow-x", "max-width", "white-space"}
    assert {style for style in styles if ":" not in style} == {"none", "currentColor"}
    assert not {attribute for attribute, _ in attributes} & {"href", "src", "class", "onclick", "xlink:href"}
