"""A network on a board: the same spikes, at the same cycles, from golden model, RTL and whatever line is between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.codec import to_limbs
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.events import closed_loop
from draupnir.emulator.odin.layout import CHIP, EVENTS
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import limits
from draupnir.emulator.speeds.runs import AT_REST
from draupnir.emulator.spi.port import port
from draupnir.rtl import toolchain
from draupnir.rtl.bridge.protocol import Command, frame
from draupnir.tools.compile import packed
from draupnir.tools.compile.toml.load import load
from draupnir.tools.host import session
from draupnir.tools.host.device import BridgedChip
from draupnir.tools.host.link import BridgeLink
from draupnir.tools.host.simulated.line import LineReceiver, levels
from draupnir.tools.host.simulated.model import ModelBoard
from draupnir.tools.host.simulated.rtl import RtlBoard
from draupnir.tools.host.simulated.terminal import SimulatedBoard
from draupnir.tools.run import session as run_session
from draupnir.tools.run.events import EventBlock

EVENT = {event.name: event for event in EVENTS}
NET = """
[registers]
SPI_SYN_SIGN = "9"
[[neurons]]
index = "0-15"
model = "lif"
thr = 12
ca_en = 1
ca_theta1 = 0
ca_theta2 = 3
ca_theta3 = 7
[[synapses]]
pre = "0-31"
post = "0-15"
weight = 3
mapped = false
[[synapses]]
pre = "20-31"
post = "0-15"
weight = 6
"""
PARAMETERS = {"izh": False, "bursts": False}  # a smaller board, and the same chip to this network
TITLE = "odin bursts=no izh=no"
DEPTH = 8  # of the queues: far fewer than there are events, or spikes of one of them
QUIET = 1 << 15  # clocks after which a chip is taken to be at rest


class BoardLine:
    """A line with a board at its other end; ``spoil`` may do to the bytes what lines do."""

    def __init__(self, board: SimulatedBoard, spoil: Callable[[bytes], bytes] = lambda passing: passing) -> None:
        self._board, self._spoil = board, spoil
        self._coming = b""

    def write(self, data: bytes) -> int:
        self._coming += self._spoil(self._board.step(self._spoil(data)))
        return len(data)

    def read(self, size: int = 1) -> bytes:
        if not self._coming and self._board.busy:
            self._coming = self._spoil(self._board.step(b""))
        piece, self._coming = self._coming[:size], self._coming[size:]
        return piece


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    return loaded(NET, "odin", tmp_path_factory.mktemp("net"))


def loaded(net: str, chip: str, folder: Path) -> Configuration:
    path = folder / "net.toml"
    path.write_text(net)
    return load(path, chip)


def events(n: int) -> np.ndarray:
    """Events of several kinds, most of which make neurons spike."""
    rng = np.random.default_rng(n)
    spikes = [EVENT["spike"].encode(pre_neur=int(pre)) for pre in rng.integers(20, 32, n)]
    for i in range(0, n, 7):
        spikes[i] = EVENT["tref"].encode(neur=int(rng.integers(16)))
        spikes[i - 1] = EVENT["virtual"].encode(neur=int(rng.integers(16)), weight=7)
    return np.array(spikes)


def expected(net: Configuration, addrs: np.ndarray, environment: Environment) -> tuple[list[tuple[int, int]], Model]:
    """Spikes of the clock-level golden model that nobody has put behind a line."""
    model = Model()
    net.apply(model)
    run = closed_loop.run(model, addrs, environment, 10**7)
    assert run.done
    return list(zip((run.cycles - run.first_cycle).tolist(), run.addrs.tolist(), strict=True)), model


def on_board(
    line: BoardLine,
    net: Configuration,
    blocks: Sequence[EventBlock],
    environment: Environment | None = None,
    title: str = "odin",
    patience: float = 5.0,
    max_cycles: int | None = None,
    quiet: int = QUIET,
) -> tuple[list[tuple[int, int]], session.HostOutcome, BridgeLink]:
    link = BridgeLink(line, "board", patience)
    device = BridgedChip(link, net.chip, title)
    session.program(device, net, packed.memories_before("blank", net.chip.name))
    spikes: list[tuple[int, int]] = []

    def take(cycles: np.ndarray, addrs: np.ndarray) -> None:
        spikes.extend(zip(cycles.tolist(), addrs.tolist(), strict=True))

    outcome = session.run(device, blocks, environment or Environment(), max_cycles, quiet, take)
    return spikes, outcome, link


# --- The golden model as the chip -------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", [Environment(), Environment(0, 0, 0, 0), Environment(7, 2, 30, 5)])
def test_spikes_and_cycles_are_the_models_whatever_the_queues_hold(
    net: Configuration, environment: Environment
) -> None:
    addrs = events(60)
    spikes, model = expected(net, addrs, environment)
    assert len(spikes) > 4 * DEPTH
    board = ModelBoard(chip := Model(seed=5), "odin", DEPTH, DEPTH)
    board_spikes, outcome, _ = on_board(BoardLine(board), net, [EventBlock(None, addrs)], environment)
    assert board_spikes == spikes
    assert (outcome.n_events, outcome.n_spikes, outcome.done) == (60, len(spikes), True)
    assert all(np.array_equal(chip.memories[name], words) for name, words in model.memories.items())


def timed(n: int) -> list[EventBlock]:
    """Events with cycles, in two blocks; some come while the chip is busy, some long after."""
    addrs, cycles = events(n), np.cumsum(np.random.default_rng(n).integers(0, 1500, n))
    cycles[n // 2 :] += 40_000
    return [EventBlock(cycles[: n // 3], addrs[: n // 3]), EventBlock(cycles[n // 3 :], addrs[n // 3 :])]


def run_without_a_line(
    net: Configuration, blocks: list[EventBlock], environment: Environment, model: Any = None
) -> list[tuple[int, int]]:
    """Return the result of `draupnir run`; model : a configured model, or None for a new one."""
    if model is None:
        model = chips.model(net.chip.name)()
        net.apply(model)
    spikes: list[tuple[int, int]] = []

    def take(cycles: np.ndarray, addrs: np.ndarray) -> None:
        spikes.extend(zip(cycles.tolist(), addrs.tolist(), strict=True))

    outcome = run_session.run(model, blocks, environment, take=take)
    assert outcome.done
    return spikes


@pytest.mark.parametrize("environment", [Environment(), Environment(50, 0, 2, 0)])
def test_an_event_waits_for_its_cycle(net: Configuration, environment: Environment) -> None:
    board = ModelBoard(Model(), "odin", DEPTH, DEPTH)
    spikes, _, _ = on_board(BoardLine(board), net, timed(40), environment)
    assert spikes == run_without_a_line(net, timed(40), environment)
    assert len(spikes) > 100


# --- Events that wait for rest ------------------------------------------------------------------------------------


def with_rests(n: int) -> list[EventBlock]:
    """Events in two blocks. The first and every fifth wait for rest; the others have past and future cycles."""
    addrs, cycles = events(n), np.cumsum(np.random.default_rng(n).integers(0, 900, n))
    cycles[::5] = AT_REST
    cycles[n - 1] += 3 * QUIET
    return [EventBlock(cycles[: n // 3], addrs[: n // 3]), EventBlock(cycles[n // 3 :], addrs[n // 3 :])]


@pytest.mark.parametrize("environment", [Environment(), Environment(50, 0, 2, 0)])
def test_events_wait_for_rest_as_without_a_board(net: Configuration, environment: Environment) -> None:
    """The spikes are the same in the same order; their cycles are later, because the host waits until it is quiet."""
    board = ModelBoard(chip := Model(), "odin", DEPTH, DEPTH)
    spikes, outcome, _ = on_board(BoardLine(board), net, with_rests(40), environment)
    model = Model()
    net.apply(model)
    expected_spikes = run_without_a_line(net, with_rests(40), environment, model)
    assert [addr for _, addr in spikes] == [addr for _, addr in expected_spikes]
    assert len(spikes) > 100
    assert (outcome.n_events, outcome.done) == (40, True)
    assert outcome.n_cycles_to_last_event is not None and outcome.n_cycles_to_last_event > 8 * QUIET
    assert all(np.array_equal(chip.memories[name], words) for name, words in model.memories.items())


def test_the_line_and_the_queues_change_no_cycle_of_a_run_with_rests(net: Configuration) -> None:
    lines = (
        BoardLine(ModelBoard(Model(), "odin", DEPTH, DEPTH)),
        BoardLine(ModelBoard(Model(), "odin", 256, 1024)),
        BoardLine(ModelBoard(Model(), "odin", DEPTH, 64), spoilt(2000, seed=7)),
    )
    runs = [on_board(line, net, with_rests(40), patience=0.005)[0] for line in lines]
    assert runs[0] == runs[1] == runs[2]


@pytest.mark.parametrize("limit", [100, 2 * QUIET + 100, 4 * QUIET])
def test_a_run_with_rests_stops_at_its_limit(net: Configuration, limit: int) -> None:
    spikes, _, _ = on_board(BoardLine(ModelBoard(Model(), "odin", DEPTH, DEPTH)), net, with_rests(40))
    board = ModelBoard(Model(), "odin", DEPTH, DEPTH)
    board_spikes, outcome, _ = on_board(BoardLine(board), net, with_rests(40), max_cycles=limit)
    assert board_spikes == [spike for spike in spikes if spike[0] < limit]
    assert (outcome.done, outcome.n_cycles) == (False, limit)


def test_a_chip_that_is_never_quiet_stops_a_wait_for_rest(net: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    """A threshold of 0: all neurons spike at each event, for ever."""
    monkeypatch.setattr(limits, "BASE", 1000)
    monkeypatch.setattr(limits, "PER_EVENT", 1000)
    busy = Configuration(CHIP, net.registers, {name: np.zeros_like(words) for name, words in net.memories.items()})
    board = ModelBoard(Model(), "odin", DEPTH, DEPTH)
    blocks = [EventBlock(np.array([0, AT_REST]), events(2))]
    spikes, outcome, _ = on_board(BoardLine(board), busy, blocks, quiet=600)
    assert (outcome.done, outcome.n_events) == (False, 1)
    assert len(spikes) > 100


def test_a_run_stops_at_its_limit(net: Configuration) -> None:
    addrs = events(60)
    spikes, _ = expected(net, addrs, Environment())
    limit = spikes[len(spikes) // 2][0]
    board = ModelBoard(Model(), "odin", DEPTH, DEPTH)
    board_spikes, outcome, _ = on_board(BoardLine(board), net, [EventBlock(None, addrs)], max_cycles=limit)
    assert board_spikes == [spike for spike in spikes if spike[0] < limit]
    assert (outcome.done, outcome.n_cycles) == (False, limit)


def test_no_events_are_no_spikes(net: Configuration) -> None:
    spikes, outcome, _ = on_board(BoardLine(ModelBoard(Model(), "odin", DEPTH, DEPTH)), net, [])
    assert (spikes, outcome.n_events, outcome.done) == ([], 0, True)


def test_a_board_is_taken_over_from_a_host_that_went_away(net: Configuration) -> None:
    board = ModelBoard(chip := Model(), "odin", DEPTH, DEPTH)
    device = BridgedChip(BridgeLink(BoardLine(board), "board"), CHIP, "odin")
    session.program(device, net, packed.memories_before("blank", "odin"))
    device.events([(0, addr) for addr in events(5).tolist()])
    device.run(3000)  # and nobody takes the spikes
    assert device.poll().spikes
    for memory in chip.memories.values():
        memory[:] = 0
    addrs = events(30)
    spikes, _, _ = on_board(BoardLine(board), net, [EventBlock(None, addrs)])
    assert spikes == expected(net, addrs, Environment())[0]


@pytest.mark.parametrize("chip", [name for name in chips.names() if chips.package(name).port])
def test_memories_are_read_back_and_what_is_not_as_configured_is_named(chip: str) -> None:
    model, declaration = chips.model(chip)(), chips.declaration(chip)
    configuration = _anything(declaration)
    board = ModelBoard(model, chip, DEPTH, DEPTH)
    device = BridgedChip(BridgeLink(BoardLine(board), "board"), declaration, chip)
    some = {m.name: np.array([m.depth - 1, 0, 5]) for m in declaration.memories}
    session.program(device, configuration, configuration.memories)
    for name, words in configuration.memories.items():
        model.memories[name][:] = words
    registers = _registers(model)
    assert session.verify(device, configuration, some) == []
    assert _registers(model) == registers
    assert all(np.array_equal(model.memories[name], words) for name, words in configuration.memories.items())
    last = declaration.memories[-1]
    model.memories[last.name][5] ^= np.uint32(0x100)
    differences = session.verify(device, configuration, some)
    [memory] = differences
    [word] = memory.words
    flipped = sum(1 << 32 * limb + 8 for limb in range(last.n_limbs)) & ((1 << last.width) - 1)
    assert (memory.memory, word.addr, word.expected ^ word.got) == (last.name, 5, flipped)
    assert str(memory).startswith(f"{last.name}[0x5].")


def _anything(chip: Chip) -> Configuration:
    rng = np.random.default_rng(7)
    registers = {r.name: tuple(rng.integers(0, 1 << r.width, r.n_addrs).tolist()) for r in chip.registers}
    masks = {m.name: to_limbs((1 << m.width) - 1, m.n_limbs) for m in chip.memories}
    memories = {
        m.name: rng.integers(0, 1 << 32, (m.depth, m.n_limbs), dtype=np.uint32) & masks[m.name] for m in chip.memories
    }
    return Configuration(chip, registers, memories)


def _registers(model: Any) -> dict[str, list[int]]:
    return {r.name: np.atleast_1d(model.registers[0][r.name.lower()]).tolist() for r in model.chip.registers}


def test_another_chip_on_the_same_board(tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(
        '[registers]\nSPI_OPEN_LOOP = 1\nSPI_MAX_NEUR = 255\n[[neurons]]\nindex = "0-9"\nthr = 5\n'
        '[[synapses]]\npre = 3\npost = "0-9"\nweight = 6\n'
    )
    configuration = load(tmp_path / "tiny.toml", "tinyodin")
    spike = next(event for event in configuration.chip.events if event.name == "spike").encode(pre_neur=3)
    blocks = [EventBlock(None, np.full(20, spike))]
    board = ModelBoard(chips.model("tinyodin")(), "tinyodin", DEPTH, DEPTH)
    spikes, _, _ = on_board(BoardLine(board), configuration, blocks, title="tinyodin")
    assert spikes == run_without_a_line(configuration, blocks, Environment())
    assert len(spikes) == 200


# --- A bad line -------------------------------------------------------------------------------------------------


def spoilt(every: int, seed: int) -> Callable[[bytes], bytes]:
    """A line that loses, invents and changes bytes, one in about ``every``."""
    rng = np.random.default_rng(seed)

    def spoil(passing: bytes) -> bytes:
        out = bytearray()
        for byte in passing:
            kind = rng.random() * every
            if kind < 0.3:
                continue
            out.append(byte ^ 1 << int(rng.integers(8)) if kind < 0.6 else byte)
            if 0.6 < kind < 1:
                out.append(int(rng.integers(256)))
        return bytes(out)

    return spoil


def test_a_bad_line_loses_nothing_and_does_nothing_twice(net: Configuration) -> None:
    addrs = events(60)
    line = BoardLine(ModelBoard(Model(), "odin", DEPTH, DEPTH), spoilt(2000, seed=7))
    spikes, _, link = on_board(line, net, [EventBlock(None, addrs)], patience=0.005)
    assert link.n_repeated > 3
    assert spikes == expected(net, addrs, Environment())[0]


class Deaf:
    """A board that sends the same whatever it is told."""

    busy = False

    def __init__(self, message: bytes = b"") -> None:
        self._message = message

    def step(self, content: bytes) -> bytes:
        return self._message


class Broken(BoardLine):
    """A line that breaks off after so many reads."""

    n_remaining = 0

    def read(self, size: int = 1) -> bytes:
        self.n_remaining -= 1
        if self.n_remaining < 0:
            raise OSError(5, "Input/output error")
        return super().read(size)


@pytest.mark.parametrize(
    ("board", "message"),
    [
        (
            Deaf(),
            "board: no answer to IDENTIFY within 3 x 0.01 s; is the board on, and does its bitstream have the bridge?",
        ),
        (
            Deaf(b"login: "),
            "board: 21 bytes came, but no answer to IDENTIFY; is the baud rate right (--baud), and is it the"
            " bridge's port?",
        ),
        (
            Deaf(frame(bytes([1, Command.IDENTIFY, 9, 0, 1, 0, 1]) + b"odin")),
            "the bridge speaks version 9 of the protocol, this host version 1",
        ),
        (
            Deaf(frame(bytes([1, Command.IDENTIFY, 1, 0, 1, 0, 1]) + b"reckon")),
            "the board holds 'reckon', not 'odin'; load that bitstream, or name the other chip",
        ),
        (
            Deaf(frame(bytes([1, Command.IDENTIFY, 1, 0, 1, 0, 1]) + b"odin n_neurons=64")),
            "the board holds 'odin n_neurons=64', not 'odin'; load that bitstream, or name the other chip",
        ),
        (
            Deaf(frame(bytes([1, Command.IDENTIFY | 0x80]))),
            "board: the bridge does not know IDENTIFY; is its bitstream older?",
        ),
        (Deaf(frame(bytes([1, Command.IDENTIFY]))), "the bridge speaks version 0 of the protocol, this host version 1"),
    ],
)
def test_whoever_else_answers_is_named(board: SimulatedBoard, message: str) -> None:
    with pytest.raises(InputError) as error:
        BridgedChip(BridgeLink(BoardLine(board), "board", patience=0.01), CHIP, "odin")
    assert str(error.value) == message


def test_a_line_that_breaks_off_is_said_so(net: Configuration) -> None:
    line = Broken(ModelBoard(Model(), "odin", DEPTH, DEPTH))
    line.n_remaining = 100
    with pytest.raises(InputError) as error:
        on_board(line, net, [EventBlock(None, events(10))])
    assert str(error.value) == "board: the line is broken; is the board still plugged in?"


def test_delays_that_the_bridge_cannot_make(net: Configuration) -> None:
    device = BridgedChip(BridgeLink(BoardLine(ModelBoard(Model(), "odin", DEPTH, DEPTH)), "board"), CHIP, "odin")
    with pytest.raises(InputError, match=r"gap is 65536; the bridge has delays of 0\.\.65535 clocks"):
        device.environment(Environment().delays._replace(gap=65536))


def test_an_event_too_far_ahead(net: Configuration) -> None:
    device = BridgedChip(BridgeLink(BoardLine(ModelBoard(Model(), "odin", DEPTH, DEPTH)), "board"), CHIP, "odin")
    block = EventBlock(np.array([0, 1 << 31]), np.array([1, 1]))
    with pytest.raises(
        InputError, match="cycle 2147483648: the event before it has 0; right is a distance below 2147483648"
    ):
        session.run(device, [block], Environment())


# --- RTL --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> RtlBoard:
    try:
        toolchain.verilator()
    except InputError as error:
        pytest.skip(str(error))
    return RtlBoard("odin", tmp_path_factory.mktemp("board"), event_depth=DEPTH, spike_depth=DEPTH, **PARAMETERS)


@pytest.fixture
def rtl_board(compiled: RtlBoard) -> RtlBoard:
    """The board, its memories as they are in a new one."""
    compiled.device.reset()
    return compiled


@pytest.mark.verilator
def test_the_rtl_gives_the_models_spikes_bit_by_bit_over_its_line(net: Configuration, rtl_board: RtlBoard) -> None:
    """Programming, events and spikes through the bridge's pins, with queues that are always full."""
    addrs, environment = events(300), Environment(0, 1, 3, 0)
    spikes, model = expected(net, addrs, environment)
    board_spikes, outcome, _ = on_board(BoardLine(rtl_board), net, [EventBlock(None, addrs)], environment, TITLE)
    assert len(spikes) > 1000 > DEPTH
    assert board_spikes == spikes
    assert outcome.n_events == 300
    for name, words in model.memories.items():
        assert np.array_equal(rtl_board.device.read_memory(name), words)


