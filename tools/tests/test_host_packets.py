"""A RANC on a board: the same output packets, at the same clocks, as without a line between, and the same memories."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.sizes import grid
from draupnir.emulator.trace import pack, unpack
from draupnir.golden.recipes import ranc_network
from draupnir.rtl import toolchain
from draupnir.rtl.bridge.board import title
from draupnir.rtl.bridge.protocol import Command, buses
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
    """Run the golden model with a FIFO at its pins. Returns the changes of its outputs, and the model."""
    model, pins = chips.model("ranc", SIZES)(), buses(CHIP)
    for name, words in memories().items():
        model.memories[name][:] = words
    model.reset()
    fifo, settings = deque(timed.tolist()), deque(levels.tolist())
    inputs = CHIP.inputs_at_rest
    changes: Levels = []
    pulled, last = 0, 0
    for clock in range(n_clocks):
        inputs["packet_in"], inputs["input_buffer_empty"] = pulled, int(not (fifo and fifo[0][0] <= clock))
        if settings and settings[0][0] <= clock:
            bits = settings.popleft()[1]
            inputs |= {"rst": bits & 1, "tick": bits >> 1}
        model.step(pack(CHIP.input_word, inputs), CHIP.clocks[0].fall)
        outputs = unpack(CHIP.output_word, model.step(pack(CHIP.input_word, inputs), CHIP.clocks[0].rise))
        if outputs["ren_to_input_buffer"] and not inputs["input_buffer_empty"]:
            pulled = fifo.popleft()[1]
        if (word := packed_levels(pins.levels_out, outputs)) != last:
            changes.append((clock, word))
            last = word
    return changes, model


def on_board(
    line: BoardLine, timed: np.ndarray, levels: np.ndarray, n_clocks: int, patience: float = 20.0
) -> tuple[Levels, Any, BridgeLink]:
    link = BridgeLink(line, "board", patience)
    device = BridgedChip(link, CHIP, title("ranc", SIZES))
    device.stop()
    device.reset()
    changes: Levels = []

    def take(cycles: np.ndarray, outputs: np.ndarray) -> None:
        changes.extend(zip(cycles.tolist(), outputs.tolist(), strict=True))

    return changes, packets.run(device, timed, levels, n_clocks, take), link


def model_board(depth: int = DEPTH, seed: int | None = None) -> tuple[PacketBoard, Any]:
    model = chips.model("ranc", SIZES)(seed)
    for name, words in memories().items():
        model.memories[name][:] = words
    return PacketBoard(model, title("ranc", SIZES), depth, depth), model


# --- The golden model as the chip -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference() -> tuple[np.ndarray, np.ndarray, Levels, Any]:
    """A stimulus, and what the golden model does with it."""
    timed, levels = stimulus()
    return timed, levels, *expected(timed, levels, N_CLOCKS)


def test_the_run_has_packets_ticks_and_an_error(reference: tuple[np.ndarray, np.ndarray, Levels, Any]) -> None:
    _, _, changes, _ = reference
    cycles, words = np.array(changes).T
    outputs = packets.outputs_of(CHIP, words)
    assert outputs["packet_out_valid"].sum() > 2 * DEPTH
    assert cycles[outputs["token_controller_error"] == 1][0] == 5 * PERIOD + 41


@pytest.mark.parametrize("depth", [1, DEPTH, 500])
def test_outputs_clocks_and_memories_are_the_models_whatever_the_queues_hold(
    reference: tuple[np.ndarray, np.ndarray, Levels, Any], depth: int
) -> None:
    timed, levels, changes, model = reference
    board, chip = model_board(depth)
    board_changes, outcome, _ = on_board(BoardLine(board), timed, levels, N_CLOCKS)
    assert board_changes == changes
    assert (outcome.n_events, outcome.n_spikes, outcome.n_cycles) == (len(timed), len(changes), N_CLOCKS)
    assert all(np.array_equal(chip.memories[name], words) for name, words in model.memories.items())


def test_a_bad_line_changes_no_clock(reference: tuple[np.ndarray, np.ndarray, Levels, Any]) -> None:
    timed, levels, changes, _ = reference
    board, _ = model_board()
    board_changes, _, link = on_board(BoardLine(board, spoilt(2500, seed=4)), timed, levels, N_CLOCKS, patience=0.5)
    assert link.n_repeated > 1
    assert board_changes == changes


def test_a_run_goes_on_where_the_one_before_has_ended(reference: tuple[np.ndarray, np.ndarray, Levels, Any]) -> None:
    """Also with a reset in flight, which the host gives at a clock as it gives a tick."""
    timed, levels, _, _ = reference
    middle = 5 * PERIOD
    rst = packets.levels_at(CHIP, {"rst": np.array([middle + 100])})
    later = np.concatenate([levels[levels[:, 0] <= middle + 1], rst, levels[levels[:, 0] > middle + 110]])
    changes, model = expected(timed, later, N_CLOCKS)
    board, chip = model_board()
    line = BoardLine(board)
    first, _, _ = on_board(line, timed[timed[:, 0] < middle], later[later[:, 0] < middle], middle)
    device = BridgedChip(BridgeLink(line, "board"), CHIP, title("ranc", SIZES))
    second: Levels = []
    shift = np.array([middle, 0])

    def take(cycles: np.ndarray, outputs: np.ndarray) -> None:
        second.extend(zip((cycles + middle).tolist(), outputs.tolist(), strict=True))

    packets.run(
        device, timed[timed[:, 0] >= middle] - shift, later[later[:, 0] >= middle] - shift, N_CLOCKS - middle, take
    )
    assert first + second == changes
    assert all(np.array_equal(chip.memories[name], words) for name, words in model.memories.items())


def test_clocks_out_of_order_or_too_far_ahead_are_refused() -> None:
    board, _ = model_board()
    device = BridgedChip(BridgeLink(BoardLine(board), "board"), CHIP, title("ranc", SIZES))
    none = np.zeros((0, 2), np.int64)
    for timed, levels, message in (
        ([[5, 1], [4, 1]], none, "packets: clock 4 comes after 5; right is in ascending order"),
        (none, [[5, 1], [5, 0]], "levels: clock 5 comes after 5; right is in ascending order"),
        ([[0, 1], [1 << 31, 1]], none, "packets: clock 2147483648; right is 0..2147483647"),
    ):
        with pytest.raises(InputError, match=message):
            packets.run(device, np.array(timed), np.array(levels), 10)


# --- RTL --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rtl_board(tmp_path_factory: pytest.TempPathFactory) -> RtlBoard:
    try:
        toolchain.verilator()
    except InputError as error:
        pytest.skip(str(error))
    return RtlBoard("ranc", tmp_path_factory.mktemp("board"), event_depth=DEPTH, spike_depth=DEPTH, **SIZES)


@pytest.fixture
def fresh(rtl_board: RtlBoard) -> Iterator[RtlBoard]:
    """A board just after its configuration."""
    rtl_board.device.reset()
    for name, words in memories().items():
        rtl_board.device.write_memory(name, words)
    yield rtl_board


@pytest.mark.verilator
def test_the_rtl_gives_the_models_outputs_over_its_line(
    reference: tuple[np.ndarray, np.ndarray, Levels, Any], fresh: RtlBoard
) -> None:
    """Bytes in, bytes out, each bit of the line and each clock of the bridge, with the memories at the end."""
    timed, levels, changes, model = reference
    board_changes, _, _ = on_board(BoardLine(fresh), timed, levels, N_CLOCKS)
    assert board_changes == changes
    for name, words in model.memories.items():
        assert np.array_equal(fresh.device.read_memory(name), words)


@pytest.mark.verilator
def test_a_wrong_bit_in_a_memory_of_the_rtl_is_found(
    reference: tuple[np.ndarray, np.ndarray, Levels, Any], fresh: RtlBoard
) -> None:
    timed, levels, changes, _ = reference
    words = memories()["csram"]
    words[0, 0, 0] ^= np.uint32(1 << CHIP.memory("csram").words[0]["axon"].lsb)
    fresh.device.write_memory("csram", words)
    board_changes, _, _ = on_board(BoardLine(fresh), timed, levels, N_CLOCKS)
    assert board_changes != changes


@pytest.mark.verilator
def test_the_bridge_is_its_simulation_to_the_clock(fresh: RtlBoard) -> None:
    """Also in what the host alone sees: clocks counted, clocks without a move, pins of no bus, refused commands."""
    timed, levels = stimulus(20)
    boards: tuple[SimulatedBoard, ...] = (fresh, model_board()[0])
    states = []
    for board in boards:
        link = BridgeLink(BoardLine(board), "board", 20.0)
        device = BridgedChip(link, CHIP, title("ranc", SIZES))
        device.stop()
        start = device.poll().now
        device.reset()
        for n_clocks in (3, 40, 1300):
            packets.run(device, timed[timed[:, 0] < n_clocks], levels[levels[:, 0] < n_clocks], n_clocks)
            progress = device.poll()
            states.append((progress.now - start, progress.quiet, progress.n_remaining, device.levels()))
        with pytest.raises(InputError, match="the bridge does not know SPI_WRITE"):
            link.request(Command.SPI_WRITE, b"\x02\x00")
    assert states[:3] == states[3:]


def test_a_board_names_its_sizes_or_their_digest() -> None:
    assert title("ranc", {}) == "ranc" and title("ranc", {"NUM_AXONS": 256}) == "ranc"
    assert title("ranc", {"NUM_AXONS": 16, "NUM_TICKS": 8}) == "ranc NUM_AXONS=16 NUM_TICKS=8"
    many: dict[str, int] = {name: size + 1 for name, size in chips.declaration("ranc").sizes.items()}
    words = title("ranc", many).split()
    assert len(words) == 2 and len(words[1]) == 64
    assert title("ranc", {**many, "NUM_TICKS": 3}) != title("ranc", many)
