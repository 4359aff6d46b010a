"""Chips in launches: each is what it is on the CPU, in every register, memory, spike, cycle and count.

The launches run here on the CPU, with the functions that a GPU has in each of its threads.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import draupnir
from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.events import engine
from draupnir.emulator.speeds.loop import MOST_SHOWN
from draupnir.emulator.speeds.many_arrays import repeated
from draupnir.tools.bench.networks import networks, streams
from draupnir.tools.bench.workloads import Workload, odin, reckon
from draupnir.tools.gpu import on_gpu, worker
from draupnir.tools.tests.gpu.alike import WORKLOADS, both, difference, environment_of, pretend

ROOM_OF_GPU = Path(on_gpu.__file__).parent
MODELS = ("emulator.odin", "emulator.tinyodin", "emulator.gungnir", "emulator.crossbar", "emulator.reckon")


@pytest.fixture(autouse=True)
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)


@pytest.mark.parametrize("name", WORKLOADS)
def test_each_chip_is_what_it_is_on_the_cpu(name: str) -> None:
    workload, rng = WORKLOADS[name](200), np.random.default_rng(len(name))
    environment, events = environment_of(workload, rng), streams(workload, 6, rng)
    one, other = both(workload.model(), environment, 400_000, events=events, changes=networks(workload, 6, rng))
    assert difference(one, other) == []
    assert len(set(one.figures["n_cycles"].tolist())) > 3
    assert one.figures["synaptic_operations"].min() > 100


@pytest.mark.parametrize("seed", range(3))
def test_gungnir_learns_in_launches(seed: int) -> None:
    config = draupnir.load_config("gungnir", "examples/gungnir/net.toml")
    events_by_name = {event.name: event for event in chips.declaration("gungnir").events}
    rng = np.random.default_rng(seed)
    events = [events_by_name["spike"].encode(pre_neur=int(n)) for n in rng.integers(0, 256, 30)]
    events += [events_by_name[name].encode() for name in ("tref_all", "learn_all") if name in events_by_name]
    one, other = both(config, events=events, changes=[{"registers.SPI_EPROP_EN": 1}, {"registers.SPI_EPROP_EN": 0}])
    assert difference(one, other) == []


def test_chips_with_different_registers_share_their_launches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only chips that the level prepares in different ways have launches of their own."""
    n_chips: list[int] = []

    def noted(arrays: Any, n: int) -> Any:
        n_chips.append(n)
        return repeated(arrays, n)

    monkeypatch.setattr(worker, "repeated", noted)
    config = draupnir.load_config("tinyodin", "examples/tinyodin/net.toml")
    slow = [0, 0, 0, 1, 1, 0]  # 1: the level takes no event at once
    changes = [{"registers.SPI_AER_SRC_CTRL_nNEUR": n, "registers.SPI_MAX_NEUR": 200 + i} for i, n in enumerate(slow)]
    events = WORKLOADS["recurrent"](30).events
    one, other = both(config, events=events, changes=changes)
    assert difference(one, other) == [] and n_chips == [3, 2, 1]
    assert (one.figures["n_sweeps"] == 0).tolist() == [n == 1 for n in slow]
    both(one.part(slice(3)), events=events)
    assert n_chips == [3, 2, 1, 3]


@pytest.mark.parametrize("name", ["lif", "eprop"])
@pytest.mark.parametrize("seed", range(4))
def test_runs_that_are_cut_go_on(seed: int, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Launches end within the run, and calls end at random clocks."""
    rng = np.random.default_rng(seed)
    monkeypatch.setattr(worker, "FIRST_BUDGET", int(rng.integers(1, 3000)))
    monkeypatch.setattr(worker, "LONGEST", 0.0)  # each launch then has half the budget of the one before
    monkeypatch.setattr(worker, "SHORTEST", 0.0)
    workload = WORKLOADS[name](40)
    model, limits = workload.model(), rng.integers(0, 20_000, 4)
    first = both(model, workload.environment, limits, events=workload.events, changes=[{}] * 4, finish=False)
    assert difference(*first) == [] and not first[0].figures["done"].all()
    rest = [workload.events[n:] for n in first[0].figures["n_sent"]]
    one = draupnir.run_many(first[0], workload.environment, events=rest, keep_states=True)
    other = draupnir.run_many(first[1], workload.environment, events=rest, keep_states=True, backend="cuda")
    assert difference(one, other) == [] and one.figures["done"].all()


def test_bytes_that_fill_the_columns_go_on_in_the_next_launch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "ROOM", 2)  # a launch ends where one byte is there
    workload = reckon.eprop(800)
    one, other = both(workload.model(), workload.environment, events=workload.events, changes=[{}, {}])
    assert difference(one, other) == []
    assert one.figures["n_spikes"].min() > 2


def test_spikes_that_fill_the_columns_go_on_in_the_next_launch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "ROOM", MOST_SHOWN + 2)
    workload = odin.izhikevich(400)
    one, other = both(workload.model(), None, 400_000, events=workload.events, changes=[{}, {}])
    assert difference(one, other) == []
    assert one.figures["n_spikes"].min() > 100


SEEN = ["figures", "spikes", "registers", "buses"]


@pytest.mark.parametrize(
    ("workload", "name"),
    [
        *((odin.lif(60), name) for name in (*SEEN, "neurons", "synapses")),
        *((reckon.eprop(300), name) for name in (*SEEN, "neurons", "winp", "wrec", "wout")),
    ],
    ids=lambda one: one if isinstance(one, str) else one.name,
)
def test_the_comparison_sees_a_single_bit(workload: Workload, name: str) -> None:
    one, other = both(workload.model(), workload.environment, 400_000, events=workload.events, changes=[{}, {}])
    assert difference(one, other) == [] and other.states is not None
    holder = {"figures": other.figures, "spikes": other.spikes, "registers": other.states.registers}
    array = holder.get(name, other.states.buses if name == "buses" else other.states.memories.get(name))
    assert array is not None
    raw = array.view(np.ndarray).reshape(-1).view(np.uint8)
    raw[len(raw) // 2 // 8 * 8] ^= 1
    assert difference(one, other) == [name]


def test_nothing_of_a_chip_is_written_for_the_gpu() -> None:
    """The room of the GPU imports no neuron, synapse or scheduler, and is short."""
    lines = 0
    for path in ROOM_OF_GPU.glob("*.py"):
        tree = ast.parse(path.read_text())
        imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not [module for module in imported if any(chip in module for chip in MODELS)], path.name
        lines += len(path.read_text().splitlines())
    assert lines < 450


def test_what_does_not_run_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    config = draupnir.load_config("odin", "examples/odin/net.toml")
    monkeypatch.delattr(engine, "many")
    with pytest.raises(InputError, match=r"^backend 'cuda': odin does not run there; right is backend 'cpu'$"):
        draupnir.run_many(config, events=[1], changes=[{}], backend="cuda")
    with pytest.raises(InputError, match=r"^backend 'cuda': it needs a base with changes"):
        draupnir.run_many([], backend="cuda")
