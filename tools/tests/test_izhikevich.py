"""The 20 behaviours of Izhikevich on ODIN's neuron: in the golden model, and in the recordings of the original."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from draupnir.emulator.declare import PinWord
from draupnir.emulator.odin.layout import CHIP
from draupnir.emulator.trace import column
from draupnir.golden import case, wave
from draupnir.golden.recipes.odin import EVENTS
from draupnir.golden.recipes.odin_behaviours import BEHAVIOUR_RECIPES, BEHAVIOURS, STEP, Behaviour
from draupnir.tools.cli import cli
from draupnir.tools.experiments.izhikevich import report
from draupnir.tools.experiments.izhikevich.criteria import CRITERIA, bursts
from draupnir.tools.experiments.izhikevich.differences import DIFFERENCES
from draupnir.tools.experiments.izhikevich.exhibit import Exhibit, exhibit, judge
from draupnir.tools.experiments.izhikevich.experiment import Response, run

ROOT = Path(__file__).resolve().parents[2]
BY_LETTER = {behaviour.letter: behaviour for behaviour in BEHAVIOURS}


@cache
def gallery_piece(letter: str) -> Exhibit:
    return exhibit(BY_LETTER[letter])


def response(letter: str, *phases: tuple[int, int]) -> Response:
    """The response of a behaviour's neuron to another input."""
    return run(replace(BY_LETTER[letter], phases=phases))


# --- The behaviours ---------------------------------------------------------------------------------------------


def test_they_are_those_of_the_paper_in_its_order() -> None:
    assert [behaviour.letter for behaviour in BEHAVIOURS] == [*"ABCDEFGHIJKLMNOPQRST"]
    assert list(CRITERIA) == list(DIFFERENCES) == [*BY_LETTER]
    assert sorted(behaviour.toml for behaviour in BEHAVIOURS) == sorted(BEHAVIOURS[0].toml.parent.glob("*.toml"))


@pytest.mark.parametrize("letter", BY_LETTER)
def test_each_behaviour_meets_its_criterion(letter: str) -> None:
    assert gallery_piece(letter).finding is not None


@pytest.mark.parametrize("letter", BY_LETTER)
def test_no_other_behaviour_meets_its_criterion(letter: str) -> None:
    others = [
        other for other in BY_LETTER if other != letter and judge(letter, gallery_piece(other).response) is not None
    ]
    assert others == []


@pytest.mark.parametrize("letter", BY_LETTER)
def test_no_criterion_is_met_by_a_silent_neuron_or_with_a_spike_before_the_input(letter: str) -> None:
    r = gallery_piece(letter).response
    assert judge(letter, replace(r, spikes=[])) is None
    early = next(step for step, lsb in enumerate(r.input) if lsb) - 0.5
    assert judge(letter, replace(r, spikes=[early, *r.spikes])) is None


# --- The differences from Izhikevich's model --------------------------------------------------------------------


def test_a_phasic_neuron_spikes_at_each_onset() -> None:
    assert response("B", (2, 0), (10, STEP), (3, 0), (10, STEP)).steps == [5, 18]


def test_the_potential_stays_at_the_refractory_level_during_a_burst() -> None:
    r = gallery_piece("D").response
    assert r.steps == [5, 6, 7, 8] and set(r.rested[5:7]) == {-4}


def test_a_burst_with_isi_ref_0_never_ends(tmp_path: Path) -> None:
    r = run(BY_LETTER["C"], changed_toml(tmp_path, "C", "isi_ref = 1", "isi_ref = 0"))
    assert r.steps[-1] < 8 and set(r.rested[8:]) == {-4}


def changed_toml(folder: Path, letter: str, old: str, new: str) -> Path:
    """A behaviour's configuration with another field."""
    text = BY_LETTER[letter].toml.read_text()
    assert old in text
    toml = folder / "changed.toml"
    toml.write_text(text.replace(old, new))
    return toml


def test_adaptation_ends_at_a_threshold_of_7() -> None:
    r = gallery_piece("F").response
    assert r.thresholds == sorted(r.thresholds) and max(r.thresholds) == 7 == len(set(r.thresholds))


