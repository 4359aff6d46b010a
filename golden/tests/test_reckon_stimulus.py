"""ReckOn's recipes: the same seed gives the same rows, all actions are used, and contents are in their ranges."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from draupnir.emulator.codec import from_limbs, take
from draupnir.emulator.reckon import layout
from draupnir.emulator.reckon.layout import CHIP, SpiCode
from draupnir.golden.recipes.reckon import Actions, ReckonRecipe, prepare
from draupnir.golden.recipes.reckon_contents import BASE, Network
from draupnir.golden.recipes.reckon_samples import TARGET, Samples, World
from draupnir.golden.recipes.reckon_table import RECIPES

IN, OUT = CHIP.input_word, CHIP.output_word
Rows = list[tuple[int, int]]


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


class Ready:
    """A toy chip that acknowledges input events two clocks later, and is always ready."""

    def __init__(self) -> None:
        self.levels = [0, 0]

    def step(self, inputs: int, edges: int = 1) -> int:
        self.levels = [*self.levels[1:], take(IN["AERIN_REQ"], inputs)]
        return self.levels[0] << OUT["AERIN_ACK"].lsb | 1 << OUT["TIMING_ERROR_RDY"].lsb


def rows_of(recipe: ReckonRecipe, n_cycles: int, seed: int = 1) -> tuple[Rows, dict[str, np.ndarray]]:
    stimulus, memories = prepare(recipe, seed)
    device, now, rows = Ready(), 0, []
    for _ in range(n_cycles):
        new = stimulus.next(now)
        now = device.step(new[-1][0])
        rows += new
    return rows, memories


def spi_words(rows: Rows) -> list[int]:
    """Return the 32-bit words that the SPI receives in these rows."""
    bits = [take(IN["MOSI"], b) for (a, _), (b, _) in pairwise(rows) if take(IN["SCK"], b) and not take(IN["SCK"], a)]
    return [int("".join(map(str, bits[i : i + 32])), 2) for i in range(0, len(bits) - 31, 32)]


@pytest.mark.parametrize("name", ["eprop", "everything", "cue_accumulation"])
def test_the_same_seed_gives_the_same_rows_and_memories(name: str) -> None:
    (a, memories), (b, other_memories), (c, _) = (rows_of(RECIPES[name], 3000, seed) for seed in (3, 3, 4))
    assert a == b != c
    assert all(np.array_equal(content, other_memories[memory]) for memory, content in memories.items())


def test_every_recipe_says_why_in_one_sentence() -> None:
    assert len(RECIPES) >= 30
    for recipe in RECIPES.values():
        assert recipe.why.endswith(".") and "\n" not in recipe.why


def test_every_register_has_a_sensible_content() -> None:
    numbers = Network().registers(rng())
    assert {*BASE, *numbers, "SPI_EN_CONF"} == {register.name for register in CHIP.registers}
    for recipe in RECIPES.values():
        assert {*recipe.registers, *recipe.host.retune} <= {register.name for register in CHIP.registers}


def test_recipes_use_every_action() -> None:
    actions = {name for recipe in RECIPES.values() for name in recipe.host.actions}
    not_actions = {"run", "configure", "program", "words", "slow_words", "register"}
    assert actions == {name for name in vars(Actions) if not name.startswith("_")} - not_actions


def test_configuration_writes_every_register_address() -> None:
    rows, _ = rows_of(ReckonRecipe("", samples=Samples(gap=RECIPES["eprop"].samples.gap)), 2500)
    headers = spi_words(rows)[::2]
    addrs = [take(layout.SPI_HEADER["addr"], header) for header in headers]
    last = CHIP.register("SPI_EN_CONF").addr  # This write lets the network run.
    expected = [register.addr + i for register in CHIP.registers for i in range(register.n_addrs)]
    assert addrs == [*expected[1:], last]
    assert {take(layout.SPI_HEADER["num_write"], header) for header in headers} == {1}


def test_a_programmed_network_is_the_one_that_would_have_been_loaded() -> None:
    network = RECIPES["spi_program"].network
    rows, loaded = rows_of(ReckonRecipe("", network=network, program=True), 6000)
    assert not any(content.any() for content in loaded.values())
    words = spi_words(rows)
    content = {memory.name: np.zeros((memory.depth, memory.n_limbs), np.uint32) for memory in CHIP.memories}
    names = {SpiCode.NEUR: "neurons", SpiCode.WINP: "winp", SpiCode.WREC: "wrec", SpiCode.WOUT: "wout"}
    while words:
        header = words.pop(0)
        code, n, addr = (take(layout.SPI_HEADER[name], header) for name in ("code", "num_write", "addr"))
        limbs = [words.pop(0) for _ in range(min(n, len(words)))]
        if code in names and not take(layout.SPI_HEADER["read"], header):
            content[names[SpiCode(code)]].ravel()[addr : addr + len(limbs)] = limbs
    expected = prepare(ReckonRecipe("", network=network), 1)[1]
    assert all(np.array_equal(content[name], expected[name]) for name in expected)


def test_only_existing_neurons_have_weights() -> None:
    network = Network(n_inp=5, n_rec=18, n_out=3, winp=(1, 9), wrec=(-9, -1), wout=7)
    memories = network.memories(network.registers(rng()), rng())
    for pre, post, weight in ((4, 17, range(1, 10)), (4, 18, range(1)), (5, 17, range(1))):
        word = from_limbs(memories["winp"][pre * layout.N // layout.N_WEIGHTS + post // layout.N_WEIGHTS])
        assert take(layout.WEIGHTS[f"w{post % layout.N_WEIGHTS}"], word) in weight
    assert {take(layout.WEIGHTS[f"w{i}"], from_limbs(memories["wrec"][17 * 16])) for i in range(16)} <= set(
        range(-9, 0)
    )
    assert [take(layout.OUT_WEIGHTS[f"w{i}"], from_limbs(memories["wout"][17])) for i in range(4)] == [7, 7, 7, 0]
    assert not memories["wout"][18:].any()
    thresholds = {take(layout.PAIR["thr"], from_limbs(word)) for word in memories["neurons"][:9]}
    assert min(thresholds) >= 300 and not memories["neurons"][9:].any()


def test_targets_are_asked_for_and_are_labels_or_pairs_of_bytes() -> None:
    for regression, n_expected in ((0, 1), (1, 6)):
        recipe = ReckonRecipe("", registers={"SPI_REGRESSION": regression, "SPI_NUM_OUT_NEUR": 2})
        host = Actions(recipe, rng(), Network().registers(rng()), {})
        host.running = True
        world = World(Samples(teach=0, beyond=0.0), host, rng())
        sender, piece = world.events(), world.piece()
        events: list[int] = []
        outputs = 1 << OUT["TIMING_ERROR_RDY"].lsb | 1 << OUT["MISO"].lsb
        next(piece)
        while sum(event >= TARGET for event in events) < n_expected:
            piece.send(outputs)
            events += [event for event in (next(sender),) if event is not None]
        targets = [event - TARGET for event in events if event >= TARGET]
        assert regression or targets[0] <= 2
        assert all(event < TARGET for event in events[: len(events) - n_expected])


def test_reset_and_sck_never_change_in_the_same_row() -> None:
    rows, _ = rows_of(RECIPES["reset_in_flight"], 20_000)
    changes = [a ^ b for (a, _), (b, _) in pairwise(rows)]
    assert sum(take(IN["RST"], change) for change in changes) > 10
    assert not any(take(IN["RST"], change) and take(IN["SCK"], change) for change in changes)
