"""`draupnir inject`: outcomes of faults, which are those of the plain clock, and the figures made of them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator import chips, state
from draupnir.emulator.errors import InputError
from draupnir.rtl import toolchain
from draupnir.tools.bench.workloads import workloads
from draupnir.tools.cli import cli
from draupnir.tools.faults import held, in_rtl, job, report
from draupnir.tools.faults.held import HeldBits
from draupnir.tools.faults.sites import FaultSite, Sites, field_of, protected
from draupnir.tools.faults.subject import AT_ONCE, FaultOutcome, FaultRun, Subject, flip, no_fault, stuck
from draupnir.tools.terminal.options import Rtl

FLIPS: dict[str, Any] = {"kind": "flip", "n_bits": 1, "groups": [], "moment": "clock"}
N_EVENTS = 12


def draupnir(*words: object) -> Result:
    return CliRunner().invoke(cli, ["inject", *map(str, words)])


def work(name: str = "recurrent", n_events: int = N_EVENTS) -> dict[str, Any]:
    return job.bench_work("tinyodin", name, n_events)


@pytest.fixture(scope="module")
def subject() -> Subject:
    return job.subject_of(work(), 0)


def site(subject: Subject, name: str, element: int = 0, bit: int = 0) -> FaultSite:
    memories = {memory.name: memory.width for memory in subject.chip.memories}
    widths = memories | {reg.name: reg.width for reg in state.registers(subject.chip)}
    return FaultSite(name if name in memories else "registers", name, element, bit, widths[name])


# --- Outcomes ---------------------------------------------------------------------------------------------------------


def test_a_run_without_a_fault_is_the_same_from_every_clock(subject: Subject) -> None:
    clocks = [*range(0, subject.n_cycles, 97), *subject.borders[:-1]]
    assert len(clocks) > 50
    assert {subject.outcome(clock, no_fault) for clock in clocks} == {FaultOutcome.MASKED}


def test_a_weight_that_nobody_reads_any_more_is_latent(subject: Subject) -> None:
    last = subject.n_cycles - 1
    assert subject.outcome(last, flip(site(subject, "synapses", 5, 3), 1)) is FaultOutcome.LATENT


def test_a_fault_that_is_undone_is_masked(subject: Subject) -> None:
    def flip_two_times(model: Any) -> None:
        for _ in range(2):
            flip(site(subject, "neurons", 9, 30), 1)(model)

    assert subject.outcome(100, flip_two_times) is FaultOutcome.MASKED


def test_a_chip_that_stops_hangs(subject: Subject) -> None:
    gate = site(subject, "spi_gate_activity")
    bits = HeldBits(gate, 1, 1)
    assert subject.outcome(10, stuck(bits), bits) is FaultOutcome.HANG


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(
    ("name", "element", "bit"), [("neurons", 9, 3), ("ctrl_cnt", 0, 0), ("main_empty", 0, 0), ("neur_state", 0, 5)]
)
def test_a_stuck_bit_keeps_its_level_at_every_clock(
    subject: Subject, name: str, element: int, bit: int, level: int
) -> None:
    """The plain engine, one clock at a time, with a poke after each clock, is the slow road to the same state."""
    bits = HeldBits(site(subject, name, element, bit), 2, level)
    mark, run = subject._mark_at(3000), subject._run
    subject.model.restore(mark.snapshot)
    stuck(bits)(subject.model)
    n_sent, buses, clocks, is_done = mark.n_sent, mark.buses, 0, False
    while not is_done and clocks < 300:
        one_clock = subject._go(run.events[n_sent:], buses, 1, n_sent)
        n_sent, buses = n_sent + one_clock.n_sent, one_clock.buses
        clocks, is_done = clocks + one_clock.n_cycles, one_clock.done
        stuck(bits)(subject.model)
    slow = subject.model.snapshot()
    subject.model.restore(mark.snapshot)
    stuck(bits)(subject.model)
    quick = held.run(subject.model, run.events[mark.n_sent :], AT_ONCE, 300, None, mark.buses, bits)
    assert state.diff(subject.model.snapshot(), slow) == []
    assert (quick.n_cycles, quick.n_sent, quick.done) == (clocks, n_sent - mark.n_sent, is_done)
    assert quick.buses == buses


def test_stuck_bits_may_lie_in_two_limbs() -> None:
    model = chips.model("odin")()
    places = HeldBits(FaultSite("neurons", "neurons", 3, 31, 128), 2, 1).places(model)[2]
    assert places.tolist() == [[1, 12, 1 << 31, 1 << 31], [1, 13, 1, 1]]


def test_thresholds_of_zero_make_other_spikes(subject: Subject) -> None:
    def no_thresholds(model: Any) -> None:
        model.memories["neurons"] &= ~np.uint32(0xFFF << 12)

    assert subject.outcome(0, no_thresholds) in (FaultOutcome.SPIKES, FaultOutcome.HANG)


def test_another_label_is_a_wrong_answer() -> None:
    workload = job._bench_run(work())
    answering = FaultRun(workload.model, workload.events, answer=lambda addrs, model: len(addrs))
    subject = Subject(answering)

    def no_thresholds(model: Any) -> None:
        model.memories["neurons"] &= ~np.uint32(0xFFF << 12)

    assert subject.outcome(0, no_fault) is FaultOutcome.MASKED
    assert subject.outcome(0, no_thresholds) in (FaultOutcome.ANSWER, FaultOutcome.HANG)


def test_outcomes_are_those_of_the_plain_clock() -> None:
    quick = job.inject(work(), 0, FLIPS, 3, 0, 60)
    run = job._bench_run(work())
    run.model.stretch = False
    plain = Subject(run)
    slow = [[number, 0, *job._one(plain, FLIPS, 3, number)] for number in range(60)]
    assert quick == slow
    assert len(Counter(row[-1] for row in quick)) >= 2


@pytest.mark.parametrize("kind", ["stuck0", "stuck1"])
def test_bits_that_have_their_level_already_are_masked_and_some_others_are_not(kind: str) -> None:
    outcomes = Counter(row[-1] for row in job.inject(work(), 0, FLIPS | {"kind": kind}, 3, 0, 60))
    assert outcomes["masked"] >= 10 and len(outcomes) >= 2


def test_a_run_depends_on_its_number_alone() -> None:
    whole = job.inject(work(), 0, FLIPS, 5, 0, 12)
    assert job.inject(work(), 0, FLIPS, 5, 7, 5) == whole[7:]
    assert job.inject(work(), 0, FLIPS, 6, 0, 12) != whole
    assert {row[3] for row in whole} == {"registers", "neurons", "synapses"}


def test_faults_between_events_come_after_an_event(subject: Subject) -> None:
    rows = job.inject(work(), 0, FLIPS | {"moment": "event"}, 5, 0, 20)
    assert {row[2] for row in rows} <= set(subject.borders)


# --- Places -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chip", ["odin", "tinyodin"])
def test_every_bit_has_one_number(chip: str) -> None:
    declaration = chips.declaration(chip)
    sites = Sites(declaration, ["registers"])
    numbers = range(sites.n_bits["registers"])
    assert len({sites.site("registers", number) for number in numbers}) == len(numbers)
    assert all(one.bit < one.width for one in (sites.site("registers", n) for n in numbers))
    every = Sites(declaration)
    assert every.n_bits["synapses"] == 8192 * 32
    assert every.site("synapses", 8192 * 32 - 1) == FaultSite("synapses", "synapses", 8191, 31, 32)
    assert every.site("neurons", 0).element == 0


def test_the_model_s_own_counters_are_no_places() -> None:
    chip = chips.declaration("odin")
    names = {Sites(chip).site("registers", number).name for number in range(Sites(chip).n_bits["registers"])}
    assert "state" in names and not names & {"cycle", "inputs", "burst_clean"}


def test_fields_have_the_view_of_the_word() -> None:
    model = chips.model("odin")()
    chip = model.chip
    lif_field = field_of(chip, model, FaultSite("neurons", "neurons", 3, 8, 128))
    model.poke("neurons", (1 << 128) - 1, 3)
    other_field = field_of(chip, model, FaultSite("neurons", "neurons", 3, 8, 128))
    assert lif_field != other_field and {lif_field.split(".")[1], other_field.split(".")[1]} == {"lif", "izh"}
    assert field_of(chip, model, FaultSite("synapses", "synapses", 0, 5, 32)).startswith("synapses.")


@pytest.mark.parametrize(("width", "bits"), [(8, 5), (32, 7), (64, 8), (128, 9)])
def test_check_bits_of_a_code_are_the_known_ones(width: int, bits: int) -> None:
    (memory,) = [one for one in chips.declaration("odin").memories if one.name == "synapses"]
    object.__setattr__(wide_memory := type(memory)(**vars(memory)), "width", width)
    assert protected(wide_memory) == bits


# --- Figures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0), (1, 1000, 0.0002, 0.0056)],
)
def test_intervals_are_wilson_s(k: int, n: int, low: float, high: float) -> None:
    assert [round(end, 4) for end in report.wilson(k, n)] == [low, high]


def test_figures_weight_places_by_their_bits() -> None:
    chip = chips.declaration("tinyodin")
    sites = Sites(chip, ["neurons", "synapses"])
    rows = [[i, 0, 0, "neurons", "neurons", 0, 0, "neurons.core", "wrong spikes"] for i in range(4)]
    rows += [[i, 0, 0, "synapses", "synapses", 0, 0, "synapses.w", "latent"] for i in range(4)]
    rows += [[0, 0, 0, "none", "", 0, 0, "", "masked"], [1, 0, 0, "none", "", 0, 0, "", "timing"]]
    figures = report.FaultReport(chip, rows, sites, 1)
    n_neurons, n_synapses = 256 * 32, 8192 * 32
    assert figures.share == n_neurons / (n_neurons + n_synapses)
    saved = {way: share for way, share, _ in figures.protections()}
    assert saved == {
        "ECC on neurons": 1.0, "three copies of neurons": 1.0, "ECC on synapses": 0.0, "three copies of synapses": 0.0,
    }  # fmt: skip
    assert (figures.n_null, figures.n_null_different) == (2, 1)
    assert not any("ECC" in way for way, _, _ in report.FaultReport(chip, rows, sites, 2).protections())


# --- The command ------------------------------------------------------------------------------------------------------


def test_the_figures_are_the_same_with_more_workers(tmp_path: Path) -> None:
    results = []
    for number, (workers, workload) in enumerate(((1, "recurrent"), (2, "first"))):
        folder = tmp_path / str(number)
        words = ["-n", 40, "--seed", 4, "-o", folder, "--workers", workers, "--store", folder / "s.sqlite", "--json"]
        result = draupnir("tinyodin", "--workload", workload, *words)
        assert result.exit_code == 0, result.stderr
        figures = json.loads(result.stdout)
        assert json.loads((folder / "inject.json").read_text()) == figures
        del figures["origin"]
        results.append((figures, (folder / "faults.csv").read_text()))
    assert results[0] == results[1]
    figures, text = results[0]
    assert sum(figures["outcomes"].values()) == 40 and figures["null_runs_that_differ"] == 0
    assert figures["null_runs"] == 10 and len(text.splitlines()) == 1 + 40 + 10


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("tinyodin", "what does the chip do? --config NET and --samples FILE are needed, or --workload NAME alone"),
        ("tinyodin --config x", "what does the chip do? "),
        ("tinyodin --config x --samples y --workload recurrent", "what does the chip do? "),
        ("tinyodin --workload none", "--workload none: tinyodin has recurrent, feedforward; first is recurrent"),
        ("ranc --workload lif", "ranc has no event-level engine (engine= of its ChipPackage)"),
        ("tinyodin --config x --samples y", "x: there is no plan.json; right is a folder that draupnir map wrote"),
        ("tinyodin --workload recurrent --in weights", "--in weights: tinyodin has registers, neurons, synapses"),
        (
            "tinyodin --workload recurrent --rtl x",
            "--rtl x: only with --confirm; without it only the golden model runs",
        ),
        ("tinyodin --workload recurrent --confirm 1 --kind stuck0", "--confirm: only with --workload and --kind flip"),
        ("tinyodin --workload recurrent --bits 9", "Invalid value for '--bits'"),
    ],
)
def test_a_mistake_is_one_line(words: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = draupnir(*words.split())
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {message}") and result.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_chip_that_its_host_leads_is_refused() -> None:
    with pytest.raises(InputError, match="reckon: its host leads it"):
        job.bench_work("reckon", workloads(chips.declaration("reckon")).makers[0].__name__, 5)


def test_faults_in_a_mapped_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two inputs drive one output each; the last sample is silent."""
    monkeypatch.chdir(tmp_path)
    np.savez("net.npz", w1=np.diag([1.5, 1.5]))
    spikes = np.zeros((3, 3, 2), np.uint8)
    spikes[0, :2, 0] = spikes[1, :2, 1] = 1
    np.savez("samples.npz", spikes=spikes, labels=np.array([0, 1, 1]))
    assert CliRunner().invoke(cli, ["map", "tinyodin", "net.npz", "-o", "net"]).exit_code == 0
    result = draupnir("tinyodin", "--config", "net", "--samples", "samples.npz", "-n", 300, "--in", "neurons")
    assert result.exit_code == 0, result.stderr
    head, neurons, *_ = result.stdout.splitlines()
    assert head.split()[:3] == ["hang", "wrong", "answer"] and neurons.startswith("neurons")
    assert result.stdout.splitlines()[-2:] == [
        "0 of 10 runs without a fault differ", "all runs: build/inject/tinyodin/faults.csv",
    ]  # fmt: skip
    rows = [line.split(",") for line in Path("build/inject/tinyodin/faults.csv").read_text().splitlines()[1:]]
    assert Counter(row[1] for row in rows[:300]) == {"0": 100, "1": 100, "2": 100}
    assert {row[-1] for row in rows} >= {"wrong spikes", "latent", "masked"}


# --- The same faults in RTL -------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.verilator
def test_faults_do_the_same_in_rtl(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        toolchain.verilator()
    except InputError as error:
        pytest.skip(str(error))
    about = in_rtl.description(chips.declaration("tinyodin"), Rtl(None), work(), "flip")
    rows = in_rtl.compare(about, work(), FLIPS, 1, 0, 30)
    assert len(rows) == 30 and [row[-1] for row in rows] == [""] * 30
    assert {row[2] for row in rows} > {"neurons", "synapses"}
    monkeypatch.setattr(in_rtl._RtlState, "poke", lambda *arguments: None)
    in_memories = FLIPS | {"groups": ["neurons", "synapses"]}
    texts = [row[-1] for row in in_rtl.compare(about, work(), in_memories, 1, 0, 10)]
    assert all(text.startswith(("pins differ in row ", "differs at the end: ")) for text in texts)