def test_a_class_1_neuron_spikes_once_for_each_16_lsb() -> None:
    r = gallery_piece("G").response
    assert len(r.spikes) == sum(r.input) // (2 * STEP)


def test_stim_thr_is_where_a_class_2_neuron_begins(tmp_path: Path) -> None:
    r = run(BY_LETTER["H"], changed_toml(tmp_path, "H", "stim_thr = 3", "stim_thr = 2"))
    assert r.input[r.steps[0]] == 2 * STEP


def test_a_stronger_pulse_does_not_shorten_the_latency() -> None:
    assert {response("I", (4, 0), (1, n * STEP), (10, 0)).steps[0] for n in (3, 4, 5)} == {11}


def test_an_oscillation_has_a_period_of_4_and_loses_1_lsb_in_each() -> None:
    r = gallery_piece("J").response
    tops = [step for step, potential in enumerate(r.stimulated) if potential > 0]
    assert [r.stimulated[step] for step in tops] == [5, 4, 3, 2, 1] and set(np.diff(tops)) == {4}


def test_a_resonator_that_is_stopped_at_the_wrong_moment_swings_ever_more() -> None:
    r = response("K", (3, 0), (2, 2 * STEP), (13, 0))
    tops = [potential for potential in r.stimulated[5:] if potential > 0]
    assert tops == [2, 3, 4] and r.spikes == []


def test_an_integrator_forgets_one_lsb_in_a_time_step() -> None:
    assert gallery_piece("L").response.rested[17:23] == [2, 1, 0, 0, 2, 1]


@pytest.mark.parametrize("letter", ["M", "N"])
def test_a_rebound_follows_an_inhibition_of_one_time_step_only(letter: str) -> None:
    assert response(letter, (6, 0), (1, -3 * STEP), (8, 0)).spikes
    assert not response(letter, (6, 0), (2, -3 * STEP), (8, 0)).spikes


def test_a_strong_pulse_raises_its_own_threshold() -> None:
    r = response("O", (4, 0), (1, 6 * STEP), (4, 0))
    assert r.spikes == [] and max(r.thresholds) == 7


def test_only_a_pulse_of_one_time_step_switches() -> None:
    on = ((4, 0), (1, 2 * STEP), (19, 0))
    assert response("P", *on, (1, 2 * STEP), (12, 0)).steps[-1] < 28
    assert response("P", *on, (2, 2 * STEP), (12, 0)).steps[-1] > 30


def test_an_after_potential_is_a_plateau() -> None:
    assert gallery_piece("Q").response.rested[4:12] == [3, 3, 3, 3, 3, 0, 0, 0]


def test_the_potential_of_an_accommodating_neuron_forgets_its_input() -> None:
    r = gallery_piece("R").response
    assert max(r.stimulated) == 4 and set(r.rested[:24]) == {0}


def test_the_period_of_inhibition_induced_spikes_does_not_depend_on_the_inhibition() -> None:
    for n in (1, 2, 3):
        steps = response("S", (4, 0), (20, -n * STEP), (4, 0)).steps
        assert set(np.diff(steps)) == {3}


# --- The recordings of the original -----------------------------------------------------------------------------


@cache
def recorded_spikes(name: str) -> list[tuple[Behaviour, list[float]]]:
    """The spikes of each behaviour in a recording, in time steps: a time reference to its neuron ends each."""
    cases = {each.folder.name: each for each in case.of_chip(CHIP.name)}
    trace = wave.read(cases[name].folder / case.WAVE, CHIP)
    events = rises(trace.inputs, CHIP.input_word, "AERIN")
    spikes = rises(trace.outputs, CHIP.output_word, "AEROUT")
    behaviours = BEHAVIOUR_RECIPES[name].behaviours
    assert {addr for _, addr in spikes} == set(range(len(behaviours)))
    times = []
    for neuron, behaviour in enumerate(behaviours):
        trefs = [row for row, addr in events if addr == EVENTS["tref"].encode(neur=neuron)]
        assert len(trefs) == len(behaviour.input)
        rows = [row for row, addr in spikes if addr == neuron and row < trefs[-1]]
        times.append((behaviour, np.interp(rows, trefs, np.arange(len(trefs)) + 1.0).tolist()))
    return times


