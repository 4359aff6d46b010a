"""Operations on ODIN and tinyODIN: the same spikes and potentials from a model, and from a chip on a board."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator import chips, columns
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.crossbar.operations import LONGEST_WAIT, Operations, stages
from draupnir.emulator.crossbar.operations import CrossbarOp as Op
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import AT_REST
from draupnir.tools.cli import cli
from draupnir.tools.host import operations as on_board
from draupnir.tools.host import session
from draupnir.tools.host.device import BridgedChip
from draupnir.tools.host.link import BridgeLink
from draupnir.tools.host.simulated.model import ModelBoard
from draupnir.tools.run import operations
from draupnir.tools.tests.test_host import BoardLine

CHIPS = ("odin", "tinyodin")
QUIET = 9000
N_READ = {"odin": 12, "tinyodin": 40}
Ops = list[tuple[int, int]]


def configuration_of(chip: str, seed: int) -> Configuration:
    """Random neurons with random state, which rarely spike, of both kinds of ODIN's, and random synapses that learn."""
    declaration, rng = chips.declaration(chip), np.random.default_rng(seed)
    neurons, synapses = declaration.memories
    words = rng.integers(0, 1 << 32, (neurons.depth, neurons.n_limbs), dtype=np.uint32)
    for word, rows in Operations(declaration)._rows_by_word(words):
        part = words[rows]
        if "thr" in word:
            high = min(word["thr"].high, 500)
            columns.put(word["thr"], part, rng.integers(high * 2 // 3, high + 1, len(part)))
        is_disabled = rng.random(len(part)) < (0.9 if word.name == "izh" else 0.1)
        columns.put(word["neur_disable"], part, is_disabled.astype(np.int64))
        words[rows] = part
    registers = {r.name: (r.fallback,) * r.n_addrs for r in declaration.registers}
    if chip == "odin":
        registers["SPI_SYN_SIGN"] = tuple(rng.integers(0, 1 << 16, 16).tolist())
    else:
        registers["SPI_MAX_NEUR"] = (99,)
    synapse_words = rng.integers(0, 1 << 32, (synapses.depth, synapses.n_limbs), dtype=np.uint32)
    return Configuration(declaration, registers, {neurons.name: words, synapses.name: synapse_words})


def two_samples(chip: str, seed: int) -> Ops:
    """The same events twice, with rests, slots and a read in them; a reset and reads between and after them."""
    declaration, rng = chips.declaration(chip), np.random.default_rng(seed)
    event = {e.name: e for e in declaration.events}
    sample: Ops = []
    for timestep in range(3):
        sample += [(Op.EVENT, event["spike"].encode(pre_neur=int(pre))) for pre in rng.integers(0, 256, 4)]
        sample += [(Op.REST, 0), (Op.EVENT, event["tref_all"].encode())]
        sample += [(Op.WAIT, 700), (Op.READ, 3)] if timestep == 1 else []
    sample += [(Op.WAIT, 3000), (Op.EVENT, event["spike"].encode(pre_neur=9)), (Op.READ, N_READ[chip])]
    return [(Op.READ, 5), *sample, (Op.RESET, 0), (Op.READ, N_READ[chip]), *sample]


class Record:
    """The output of a run."""

    def __init__(self) -> None:
        self.spikes: list[tuple[int, int]] = []
        self.potentials: list[list[int]] = []

    def take(self, cycles: np.ndarray, addrs: np.ndarray) -> None:
        self.spikes += zip(cycles.tolist(), addrs.tolist(), strict=True)

    def take_potentials(self, number: int, cores: np.ndarray) -> None:
        assert number == len(self.potentials)
        self.potentials.append(cores.tolist())

    @property
    def addrs(self) -> list[int]:
        return [addr for _, addr in self.spikes]


def on_model(configuration: Configuration, ops: Ops, max_cycles: int | None = None) -> tuple[Record, Any, Any]:
    model, record = chips.model(configuration.chip.name)(), Record()
    configuration.apply(model)
    run = operations.run(model, configuration, ops, Environment(), max_cycles, record.take, record.take_potentials)
    return record, run, model


def on_a_board(
    configuration: Configuration, ops: Ops, max_cycles: int | None = None
) -> tuple[Record, session.HostOutcome, Any]:
    """The same on a simulated board, which has the memories already, to be quick."""
    chip, record = configuration.chip, Record()
    model = chips.model(chip.name)()
    for name, words in configuration.memories.items():
        model.memories[name][:] = words
    device = BridgedChip(BridgeLink(BoardLine(ModelBoard(model, chip.name, 64, 64)), "board"), chip, chip.name)
    session.program(device, configuration, configuration.memories)
    limits = max_cycles, QUIET, record.take, record.take_potentials
    return record, on_board.run(device, configuration, np.arange(256), ops, Environment(), *limits), model


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("chip", CHIPS)
def test_a_board_gives_the_spikes_and_the_potentials_of_the_model(chip: str, seed: int) -> None:
    configuration, ops = configuration_of(chip, seed), two_samples(chip, seed)
    record, run, model = on_model(configuration, ops)
    board_record, outcome, chip_on_board = on_a_board(configuration, ops)
    assert (run.done, outcome.done) == (True, True)
    assert board_record.potentials == record.potentials
    assert board_record.addrs == record.addrs
    assert (outcome.n_events, outcome.n_spikes) == (run.n_events, len(record.spikes))
    assert all(np.array_equal(words, chip_on_board.memories[name]) for name, words in model.memories.items())
    assert len(record.spikes) > 10


@pytest.mark.parametrize("chip", CHIPS)
def test_a_reset_gives_the_neurons_their_state_and_leaves_the_synapses(chip: str) -> None:
    configuration, ops = configuration_of(chip, 1), two_samples(chip, 1)
    record, _, model = on_model(configuration, ops)
    at_start, once, last, after_reset, *second_reads = record.potentials
    configured = Operations(configuration.chip).potentials(configuration.memories["neurons"]).tolist()
    assert at_start == configured[:5]
    assert after_reset == configured[: N_READ[chip]] != last
    n = len(record.spikes) // 2
    if chip == "tinyodin":  # its synapses do not learn, so that the second sample is the first
        assert (record.addrs[:n], [once, last]) == (record.addrs[n:], second_reads)
    else:
        assert not np.array_equal(model.memories["synapses"], configuration.memories["synapses"])
    _, _, rested = on_model(configuration, [*ops, (Op.RESET, 0)])
    assert np.array_equal(rested.memories["neurons"], configuration.memories["neurons"])
    assert np.array_equal(rested.memories["synapses"], model.memories["synapses"])


@pytest.mark.parametrize("chip", CHIPS)
def test_a_run_of_operations_stops_at_its_limit(chip: str) -> None:
    configuration, ops = configuration_of(chip, 2), two_samples(chip, 2)
    whole, run, _ = on_model(configuration, ops)
    limit = run.n_cycles // 2
    record, short_run, _ = on_model(configuration, ops, limit)
    assert (short_run.done, short_run.n_cycles) == (False, limit)
    assert record.spikes == [spike for spike in whole.spikes if spike[0] < limit]
    board_record, outcome, _ = on_a_board(configuration, ops, 3 * QUIET)
    assert (outcome.done, outcome.n_cycles) == (False, 3 * QUIET)
    assert (
        board_record.addrs == whole.addrs[: len(board_record.addrs)] and board_record.potentials == whole.potentials[:1]
    )


# --- Stages -------------------------------------------------------------------------------------------------------


def event(addr: int) -> tuple[int, int]:
    return Op.EVENT, addr


REST, RESET = (Op.REST, 0), (Op.RESET, 0)


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        ([], [([], [], Op.REST, 0)]),
        ([event(1), event(2)], [([0, 0], [1, 2], Op.REST, 0)]),
        ([event(1), REST, REST, event(2), event(3)], [([0, AT_REST, 0], [1, 2, 3], Op.REST, 0)]),
        ([event(1), (Op.WAIT, 9), event(2), (Op.WAIT, 5), event(3)], [([0, 9, 14], [1, 2, 3], Op.REST, 0)]),
        ([event(1), RESET, (Op.READ, 7), event(2)], [([0], [1], Op.RESET, 0), ([], [], Op.READ, 7), ([0], [2], 2, 0)]),
        ([event(1), REST, (Op.WAIT, 9), event(2)], [([0], [1], Op.REST, 0), ([9], [2], Op.REST, 0)]),
        (
            [(Op.WAIT, 4), event(1), REST, event(2), event(3), (Op.WAIT, 9), event(4), RESET],
            [([4], [1], Op.REST, 0), ([0, 0, 9], [2, 3, 4], Op.RESET, 0), ([], [], Op.REST, 0)],
        ),
    ],
)
def test_operations_are_divided_where_the_host_does_something(ops: Ops, expected: list[tuple]) -> None:
    assert [(stage.cycles, stage.addrs, stage.op, stage.operand) for stage in stages(ops)] == expected


