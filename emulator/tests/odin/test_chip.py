"""The whole chip: snapshots, two ways to drive it, its descriptions in words, and random start values."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator import state
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.layout import CHIP, IZH, LIF, State
from draupnir.emulator.tests.odin.helpers import EVENTS, Bench
from draupnir.emulator.tests.odin.stimulus import random_rows
from draupnir.emulator.trace import pack

FORGOTTEN = {"main_mem", "burst_mem", "spi_shift_reg_in"}  # They are written before they are read.
UNUSED = {
    "neuron_state_monitor_samp",
    "synapse_state_samp",
}  # They belong to monitoring mode, which the run does not enter.


def programmed(seed: int | None = None) -> Bench:
    """Return a configured chip with LIF neurons that spike sometimes, and random synapses."""
    bench = Bench(seed)
    bench.start(BURST_TIMEREF=100, SYN_SIGN=0xF0F0 << 100, SDSP_ON_SYN_STIM=1)
    rng = np.random.default_rng(7)
    for addr in range(256):
        bench.set_neuron(
            addr, LIF, thr=20, leak_en=1, leak_str=3, ca_en=1, caleak=2, ca_theta3=6, ca_theta2=3, thetamem=9
        )
    bench.model.memories["synapses"][:] = rng.integers(0, 1 << 32, (8192, 1), dtype=np.uint32)
    return bench


def differing_names(a: state.Snapshot, b: state.Snapshot) -> set[str]:
    """Return the names of the registers and memories in which two snapshots differ."""
    return {line.split("[")[0].split(":")[0] for line in state.diff(a, b)}


def test_a_restored_snapshot_has_the_same_future() -> None:
    bench = programmed()
    bench.model.drive(*random_rows(seed=1, n_cycles=1000))
    start = bench.model.snapshot()
    rows = random_rows(seed=2, n_cycles=3000)
    first, end = bench.model.drive(*rows), bench.model.snapshot()
    bench.model.restore(start)
    second = bench.model.drive(*rows)
    np.testing.assert_array_equal(first, second)
    assert state.diff(end, bench.model.snapshot()) == []
    assert differing_names(start, end) >= {"neurons", "synapses", "cycle"}


def test_a_snapshot_moves_to_another_model() -> None:
    bench, other = programmed(), Model()
    other.restore(bench.model.snapshot())
    rows = random_rows(seed=2, n_cycles=1000)
    np.testing.assert_array_equal(bench.model.drive(*rows), other.drive(*rows))


def test_a_step_is_one_clock_of_drive() -> None:
    stepped, driven = programmed().model, programmed().model
    inputs, clk = random_rows(seed=3, n_cycles=500)
    np.testing.assert_array_equal([stepped.step(int(row)) for row in inputs], driven.drive(inputs, clk))
    assert state.diff(stepped.snapshot(), driven.snapshot()) == []


def test_a_stimulus_may_be_driven_in_pieces() -> None:
    whole, pieces = programmed().model, programmed().model
    inputs, clk = random_rows(seed=3, n_cycles=900)
    parts = [pieces.drive(i, c) for i, c in zip(np.split(inputs, [1, 400]), np.split(clk, [1, 400]), strict=True)]
    np.testing.assert_array_equal(np.concatenate(parts), whole.drive(inputs, clk))


def test_a_row_without_a_clock_edge_moves_no_clocked_register() -> None:
    model = programmed().model
    start = model.snapshot()
    row = pack(CHIP.input_word, {"AERIN_REQ": 1, "AERIN_ADDR": 0x1FFFF, "AEROUT_ACK": 1})
    assert model.drive(np.array([row]), np.zeros(1, np.uint8)).tolist() == [0]
    assert differing_names(start, model.snapshot()) == {"inputs"}


def test_cycles_count_the_clock_edges() -> None:
    model = Model()
    model.drive(np.zeros(5, np.int64), np.array([1, 0, 1, 1, 0], np.uint8))
    assert model.registers.cycle[0] == 3


def test_no_register_ever_holds_more_than_its_width() -> None:
    bench = programmed(seed=4)
    for seed in range(5):
        bench.model.drive(*random_rows(seed=seed, n_cycles=1000))
        assert state.out_of_range(CHIP, bench.model.registers) == []


def typical_run(bench: Bench) -> np.ndarray:
    """Send time references to all neurons, which set their flags, and then random events; return the outputs."""
    bench.event("tref_all")
    return bench.model.drive(*random_rows(seed=9, n_cycles=8000))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_random_start_does_not_show_once_reset_and_configured(seed: int) -> None:
    from_zero, from_seed = programmed(), programmed(seed)
    assert differing_names(Model().snapshot(), Model(seed).snapshot()) >= FORGOTTEN | {"neur_v_up", "spi_syn_sign"}
    np.testing.assert_array_equal(typical_run(from_zero), typical_run(from_seed))
    assert differing_names(from_zero.model.snapshot(), from_seed.model.snapshot()) <= FORGOTTEN | UNUSED


def test_the_burst_counter_shows_the_time_reference_that_was_there_before() -> None:
    turns = []
    for timeref in (0, 300):
        bench = Bench()
        bench.model.registers.spi_burst_timeref[0] = timeref
        bench.reset()
        bench.clock(1000)
        bench.configure(BURST_TIMEREF=100)
        turns.append((int(bench.r.priority), int(bench.r.priority_cnt)))
    assert turns[0] != turns[1]


def test_all_pins_and_memories_are_0_before_the_first_clock() -> None:
    model = Model(seed=1)
    assert model.outputs == 0
    assert not any(memory.any() for memory in model.memories.values())


# --- In words ---------------------------------------------------------------------------------------------------


def test_the_context_names_state_event_neuron_and_synapses() -> None:
    bench = programmed()
    bench.set_neuron(13, LIF, thr=99, core=55)
    bench.set_synapse(200, 13, 0b1101)
    bench.clock(4, AERIN_ADDR=EVENTS["synapse"].encode(pre_neur=200, post_neur=13), AERIN_REQ=1)
    text = "\n".join(bench.model.context())
    assert f"cycle {bench.r.cycle}, controller SYNAPSE, ctrl_cnt 1, neur_cnt 0" in text
    assert "scheduler: main FIFO 0 of 32 events, burst turn" in text
    assert "event in flight: SYNAPSE: synapse event, AERIN_ADDR 0x1c80d {'post_neur': 13, 'pre_neur': 200}" in text
    assert "neuron 13 (lif): core 55, calcium 0, caleak_cnt 0" in text
    assert "thr 99" in text
    assert "synapses 200 -> 8..15: weights " in text


def test_the_context_names_the_view_that_applies_to_the_neuron() -> None:
    bench = programmed()
    bench.set_neuron(13, IZH, thr=5, core=-3)
    bench.clock(4, AERIN_ADDR=EVENTS["tref"].encode(neur=13), AERIN_REQ=1)
    assert any(line.startswith("neuron 13 (izh): inacc 0, refrac 0, core -3") for line in bench.model.context())


def test_the_context_tells_the_schedulers_next_event() -> None:
    bench = programmed()
    assert any(line.endswith("next none") for line in bench.model.context())
    bench.clock(4, AERIN_ADDR=EVENTS["virtual"].encode(neur=7, weight=5, sign=1), AERIN_REQ=1)
    text = "\n".join(bench.model.context())
    assert "main FIFO 1 of 32 events" in text
    assert "next virtual event to neuron 7 {'leak': 0, 'sign': 1, 'weight': 5}" in text
    bench.clock(4, AERIN_REQ=0)
    bench.clock(4, AERIN_ADDR=EVENTS["spike"].encode(pre_neur=9), AERIN_REQ=1)
    assert any("next spike of neuron 9" in line for line in bench.model.context())


def test_the_context_tells_of_the_spi_and_the_output_bus() -> None:
    bench = programmed()
    bench.clock(4, AEROUT_ACK=1)
    bench.clock(1, SCK=1)
    bench.clock(1, SCK=0)
    text = "\n".join(bench.model.context())
    assert "waiting for the output bus" in text
    assert "SPI: bit 1 of a transaction, address field" in text


def test_activity_tells_once_when_an_event_begins() -> None:
    bench = programmed()
    lines = []
    for _ in range(30):
        bench.clock(AERIN_ADDR=EVENTS["tref"].encode(neur=3), AERIN_REQ=1)
        lines.append(bench.model.activity())
    began = [i for i, line in enumerate(lines) if line]
    assert began == [2]
    assert "TREF: tref event, AERIN_ADDR 0x003ff {'neur': 3}" in str(lines[2])


def test_activity_after_a_restore_is_that_of_the_first_run() -> None:
    bench = programmed()
    bench.clock(2, AERIN_ADDR=EVENTS["tref"].encode(neur=3), AERIN_REQ=1)
    start = bench.model.snapshot()
    lines = []
    for _ in range(2):
        bench.model.restore(start)
        bench.clock()
        lines.append(bench.model.activity())
    assert lines[0] == lines[1]
    assert "TREF: tref event" in str(lines[0])


def test_an_ordinary_run_gives_no_warning() -> None:
    bench = programmed()
    typical_run(bench)
    assert bench.model.warnings() == []
    assert bench.r.state in set(State)
