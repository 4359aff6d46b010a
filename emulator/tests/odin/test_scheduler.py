"""The scheduler agrees with its second derivation, clock by clock; its special cases are computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from draupnir.emulator.kernel.jit import outlined
from draupnir.emulator.odin import scheduler
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.controller import SchedPort
from draupnir.emulator.odin.layout import IZH, LIF, State
from draupnir.emulator.tests.odin.helpers import EVENTS, Bench
from draupnir.emulator.tests.odin.naive_scheduler import FULL, N_PRIO, Scheduler

POP, EVENT, SPIKE, ADDR, SPK_REF, ISI_REF = range(6)


@outlined
def run(r: np.record, rows: np.ndarray, outputs: np.ndarray) -> None:
    """Run the scheduler alone.

    rows : (n, 6) int64, EVENT is -1 for none; outputs : (n, 5) int64, before each edge, with the turn last
    """
    for i in range(len(rows)):
        a = rows[i]
        out = scheduler.outputs(r)
        outputs[i, 0], outputs[i, 1], outputs[i, 2], outputs[i, 3] = out.empty, out.full, out.burst_end, out.data_out
        outputs[i, 4] = r.priority
        event = max(a[EVENT], 0)
        port = SchedPort(event >> 8, event & 0xFF, 64 if a[EVENT] >= 0 else 0, a[POP])
        spike = (64 | a[SPK_REF] << 3 | a[ISI_REF]) if a[SPIKE] else 0
        scheduler.clock(r, out, port, spike, a[ADDR])


def random_rows(rng: np.random.Generator, n: int, n_pop: float, n_event: float, n_spike: float) -> np.ndarray:
    """Return rows with random pops, events and spikes; an event and a spike never come together, as in the chip."""
    rows = np.zeros((n, 6), np.int64)
    choice = rng.random(n)
    rows[:, EVENT] = np.where(choice < n_event, rng.integers(0, 1 << 13, n), -1)
    rows[:, SPIKE] = (choice >= n_event) & (choice < n_event + n_spike)
    rows[:, POP] = rng.random(n) < n_pop
    rows[:, ADDR] = rng.integers(0, 256, n)
    rows[:, [SPK_REF, ISI_REF]] = rng.integers(0, 8, (n, 2))
    return rows


def at_rest(timeref: int) -> Any:
    """Return a model after a reset of its scheduler."""
    model = Model()
    model.registers.main_empty[0] = 1
    model.registers["burst_empty"][0, :] = 1
    model.registers.spi_burst_timeref[0] = timeref
    return model


@pytest.mark.parametrize("timeref", [0, 1, 2, 30])
@pytest.mark.parametrize(
    "rates", [(0.3, 0.2, 0.02), (0.1, 0.2, 0.02), (0.5, 0.3, 0.3), (0.9, 0.1, 0.1), (0.02, 0.0, 0.5)], ids=str
)
def test_the_scheduler_agrees_with_queues(timeref: int, rates: tuple[float, float, float]) -> None:
    rows = random_rows(np.random.default_rng(timeref), 4000, *rates)
    model, naive = at_rest(timeref), Scheduler(timeref)
    outputs = np.zeros((len(rows), 5), np.int64)
    run(model.registers[0], rows, outputs)
    for row, output in zip(rows.tolist(), outputs.tolist(), strict=True):
        empty, full, burst_end, data_out = naive.outputs()
        assert output[:3] == [empty, full, burst_end], naive.cycle
        assert output[4] == naive.turn, naive.cycle
        assert empty or output[3] == data_out, naive.cycle
        event = row[EVENT] if row[EVENT] >= 0 else None
        naive.clock(bool(row[POP]), event, (row[ADDR], row[SPK_REF], row[ISI_REF]) if row[SPIKE] else None)
    assert model.registers.n_burst_lost[0] == naive.n_lost
    assert model.registers.n_burst_undefined[0] == naive.n_undefined
    assert model.registers.n_dropped[0] == naive.n_dropped


def test_the_random_runs_fill_the_main_fifo_and_overrun_the_burst_fifos() -> None:
    model, rows = at_rest(1), random_rows(np.random.default_rng(0), 4000, 0.1, 0.1, 0.3)
    outputs = np.zeros((len(rows), 5), np.int64)
    run(model.registers[0], rows, outputs)
    assert outputs[:, 1].any() and outputs[:, 2].any()
    assert model.registers.n_burst_lost[0] > 0 and model.registers.n_burst_undefined[0] > 0
    assert model.registers.n_dropped[0] > 0


def silent(bench: Bench) -> None:
    """Return neurons that never spike in these tests."""
    for addr in range(256):
        bench.set_neuron(addr, LIF, thr=255, neur_disable=1)


def test_the_33rd_event_is_dropped_and_the_others_come_out_in_order() -> None:
    rows = np.zeros((FULL + 1 + FULL, 6), np.int64)
    rows[:, EVENT] = -1
    rows[: FULL + 1, EVENT] = np.arange(FULL + 1) + 7
    rows[FULL + 1 :, POP] = 1
    model, outputs = at_rest(0), np.zeros((len(rows), 5), np.int64)
    run(model.registers[0], rows, outputs)
    assert outputs[: FULL + 2, 1].tolist() == [0] * FULL + [1, 1]
    assert outputs[FULL + 1 :, 3].tolist() == [i + 7 for i in range(FULL)]
    assert model.registers.main_empty[0] == 1
    assert model.registers.n_dropped[0] == 1


def test_a_push_into_a_full_fifo_is_lost_even_while_it_is_popped() -> None:
    rows = np.zeros((FULL + 2, 6), np.int64)
    rows[:, EVENT] = np.arange(FULL + 2)
    rows[FULL, POP] = 1
    model = at_rest(0)
    run(model.registers[0], rows, np.zeros((len(rows), 5), np.int64))
    assert FULL not in model.registers["main_mem"][0]
    assert FULL + 1 in model.registers["main_mem"][0]
    assert model.registers.n_dropped[0] == 1


@pytest.mark.parametrize("timeref", [1, 5, 100])
def test_the_turn_moves_every_timeref_plus_1_clocks_and_comes_round(timeref: int) -> None:
    model, rows = at_rest(timeref), np.zeros(((timeref + 1) * (N_PRIO + 1), 6), np.int64)
    rows[:, EVENT] = -1
    outputs = np.zeros((len(rows), 5), np.int64)
    run(model.registers[0], rows, outputs)
    assert outputs[:, 4].tolist() == [i // (timeref + 1) % N_PRIO for i in range(len(rows))]


def test_a_bursts_spikes_come_isi_ref_plus_1_turns_apart_and_the_last_is_marked() -> None:
    model, rows = at_rest(9), np.zeros((10 * 12, 6), np.int64)
    rows[:, EVENT] = -1
    rows[0] = (0, -1, 1, 77, 3, 2)
    rows[1:, POP] = 1
    outputs = np.zeros((len(rows), 5), np.int64)
    run(model.registers[0], rows, outputs)
    cycles = np.flatnonzero(outputs[:, 0] == 0)
    assert cycles.tolist() == [1, 30, 60, 90]  # The first one comes immediately, from the main FIFO.
    assert outputs[cycles, 3].tolist() == [77] * 4
    assert outputs[cycles, 2].tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize(("turn", "queues"), [(0, {3, 6}), (N_PRIO, {3, 6}), (N_PRIO + 1, set(range(N_PRIO)))])
def test_a_turn_past_the_last_fifo_as_at_power_up_is_rotated_as_in_the_verilog(turn: int, queues: set[int]) -> None:
    model, rows = at_rest(1000), np.zeros((1, 6), np.int64)
    model.registers.priority[0] = turn
    rows[0] = (0, -1, 1, 77, 2, 2)
    run(model.registers[0], rows, np.zeros((1, 5), np.int64))
    assert set(np.flatnonzero(model.registers["burst_empty"][0] == 0)) == queues


def test_bursts_are_off_without_a_burst_time_reference() -> None:
    model, rows = at_rest(0), np.zeros((10, 6), np.int64)
    rows[:, EVENT], rows[0, SPIKE], rows[0, SPK_REF] = -1, 1, 7
    run(model.registers[0], rows, np.zeros((len(rows), 5), np.int64))
    assert model.registers["burst_empty"].all()
    assert model.registers.main_empty[0] == 0


def test_what_is_pushed_past_a_burst_fifos_end_is_counted_in_words() -> None:
    bench = Bench()
    bench.start()
    silent(bench)
    bench.configure(BURST_TIMEREF=5000)
    for _ in range(6):  # Six bursts come within one turn, in a FIFO of four words.
        bench.clock_until("main_empty", 1)
        bench.clock_until("state", State.WAIT)
        bench.set_neuron(0, IZH, thr=1, spk_ref=1, core=1)
        bench.event("tref", neur=0)
        bench.clock(4, AEROUT_ACK=1)
        bench.clock(4, AEROUT_ACK=0)
    assert (bench.r.n_burst_lost, bench.r.n_burst_undefined) == (2, 0)
    (line,) = bench.model.warnings()
    assert line.startswith("2 burst spike(s) were pushed past the 4 words of a burst FIFO")
    bench.settle()
    assert (bench.r.n_burst_lost, bench.r.n_burst_undefined) == (2, 2)
    assert "2 of them have been read back" in bench.model.warnings()[0]


def test_a_spike_of_a_neuron_goes_round_through_the_scheduler() -> None:
    bench = Bench()
    bench.start()
    silent(bench)
    bench.set_neuron(9, LIF, thr=5)
    bench.event("virtual", neur=9, weight=5)
    bench.clock_until("state", State.POP_VIRT)
    bench.clock(3)
    assert (bench.r.main_empty, bench.r["main_mem"][1]) == (0, 9)
    bench.settle()
    assert bench.r.main_empty == 1


def test_in_open_loop_a_spike_does_not_enter_the_scheduler() -> None:
    bench = Bench()
    bench.start(OPEN_LOOP=1)
    silent(bench)
    bench.set_neuron(9, LIF, thr=5)
    bench.event("virtual", neur=9, weight=5)
    bench.clock_until("state", State.POP_VIRT)
    bench.clock(3)
    assert (bench.r.main_empty, bench.outputs["AEROUT_REQ"], bench.outputs["AEROUT_ADDR"]) == (1, 1, 9)


def test_a_virtual_event_of_nothing_is_a_spike_event() -> None:
    assert EVENTS["virtual"].encode(neur=3) & 0xFF == 0x01
    bench = Bench()
    bench.start()
    silent(bench)
    bench.event("virtual", neur=3)
    bench.clock(2)
    assert bench.r.state == State.POP_NEUR


def test_a_lower_burst_time_reference_that_has_passed_is_met_only_after_the_counter_wrapped() -> None:
    bench = Bench()
    bench.start(BURST_TIMEREF=50_000)
    bench.clock(1000)
    bench.configure(BURST_TIMEREF=10)
    turn, cnt = bench.r.priority, bench.r.priority_cnt
    assert cnt > 10
    bench.clock((1 << 20) - cnt + 10)
    assert (bench.r.priority, bench.r.priority_cnt) == (turn, 10)
    bench.clock()
    assert (bench.r.priority, bench.r.priority_cnt) == (turn + 1, 0)


def test_open_loop_holds_the_turn_from_the_edge_that_takes_it_over() -> None:
    bench = Bench()
    bench.start(BURST_TIMEREF=1000)
    bench.model.registers.spi_open_loop[0] = 1
    bench.clock_until("spi_open_loop_sync", 1)
    assert (bench.r.priority, bench.r.priority_cnt) == (0, 0)
    bench.model.registers.spi_open_loop[0] = 0
    bench.clock_until("spi_open_loop_sync", 0)
    assert bench.r.priority_cnt == 0
    bench.clock()
    assert bench.r.priority_cnt == 1


def test_a_burst_time_reference_of_0_empties_the_burst_fifos_between_two_clock_edges() -> None:
    bench = Bench()
    bench.start(BURST_TIMEREF=10)
    bench.clock(100)
    bench.model.registers["burst_empty"][0, 3] = 0
    timeref = 18 << 20
    for word in (timeref, timeref | 10):
        for i in reversed(range(40)):
            bench.set(SCK=0, MOSI=word >> i & 1)
            bench.set(SCK=1)
    assert (bench.r.spi_burst_timeref, bench.r.priority, bench.r.priority_cnt) == (10, 0, 0)
    assert bench.r["burst_empty"].all()
