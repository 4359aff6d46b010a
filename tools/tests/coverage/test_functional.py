"""Functional coverage: groups come from the declaration, and compiled code counts as plain Python does."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip, Reg
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.chip import Model as OdinModel
from draupnir.emulator.odin.layout import CHIP as ODIN
from draupnir.emulator.state import new_memory
from draupnir.emulator.tests.duo_chip import Model as DuoModel
from draupnir.emulator.tinyodin.chip import Model
from draupnir.emulator.tinyodin.layout import CHIP, State
from draupnir.emulator.trace import unpack
from draupnir.golden import case, regress
from draupnir.golden.compare.device import loaded_model
from draupnir.tools.coverage import functional
from draupnir.tools.coverage.contents import Contents
from draupnir.tools.coverage.groups import Axis, BinGroup, Kind, groups
from draupnir.tools.coverage.sampling import Sampler

N_ROWS = 3_000


def case_of(name: str) -> case.Case:
    (one,) = regress.select(case.discover(chips.package("tinyodin").cases), [name])
    return one


def event_bin(chip: Chip, inputs: int) -> int:
    pins = unpack(chip.input_word, inputs)
    if not pins["AERIN_REQ"]:
        return len(chip.events)
    return next((i for i, event in enumerate(chip.events) if event.matches(pins["AERIN_ADDR"])), len(chip.events))


def plain_bin(axis: Axis, model: Any, previous: dict[str, int], inputs: int) -> int:
    if axis.kind == Kind.EVENT:
        return event_bin(model.chip, inputs)
    content = int(np.atleast_1d(model.registers[0][axis.reg])[axis.index])
    if axis.kind == Kind.CLASS:
        return axis.special.index(content) if content in axis.special else 2
    if axis.kind == Kind.CHANGE:
        return int(np.sign(content - previous.get(axis.reg, content))) % 3
    return min(content, len(axis.bins) - 1)


def test_groups_come_from_the_declaration() -> None:
    sizes = {group.name: group.size for group in groups(CHIP)}
    assert sizes["SPI_GATE_ACTIVITY"] == 2 and sizes["SPI_MAX_NEUR"] == 3 and sizes["state"] == len(State)
    assert sizes["event x state"] == (len(CHIP.events) + 1) * len(State)
    assert sizes["main_fill_cnt x change"] == 128 * 3
    assert len(sizes) == len(groups(CHIP))
    (axis,) = next(group.axes for group in groups(CHIP) if group.name == "state")
    assert axis.bins == tuple(state.name for state in State)


def test_compiled_code_counts_as_plain_python_does() -> None:
    trace, memories = regress.inputs_of(CHIP, case_of("everything"))
    all_groups = groups(CHIP)
    expected = {group: np.zeros([len(axis.bins) for axis in group.axes], np.int64) for group in all_groups}
    model: Any = loaded_model(CHIP, memories, stretch=False)
    previous: dict[str, int] = {}
    for row in range(N_ROWS):
        inputs = int(trace.inputs[row])
        model.step(inputs, 0)
        if trace.clk[row]:
            for group in all_groups:
                expected[group][tuple(plain_bin(axis, model, previous, inputs) for axis in group.axes)] += 1
            previous = {reg: int(model.registers[0][reg]) for reg in ("main_fill_cnt",)}
            model.step(inputs, 1)
    sampler = Sampler(CHIP, all_groups, Model)
    sampled_model: Any = loaded_model(CHIP, memories)
    sampler.run(sampled_model, trace.inputs[:N_ROWS], trace.clk[:N_ROWS])
    counts = sampler.of_group()
    assert all(np.array_equal(counts[group], expected[group]) for group in all_groups)
    assert sum(np.count_nonzero(n) for n in counts.values()) > 50
    assert sampled_model.registers == model.registers
    assert all(np.array_equal(sampled_model.memories[name], content) for name, content in model.memories.items())


def test_contents_are_counted_by_class_and_direction() -> None:
    contents = Contents(ODIN)
    memories = {memory.name: new_memory(memory) for memory in ODIN.memories}
    registers = OdinModel().registers[0]
    contents.begin(memories, registers)
    memories["synapses"][0] = 0xF5  # the weights 5 and 7, and the mapping bit of the latter
    memories["neurons"][0] = 1  # a LIF neuron
    registers.spi_open_loop = 1
    contents.look(memories, registers)
    memories["synapses"][0] = 0xD6
    contents.look(memories, registers)
    counts = {group.name: n.tolist() for group, n in contents.of_group.items()}
    n_synapses = 256 * 256
    assert counts["synapses.synapse.syn_weight"] == [3 * n_synapses - 4, 1, 3]
    assert counts["synapses.synapse.mapping"] == [3 * n_synapses - 2, 2]
    assert counts["synapses.syn_weight x SPI_OPEN_LOOP"] == [[0, 3], [0, 1]]
    assert counts["neurons.izh.neur_disable"] == [3 * 256 - 2, 0] and counts["neurons.lif.neur_disable"] == [2, 0]
    assert not {"neurons.lif.lif_izh_sel", "synapses.mapping x SPI_OPEN_LOOP"} & counts.keys()


def test_the_lines_name_empty_bins() -> None:
    axes = Axis("a", Kind.LEVEL, ("0", "1"), "a"), Axis("b", Kind.LEVEL, tuple("0123456789"), "b")
    counts = np.zeros((2, 10), np.int64)
    counts[0] = 1
    bins = {BinGroup("a x b", axes): counts, BinGroup("a", axes[:1]): np.array([3, 4])}
    names = ", ".join(f"1 x {i}" for i in range(8))
    assert list(functional.lines(bins)) == [
        f"a x b: 10 of 20 bins; empty: {names}, and 2 more",
        "functional: 12 of 22 bins in 2 groups",
    ]
    assert functional.as_object(bins)[1] == {"group": "a", "hit": 2, "of": 2, "empty": []}


def test_the_database_is_that_of_cocotb_coverage() -> None:
    axis = Axis("a", Kind.LEVEL, ("0", "1"), "a")
    database = functional.database({BinGroup("a", (axis,)): np.array([3, 0])}, "chip")
    assert json.loads(json.dumps(database)) == {
        "chip": {
            "type": "<class 'cocotb_coverage.coverage.CoverItem'>",
            "size": 2,
            "coverage": 1,
            "cover_percentage": 50.0,
        },
        "chip.a": {
            "type": "<class 'cocotb_coverage.coverage.CoverPoint'>",
            "size": 2,
            "coverage": 1,
            "cover_percentage": 50.0,
            "weight": 1,
            "at_least": 1,
            "bins:_hits": {"0": 3, "1": 0},
        },
    }


def test_a_model_with_its_own_loop_is_one_line() -> None:
    with pytest.raises(
        InputError, match=r"its model has its own loop over rows; right is one of speeds\.drive\.driver"
    ):
        Sampler(DuoModel.chip, (), DuoModel)


def test_a_state_without_names_has_no_group() -> None:
    assert isinstance(Reg("x", 4).reset, int)
    assert not any(axis.reg == "ctrl_cnt" for group in groups(CHIP) for axis in group.axes)
