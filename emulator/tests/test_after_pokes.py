"""A model goes on as the plain chip after any change of its state from outside."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from draupnir.emulator import chips, state
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.layout import N_PRIO
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.tests.pokes import WITH_EVENTS, Plain, poked, rows
from draupnir.emulator.trace import column, pack

SHARES = (0.02, 0.1, 0.3, 1.0)  # the share of registers and words that are changed
PAUSES = (3, 30, 200)  # clocks between two changes of a pin
CROSSBARS = [chip for chip in WITH_EVENTS if chip != "reckon"]
N_SEEDS = 24
N_CLOCKS = 600


def differences(first: state.Snapshot, second: state.Snapshot, chip: str) -> list[str]:
    """Return the differences. Of all that a model has beside the chip's own registers, only its clocks count."""
    beside = {reg.name for reg in chips.model(chip).counters if not reg.name.startswith("n_")}
    return [line for line in state.diff(first, second) if line.split("[")[0].split(":")[0] not in beside]


def package_run(chip: str, level: str) -> Any:
    return import_module(f"draupnir.emulator.{chip}.events.{level}").run


@pytest.mark.parametrize("seed", range(N_SEEDS))
@pytest.mark.parametrize("chip", WITH_EVENTS)
def test_rows_after_a_poke_are_those_of_the_plain_chip(chip: str, seed: int) -> None:
    quick, slow, rng = poked(chip, seed, SHARES[seed % len(SHARES)])
    inputs, clk = rows(quick, rng, N_CLOCKS, PAUSES[seed % len(PAUSES)])
    expected = Plain(chip, slow).drive(inputs, clk)
    assert quick.drive(inputs, clk).tolist() == expected
    assert differences(quick.snapshot(), slow.snapshot(), chip) == []