@pytest.mark.verilator
def test_the_rtl_sends_events_at_their_cycles(net: Configuration, rtl_board: RtlBoard) -> None:
    environment = Environment(20, 0, 2, 0)
    spikes, _, _ = on_board(BoardLine(rtl_board), net, timed(60), environment, TITLE)
    assert spikes == run_without_a_line(net, timed(60), environment)


@pytest.mark.verilator
def test_the_rtl_is_at_rest_when_the_model_is(net: Configuration, rtl_board: RtlBoard) -> None:
    spikes, _, _ = on_board(BoardLine(rtl_board), net, with_rests(20), title=TITLE)
    model_spikes, _, _ = on_board(BoardLine(ModelBoard(Model(), TITLE, 64, 64)), net, with_rests(20), title=TITLE)
    assert spikes == model_spikes
    expected_spikes = run_without_a_line(net, with_rests(20), Environment())
    assert [addr for _, addr in spikes] == [addr for _, addr in expected_spikes]


@pytest.mark.verilator
def test_the_bridge_is_its_simulation_to_the_clock(net: Configuration, rtl_board: RtlBoard) -> None:
    """Also in what the host alone sees: clocks counted, answers of the SPI, pins of no bus."""
    boards: tuple[SimulatedBoard, ...] = (rtl_board, ModelBoard(Model(), TITLE, DEPTH, DEPTH))
    states = []
    for board in boards:
        link = BridgeLink(BoardLine(board), "board", 5.0)
        device = BridgedChip(link, CHIP, TITLE)
        device.stop()
        start = device.poll().now
        session.program(device, net, packed.memories_before("blank", "odin"))
        spi_port = port(CHIP)
        reads = [spi_port.encode(write) for write in list(spi_port.program(net, net.memories))[:1]]
        reads += [spi_port.encode_read("neurons", n, byte) for n in (0, 15, 16) for byte in range(4)]
        answers = list(device.spi_read(reads, 5, 2))[1:]
        device.clocks(1000)
        progress = device.poll()
        response = link.request(Command.LEVELS, b"\x00")
        states.append(
            (
                progress.now - start,
                progress.quiet,
                progress.n_remaining,
                [spi_port.answer(a) for a in answers],
                response,
            )
        )
    assert states[0] == states[1]
    assert states[0][3] == [net.memories["neurons"][n, 0] >> 8 * byte & 0xFF for n in (0, 15, 16) for byte in range(4)]


@pytest.mark.verilator
def test_the_rtl_withstands_a_bad_line(net: Configuration, rtl_board: RtlBoard) -> None:
    addrs = events(40)
    line = BoardLine(rtl_board, spoilt(2000, seed=8))
    spikes, _, link = on_board(line, net, [EventBlock(None, addrs)], title=TITLE, patience=0.05)
    assert link.n_repeated > 3
    assert spikes == expected(net, addrs, Environment())[0]


# --- The line ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("divider", [4, 7])
def test_levels_are_received_in_whatever_pieces(divider: int) -> None:
    rng = np.random.default_rng(divider)
    message = rng.bytes(300)
    idle = np.ones(divider * 3 + 1, np.int64)
    line = np.concatenate([idle, levels(message[:100], divider), idle, levels(message[100:], divider), idle])
    receiver, output, position = LineReceiver(divider), b"", 0
    while position < len(line):
        n = int(rng.integers(1, 200))
        output += receiver.take(line[position : position + n])
        position += n
    assert output == message
