"""The files for GTKWave and Surfer name signals of the waveform, and no others, for every chip."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.golden.rows import cut
from draupnir.golden.waves.recorder import files_of, recording
from draupnir.golden.waves.tests.reading import Contents
from draupnir.golden.waves.tests.test_every_chip import CHIPS, WINDOW, model_of, sample
from draupnir.golden.waves.watch import ClockWindow, WaveLevel, WaveView, watched_words

TITLE = re.compile(r"-.*")


def gtkwave_names(path: Path) -> list[str]:
    """The names in a save file, without ranges and aliases."""
    lines = path.read_text().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("@"))
    names = [line for line in lines[first:] if line and not line.startswith(("@", "[", "-"))]
    return [re.sub(r"\[\d+:0\]$", "", line.split("} ")[-1]) for line in names]


def surfer_names(path: Path) -> list[str]:
    return [line.split()[1] for line in path.read_text().splitlines() if line.startswith("variable_add ")]


@pytest.mark.parametrize("has_source", [True, False])
@pytest.mark.parametrize("name", CHIPS)
def test_the_files_for_viewers_name_signals_of_the_waveform(name: str, has_source: bool, tmp_path: Path) -> None:
    _, chip, rows = sample(name)
    words = watched_words(chip, [f"{memory.parts[0]}=0-1" for memory in chip.memories])
    with recording(model_of(name), tmp_path / "w.fst", WaveView(window=WINDOW, words=words), has_source) as recorder:
        recorder.feed(rows)
    changes = set(Contents(tmp_path / "w.fst").changes)
    for names in (gtkwave_names(tmp_path / "w.gtkw"), surfer_names(tmp_path / "w.sucl")):
        assert set(names) <= changes
        assert len(set(names)) == len(names)
        assert {f"{name}.{'model.' if has_source else ''}{pin.name}" for pin in chip.pins} <= set(names)
    inputs_of_source = {path for path in changes if path.startswith(f"{name}.rtl.")}
    names_in_view = set(gtkwave_names(tmp_path / "w.gtkw"))
    assert changes - names_in_view <= inputs_of_source  # these are those of the model


def test_a_save_file_has_groups_colours_curves_names_and_a_marker(tmp_path: Path) -> None:
    _, chip, rows = sample("tinyodin")
    rows = cut(rows, 0, len(rows))
    edge = int((rows.clk != 0).nonzero()[0][320])
    rows.outputs[edge] ^= 1
    view = WaveView(window=WINDOW, words=watched_words(chip, ["neurons=3"]))
    with recording(model_of("tinyodin"), tmp_path / "w.fst", view, has_source=True) as recorder:
        recorder.feed(rows)
    rows.outputs[edge] ^= 1
    lines = (tmp_path / "w.gtkw").read_text().splitlines()
    assert '[dumpfile] "w.fst"' in lines
    assert "[markername] Afirst difference" in lines
    time = (320 + 1) * 10_000
    assert any(line.startswith("*") and line.split()[1:3] == [str(time)] * 2 for line in lines)
    line_above = {line: lines[i - 1] for i, line in enumerate(lines)}
    assert line_above["tinyodin.model.registers.controller.state[3:0]"] == "@100000028"
    assert line_above["tinyodin.model.memories.neurons[3].core[11:0]"] == "@88424"
    assert {"-pins", "-states", "-word neurons[3]", "-registers of scheduler"} <= set(lines)
    assert f"+{{MISO of the rtl}} tinyodin.rtl.{chip.outputs[0].name}" in lines
    commands = (tmp_path / "w.sucl").read_text().splitlines()
    assert commands[-3:] == [f"cursor_set {time}", "marker_set first_difference", "zoom_fit"]
    assert {"item_set_format Signed", "item_set_color Red", "item_set_analog step"} <= set(commands)


def test_surfer_counts_items_in_letters(tmp_path: Path) -> None:
    with recording(model_of("tinyodin"), tmp_path / "w.fst", WaveView(WaveLevel.PINS, WINDOW), True) as recorder:
        recorder.feed(sample("tinyodin")[2])
    commands = (tmp_path / "w.sucl").read_text().splitlines()
    items = [line for line in commands if line.startswith(("variable_add", "divider_add"))]
    assert 16 < len(items) <= 256
    number = items.index("variable_add tinyodin.differs.any")
    i = commands.index("item_set_color Red")
    assert commands[i - 1] == f"item_focus a{'abcdefghijklmnop'[number]}"


def test_the_files_of_a_waveform_lie_beside_it(tmp_path: Path) -> None:
    assert [path.name for path in files_of(tmp_path / "a.b.fst")] == ["a.b.fst", "a.b.gtkw", "a.b.sucl"]


def test_a_window_without_a_clock_leaves_no_file(tmp_path: Path) -> None:
    view = WaveView(window=ClockWindow(1000, 1001))
    with (
        pytest.raises(InputError, match="--window 1000:1001: there are 400 clocks"),
        recording(chips.model("tinyodin")(), tmp_path / "w.fst", view) as recorder,
    ):
        recorder.feed(sample("tinyodin")[2])
    assert list(tmp_path.iterdir()) == []
