"""The digits on a few images; what all of them give is measured by `draupnir demo digits`."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from draupnir.emulator.codec import decode, from_limbs
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.layout import CHIP, LIF, N
from draupnir.tools.cli import cli
from draupnir.tools.experiments.digits import report, simulated
from draupnir.tools.experiments.digits.encoding import candidates, digits, edge_cells, excited
from draupnir.tools.experiments.digits.experiment import LEAK, N_DIGITS, NO_ANSWER, PUSH, SPIKE, DigitsExperiment
from draupnir.tools.experiments.digits.results import Answer, DigitsResults, weights
from draupnir.tools.experiments.digits.train import DigitsTrainer
from draupnir.tools.report.provenance import origin

PNG = b"\x89PNG\r\n\x1a\n"
EVENTS = {event.name: event for event in CHIP.events}


@pytest.fixture(scope="module")
def taught() -> DigitsTrainer:
    """A trainer after 30 training images, with learning off and two test images."""
    trainer = DigitsTrainer(DigitsExperiment(n_images=60))
    images = trainer.experiment.train_images
    for image in images[:30]:
        trainer.train(int(image), raster=image == images[29])
    trainer.learning_off()
    for image in trainer.experiment.test_images[:2]:
        trainer.test(int(image), raster=True)
    return trainer


# --- Data and events --------------------------------------------------------------------------------------------


def test_split_is_disjoint_and_the_same_for_all_seeds() -> None:
    data = digits()
    assert (len(data.train), len(data.test)) == (1437, 360)
    assert sorted([*data.train, *data.test]) == list(range(1797))
    a, b = DigitsExperiment(seed=1), DigitsExperiment(seed=2)
    assert set(a.test_images) == set(b.test_images) == set(data.test)
    assert list(a.train_images) != list(b.train_images)


def test_all_images_are_used_unless_fewer_are_asked_for() -> None:
    assert (len(DigitsExperiment().train_images), len(DigitsExperiment().test_images)) == (1437, 360)
    assert (len(DigitsExperiment(n_images=100).train_images), len(DigitsExperiment(n_images=100).test_images)) == (
        80,
        20,
    )


@pytest.mark.parametrize("n_images", [9, 1798])
def test_too_few_or_too_many_images_are_refused(n_images: int) -> None:
    with pytest.raises(InputError, match=f"digits: {n_images} images; right is 10 to 1797"):
        DigitsExperiment(n_images=n_images)


def test_negative_seed_is_refused() -> None:
    with pytest.raises(InputError, match="digits: seed -1; right is 0 or more"):
        DigitsExperiment(seed=-1)


def test_threshold_that_one_leak_cannot_clear_is_refused() -> None:
    with pytest.raises(InputError, match="digits: thr 129, thr_test 50; right is at most 128"):
        DigitsExperiment(thr=129)


def test_cells_are_one_for_each_row_and_see_ink_ahead() -> None:
    assert len(candidates()) == 384
    cells = edge_cells(N)
    assert len(set(cells)) == N
    image = np.zeros((1, 8, 8), dtype=np.int64)
    image[0, 3, 5] = 5
    responses = [
        (cell.direction, cell.near)
        for cell, is_excited in zip(cells, excited(list(cells), image)[0], strict=True)
        if is_excited
    ]
    assert responses == [("right", (3, 3)), ("left", (3, 7)), ("down", (1, 5)), ("up", (5, 5))]


def test_events_are_the_same_each_time_and_differ_between_seeds() -> None:
    a, b = DigitsExperiment(seed=3), DigitsExperiment(seed=3)
    image = int(a.train_images[0])
    assert a.events(image) == b.events(image)
    assert a.events(image) != DigitsExperiment(seed=4).events(image)


def test_a_test_image_has_no_teacher() -> None:
    e = DigitsExperiment()
    image = int(e.test_images[0])
    events = e.events(image, train=False)
    assert set(events) <= {*SPIKE, *LEAK}
    assert events == e.presentation(image, train=False)


def test_each_excited_cell_spikes_once_in_a_presentation() -> None:
    e = DigitsExperiment()
    image = int(e.train_images[0])
    rows = [EVENTS["spike"].decode(addr)["pre_neur"] for addr in e.presentation(image) if EVENTS["spike"].matches(addr)]
    assert sorted(rows) == np.flatnonzero(excited(list(edge_cells(N)), digits().images[[image]])[0]).tolist()


def test_lesson_shrinks() -> None:
    e = DigitsExperiment()
    first, last = (sum(EVENTS["spike"].matches(a) for a in e.lesson(int(e.train_images[i]))) for i in (0, -1))
    assert 0 < last < first / 3


def test_teacher_makes_the_right_neuron_spike_more_often() -> None:
    e = DigitsExperiment()
    image = int(e.train_images[0])
    lesson = e.lesson(image)
    teaching = lesson[: next(i for i, addr in enumerate(lesson) if EVENTS["spike"].matches(addr))]
    pushes = [teaching.count(PUSH[neur]) for neur in range(N_DIGITS)]
    assert pushes.index(max(pushes)) == e.label(image)
    assert len(set(pushes)) == 2


# --- Answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spikes", "digit"),
    [
        ([], NO_ANSWER),
        ([4], 4),
        ([7, 2, 2, 7], 2),
        ([7, 2, 7, 2], 7),
        ([1, 1, 9, 9, 9], 9),
        ([200, 200, 3], 3),
    ],
)
def test_most_spikes_win_and_of_several_the_first_to_have_them(spikes: list[int], digit: int) -> None:
    assert DigitsExperiment().predict(spikes) == digit
    assert DigitsExperiment().predict(np.array(spikes, dtype=np.int64)) == digit


def test_confusion_counts_no_answer_apart() -> None:
    results = DigitsResults("by hand", test=[Answer(0, 3, 3), Answer(1, 3, 5), Answer(2, 8, NO_ANSWER)])
    matrix = results.confusion()
    assert matrix.sum() == 3
    assert matrix[3, 3] == matrix[3, 5] == matrix[8, N_DIGITS] == 1
    assert results.accuracy == pytest.approx(1 / 3)


def test_weights_are_read_from_their_columns() -> None:
    synapses = np.zeros((8192, 1), dtype=np.uint32)
    synapses[32 * 5] = 0x00000CB0  # row 5: neuron 1 weight 3, neuron 2 weight 4, both mapped
    synapses[32 * 5 + 1] = 0x0000000F  # neuron 8 weight 7
    expected = np.zeros((N, N_DIGITS), dtype=np.int64)
    expected[5, [1, 2, 8]] = 3, 4, 7
    assert np.array_equal(weights(synapses), expected)


# --- On the golden model ----------------------------------------------------------------------------------------


def test_learning_is_deterministic() -> None:
    runs = [DigitsTrainer(DigitsExperiment(n_images=10, seed=5)) for _ in range(2)]
    for trainer in runs:
        for image in trainer.experiment.train_images[:3]:
            trainer.train(int(image))
    a, b = (trainer.results for trainer in runs)
    assert (a.train, a.n_clocks, a.n_spikes) == (b.train, b.n_clocks, b.n_spikes)
    assert np.array_equal(runs[0].model.memories["synapses"], runs[1].model.memories["synapses"])
    assert a.n_updates > 0


def test_weights_change_only_in_mapped_synapses_and_spiking_rows(taught: DigitsTrainer) -> None:
    e = taught.experiment
    words_before = e.synapses().reshape(N, 32)
    words_after = taught.model.memories["synapses"].reshape(N, 32)
    excited_rows = excited(list(edge_cells(N)), digits().images[e.train_images[:30]]).any(axis=0)
    changes = words_before ^ words_after
    assert not np.any(changes[:, 2:])
    assert not np.any(changes[:, 1] & ~np.uint32(0x77))
    assert not np.any(changes[:, 0] & ~np.uint32(0x77777777))
    assert not np.any(changes[~excited_rows])
    assert np.any(changes[excited_rows])


def test_nothing_is_learned_in_the_test(taught: DigitsTrainer) -> None:
    words_before = taught.model.memories["synapses"].copy()
    n_spikes = taught.results.n_spikes
    taught.test(int(taught.experiment.test_images[2]))
    assert taught.results.n_spikes > n_spikes
    assert np.array_equal(taught.model.memories["synapses"], words_before)


def test_one_lesson_teaches_the_right_neuron_up_and_others_down_or_not_at_all() -> None:
    trainer = DigitsTrainer(DigitsExperiment(n_images=60))
    e = trainer.experiment
    for image in e.train_images[:10]:
        weights_before = trainer.results.weights.copy()
        trainer.train(int(image))
        step = trainer.results.weights - weights_before
        right = e.label(int(image))
        assert np.all(step[:, right] >= 0)
        assert np.all(np.delete(step, right, axis=1) <= 0)
        assert np.abs(step).max() <= 1


def test_160_images_teach_most_of_the_answers() -> None:
    results = DigitsTrainer(DigitsExperiment(n_images=200)).run()
    assert (len(results.train), len(results.test)) == (160, 40)
    assert results.accuracy > 0.7 > results.online_accuracy > 0.5


def test_a_presentation_begins_with_membranes_and_calcium_at_zero(taught: DigitsTrainer) -> None:
    trainer = DigitsTrainer(taught.experiment)
    trainer.train(int(trainer.experiment.train_images[0]))
    trainer._send(LEAK * 7, record_rows=False)
    for neur in range(N_DIGITS):
        fields = decode(LIF, from_limbs(trainer.model.memories["neurons"][neur]))
        assert (fields["core"], fields["calcium"]) == (0, 0)


# --- Report and command -----------------------------------------------------------------------------------------


def test_report_has_all_pictures_and_needs_no_other_file(taught: DigitsTrainer, tmp_path: Path) -> None:
    files = report.write(tmp_path / "new" / "folder", taught.results, origin([1], command="draupnir demo digits"))
    assert {path.name for path in files} == {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    pictures = [path for path in files if path.suffix == ".png"]
    assert {path.stem for path in pictures} == {"accuracy", "confusion", "weight_maps", "rasters"}
    for path in pictures:
        assert path.read_bytes().startswith(PNG)
        assert path.stat().st_size > 5_000
    page = files[-1].read_text()
    assert files[-1].name == "report.html"
    assert page.count("data:image/png;base64,") == len(pictures)
    assert "http" not in page
    assert "Where this comes from" in page and "draupnir demo digits" in page and "<th>seed<td>1<" in page


def test_rasters_hold_every_spike_of_their_image(taught: DigitsTrainer) -> None:
    trained, tested = taught.results.rasters[:2]
    e = taught.experiment
    for raster in (trained, tested):
        events = e.events(raster.answer.image, raster.train)
        rows = [EVENTS["spike"].decode(addr)["pre_neur"] for addr in events if EVENTS["spike"].matches(addr)]
        assert raster.in_rows.tolist() == rows
        assert np.all(np.diff(raster.in_cycles) > 0)
        assert 0 < raster.out_cycles[0] <= raster.out_cycles[-1] < 200_000
    assert e.predict(tested.out_neurons) == tested.answer.predicted


def test_report_of_training_alone_leaves_out_what_was_not_measured(tmp_path: Path) -> None:
    results = DigitsResults("by hand", train=[Answer(0, 0, 0), Answer(1, 1, 7)])
    files = report.write(tmp_path, results, origin())
    assert [path.name for path in files] == ["accuracy.png", "weight_maps.png", "report.html"]
    assert "not measured" in files[-1].read_text()


def test_weight_map_shows_a_cell_at_its_pixel() -> None:
    cell = edge_cells(N)[17]
    column = np.zeros(N, np.int64)
    column[17] = 7
    image = report.weight_map(column, cell.direction, cell.contrast)
    assert image[cell.near] == 7
    assert np.nansum(image) == 7
    assert np.count_nonzero(~np.isnan(image)) == sum(
        (c.direction, c.contrast) == (cell.direction, cell.contrast) for c in edge_cells(N)
    )


def test_demo_prints_what_it_measured_as_json(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        cli, ["demo", "digits", "--images", "10", "--seed", "2", "--out", str(tmp_path), "--json"]
    )
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert (printed["n_train"], printed["n_test"]) == (8, 2)
    assert printed["n_clocks"] > 200_000
    assert printed["n_sops"] % N == 0
    assert all(Path(path).is_file() for path in printed["files"])


def test_demo_with_too_many_images_is_the_users_fault(tmp_path: Path) -> None:
    result = CliRunner(catch_exceptions=False).invoke(
        cli, ["demo", "digits", "--images", "2000", "--out", str(tmp_path / "x")]
    )
    assert result.exit_code == 2
    assert result.stderr == (
        "error: Invalid value for '--images': 2000 is not in the range 10<=x<=1797; see draupnir demo digits --help\n"
    )
    assert not (tmp_path / "x").exists()


# --- Under cocotb -----------------------------------------------------------------------------------------------


def test_the_bench_shows_the_images_of_the_experiment() -> None:
    arrays = simulated.images()
    with np.load(simulated.IMAGES) as file:
        assert set(file) == set(arrays)
        assert all(np.array_equal(file[name], array) for name, array in arrays.items())


def test_a_record_of_a_bench_gives_the_results_of_the_golden_model() -> None:
    experiment = simulated.EXPERIMENT
    taught, tested = experiment.train_images[:4].tolist(), int(experiment.test_images[0])
    trainer = DigitsTrainer(experiment)
    runs, spikes, synapses = [], [], []
    for image_number, lesson in (*((image, lesson) for image in taught for lesson in (0, 1)), (tested, 0)):
        if image_number == tested:
            trainer.learning_off()
        events = (
            experiment.lesson(image_number) if lesson else experiment.presentation(image_number, image_number != tested)
        )
        run = trainer.odin.send(events)
        runs.append((image_number, lesson, len(run.addrs), run.n_cycles))
        spikes += run.addrs.tolist()
        if lesson:
            synapses.append(trainer.model.memories["synapses"].copy())
    record = {"sent": runs, "spikes": spikes, "synapses": synapses, "seconds": 1.0}
    outcome = simulated.results({name: np.array(part) for name, part in record.items()}, "a simulator")

    expected = DigitsTrainer(experiment)
    for image in taught:
        expected.train(image)
    expected.learning_off()
    expected.test(tested)
    counts = ("train", "test", "n_clocks", "n_events", "n_spikes", "n_sops", "n_updates")
    assert [getattr(outcome, name) for name in counts] == [getattr(expected.results, name) for name in counts]
    assert outcome.n_updates > 0