def test_a_wait_counts_from_the_last_wait_or_rest() -> None:
    configuration = configuration_of("tinyodin", 3)
    spike = next(e for e in configuration.chip.events if e.name == "spike").encode(pre_neur=0)
    ops = [
        (Op.WAIT, 5000),
        event(spike),
        REST,
        (Op.WAIT, 4000),
        event(spike),
        (Op.WAIT, 9000),
        (Op.WAIT, 10),
        event(spike),
    ]
    _, run, _ = on_model(configuration, ops)
    starts = [5000, on_model(configuration, ops[:2])[1].n_cycles + 4000]
    starts.append(starts[1] + 9010)
    assert run.n_events == 3
    assert starts[2] < run.n_cycles < starts[2] + 1000


# --- Files --------------------------------------------------------------------------------------------------------

NET = """
[registers]
SPI_OPEN_LOOP = 1
SPI_MAX_NEUR = 3
[[neurons]]
index = "0-3"
thr = 20
core = 2
[[synapses]]
pre = 200
post = "0-3"
weight = 6
"""
FILE = """op,operand
READ,2
EVENT,200
rest,0
EVENT,0xc8
READ,3
RESET,0
EVENT,200
READ,1
"""
POTENTIALS = "read,neuron,potential\n0,0,2\n0,1,2\n1,0,14\n1,1,14\n1,2,14\n2,0,8\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.toml").write_text(NET)
    (tmp_path / "ops.csv").write_text(FILE)
    return tmp_path


