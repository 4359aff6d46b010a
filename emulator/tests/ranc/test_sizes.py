"""Sizes of RANC: what follows from them, and sizes that contradict each other."""

from __future__ import annotations

import pytest

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.layout import CHIP, Buffer, declare
from draupnir.emulator.ranc.sizes import sizes_of
from draupnir.emulator.ranc.state import INPUT, NOTHING, wiring

SMALL = {"NUM_AXONS": 16, "NUM_NEURONS": 8, "DY_LSB": 8, "DY_MSB": 16, "DX_LSB": 17, "DX_MSB": 25}
THREE_BY_TWO = {"GRID_DIMENSION_X": 3, "GRID_DIMENSION_Y": 2, "OUTPUT_CORE_X_COORDINATE": 2}


def test_the_default_is_the_grid_of_the_verilog() -> None:
    csram, instructions, scheduler = CHIP.memories
    assert (csram.shape, csram.width) == ((4, 256, 12), 368)
    assert (instructions.shape, scheduler.shape) == ((4, 256, 1), (4, 16, 8))
    assert (CHIP.pin("packet_in").width, CHIP.pin("packet_out").width) == (30, 8)


def test_weight_0_has_the_highest_bits_of_the_weights() -> None:
    word = CHIP.memory("csram").words[0]
    places = {name: (word[name].lsb, word[name].width) for name in ("tick", "axon", "dy", "dx", "reset_mode")}
    assert places == {"tick": (0, 4), "axon": (4, 8), "dy": (12, 9), "dx": (21, 9), "reset_mode": (30, 1)}
    assert [word[f"weight_{i}"].lsb for i in range(4)] == [85, 76, 67, 58]
    assert [word[name].lsb for name in ("reset_potential", "current_potential", "connections")] == [94, 103, 112]


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"NUM_AXONS": 16}, "DY_LSB=12; right is 8, because a packet has no unused bits"),
        ({**SMALL, "DX_LSB": 18}, "DX_LSB=18; right is 17, because a packet has no unused bits"),
        ({**SMALL, "DX_MSB": 3}, "DX_MSB=3; right is at least 17, DX_LSB"),
        ({"OUTPUT_CORE_X_COORDINATE": 5}, "OUTPUT_CORE_X_COORDINATE=5 is not in the grid; right is 0..4"),
        ({"OUTPUT_CORE_Y_COORDINATE": 1}, "OUTPUT_CORE_Y_COORDINATE=1 is not in the grid; right is 0..0"),
        ({"GRID_DIMENSION_X": 1, "OUTPUT_CORE_X_COORDINATE": 0}, "the grid has 1 cores; right is 2..999"),
        ({"GRID_DIMENSION_X": 40, "GRID_DIMENSION_Y": 40}, "the grid has 1600 cores; right is 2..999"),
        ({"ROUTER_BUFFER_DEPTH": 3}, "ROUTER_BUFFER_DEPTH=3; right is a power of two"),
        ({"WEIGHT_WIDTH": 10}, "WEIGHT_WIDTH=10; right is at most POTENTIAL_WIDTH"),
    ],
)
def test_sizes_that_contradict_each_other(sizes: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=f"these sizes contradict each other: {message}$"):
        chips.declaration("ranc", sizes)


def test_each_buffer_is_read_by_the_router_beside_it_or_by_nobody() -> None:
    """Places 0, 1, 2 are the southern row, 3, 4, 5 the northern one."""
    wires = wiring(sizes_of(declare(**THREE_BY_TWO).sizes))
    assert wires.readers[:, Buffer.EAST_ROUTING].tolist() == [1, 2, NOTHING, 4, 5, NOTHING]
    assert wires.readers[:, Buffer.SOUTH_ROUTING].tolist() == [NOTHING] * 3 + [0, 1, 2]
    assert wires.sources[:, Buffer.EAST_ROUTING].tolist() == [INPUT, 0, 1, NOTHING, 3, 4]
    assert wires.sources[:, Buffer.WEST_ROUTING].tolist() == [1, 2, NOTHING, 4, 5, NOTHING]
    assert wires.sources[:, Buffer.NORTH_ROUTING].tolist() == [NOTHING] * 3 + [0, 1, 2]
    assert wires.sources[:, Buffer.LOCAL_EAST].tolist() == list(range(6))
