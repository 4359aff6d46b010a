"""RANC's golden model, by hand: the arithmetic of a neuron, the clocks of a tick, and a packet on its way."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.codec import decode, encode, from_limbs, to_limbs
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.ranc import neuron
from draupnir.emulator.trace import column, pack, to_rows

N_AXONS, N_NEURONS = 16, 8
SIZES = {
    "GRID_DIMENSION_X": 3, "GRID_DIMENSION_Y": 2, "OUTPUT_CORE_X_COORDINATE": 2, "OUTPUT_CORE_Y_COORDINATE": 1,
    "NUM_AXONS": N_AXONS, "NUM_NEURONS": N_NEURONS, "DY_LSB": 8, "DY_MSB": 16, "DX_LSB": 17, "DX_MSB": 25,
}  # fmt: skip
CHIP = chips.declaration("ranc", SIZES)
WORD = CHIP.memory("csram").words[0]
QUIET = {"positive_threshold": 255, "negative_threshold": -256}


@pytest.fixture
def model() -> ClockLevel:
    """A model after a reset, in which no neuron has a synapse, and none fires."""
    chip = chips.model("ranc", SIZES)()
    chip.memories["csram"][:] = to_limbs(encode(WORD, **QUIET), chip.memories["csram"].shape[-1])
    chip.reset()
    return chip


def run(chip: ClockLevel, clocks: int, **first: int) -> np.ndarray:
    """Run clocks; the pins ``first`` are high in the first one. Return the rows of outputs, a rise and a fall each."""
    rest = pack(CHIP.input_word, {"input_buffer_empty": 1})
    pins = [pack(CHIP.input_word, {"input_buffer_empty": 1} | first)] * 2 + [rest] * (2 * clocks - 2)
    return chip.drive(to_rows(CHIP.input_word, pins), np.array([1, 2] * clocks, np.uint8))


def potential(chip: ClockLevel, core: int, n: int) -> int:
    return decode(WORD, from_limbs(chip.memories["csram"][core, n]))["current_potential"]


def set_neuron(chip: ClockLevel, core: int, n: int, **fields: int) -> None:
    chip.memories["csram"][core, n] = to_limbs(encode(WORD, **{**QUIET, **fields}), chip.memories["csram"].shape[-1])


@pytest.mark.parametrize(("potential", "weight", "result"), [(255, 1, 0x100), (0x100, 0x1FF, 0xFF), (3, 0x1FE, 1)])
def test_a_potential_wraps(potential: int, weight: int, result: int) -> None:
    assert neuron.integrate(potential, weight, 9, 9) == result


def test_a_reset_potential_of_minus_256_is_its_own_negative() -> None:
    assert neuron.after_floor(0, neuron.HARD, 0x100, 0, 9, 9) == 0x100
    assert neuron.after_floor(0, neuron.HARD, 5, 0, 9, 9) == 0x1FB


def test_csram_is_written_as_the_page_says(model: ClockLevel) -> None:
    """The rise that sees the tick is row 0; the fall after rise (n + 1)(A + 2) writes neuron n."""
    clocks = N_NEURONS * (N_AXONS + 2) + 3
    rows = run(model, clocks + 1, tick=1)
    falls_with_write = np.flatnonzero(column(CHIP.output_word, "write_0", rows)[1::2])
    assert falls_with_write.tolist() == [(n + 1) * (N_AXONS + 2) for n in range(N_NEURONS)]
    assert np.flatnonzero(column(CHIP.output_word, "clear_0", rows)[::2]).tolist() == [clocks]
    assert np.flatnonzero(column(CHIP.output_word, "state_0", rows)[::2]).tolist() == list(range(1, clocks))


def test_a_tick_just_before_the_end_is_lost_and_the_next_one_is_not(model: ClockLevel) -> None:
    clocks = N_NEURONS * (N_AXONS + 2) + 3
    run(model, clocks - 1, tick=1)
    assert column(CHIP.output_word, "token_controller_error", run(model, 2, tick=1))[-1] == 1
    assert model.peek("state") == 0
    run(model, 1, tick=1)
    assert model.peek("state") == 1


def test_leak_and_weight_add_up_to_a_spike_that_leaves_the_chip(model: ClockLevel) -> None:
    """Core 0 sends to the output bus, two to the east and one to the north; the potential keeps what is above 20."""
    set_neuron(model, 0, 3, connections=1 << 5, weight_2=18, leak=4, positive_threshold=20, reset_mode=1,
               dx=2, dy=1, axon=11)  # fmt: skip
    set_neuron(model, 0, 4, connections=1 << 6, weight_2=18, leak=-4)
    model.memories["neuron_instructions"][0, 5] = 2
    model.memories["scheduler_sram"][0, 0, 0] = 1 << 5
    rows = run(model, 300, tick=1)
    valid = column(CHIP.output_word, "packet_out_valid", rows)
    assert np.count_nonzero(valid) == 2, "one packet is there for one clock: two edges"
    assert set(column(CHIP.output_word, "packet_out", rows)[valid == 1]) == {11}
    assert [potential(model, 0, n) for n in (3, 4)] == [2, -4]
    assert model.memories["scheduler_sram"][0, 0, 0] == 0


def test_a_packet_for_tick_n_acts_n_plus_one_ticks_later(model: ClockLevel) -> None:
    """The tick counter is 15 after the start, so the word of tick 2 is number 2."""
    packet = {"dx": 1, "dy": 1, "axon": 9, "tick": 2}
    fields = {f.name: f for f in WORD.fields[:4]}
    bits = sum(content << fields[name].lsb for name, content in packet.items())
    inputs = {"packet_in": bits, "input_buffer_empty": 0}
    rest = {"packet_in": bits, "input_buffer_empty": 1}
    pins = [pack(CHIP.input_word, inputs)] * 2 + [pack(CHIP.input_word, rest)] * 58
    model.drive(to_rows(CHIP.input_word, pins), np.array([1, 2] * 30, np.uint8))
    core_of_place_4 = 4
    assert model.memories["scheduler_sram"][core_of_place_4, :, 0].tolist() == [0, 0, 1 << 9] + [0] * 13
    assert np.count_nonzero(model.memories["scheduler_sram"]) == 1
