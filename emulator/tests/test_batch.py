"""Runs that run at the same time give the same as one after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from draupnir.emulator import state
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.layout import EVENTS
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.reckon.chip import Model as Reckon
from draupnir.emulator.reckon.host import Host
from draupnir.emulator.speeds.batch import AHEAD, Sample, n_cores, run_batch
from draupnir.emulator.speeds.runs import AT_REST
from draupnir.emulator.tests.odin.populations import Population

EVENT = {event.name: event for event in EVENTS}
SPIKES = np.array([EVENT["spike"].encode(pre_neur=neur) for neur in (3, 200)])


def sample(seed: int) -> Sample:
    """Return a random chip and up to 60 events; the lengths of the runs are very different."""
    rng = np.random.default_rng(seed)
    model = Model(seed=None)
    model.reset()
    model.registers[0].spi_open_loop = 1
    Population(seed, lif=0.5, disabled=0.5, quiet=True, single=True).put(model)
    events = [EVENT["spike"].encode(pre_neur=int(n)) for n in rng.integers(0, 256, rng.integers(0, 60))]
    return Sample(model, np.array([*events, EVENT["tref_all"].encode()]), Environment(ack_delay=seed % 7), 10**6)


def assert_same(side_by_side: list[Sample], results: list, alone: list[Sample]) -> None:
    for one, result, other in zip(side_by_side, results, alone, strict=True):
        expected = other.run()
        assert np.array_equal(result.cycles, expected.cycles)
        assert np.array_equal(result.addrs, expected.addrs)
        assert (result.n_cycles, result.done, result.statistics) == (
            expected.n_cycles,
            expected.done,
            expected.statistics,
        )
        assert state.diff(one.model.snapshot(), other.model.snapshot()) == []


@pytest.mark.parametrize("n_threads", [None, 1, 2, 7])
def test_side_by_side_equals_one_after_the_other(n_threads: int | None) -> None:
    seeds = range(30)
    together = [sample(seed) for seed in seeds]
    results = list(run_batch(together, n_threads))
    assert len({result.n_cycles for result in results}) > 20
    assert_same(together, results, [sample(seed) for seed in seeds])


def test_another_order_gives_the_same_results() -> None:
    seeds = list(range(20))
    np.random.default_rng(1).shuffle(seeds)
    together = [sample(seed) for seed in seeds]
    assert_same(together, list(run_batch(together, 2)), [sample(seed) for seed in seeds])


def test_events_wait_for_their_cycles() -> None:
    """Each event of a sample has the earliest cycle at which it is sent; others are sent at rest."""
    for times in (np.array([70_000, 90_000]), np.array([AT_REST, AT_REST])):
        together, alone = ([replace(sample(s), events=SPIKES, not_before=times) for s in range(4)] for _ in range(2))
        results = list(run_batch(together, 2))
        assert_same(together, results, alone)
        assert all((result.n_cycles > 90_000) == (times[0] > 0) for result in results)


def test_a_chip_that_its_host_leads_has_no_such_cycles() -> None:
    led = Sample(Reckon(), np.zeros((0, 2)), Host(), not_before=np.zeros(0))  # type: ignore[arg-type]
    with pytest.raises(
        InputError, match=r"^reckon: its host leads the chip, and sends no event; right is not_before None$"
    ):
        led.run()


def test_samples_are_made_as_they_are_needed() -> None:
    seeds = []

    def samples() -> Iterator[Sample]:
        for seed in range(100):
            seeds.append(seed)
            yield sample(seed)

    results = run_batch(samples(), 2)
    next(results)
    assert len(seeds) <= 2 * AHEAD
    results.close()  # type: ignore[attr-defined]


def test_no_samples_no_results() -> None:
    assert list(run_batch([])) == []


def test_an_error_is_raised_in_its_place() -> None:
    samples = [sample(0), Sample(Model(), None, Environment()), sample(2)]  # type: ignore[arg-type]
    results = run_batch(samples, 2)
    assert next(results).n_cycles > 0
    with pytest.raises(TypeError):
        next(results)
    assert list(results) == []


def test_two_threads_are_at_work_at_the_same_time() -> None:
    """Each run waits for the other one; alone it would wait without an end."""
    meeting = threading.Barrier(2, timeout=30)

    class Meeting(Sample):
        def run(self) -> object:
            meeting.wait()
            return super().run()

    samples = [Meeting(*vars(sample(seed)).values()) for seed in range(4)]
    assert len(list(run_batch(samples, 2))) == 4


def test_there_is_a_core() -> None:
    assert n_cores() >= 1
