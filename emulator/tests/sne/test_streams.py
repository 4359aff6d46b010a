"""Runs of whole packets: equal to the slow loop in Python, exact at their end, and stuck where the engine is."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator import state
from draupnir.emulator.codec import encode
from draupnir.emulator.sne.chip import Model
from draupnir.emulator.sne.layer import (
    KERNELS,
    LAST_KERNELS,
    WEIGHTS,
    EngineLayer,
    event_packets,
    kernel_packet,
    kernels_of,
    memories_of,
    new_contents,
    square,
    weight_words,
    weights_of,
)
from draupnir.emulator.sne.layout import CHIP, PARAMETER, SLICE, EventOp, LayerKind
from draupnir.emulator.sne.registers import REGISTERS, pins, register_at, writes
from draupnir.emulator.sne.streams import LOOK, StreamSides, run
from draupnir.emulator.sne.words import LONGEST, header, spike, to_engine, word
from draupnir.emulator.tests.sne import event_words
from draupnir.emulator.trace import pack, to_rows

RNG = np.random.default_rng(3)
SPARSE = 0.05  # of the weights of a dense layer; if too many neurons spike, the original never ends the event
LONGEST_EVENT = 100  # clocks; those of a dense layer are 72


def layer(kind: LayerKind, n_kernels: int = 8, n_inputs: int = 0) -> EngineLayer:
    contents = new_contents(
        **square(),
        cfg_parameter_i=(encode(PARAMETER, vth=27 if n_inputs else 20, davth=5, tscale=1),),
        cfg_slice_i=(encode(SLICE, layer=kind, channel=n_kernels),),
    )
    weights = np.where(RNG.random((n_inputs, WEIGHTS)) < SPARSE, 7, 0)
    return EngineLayer(contents, RNG.integers(-8, 8, (n_kernels, 3, 3)), weights)


def packets(one: EngineLayer, n_timesteps: int) -> list[int]:
    words = list[int]()
    for time in range(n_timesteps):
        places = RNG.integers(26, size=(6, 2)).tolist()
        events = [spike(x, y, i) for i, (x, y) in enumerate(places)]
        if one.kind == LayerKind.FC:
            events = [spike(i, 0, 0) for i in range(len(one.weights))]
        words += event_packets(one, time, events)
    return words


def ready(one: EngineLayer) -> Model:
    model = Model()
    one.apply(model)
    return model


@pytest.mark.parametrize("kind", [LayerKind.OPT_CONV, LayerKind.FC])
def test_a_run_is_what_the_loop_in_python_gives(kind: LayerKind) -> None:
    one = layer(kind, n_inputs=1)
    model, second_model, words = ready(one), ready(one), packets(one, 5)
    first_cycle = int(model.registers[0].cycle)
    outcome = run(model, np.array(words), StreamSides())
    expected = event_words.run(second_model, one.pins(), words)
    assert outcome.done and len(outcome.received) > 10
    assert np.array_equal(outcome.received, expected.words)
    assert np.array_equal(outcome.cycles - first_cycle, expected.cycles)


@pytest.mark.parametrize("sides", [StreamSides(), StreamSides(3, 5)])
def test_the_rows_of_a_run_give_the_same_state(sides: StreamSides) -> None:
    one = layer(LayerKind.OPT_CONV)
    model, second_model = ready(one), ready(one)
    outcome = run(model, np.array(packets(one, 4)), sides, record_rows=True)
    assert len(outcome.rows) == outcome.n_cycles
    second_model.drive(outcome.rows, np.full(outcome.n_cycles, CHIP.period[0], np.uint8))
    assert state.diff(model.snapshot(), second_model.snapshot()) == []


def test_nothing_moves_after_the_end() -> None:
    """After any number of further clocks all registers but the count of the clocks, and all memories, are the same."""
    one = layer(LayerKind.DEFAULT)
    model = ready(one)
    first_cycle = int(model.registers[0].cycle)
    outcome = run(model, np.array(packets(one, 3)), StreamSides())
    end = model.snapshot()
    model.drive(np.repeat(model.registers.inputs.reshape(1, -1), 500, axis=0), np.full(500, CHIP.period[0], np.uint8))
    model.registers.cycle -= 500
    assert outcome.done and state.diff(end, model.snapshot()) == []
    assert first_cycle + outcome.n_cycles - outcome.cycles[-1] < LONGEST_EVENT + 2 * LOOK


def test_a_spike_before_the_first_timestep_is_stuck() -> None:
    outcome = run(ready(layer(LayerKind.OPT_CONV)), np.array(to_engine([spike(3, 3, 0)] * 9)), StreamSides())
    assert outcome.is_stuck and not outcome.done
    assert 2 <= outcome.n_sent < 10 and len(outcome.received) == 0


def test_a_limit_ends_a_run_and_a_second_one_goes_on() -> None:
    one = layer(LayerKind.OPT_CONV)
    words = np.array(packets(one, 3))
    model, second_model = ready(one), ready(one)
    whole = run(model, words, StreamSides())
    part = run(second_model, words, StreamSides(), max_cycles=123)
    rest = run(second_model, words[part.n_sent :], StreamSides())
    assert part.n_cycles == 123 and not part.done and not part.is_stuck and rest.done
    assert np.array_equal(np.concatenate([part.received, rest.received]), whole.received)
    assert np.array_equal(np.concatenate([part.cycles, rest.cycles]), whole.cycles)


# --- Layers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [8, LAST_KERNELS, LAST_KERNELS + 8, KERNELS])
def test_a_packet_writes_the_kernels(n: int) -> None:
    one = layer(LayerKind.OPT_CONV, n)
    model = ready(one)
    for name, content in memories_of(one.kernels).items():
        assert np.array_equal(model.memories[name], content), name
    assert model.registers[0].kernel_state == (n > LAST_KERNELS), "the writing side has not ended"
    assert np.array_equal(kernels_of(kernel_packet(one.kernels)[1:]), one.kernels)


def test_weights_are_read_back() -> None:
    weights = RNG.integers(-8, 8, WEIGHTS)
    words = weight_words(weights)
    assert len(words) == 128 and max(words) < 1 << 32
    assert np.array_equal(weights_of(words), weights)


def test_registers_are_at_the_addresses_of_their_writes() -> None:
    one = layer(LayerKind.OPT_CONV)
    read_back = new_contents()
    for addr, content, _ in writes(one.contents):
        register, i = register_at(addr) or pytest.fail(f"{addr:#x}")
        parts = read_back[register.name]
        read_back[register.name] = (*parts[:i], content, *parts[i + 1 :])
    assert read_back == one.contents
    assert register_at(0x301) is None and register_at(0x340) is None and register_at(0x968) is None


def test_the_pins_have_all_bits_of_the_registers() -> None:
    """Each register with all ones makes all of its pins all ones, and no register has a bit without a pin."""
    ones = {r.name: ((1 << r.word.width) - 1,) * r.n for r in REGISTERS}
    levels = pins(ones)
    assert levels == {pin.name: (1 << pin.width) - 1 for pin in CHIP.inputs if pin.name.startswith("cfg_")}
    assert sum(map(int.bit_count, levels.values())) == sum(r.n * r.word.width for r in REGISTERS)
    assert to_rows(CHIP.input_word, [pack(CHIP.input_word, levels)]).any()


def test_a_long_timestep_has_several_packets() -> None:
    words = to_engine([word(EventOp.IDLE)] * LONGEST)
    assert words[0] == header(0, LONGEST) and words[LONGEST] == word(EventOp.EOP)
    assert words[LONGEST + 1 :] == [header(0, 2), word(EventOp.IDLE), word(EventOp.EOP)]