@pytest.mark.parametrize("name", BEHAVIOUR_RECIPES)
def test_the_original_meets_every_criterion(name: str) -> None:
    for behaviour, times in recorded_spikes(name):
        assert judge(behaviour.letter, replace(gallery_piece(behaviour.letter).response, spikes=times)), behaviour.name


def test_the_original_spikes_in_the_same_time_steps() -> None:
    for behaviour, times in recorded_spikes("izh_gallery"):
        assert [int(time) for time in times] == gallery_piece(behaviour.letter).response.steps, behaviour.name


def test_the_original_begins_the_same_bursts_in_the_same_time_steps() -> None:
    """Within a burst the times depend on the counter of burst time references, which never waits for an event."""
    for behaviour, times in recorded_spikes("izh_gallery_bursts"):
        r = gallery_piece(behaviour.letter).response
        assert starts_and_sizes(replace(r, spikes=times)) == starts_and_sizes(r), behaviour.name


def starts_and_sizes(r: Response) -> list[tuple[int, int]]:
    return [(int(group[0]), len(group)) for group in bursts(r)]


def rises(rows: np.ndarray, word: PinWord, bus: str) -> list[tuple[int, int]]:
    """The rows in which REQ rises, each with the address there."""
    req, addr = (column(word, f"{bus}_{role}", rows) for role in ("REQ", "ADDR"))
    starts = np.flatnonzero(np.diff(req, prepend=0) == 1)
    return list(zip(starts.tolist(), addr[starts].tolist(), strict=True))


# --- The report -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the report, with what the command has printed."""
    out = tmp_path_factory.mktemp("izhikevich")
    result = CliRunner().invoke(cli, ["demo", "izhikevich", "--report", str(out), "--json"])
    assert result.exit_code == 0, result.output
    (out / "printed.json").write_text(result.stdout)
    return out


def test_the_command_says_what_holds(folder: Path) -> None:
    printed = json.loads((folder / "printed.json").read_text())
    assert printed["schema"] == "draupnir.demo.izhikevich" and printed["holds"]
    assert [b["spikes"] for b in printed["behaviours"]] == [
        gallery_piece(letter).response.spikes for letter in BY_LETTER
    ]
    assert all(Path(name).is_file() for name in printed["files"]) and len(printed["files"]) == 42


def test_the_page_has_the_picture_and_a_row_for_each_behaviour(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    assert "20 of 20 meet their criterion" in page and "draupnir demo izhikevich" in page
    assert (folder / "gallery.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    for behaviour in BEHAVIOURS:
        assert f'href="{behaviour.file_name}.toml"' in page and gallery_piece(behaviour.letter).text in page


@pytest.mark.parametrize("letter", ["A", "E"])
def test_a_reader_runs_a_behaviour_with_its_files(folder: Path, letter: str) -> None:
    behaviour = BY_LETTER[letter]
    files = [str(folder / f"{behaviour.file_name}.{suffix}") for suffix in ("toml", "csv")]
    out = folder / f"{letter}.csv"
    words = ["run", "odin", "--config", files[0], "--events", files[1], "-o", str(out), "--strict"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    cycles = [int(line.split(",")[0]) for line in out.read_text().splitlines()[1:]]
    assert [cycle / behaviour.clocks for cycle in cycles] == gallery_piece(letter).response.spikes


def test_a_behaviour_that_is_not_shown_is_said_so() -> None:
    behaviour: Behaviour = BY_LETTER["A"]
    silent = Exhibit(behaviour, replace(gallery_piece("A").response, spikes=[1.0]), None)
    texts = report.figures([silent])
    assert texts == {"behaviours": "0 of 1 meet their criterion", "A tonic spiking": "NOT SHOWN: 1 spikes"}
    assert not report.as_object([silent], [])["holds"]


def test_the_table_of_the_page_in_docs_is_what_comes_out() -> None:
    page = (ROOT / "docs" / "izhikevich.md").read_text(encoding="utf-8")
    table = page.split("<!-- behaviours -->\n")[1].split("<!-- /behaviours -->")[0]
    assert table == report.markdown([gallery_piece(letter) for letter in BY_LETTER], "../golden/recipes/izhikevich")
