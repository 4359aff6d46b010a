"""ReckOn's event level has the same results, cycle numbers, memories and registers as its clock level."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from draupnir.emulator import state
from draupnir.emulator.errors import InputError
from draupnir.emulator.reckon.chip import WIRES, Model
from draupnir.emulator.reckon.events import closed_loop, engine
from draupnir.emulator.reckon.host import Host, Op
from draupnir.emulator.speeds.batch import Sample, run_batch
from draupnir.emulator.tests.reckon.experiments import Experiment, experiments

N_EXAMPLES = int(os.environ.get("DRAUPNIR_EXAMPLES", "80"))


@settings(deadline=None, max_examples=N_EXAMPLES)
@given(experiments)
def test_event_level_equals_clock_level(experiment: Experiment) -> None:
    slow, with_stretches, fast, single = (experiment.model() for _ in range(4))
    slow.stretch = False
    for ops in experiment.runs:
        a = closed_loop.run(slow, ops, experiment.host, experiment.max_cycles, record_rows=True)
        other_runs = (
            closed_loop.run(with_stretches, ops, experiment.host, experiment.max_cycles),
            engine.run(fast, ops, experiment.host, experiment.max_cycles),
        )
        for b in other_runs:
            assert (a.first_cycle, a.n_cycles, a.done) == (b.first_cycle, b.n_cycles, b.done)
            assert (a.cycles.tolist(), a.received.tolist()) == (b.cycles.tolist(), b.received.tolist())
            assert a.statistics == b.statistics
        assert different(slow, with_stretches) == []
        assert different(slow, fast) == []
        one_by_one(single, np.append(a.rows, slow.registers[0].inputs))
        assert different(slow, single) == []


def one_by_one(model: Model, rows: np.ndarray) -> None:
    """Run rows of pins. A row without a clock is before each clock and at the end, so that nothing is stretched."""
    model.drive(np.repeat(rows, 2)[:-1], np.arange(2 * len(rows) - 1) % 2)
    assert not len(rows) or model.registers[0].inputs == rows[-1]


def different(a: Model, b: Model) -> list[str]:
    """Return the differences, without the model's own wires, which are computed again before they are read."""
    wires = {reg.name for reg in WIRES}
    return [line for line in state.diff(a.snapshot(), b.snapshot()) if line.split("[")[0] not in wires]


def test_a_sample_is_nearly_all_taken_at_once() -> None:
    model = Experiment(1, {**QUIET, "spi_num_rec_neur": 99, "spi_num_inp_neur": 39}, Host(), [], 0).model()
    ops = [(Op.SAMPLE, 1), *[(Op.SPIKE, 3), (Op.TICK, 1)] * 50, (Op.SAMPLE, 0), (Op.TICK, 0), (Op.TAKE, 1)]
    run = engine.run(model, ops, Host())
    assert run.done
    assert run.n_swept > 0.9 * run.n_cycles


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_samples_side_by_side_come_to_the_same(n_threads: int) -> None:
    ops = np.array([(Op.SAMPLE, 1), *[(Op.SPIKE, 3), (Op.TICK, 1)] * 9, (Op.SAMPLE, 0), (Op.TICK, 0), (Op.TAKE, 1)])
    host: Any = Host(gap=1)
    networks = [{**QUIET, "spi_num_rec_neur": n, "spi_num_inp_neur": 3 + n} for n in range(5, 250, 20)]
    samples = [Sample(Experiment(i, net, host, [], 0).model(), ops, host, 10**6) for i, net in enumerate(networks)]
    results = list(run_batch(samples, n_threads))
    assert len({result.n_cycles for result in results}) == len(networks)
    for i, (net, sample, result) in enumerate(zip(networks, samples, results, strict=True)):
        alone = Experiment(i, net, host, [], 0).model()
        expected = closed_loop.run(alone, ops, host)
        assert result.done and (result.n_cycles, *result.received) == (expected.n_cycles, *expected.received)
        assert different(sample.model, alone) == []


def test_the_rows_of_a_run_give_the_same_run() -> None:
    first, second = (Experiment(2, QUIET, Host(2, 1, 3, 1, 2), [], 0).model() for _ in range(2))
    ops = [(Op.SAMPLE, 1), *[(Op.SPIKE, 3), (Op.TICK, 1)] * 5, (Op.SAMPLE, 0), (Op.TICK, 0), (Op.TAKE, 1)]
    run = closed_loop.run(first, ops, Host(2, 1, 3, 1, 2), record_rows=True)
    second.drive(np.append(run.rows, first.registers[0].inputs), np.append(np.ones(run.n_cycles), 0))
    assert state.diff(first.snapshot(), second.snapshot()) == []


@pytest.mark.parametrize(
    ("ops", "message"),
    [
        ([(8, 0)], "host: operation 0 is 8; there are 0 to 7"),
        ([(Op.TICK, 1), (Op.SPIKE, 256)], "host: operation 1, SPIKE 256; its operand is 0 to 255"),
        ([(Op.TAKE, 0)], r"host: operation 0, TAKE 0; its operand is 1 to \d+"),
    ],
)
def test_an_operation_that_does_not_exist_is_refused(ops: list[tuple[int, int]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        engine.run(Model(), ops, Host())


def test_a_delay_that_is_too_short_is_refused() -> None:
    with pytest.raises(InputError, match=r"host: tick is 0; this delay is 1\.\.65535 clocks"):
        Host(tick=0)


QUIET = {
    "spi_en_conf": 0, "spi_local_tick": 0, "spi_timing_mode": 0, "spi_do_eprop": 0, "spi_send_label_only": 1,
    "spi_send_per_timestep": 0,
}  # fmt: skip
