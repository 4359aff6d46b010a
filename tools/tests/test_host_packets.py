"""A RANC on a board: the same output packets, at the same clocks, as without a line between, and the same memories."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.sizes import grid
from draupnir.emulator.trace import pack, unpack
from draupnir.golden.recipes import ranc_network
from draupnir.rtl import toolchain
from draupnir.rtl.bridge.board import title
from draupnir.rtl.bridge.protocol import buses
from draupnir.tools.host import packets
from draupnir.tools.host.device import BridgedChip, packed_levels
from draupnir.tools.host.link import BridgeLink
from draupnir.tools.host.simulated.packets import PacketBoard
from draupnir.tools.host.simulated.rtl import RtlBoard
from draupnir.tools.host.simulated.terminal import SimulatedBoard
from draupnir.tools.tests.test_host import DEPTH, BoardLine, spoilt

SIZES = grid(2, 2, (1, 1))
CHIP = chips.declaration("ranc", SIZES)
PERIOD = 160  # clocks from tick to tick; a core needs 147
N_TICKS = 8
N_CLOCKS = (N_TICKS + 1) * PERIOD
NETWORK = ranc_network.Network(density=0.7, thresholds=(2, 20), to_output=0.6)
Levels = list[tuple[int, int]]


def memories(seed: int = 3) -> dict[str, np.ndarray]:
    return ranc_network.contents(CHIP, NETWORK, np.random.default_rng(seed))


def stimulus(n_packets: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Packets, more of them at a time than the grid takes, and ticks, one of which comes while all cores are busy."""
    rng = np.random.default_rng(n_packets)
    clocks = np.sort(rng.integers(0, N_TICKS, n_packets)) * PERIOD
    contents = list(islice(ranc_network.packets(CHIP, NETWORK, rng), n_packets))
    ticks = np.append(np.arange(1, N_TICKS) * PERIOD, 5 * PERIOD + 40)
    return np.stack([clocks, contents], axis=1), packets.levels_at(CHIP, {"tick": np.sort(ticks)})


def expected(timed: np.ndarray, levels: np.ndarray, n_clocks: int) -> tuple[Levels, Any]:
    """What the golden model does with a FIFO at its pins, clock by clock. Returns the changes of its outputs, and it."""
    model, pins = chips.model("ranc", SIZES)(), buses(CHIP)
    for name, words in memories().items():
        model.memories[name][:] = words
    model.reset()
    fifo, changes = deque(timed.tolist()), deque(levels.tolist())
    inputs = CHIP.inputs_at_rest
    seen: Levels = []
    pulled, last = 0, 0
    for clock in range(n_clocks):
        inputs["packet_in"], inputs["input_buffer_empty"] = pulled, int(not (fifo and fifo[0][0] <= clock))
        if changes and changes[0][0] <= clock:
            bits = changes.popleft()[1]
            inputs |= {"rst": bits & 1, "tick": bits >> 1}
        model.step(pack(CHIP.input_word, inputs), CHIP.clocks[0].fall)
        outputs = unpack(CHIP.output_word, model.step(pack(CHIP.input_word, inputs), CHIP.clocks[0].rise))
        if outputs["ren_to_input_buffer"] and not inputs["input_buffer_empty"]:
            pulled = fifo.popleft()[1]
        if (word := packed_levels(pins.levels_out, outputs)) != last:
            seen.append((clock, word))
            last = word
    return seen, model


def on_board(
    line: BoardLine, timed: np.ndarray, levels: np.ndarray, n_clocks: int, patience: float = 20.0
) -> tuple[Levels, Any, BridgeLink]:
    link = BridgeLink(line, "board", patience)
    device = BridgedChip(link, CHIP, title("ranc", SIZES))
    device.stop()
    device.reset()
    seen: Levels = []

    def take(cycles: np.ndarray, outputs: np.ndarray) -> None:
        seen.extend(zip(cycles.tolist(), outputs.tolist(), strict=True))

    return seen, packets.run(device, timed, levels, n_clocks, take), link


def model_board(depth: int = DEPTH, seed: int | None = None) -> tuple[PacketBoard, Any]:
    model = chips.model("ranc", SIZES)(seed)
    for name, words in memories().items():
        model.memories[name][:] = words
    return PacketBoard(model, title("ranc", SIZES), depth, depth), model