def draupnir(*words: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, words)))


def words_of(folder: Path, *more: object) -> tuple[object, ...]:
    return "--config", folder / "net.toml", "--events", folder / "ops.csv", *more


COMMANDS = (("run", "tinyodin"), ("host", "tinyodin", "--simulate", "model", "--onto", "blank", "--quiet", "2000"))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_potentials_of_a_file(folder: Path, command: tuple[str, ...]) -> None:
    result = draupnir(*command, *words_of(folder, "--potentials", folder / "p.csv", "-o", folder / "s.csv"))
    assert (result.exit_code, result.stderr) == (0, "")
    assert (folder / "p.csv").read_text() == POTENTIALS
    assert (folder / "s.csv").read_text() == "cycle,addr\n"
    assert draupnir(*command, *words_of(folder, "--potentials", folder / "p.npy")).exit_code == 0
    expected = [line.split(",") for line in POTENTIALS.splitlines()[1:]]
    assert np.load(folder / "p.npy").astype(str).tolist() == expected


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("content", "more", "message"),
    [
        (FILE, (), "{ops}: READ needs a file for the potentials; right is with --potentials FILE"),
        ("op,operand\nREST,0\n", ("p.csv",), "--potentials {p}: there is no READ in {ops}; right is to leave it out"),
        ("addr\n200\n", ("p.csv",), "--potentials {p}: only with operations, among them READ, in --events"),
        (FILE, ("p.txt",), "{p}: potentials are written to .csv or .npy"),
        (FILE, ("ops.csv",), "--potentials {p}: it is the input --events {ops}, which must not be overwritten"),
        ("op,operand\nSPIKE,1\n", (), "{ops}:2: no operation 'SPIKE'; there are EVENT, WAIT, REST, RESET, READ"),
        ("op,operand\nREAD,0\n", (), "{ops}:2: READ: 0 is not within 1..256"),
        ("op,operand\nRESET,1\n", (), "{ops}:2: RESET: 1 is not within 0..0"),
        ("op,operand\nEVENT,1024\n", (), "{ops}:2: EVENT: 1024 is not within 0..1023"),
        ("op,operand\nWAIT,-1\n", (), f"{{ops}}:2: WAIT: -1 is not within 0..{LONGEST_WAIT}"),
    ],
)
def test_each_mistake_is_one_line(
    folder: Path, command: tuple[str, ...], content: str, more: tuple[str, ...], message: str
) -> None:
    (folder / "ops.csv").write_text(content)
    potentials = folder / more[0] if more else None
    files = sorted(folder.iterdir())
    result = draupnir(*command, *words_of(folder, *(("--potentials", potentials) if potentials else ())))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"error: {message.format(ops=folder / 'ops.csv', p=potentials)}\n"
    assert sorted(folder.iterdir()) == files


def test_operations_on_a_board_need_the_configuration(folder: Path) -> None:
    (folder / "ops.csv").write_text("op,operand\nRESET,0\n")
    result = draupnir("host", "tinyodin", "--simulate", "model", "--events", folder / "ops.csv")
    message = "operations need the configuration of the chip; right is with --config"
    assert (result.exit_code, result.stderr) == (2, f"error: {folder / 'ops.csv'}: {message}\n")
