"""RANC's recipes, each for a grid of its own size: ticks, packets at the input, and resets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.fifo_pull import FifoTiming
from draupnir.emulator.declare import Chip
from draupnir.emulator.ranc.sizes import grid
from draupnir.emulator.trace import pack
from draupnir.golden.ranges import Range, draw
from draupnir.golden.recipes import Prepared, RecipeBook
from draupnir.golden.recipes.ranc_network import Network, contents, packets
from draupnir.golden.stimulus import AtEdges, Piece, Stimulus, constant, random_levels, resets, sender

SELDOM, OFTEN = Clocks(2000, 3000), Clocks(20, 300)


@dataclass(frozen=True)
class GridRecipe:
    """A recipe. A clock has two edges, and ``n_cycles`` counts both.

    sizes : the sizes of the chip that is recorded
    tick_every : clocks from a tick to the next one, None for no ticks
    tick_length : clocks for which tick is high
    gap : clocks before each packet in which the input is empty; None leaves the input empty
    protocol : False moves the pins of the input without any protocol
    resets_every : the time between two resets
    reset_at_first : False begins with the time before the first reset
    """

    why: str
    n_cycles: int = 8000
    undefined: bool = False
    sizes: Mapping[str, int] = field(default_factory=dict)
    network: Network = field(default_factory=Network)
    tick_every: Clocks | None = Clocks(170, 190)
    tick_length: Range = 1
    gap: Clocks | None = Clocks(0, 6)
    protocol: bool = True
    resets_every: Clocks = Clocks(1 << 40, 1 << 40)
    reset_at_first: bool = True


_recipe = partial(GridRecipe, sizes=grid(3, 2, (2, 1)))
RECIPES = {
    "network": _recipe("A core adds the weights of all axons with a spike, then the leak, and compares once a tick."),
    "routes": _recipe(
        "A packet goes east or west first, then north or south, and each merge prefers packets on their way.",
        sizes=grid(3, 3, (1, 1)),
        tick_every=Clocks(400, 500),
        gap=Clocks(0, 1),
        network=Network(to_output=0.1, ticks=(0, 15)),
    ),
    "congested": _recipe(
        "A neuron that fires waits while one of the two buffers behind its core is full.",
        sizes=grid(3, 2, (2, 1), n_axons=2, n_neurons=64),
        tick_every=Clocks(500, 700),
        gap=Clocks(0, 0),
        network=Network(thresholds=(-4, 2), gathered=True, to_output=0.2),
    ),
    "overrun": _recipe(
        "A tick while a core is busy is lost for this core, and sets token_controller_error until a reset.",
        tick_every=Clocks(20, 300),
        tick_length=(1, 60),
        resets_every=Clocks(300, 900),
    ),
    "wrapped": _recipe(
        "A potential wraps at each addition, and a threshold sees the wrapped one.",
        network=Network(weights=(-256, 255), thresholds=(100, 255), floors=(-256, -100), leaks=(-256, 255)),
    ),
    "thresholds": _recipe(
        "Thresholds have a sign; a potential fires at the positive one, and is reset below the negative one.",
        network=Network(thresholds=(-6, 6), floors=(-6, 6), weights=(-3, 3), leaks=(-1, 1), reset_potentials=(-9, 9)),
    ),
    "reset_modes": _recipe(
        "Reset mode 0 sets the potential, mode 1 subtracts a threshold, and every other one sets it to 0.",
        sizes=grid(3, 2, (2, 1), NUM_RESET_MODES=4),
        network=Network(reset_modes=(0, 3), reset_potentials=(-256, 255), thresholds=(0, 20), floors=(-20, 0)),
    ),
    "leaks": _recipe(
        "Each neuron adds its leak once a tick, also without a spike.",
        network=Network(density=0.05, leaks=(-20, 20), thresholds=(30, 60), floors=(-60, -30)),
    ),
    "delays": _recipe(
        "A packet for tick n acts n + 1 ticks later, and n = 15 meets the tick that is cleared.",
        network=Network(ticks=(0, 15), thresholds=(10, 80)),
        gap=Clocks(5, 40),
    ),
    "latest_ticks": _recipe(
        "A packet for tick 15 acts in the present tick on axons that come later, or 16 ticks later, or never.",
        sizes=grid(2, 1, (1, 0)),
        network=Network(ticks=15, to_output=0.1, thresholds=(5, 30)),
        gap=Clocks(0, 2),
    ),
    "outside": _recipe(
        "A packet that leaves the grid stays in the last buffer, and four of them block all that come behind.",
        network=Network(outside=0.5),
        gap=Clocks(5, 20),
        resets_every=Clocks(2500, 3500),
    ),
    "reset_in_flight": _recipe(
        "A reset empties the routers and the present tick, and does not stop a core that is busy.",
        resets_every=OFTEN,
        tick_every=Clocks(30, 250),
        tick_length=(1, 3),
    ),
    "unreset": _recipe(
        "Every register but the state of a token controller has an initial value.",
        resets_every=SELDOM,
        reset_at_first=False,
    ),
    "rude_input": _recipe(
        "The grid takes what is on packet_in a clock and a half after it was not empty, whatever has come since.",
        protocol=False,
        resets_every=Clocks(600, 900),
        network=Network(ticks=(0, 15)),
    ),
    "odd_widths": _recipe(
        "Weight, leak, threshold and potential have widths of their own; an axon beyond the last one has no bit.",
        sizes=grid(
            4, 2, (0, 1), n_axons=11, n_neurons=5, n_ticks=8, NUM_WEIGHTS=8, POTENTIAL_WIDTH=7, WEIGHT_WIDTH=4,
            LEAK_WIDTH=10, THRESHOLD_WIDTH=12, NUM_OUTPUTS=8, NUM_RESET_MODES=5,
        ),
        network=Network(
            weights=(-8, 7), leaks=(-300, 300), thresholds=(-70, 80), floors=(-80, 70), reset_modes=(0, 7),
            any_axon=True,
        ),
        tick_every=Clocks(80, 100),
    ),
    "output_first": _recipe(
        "The output bus may be anywhere, also at the place where packets come in.",
        sizes=grid(2, 3, (0, 0), NUM_OUTPUTS=1024),
    ),
    "one_packet_buffers": _recipe(
        "Buffers of one packet have no pointers.",
        sizes=grid(3, 3, (2, 0), n_axons=3, n_neurons=20, ROUTER_BUFFER_DEPTH=1),
        network=Network(thresholds=(-10, 10)),
        tick_every=Clocks(150, 300),
    ),
    "deep_buffers": _recipe(
        "Buffers of 16 packets keep their entries in a reset, but for the first one.",
        sizes=grid(3, 1, (2, 0), n_axons=2, n_neurons=60, ROUTER_BUFFER_DEPTH=16),
        network=Network(thresholds=(-10, 10), gathered=True),
        gap=Clocks(0, 0),
        tick_every=Clocks(250, 300),
        resets_every=OFTEN,
    ),
    "full_size": _recipe(
        "A core of 256 neurons and 256 axons needs 66,051 clocks for a tick.",
        n_cycles=133_000,
        sizes={},
        network=Network(density=0.3, thresholds=(5, 30)),
        tick_every=Clocks(66_000, 66_000),
        gap=Clocks(0, 300),
    ),
    "everywhere": _recipe(
        "Packets cross each other in all directions, around an output bus in the middle.",
        n_cycles=16_000,
        sizes=grid(4, 3, (1, 1)),
        tick_every=Clocks(170, 260),
        gap=Clocks(0, 2),
        network=Network(to_output=0.3, ticks=(0, 15), thresholds=(-20, 40), weights=(-256, 255), reset_modes=(0, 1)),
        resets_every=SELDOM,
    ),
    "everything": _recipe(
        "All input pins move at any edge.",
        n_cycles=20_000,
        tick_every=None,
        protocol=False,
        network=Network(weights=(-256, 255), outside=0.05, ticks=(0, 15), potentials=(-256, 255)),
        resets_every=OFTEN,
    ),
}  # fmt: skip


def book(chip: Chip) -> RecipeBook:
    """The recipes for a RANC of any sizes; a recipe's own sizes are those with which it is recorded."""
    return RecipeBook(
        RECIPES, partial(_prepare, chip), in_icarus=("network", "congested", "odd_widths"), uncompiled=("network", 400)
    )


