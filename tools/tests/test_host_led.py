"""A ReckOn on a board, led timestep by timestep: the same bytes, at the same cycles, as without a line between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator import chips
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.errors import InputError
from draupnir.emulator.parts.handshake import Delays, Environment
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.events import closed_loop
from draupnir.emulator.reckon.host import Host, Op
from draupnir.emulator.reckon.layout import CHIP
from draupnir.emulator.trace import pack, unpack
from draupnir.rtl import toolchain
from draupnir.rtl.bridge.board import title
from draupnir.rtl.bridge.protocol import Operation, buses
from draupnir.tools.cli import cli
from draupnir.tools.compile import packed
from draupnir.tools.host import led, session
from draupnir.tools.host.device import BridgedChip
from draupnir.tools.host.link import BridgeLink
from draupnir.tools.host.simulated.led import LedBuses
from draupnir.tools.host.simulated.model import ModelBoard
from draupnir.tools.host.simulated.rtl import RtlBoard
from draupnir.tools.host.simulated.terminal import SimulatedBoard
from draupnir.tools.tests.test_examples import ROOT, assert_shows, printed, steps
from draupnir.tools.tests.test_host import DEPTH, BoardLine, loaded
from draupnir.tools.tests.test_run_hosted import CONFIG, OPERATIONS, SPIKES

SMALL = {"n_neurons": 64, "n_inputs": 64, "n_outputs": 4}
AT_ONCE = Environment(0, 0, 0, 0).delays
ENVIRONMENTS = [Environment(), Environment(0, 0, 0, 0), Environment(5, 2, 3, 1)]
LEARNING = CONFIG.replace("SPI_DO_EPROP = 0", "SPI_DO_EPROP = 7\nSPI_SEND_LABEL_ONLY = 0")


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    return loaded(LEARNING, "reckon", tmp_path_factory.mktemp("net"))


def operations(n_timesteps: int) -> np.ndarray:
    """Two samples with a label each, learning in their last timesteps; the potentials are taken at the end."""
    rng = np.random.default_rng(n_timesteps)
    ops: list[tuple[int, int]] = []
    for label in (0, 1):
        ops += [(Op.SAMPLE, 1)]
        for timestep in range(n_timesteps):
            if timestep == n_timesteps - 2:
                ops += [(Op.TARGET, label), (Op.TARGET_VALID, 1), (Op.INFER_ACC, 1)]
            ops += [(Op.SPIKE, int(addr)) for addr in rng.choice([3, 3, 4, 8], 4)]
            ops += [(Op.TICK, 1)]
        ops += [(Op.SAMPLE, 0), (Op.TICK, 0), (Op.TAKE, 6), (Op.WAIT, 40), (Op.TARGET_VALID, 0), (Op.INFER_ACC, 0)]
    return np.array(ops, np.int64)


def expected(net: Configuration, ops: np.ndarray, environment: Environment) -> tuple[closed_loop.HostedRun, Model]:
    """What the golden model does with a host at its pins."""
    model = Model()
    net.apply(model)
    d = environment.delays
    return closed_loop.run(model, ops, Host(d.gap, d.hold, 1, d.ack_delay, d.ack_hold), 200_000), model


def on_board(
    board: SimulatedBoard,
    net: Configuration,
    ops: np.ndarray,
    environment: Environment,
    name: str,
    limit: int | None = None,
) -> tuple[list[tuple[int, int]], session.HostOutcome]:
    device = BridgedChip(BridgeLink(BoardLine(board), "board", 20.0), CHIP, name)
    session.program(device, net, packed.memories_before("blank", "reckon"))
    output: list[tuple[int, int]] = []

    def take(cycles: np.ndarray, content: np.ndarray) -> None:
        output.extend(zip(cycles.tolist(), content.tolist(), strict=True))

    codes = led.codes_of(CHIP, Op)
    outcome = session.lead(device, np.stack([codes[ops[:, 0]], ops[:, 1]], axis=1), environment, limit, take)
    return output, outcome


def holds(
    output: list[tuple[int, int]], outcome: session.HostOutcome, run: closed_loop.HostedRun, n_at_least: int
) -> None:
    cycles = run.cycles - run.first_cycle
    assert output == list(zip(cycles.tolist(), run.received.tolist(), strict=True))
    assert len(output) >= n_at_least
    assert (outcome.n_cycles, outcome.done) == (run.n_cycles, run.done)


# --- The golden model as the chip -------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_bytes_cycles_and_memories_are_the_models(net: Configuration, environment: Environment) -> None:
    ops = operations(5)
    run, model = expected(net, ops, environment)
    board = ModelBoard(chip := Model(seed=5), "reckon", DEPTH, DEPTH)
    output, outcome = on_board(board, net, ops, environment, "reckon")
    holds(output, outcome, run, 12)
    assert all(np.array_equal(chip.memories[name], words) for name, words in model.memories.items())


def test_a_run_stops_at_its_limit(net: Configuration) -> None:
    ops = operations(5)
    run, _ = expected(net, ops, Environment())
    limit = int(run.cycles[8] - run.first_cycle)
    output, outcome = on_board(ModelBoard(Model(), "reckon", DEPTH, DEPTH), net, ops, Environment(), "reckon", limit)
    assert (len(output), outcome.n_cycles, outcome.done) == (8, limit, False)


def test_an_operand_that_the_bridge_has_no_room_for(net: Configuration) -> None:
    device = BridgedChip(BridgeLink(BoardLine(ModelBoard(Model(), "reckon", DEPTH, DEPTH)), "board"), CHIP, "reckon")
    with pytest.raises(InputError, match="operation 1: operand 4294967296; right is less than 4294967296"):
        session.lead(device, np.array([[4, 1], [4, 1 << 32]]), Environment())


def test_only_a_chip_that_is_led_has_pins_for_it() -> None:
    leads = {name: buses(chips.declaration(name)).lead for name in chips.names() if chips.package(name).port}
    assert [name for name, lead in leads.items() if lead] == ["reckon"]


def buses_with(*events: tuple[int, int], delays: Delays = AT_ONCE) -> LedBuses:
    """events : operand and operation of the bridge"""
    led_buses = LedBuses(CHIP, DEPTH, 1, delays)
    assert all(led_buses.queue(operand, code, 0) for operand, code in events)
    return led_buses


def clocks_until(led_buses: LedBuses, pin: str, level: int, **outputs: int) -> int:
    """Clocks that pass, one by one, until the host has set a pin; the chip shows the same outputs throughout."""
    output_pins = pack(CHIP.output_word, outputs)
    for clocks in range(100):
        assert not led_buses.must_wait(output_pins, clocks)
        if led_buses.pins >> CHIP.input_word[pin].lsb & 1 == level:
            return clocks
        led_buses.step(output_pins, clocks, runs_sender=True)
    raise AssertionError(f"{pin} is never {level}")


@pytest.mark.parametrize(("gap", "clocks"), [(9, 9), (4, 4), (3, 3), (2, 2), (0, 2)])
def test_of_a_delay_that_runs_the_clocks_that_have_passed_count(gap: int, clocks: int) -> None:
    """Also where the host has acted for the next clock, whose passing nobody can prevent."""
    led_buses = buses_with((7, Operation.SPIKE))
    led_buses.set_delays(Environment(6, 0, 0, 0).delays)
    for now in range(2):
        assert not led_buses.must_wait(0, now)
        led_buses.step(0, now, runs_sender=True)
    led_buses.set_delays(Environment(gap, 0, 0, 0).delays)
    assert 2 + clocks_until(led_buses, "AERIN_REQ", 1) == clocks
    acted = buses_with((7, Operation.SPIKE), delays=Environment(6, 0, 0, 0).delays)
    assert not acted.must_wait(0, 0)
    acted.set_delays(Environment(gap, 0, 0, 0).delays)
    assert clocks_until(acted, "AERIN_REQ", 1) == max(gap, 1)


def test_a_full_queue_makes_the_clock_stand_still_until_a_byte_has_left() -> None:
    led_buses = buses_with((2, Operation.TAKE))
    led_buses.spikes.append((0, 1))
    output_pins = pack(CHIP.output_word, {"OUT_REQ": 1, "OUT_DATA": 0x5A})
    assert led_buses.must_wait(output_pins, 3) and led_buses.must_wait(output_pins, 3)
    led_buses.spikes.clear()
    assert not led_buses.must_wait(output_pins, 3)
    assert list(led_buses.spikes) == [(3, 0x5A)]


def test_an_operation_that_there_is_not_is_passed_over_and_operands_are_cut_to_their_width() -> None:
    led_buses = buses_with(
        (1, 200), (3, Operation.SET), (0x1FF, Operation.SPIKE), delays=Environment(0, 0, 0, 0).delays
    )
    assert not led_buses.must_wait(0, 0)
    level = buses(CHIP).lead.levels[0].name  # type: ignore[union-attr]
    assert unpack(CHIP.input_word, led_buses.pins) == {
        **dict.fromkeys((pin.name for pin in CHIP.input_word), 0), level: 1, "AERIN_REQ": 1, "AERIN_ADDR": 0xFF,
    }  # fmt: skip


# --- The command ------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    Path("net.toml").write_text(CONFIG)
    Path("spikes.csv").write_text(SPIKES)
    Path("operations.csv").write_text(OPERATIONS)
    yield tmp_path


def draupnir(command: str, *words: str) -> Result:
    return CliRunner().invoke(cli, [command, "reckon", *words])


HOST = ("--simulate", "model", "--onto", "blank", "--config", "net.toml")


@pytest.mark.parametrize("events", [("spikes.csv", "--timesteps", "6"), ("operations.csv",)])
def test_host_gives_the_file_that_run_gives(folder: Path, events: tuple[str, ...]) -> None:
    assert draupnir("run", "--config", "net.toml", "--events", *events, "-o", "run.csv").exit_code == 0
    result = draupnir("host", *HOST, "--events", *events, "-o", "board.csv")
    assert (result.exit_code, result.stderr) == (0, "")
    assert Path("board.csv").read_bytes() == Path("run.csv").read_bytes()
    lines = {" ".join(line.split()) for line in result.stdout.splitlines()}
    assert {"events 4", "spikes 1", "at rest at the end yes"} <= lines


def test_events_without_a_configuration_and_timesteps_of_another_chip_are_refused(folder: Path) -> None:
    result = draupnir("host", "--simulate", "model", "--events", "spikes.csv")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: spikes.csv: the output of reckon depends on its configuration; right is with --config\n"
    )
    result = CliRunner().invoke(cli, ["host", "odin", "--simulate", "model", "--timesteps", "3"])
    assert (result.exit_code, result.stderr) == (
        2,
        "error: --timesteps 3: odin has no timesteps; right is to leave it out\n",
    )


def test_weights_that_a_board_has_learned_are_those_of_the_model(folder: Path) -> None:
    """The example's second part."""
    (folder / "examples").symlink_to(ROOT / "examples")
    for command, lines in steps((ROOT / "examples/reckon/README.md").read_text(), 1):
        assert_shows(command, lines, printed(command))
    assert Path("board_labels.csv").read_bytes() == Path("labels.csv").read_bytes()
    memories = packed.read(ROOT / "examples/reckon/eprop.toml", "reckon").memories
    for name in ("winp", "wout"):
        words = Path(f"board_{name}.hex").read_text()
        assert words == Path(f"{name}.hex").read_text()
        learned = [int(word, 16) for word in words.split()]
        assert learned != [int.from_bytes(word.tobytes(), "little") for word in memories[name]]


# --- RTL --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> RtlBoard:
    try:
        toolchain.verilator()
    except InputError as error:
        pytest.skip(str(error))
    return RtlBoard("reckon", tmp_path_factory.mktemp("board"), event_depth=DEPTH, spike_depth=DEPTH, **SMALL)


@pytest.mark.verilator
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_rtl_gives_the_models_bytes_over_its_line(
    net: Configuration, compiled: RtlBoard, environment: Environment
) -> None:
    """A smaller chip, and the same to this network."""
    compiled.device.reset()
    ops = operations(5)
    run, _ = expected(net, ops, environment)
    output, outcome = on_board(compiled, net, ops, environment, title("reckon", SMALL))
    holds(output, outcome, run, 12)