@pytest.mark.parametrize("seed", range(N_SEEDS // 2))
@pytest.mark.parametrize("level", ["closed_loop", "engine"])
@pytest.mark.parametrize("chip", CROSSBARS)
def test_a_run_after_a_poke_is_that_of_the_plain_chip(chip: str, level: str, seed: int) -> None:
    quick, slow, rng = poked(chip, seed, SHARES[seed % len(SHARES)])
    environment = Environment(*(int(clocks) for clocks in rng.integers(0, 4, 4)))
    events = rng.integers(0, 1 << quick.chip.input_word["AERIN_ADDR"].width, 20)
    ran = package_run(chip, level)(quick, events, environment, 3 * N_CLOCKS)
    expected = Plain(chip, slow).run(events, environment, ran.n_cycles)
    assert list(zip(ran.cycles.tolist(), ran.addrs.tolist(), strict=True)) == expected
    assert differences(quick.snapshot(), slow.snapshot(), chip) == []


@pytest.mark.parametrize(("write_ptr", "read_ptr"), [(2, 0), (0, 0)])
@pytest.mark.parametrize("chip", CROSSBARS)
def test_a_spike_may_overwrite_the_event_that_is_processed(chip: str, write_ptr: int, read_ptr: int) -> None:
    """The main FIFO is empty in the middle of a spike event; so the first spike, or the last that fits, is shown."""
    quick, slow, rng = poked(chip, 0, 0.3)
    neurons = rng.integers(0, 1 << 32, quick.memories["neurons"].shape)
    neurons[:, -1] &= (1 << 31) - 1  # All neurons are enabled.
    for model in (quick, slow):
        reset = chips.model(chip)()
        reset.reset()
        model.registers[:] = reset.registers
        r = model.registers[0]
        r.state, r.main_write_ptr, r.main_read_ptr = model.states.POP_NEUR, write_ptr, read_ptr
        if "spi_max_neur" in model.registers.dtype.names:
            r.spi_max_neur = 255
        r.main_mem[:] = np.arange(len(r.main_mem)) << 1
        model.memories["neurons"][:] = neurons
    ran = package_run(chip, "engine")(quick, np.zeros(0, np.int64), Environment(), 3000)
    expected = Plain(chip, slow).run(np.zeros(0, np.int64), Environment(), ran.n_cycles)
    assert len(expected) > 5
    assert list(zip(ran.cycles.tolist(), ran.addrs.tolist(), strict=True)) == expected
    assert differences(quick.snapshot(), slow.snapshot(), chip) == []


@pytest.mark.parametrize("bit", range(10))
@pytest.mark.parametrize("name", ["ctrl_cnt", "neur_cnt"])
@pytest.mark.parametrize("chip", CROSSBARS)
def test_a_counter_may_jump_in_the_middle_of_an_event(chip: str, name: str, bit: int) -> None:
    """Both counters of an event count its neurons. A fault may let them differ, and then each goes on by itself."""
    quick: Any = chips.model(chip)()
    rng = np.random.default_rng(bit)
    quick.reset()
    for memory in ("neurons", "synapses"):
        quick.memories[memory][:] = rng.integers(0, 1 << 32, quick.memories[memory].shape)
    r = quick.registers[0]
    r.state, r.ctrl_cnt, r.neur_cnt, r.main_empty = quick.states.POP_NEUR, 200, 100, 0
    if "spi_max_neur" in r.dtype.names:
        r.spi_max_neur = 255
    content = quick.peek(name) ^ 1 << bit % (32 if name == "ctrl_cnt" else 8)
    quick.poke(name, content)
    slow = chips.model(chip)()
    slow.restore(quick.snapshot())
    inputs, clk = np.zeros(1200, np.int64), np.ones(1200, np.uint8)
    expected = Plain(chip, slow).drive(inputs, clk)
    assert quick.drive(inputs, clk).tolist() == expected
    assert differences(quick.snapshot(), slow.snapshot(), chip) == []


# --- Asynchronous resets in the chip ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rst_sync", "spi_gate_activity_sync"])
@pytest.mark.parametrize("chip", CROSSBARS)
def test_a_poke_that_raises_a_reset_of_the_output_bus_resets_it_at_once(chip: str, name: str) -> None:
    model = chips.model(chip)()
    model.reset()
    model.registers[0].aerout_req = 1
    model.poke("aerout_ctrl_busy", 1)
    assert column(model.chip.output_word, "AEROUT_REQ", np.array(model.outputs)) == 1  # nothing was raised
    model.poke(name, 1)
    assert column(model.chip.output_word, "AEROUT_REQ", np.array(model.outputs)) == 0
    model.poke("aerout_req", 1)
    assert column(model.chip.output_word, "AEROUT_REQ", np.array(model.outputs)) == 1  # until the next clock
    model.step(0)
    assert column(model.chip.output_word, "AEROUT_REQ", np.array(model.outputs)) == 0


@pytest.mark.parametrize(("name", "content"), [("spi_open_loop_sync", 1), ("spi_burst_timeref", 0), ("rst_sync", 1)])
def test_a_poke_that_raises_the_reset_of_the_burst_fifos_empties_them_at_once(name: str, content: int) -> None:
    model = Model()
    model.reset()
    r = model.registers[0]
    r.spi_open_loop, r.spi_open_loop_sync, r.spi_burst_timeref = 0, 0, 50
    r.burst_empty[7], r.burst_fill_cnt[7], r.priority = 0, 2, 7
    model.poke("spi_burst_timeref", 51)
    assert (r.burst_empty[7], r.burst_fill_cnt[7], r.priority) == (0, 2, 7)
    model.poke(name, content)
    assert (r.burst_empty[7], r.burst_fill_cnt[7], r.priority) == (1, 0, 0)


# --- Stored results of earlier states ---------------------------------------------------------------------------


def model_in_reset() -> Model:
    """Return ODIN at rest; SPI_OPEN_LOOP has kept its burst FIFOs in reset, so the model knows that they are clean."""
    model = Model()
    model.reset()
    model.registers[0].spi_open_loop = 1
    model.drive(np.zeros(20, np.int64), np.ones(20, np.uint8))
    return model


@pytest.mark.parametrize("name", ["burst_empty", "burst_fill_cnt", "burst_write_ptr", "burst_read_ptr"])
def test_a_burst_fifo_poked_under_a_held_reset_is_reset_by_the_next_clock(name: str) -> None:
    model = model_in_reset()
    old_content = model.registers[0][name].copy()
    model.registers[0][name][5] ^= 1
    model.step(0)
    assert model.registers[0][name].tolist() == old_content.tolist()


def test_the_turn_poked_under_a_held_reset_is_reset_by_the_next_clock() -> None:
    model = model_in_reset()
    model.registers[0].priority, model.registers[0].priority_cnt = 7, 99
    model.step(0)
    assert (model.registers[0].priority, model.registers[0].priority_cnt) == (0, 0)


@pytest.mark.parametrize(("priority", "n_words"), [(N_PRIO, 0), (N_PRIO + 1, 3), (255, 3)])
def test_while_it_is_no_fifos_turn_an_event_is_shown_and_fifos_fill(priority: int, n_words: int) -> None:
    """0s are shifted in, as in scheduler.v: an event of address 0, and from turn 58 on requests to push."""
    model = Model()
    model.reset()
    r = model.registers[0]
    r.spi_open_loop, r.spi_burst_timeref, r.priority = 0, 1000, priority
    model.drive(np.zeros(3, np.int64), np.ones(3, np.uint8))
    assert any(line.startswith("scheduler: ") and "next spike of neuron 0" in line for line in model.context())
    assert r.burst_empty.tolist() == [int(n_words == 0)] * N_PRIO
    assert set(r.burst_fill_cnt.tolist()) == {max(n_words - 1, 0)}


def test_the_turn_wraps_at_8_bits() -> None:
    model = Model()
    model.reset()
    r = model.registers[0]
    r.spi_burst_timeref, r.priority = 1, 254
    turns = []
    for _ in range(6):
        model.step(0)
        turns.append(int(r.priority))
    assert turns == [254, 255, 255, 0, 0, 1]


def has_state(chip: str, state_code: int) -> bool:
    reg = next(reg for reg in chips.declaration(chip).block("controller").regs if reg.name == "state")
    return state_code in [int(state) for state in reg.states or ()]


@pytest.mark.parametrize("chip", [chip for chip in WITH_EVENTS if not has_state(chip, 15)])
def test_a_state_that_is_none_is_called_that_and_left_with_the_next_clock(chip: str) -> None:
    model = chips.model(chip)()
    model.reset()
    model.registers[0].state = 15
    assert any("15, which is no state" in line for line in model.context())
    model.step(pack(model.chip.input_word, {}))
    assert model.registers[0].state == 0


@pytest.mark.parametrize("chip", ["odin", "tinyodin"])
def test_clocks_in_no_state_are_counted_nowhere(chip: str) -> None:
    """The model once counted them beyond the end of an array."""
    model = chips.model(chip)()
    model.reset()
    model.registers[0].state = 15
    ran = import_module(f"draupnir.emulator.{chip}.events.engine").run(model, np.zeros(0, np.int64), Environment(), 100)
    assert sum(ran.statistics.cycles.values()) == ran.n_cycles - 1


def test_what_is_kept_to_be_quick_is_kept_in_no_snapshot() -> None:
    assert model_in_reset().registers[0].burst_clean == 0