def _prepare(chip: Chip, recipe: GridRecipe, seed: int) -> Prepared:
    rng = np.random.default_rng(seed)
    host = resets(chip, recipe.resets_every, rng, Clocks(1, 6), at_first=recipe.reset_at_first)
    pieces = [_ticks(chip, recipe, rng)]
    if not recipe.protocol:
        pieces += [random_levels(chip, pin, Clocks(1, 7), rng) for pin in ("input_buffer_empty",)]
        pieces.append(random_levels(chip, "packet_in", Clocks(1, 3), rng, _some_packets(chip, recipe, rng)))
    elif recipe.gap is not None:
        items = packets(chip, recipe.network, rng)
        pieces.append(sender(chip, "packets", items, rng, FifoTiming(recipe.gap)))
    else:
        pieces.append(constant(chip, input_buffer_empty=1))
    return Stimulus(host, pieces), contents(chip, recipe.network, rng)


def _some_packets(chip: Chip, recipe: GridRecipe, rng: np.random.Generator) -> list[int]:
    all_packets = packets(chip, recipe.network, rng)
    return [next(all_packets) for _ in range(200)]


def _ticks(chip: Chip, recipe: GridRecipe, rng: np.random.Generator) -> Piece | AtEdges:
    """Return the piece of the pin tick, which moves after a rise of clk, or at any edge."""
    if recipe.tick_every is None:
        return _restless_tick(chip, rng)
    return AtEdges(_tick_piece(chip, recipe.tick_every, recipe.tick_length, rng), chip.clocks[0].rise)


def _restless_tick(chip: Chip, rng: np.random.Generator) -> Piece:
    """Yield any levels, but no tick in the first clock, in which Icarus does not know the state of a core."""
    for _ in chip.period:
        yield 0
    yield from random_levels(chip, "tick", Clocks(1, 40), rng, (0, 0, 0, 1))


def _tick_piece(chip: Chip, every: Clocks, length: Range, rng: np.random.Generator) -> Piece:
    high = pack(chip.input_word, {"tick": 1})
    while True:
        n_high = draw(length, rng)
        for _ in range(max(1, every.draw(rng) - n_high)):
            yield 0
        for _ in range(n_high):
            yield high
