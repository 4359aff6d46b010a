"""Many runs from one base: the same as one run after the other, whatever changes, and wherever they are cut."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

import draupnir
from draupnir.emulator import chips, state
from draupnir.emulator.codec import from_limbs, to_limbs, update
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.events import engine
from draupnir.emulator.reckon.host import Host, Op
from draupnir.emulator.speeds import many_workers
from draupnir.emulator.speeds.loop import MOST_SHOWN
from draupnir.emulator.tests.odin.populations import Population
from draupnir.many import jobs_of
from draupnir.tools.bench.workloads import reckon

CROSSBARS = ("odin", "tinyodin", "gungnir")


def config(chip: str) -> draupnir.Configuration:
    return draupnir.load_config(chip, f"examples/{chip}/net.toml")


def spikes(chip: str, seed: int, n: int = 30) -> np.ndarray:
    event = next(event for event in chips.declaration(chip).events if event.name == "spike")
    return np.array(
        [event.encode(**{event.fields[0].name: int(p)}) for p in np.random.default_rng(seed).integers(0, 256, n)]
    )


def assert_is(outcome: draupnir.ManyRuns, run: int, model: Any, ran: draupnir.Run) -> None:
    """Assert that a run of many is one that ``draupnir.run`` has done on a model."""
    assert outcome.spikes_of(run)["cycle"].tolist() == ran.cycles.tolist()
    assert outcome.spikes_of(run)["out"].tolist() == ran.out.tolist()
    figures = outcome.figures[run]
    assert (figures["n_cycles"], figures["done"], figures["n_spikes"]) == (ran.n_cycles, ran.done, len(ran.out))
    assert outcome.states is not None
    end = state.Snapshot(outcome.states.part([run]).registers, {n: m[run] for n, m in outcome.states.memories.items()})
    assert state.diff(end, model.snapshot()) == []


def poked(model: Any, memory: str, element: int, **fields: int) -> None:
    layout = model.chip.memory(memory)
    content = model.peek(memory, element)
    model.poke(memory, update(layout.word_of(content), content, **fields), element)


@pytest.mark.parametrize("chip", CROSSBARS)
@pytest.mark.parametrize("n_threads", [1, 3])
def test_each_run_is_what_it_is_alone(chip: str, n_threads: int) -> None:
    thresholds = [1, 30, 100, 150, 150, 1, 90]
    changes = [{"neurons[0-9].thr": thr, "neurons[3].core": thr // 2} for thr in thresholds]
    events = [spikes(chip, seed, 10 * seed) for seed in range(len(thresholds))]
    outcome = draupnir.run_many(config(chip), n_threads=n_threads, events=events, changes=changes, keep_states=True)
    assert len(outcome) == len(thresholds) and len(set(outcome.figures["n_cycles"].tolist())) > 3
    for run, thr in enumerate(thresholds):
        model = draupnir.model(chip, config(chip))
        for neuron in range(10):
            poked(model, "neurons", neuron, thr=thr)
        poked(model, "neurons", 3, core=thr // 2)
        assert_is(outcome, run, model, draupnir.run(model, events[run]))


def test_runs_share_what_they_have_in_common() -> None:
    """Ten thousand runs of 64 networks have the memory of 64."""
    networks, events = [{"synapses": np.full((256, 256), n)} for n in (3, 5)], [spikes("odin", 1), spikes("odin", 2)]
    jobs = jobs_of(config("odin"), events * 50, networks * 50)
    assert jobs.changes is not None and len({id(one) for one in jobs.changes}) == 2
    assert len(jobs.changes) == len(jobs.bounds) == 100 and len(jobs.events) == 60


def test_statistics_are_those_of_the_engine() -> None:
    model = draupnir.model("odin", config("odin"))
    outcome = draupnir.run_many(model, events=spikes("odin", 1), changes=[{}, {}])
    ran = engine.run(model, spikes("odin", 1), draupnir.Environment())
    for name, count in vars(ran.statistics).items():
        if isinstance(count, dict):
            assert {kind: int(outcome.figures[1][f"{name}_{kind}"]) for kind in count} == count
        else:
            assert outcome.figures[name].tolist() == [count, count]


def test_plain_clocks_give_the_same() -> None:
    model = draupnir.model("odin", config("odin"))
    fast = draupnir.run_many(model, events=spikes("odin", 2, 3), changes=[{}], keep_states=True)
    model.stretch = False
    plain = draupnir.run_many(model, events=spikes("odin", 2, 3), changes=[{}], keep_states=True)
    assert fast.spikes.tolist() == plain.spikes.tolist() and plain.figures["n_sweeps"].tolist() == [0]
    assert_is(fast, 0, model, draupnir.run(model, spikes("odin", 2, 3)))


@pytest.mark.parametrize("seed", range(8))
def test_runs_that_are_cut_anywhere_are_those_of_one_piece(seed: int) -> None:
    rng, bases = np.random.default_rng(seed), []
    for number in range(3):
        model = Model()
        model.reset()
        Population(seed * 10 + number, lif=0.6, disabled=0.3, quiet=bool(seed % 2), single=True).put(model)
        bases.append(model)
    changes = [{"synapses": pack_of(model), "neurons": words_of(model)} for model in bases]
    events, environment = spikes("odin", seed, 25), draupnir.Environment(ack_delay=seed % 4, gap=seed % 3)
    whole = draupnir.run_many(bases[0], environment, 200_000, events=events, changes=changes, keep_states=True)
    cuts: Any = rng.integers(0, 40_000, (3, len(changes)))
    piece = draupnir.run_many(bases[0], environment, cuts[0], events=events, changes=changes, keep_states=True)
    parts, n_sent, n_cycles = [piece.spikes], piece.figures["n_sent"].copy(), piece.figures["n_cycles"].copy()
    for limit in (cuts[1], cuts[2], None):
        rest = [events[n:] for n in n_sent]
        remaining = 200_000 - n_cycles
        limits = remaining if limit is None else np.minimum(limit, remaining)
        piece = draupnir.run_many(piece, environment, limits, events=rest, keep_states=True)
        parts.append(piece.spikes)
        n_sent += piece.figures["n_sent"]
        n_cycles += piece.figures["n_cycles"]
    joined = np.concatenate(parts)
    assert np.array_equal(joined[np.argsort(joined["run"], kind="stable")], whole.spikes)
    assert n_cycles.tolist() == whole.figures["n_cycles"].tolist()
    assert piece.figures["done"].tolist() == whole.figures["done"].tolist()
    assert piece.states is not None and whole.states is not None
    for run in range(len(changes)):
        ends = [
            state.Snapshot(one.part([run]).registers, {name: m[run] for name, m in one.memories.items()})
            for one in (piece.states, whole.states)
        ]
        assert state.diff(*ends) == []
    assert np.array_equal(piece.states.buses, whole.states.buses)  # type: ignore[arg-type]


def pack_of(model: Any) -> np.ndarray:
    """All synapses of ODIN as entries of their matrix."""
    limbs = model.memories["synapses"].reshape(256, 32)
    return np.stack([limbs >> 4 * i & 15 for i in range(8)], axis=2).reshape(256, 256).astype(np.int64)


def words_of(model: Any) -> np.ndarray:
    """All neurons of ODIN as whole words."""
    return np.array([from_limbs(row) for row in model.memories["neurons"]], object)


def test_spikes_that_fill_the_columns_go_on_in_the_next_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    events = spikes("odin", 5, 60)
    changes = [{"neurons[0-99].thr": 1, "neurons[0-99].neur_disable": 0, "synapses": 15} for _ in range(3)]
    whole = draupnir.run_many(config("odin"), None, 300_000, events=events, changes=changes, keep_states=True)
    monkeypatch.setattr(many_workers, "ROOM", 3 * MOST_SHOWN)
    pieces = draupnir.run_many(config("odin"), None, 300_000, events=events, changes=changes, keep_states=True)
    assert len(whole.spikes) > 10 * 3 * MOST_SHOWN
    assert np.array_equal(whole.spikes, pieces.spikes) and np.array_equal(whole.figures, pieces.figures)
    assert whole.states is not None and pieces.states is not None
    assert np.array_equal(whole.states.registers, pieces.states.registers)


@pytest.mark.parametrize("chip", CROSSBARS)
def test_changed_words_give_the_spikes_of_a_configuration_with_them(chip: str) -> None:
    """Words are written after the reset, but a configuration writes them before it."""
    base = config(chip)
    other = config(chip)
    neurons = base.chip.memory("neurons")
    for element in range(256):
        word = update(neurons.words[0], from_limbs(other.memories["neurons"][element]), thr=7)
        other.memories["neurons"][element] = to_limbs(word, neurons.n_limbs)
    outcome = draupnir.run_many(base, events=spikes(chip, 1), changes=[{"neurons.thr": 7}], keep_states=True)
    model = draupnir.model(chip, other)
    ran = draupnir.run(model, spikes(chip, 1))
    assert (
        outcome.spikes["cycle"].tolist() == ran.cycles.tolist() and outcome.spikes["out"].tolist() == ran.out.tolist()
    )
    assert outcome.states is not None
    assert all(np.array_equal(outcome.states.memories[name][0], words) for name, words in model.memories.items())


def test_registers_are_those_of_a_configuration_with_them() -> None:
    contents = [(0, 5), (1, 9), (0, 9), (1, 9)]
    changes = [{"registers.SPI_OPEN_LOOP": a, "registers.spi_burst_timeref": b} for a, b in contents]
    outcome = draupnir.run_many(config("odin"), events=spikes("odin", 3), changes=changes, keep_states=True)
    for run, (open_loop, timeref) in enumerate(contents):
        other = config("odin")
        other.registers.update(SPI_OPEN_LOOP=(open_loop,), SPI_BURST_TIMEREF=(timeref,))
        model = draupnir.model("odin", other)
        assert_is(outcome, run, model, draupnir.run(model, spikes("odin", 3)))


def test_seeds_are_those_of_a_model() -> None:
    changes = [{"seed": seed} for seed in (1, 2)]
    outcome = draupnir.run_many(config("odin"), events=spikes("odin", 3, 2), changes=changes, keep_states=True)
    for run, seed in enumerate((1, 2)):
        model = draupnir.model("odin", config("odin"), seed)
        assert_is(outcome, run, model, draupnir.run(model, spikes("odin", 3, 2)))
    assert outcome.states is not None and len(np.unique(outcome.states.registers["main_mem"], axis=0)) == 2


def test_events_wait_for_their_clocks() -> None:
    events = np.column_stack([[500, 90_000, -1], spikes("odin", 1, 3)])
    outcome = draupnir.run_many(config("odin"), events=events, changes=[{}, {}], keep_states=True)
    model = draupnir.model("odin", config("odin"))
    assert_is(outcome, 1, model, draupnir.run(model, events))
    assert outcome.figures["n_cycles"][0] > 90_000


def test_a_chip_that_its_host_leads() -> None:
    ops = [(Op.SAMPLE, 1), (Op.SPIKE, 1), (Op.SPIKE, 7), (Op.TICK, 0), (Op.SPIKE, 3), (Op.TICK, 0), (Op.WAIT, 5000)]
    changes: list[dict[str, Any]] = [{}, {"winp": 3}, {"winp[1][0-9].w": 100}]
    base = config("reckon")
    outcome = draupnir.run_many(base, events=[np.array(ops)] * 3, changes=changes, keep_states=True)
    further = draupnir.run_many(outcome, events=[np.array(ops)] * 3, keep_states=True)
    for run, content in enumerate((None, 3)):
        model = draupnir.model("reckon", base)
        if content is not None:
            model.memories["winp"][:] = from_limbs(np.array([0x03030303], np.uint32))
        assert_is(outcome, run, model, draupnir.run(model, ops))
        assert_is(further, run, model, draupnir.run(model, ops))
    assert outcome.states is not None
    assert not np.array_equal(outcome.states.memories["winp"][2], outcome.states.memories["winp"][0])


@pytest.mark.parametrize("seed", range(8))
def test_a_host_that_is_cut_anywhere_goes_on(seed: int) -> None:
    rng, workload = np.random.default_rng(seed), reckon.eprop(300)
    host = Host(*(int(clocks) for clocks in rng.integers(1, 7, 5)))
    model, ops = workload.model(), workload.events
    changes = [{}, {"winp": 3}, {"neurons[0-49].thr": 90}]
    whole = draupnir.run_many(model, host, events=ops, changes=changes, keep_states=True)
    cuts = (whole.figures["n_cycles"] * rng.random((4, len(changes))) / 2).astype(int)
    piece = draupnir.run_many(model, host, cuts[0], events=ops, changes=changes, keep_states=True)
    names = [name for name in piece.figures.dtype.names or () if name != "done"]
    parts, sums = [piece.spikes], {name: piece.figures[name].copy() for name in names}
    assert not piece.figures["done"].all()
    for limits in (*cuts[1:], None):
        rest = [ops[n:] for n in sums["n_sent"]]
        piece = draupnir.run_many(piece, host, limits, events=rest, keep_states=True)
        parts.append(piece.spikes)
        for name, total in sums.items():
            total += piece.figures[name]
    joined = np.concatenate(parts)
    assert np.array_equal(joined[np.argsort(joined["run"], kind="stable")], whole.spikes) and len(whole.spikes)
    assert all(np.array_equal(total, whole.figures[name]) for name, total in sums.items())
    assert piece.figures["done"].all() and piece.states is not None and whole.states is not None
    assert np.array_equal(piece.states.registers, whole.states.registers)
    assert all(np.array_equal(memory, whole.states.memories[name]) for name, memory in piece.states.memories.items())
    assert_is(whole, 0, model, draupnir.run(model, ops, host))


def test_an_operation_that_does_not_exist_is_named() -> None:
    with pytest.raises(InputError, match=r"^host: operation 1 is 99; there are 0 to 7$"):
        draupnir.run_many(config("reckon"), events=[(Op.WAIT, 5), (99, 0)], changes=[{}])


def test_an_engine_of_another_kind_runs_whole_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = draupnir.run_many(config("odin"), events=spikes("odin", 1, 3), changes=[{}, {"neurons[0-9].thr": 1}])
    monkeypatch.delattr(engine, "many")
    outcome = draupnir.run_many(config("odin"), events=spikes("odin", 1, 3), changes=[{}, {"neurons[0-9].thr": 1}])
    assert np.array_equal(outcome.spikes, usual.spikes)
    for name in ("n_cycles", "n_spikes", "done", "n_sweeps", "cycles_WAIT"):
        assert outcome.figures[name].tolist() == usual.figures[name].tolist()
    message = r"^odin: its engine has no ManyLevel; right is whole runs, and events without clocks$"
    with pytest.raises(InputError, match=message):
        draupnir.run_many(config("odin"), events=np.array([[1, 2]]), changes=[{}])
    with pytest.raises(InputError, match=message):
        draupnir.run_many(config("odin"), events=[1], changes=[{}], finish=False)


def test_only_chosen_runs_go_on() -> None:
    changes = [{"neurons[0-9].thr": thr, "synapses.syn_weight": 7, "synapses.mapping": 1} for thr in (200, 1, 250, 30)]
    first = draupnir.run_many(config("odin"), events=spikes("odin", 1), changes=changes, keep_states=True)
    best = first.part(first.figures["n_spikes"] > 0)
    further = draupnir.run_many(best, events=spikes("odin", 2), changes=[{"neurons[0].core": 5}] * len(best))
    assert 0 < len(best) < 4
    everything = draupnir.run_many(first, events=spikes("odin", 2), changes=[{"neurons[0].core": 5}] * 4)
    best_runs = np.flatnonzero(first.figures["n_spikes"] > 0)
    for new, old in enumerate(best_runs.tolist()):
        assert further.spikes_of(new)[["cycle", "out"]].tolist() == everything.spikes_of(old)[["cycle", "out"]].tolist()


def test_memory_does_not_grow_with_the_number_of_runs() -> None:
    def batch() -> int:
        arguments: Any = {"events": spikes("odin", 1, 2), "changes": [{}] * 300, "keep_states": True}
        # Each thread prepares a chip, so with more of them the peak depends on how many of them get some runs.
        return len(draupnir.run_many(config("odin"), n_threads=1, **arguments).spikes)

    batch()
    tracemalloc.start()
    try:
        peaks = []
        for _ in range(4):
            tracemalloc.reset_peak()
            batch()
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert max(peaks[1:]) < 1.02 * peaks[0] + 200_000


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"neurons[0-9].thr": 256}, "neurons[0-9].thr: 256 is not within 0..255"),
        ({"neurons[0-9].thr": 1.5}, "neurons[0-9].thr: 1.5 is no integer; right is 0..255"),
        (
            {"neurons[0-256].thr": 1},
            "neurons[0-256].thr: [0-256] is not within 0..255; right is, for instance, [0-9,12]",
        ),
        ({"neurons[1,1].thr": 1}, "neurons[1,1].thr: [1,1] names an element twice"),
        ({"neurons[0].no": 1}, "neurons[0].no: lif has no field no; it has lif_izh_sel"),
        ({"neurons[0][1].thr": 1}, "neurons[0][1].thr: 2 pair(s) of brackets; right is [0-255], or none for all"),
        ({"nowhere": 1}, "nowhere: odin has no nowhere here; it has neurons, synapses"),
        ({"neurons[0].thr!": 1}, "neurons[0].thr!: right is a place such as neurons[0-9].thr"),
        ({"neurons[0-1].thr": [1, 2, 3]}, "neurons[0-1].thr: shape (3,); right is (2,)"),
        ({"registers.SPI_NO": 1}, "registers.SPI_NO: odin has SPI_GATE_ACTIVITY"),
        ({"registers.SPI_OPEN_LOOP": 2}, "registers.SPI_OPEN_LOOP: 2 is not within 0..1"),
    ],
)
def test_a_wrong_change_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        draupnir.run_many(config("odin"), events=[], changes=[changes])
    assert str(error.value).startswith(message)


def test_wrong_arguments_are_named() -> None:
    base, model = config("odin"), draupnir.model("odin", config("odin"))
    once = draupnir.run_many(base, events=[], changes=[{}])
    wrong: list[tuple[str, Any]] = [
        (
            "backend 'cuda': ",
            lambda: draupnir.run_many([], backend="cuda"),
        ),
        ("backend 'tpu': right is 'cpu'", lambda: draupnir.run_many(base, events=[], changes=[{}], backend="tpu")),
        ("run_many: events= is missing", lambda: draupnir.run_many(base)),  # type: ignore[call-overload]
        ("run_many: how many runs?", lambda: draupnir.run_many(base, events=[1])),
        (
            "run_many: 1 changes, 2 lists of events",
            lambda: draupnir.run_many(base, events=[[1], [2, 3, 4]], changes=[{}]),
        ),
        ("run_many: these runs kept no states", lambda: draupnir.run_many(once, events=[])),
        ("max_cycles [1, 2]: ", lambda: draupnir.run_many(base, None, [1, 2], events=[], changes=[{}])),
        (
            "registers.SPI_OPEN_LOOP: these chips are configured already",
            lambda: draupnir.run_many(model, events=[], changes=[{"registers.SPI_OPEN_LOOP": 1}]),
        ),
        ("seed: -1 is not within", lambda: draupnir.run_many(base, events=[], changes=[{"seed": -1}])),
        ("events of shape (1, 3); ", lambda: draupnir.run_many(base, events=np.zeros((1, 3)), changes=[{}])),
        ("run_many: events=, changes=", lambda: draupnir.run_many([(model, [])], changes=[{}])),  # type: ignore[call-overload]
    ]
    for message, call in wrong:
        with pytest.raises(InputError) as error:
            call()
        assert str(error.value).startswith(message)
