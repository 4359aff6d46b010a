"""Mesh's recipes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.stream import StreamReceiverTiming, StreamSenderTiming
from draupnir.emulator.declare import Chip
from draupnir.golden.recipes import RecipeBook
from draupnir.golden.stimulus import Stimulus, free_running, random_edges, random_levels, receiver, resets, sender
from mesh_chip.layout import SUM_BITS

RUDE = StreamSenderTiming(withdraw=0.3, change=0.3)
SLOW = StreamReceiverTiming(pause=Clocks(2, 9), withdraw=0.3)


@dataclass(frozen=True)
class Recipe:
    """edges : how the clocks go, "free" or "random"; rude : neither side keeps to the protocol"""

    why: str
    n_cycles: int = 600
    undefined: bool = False
    edges: str = "random"
    rude: bool = False


RECIPES = {
    "random": Recipe("Edges of clk and lnk that come together both see the state before them."),
    "rude": Recipe("A request that is withdrawn before it is taken was never there.", edges="free", rude=True),
}


def book(chip: Chip) -> RecipeBook:
    """The recipes of a mesh of any size."""
    n_cores = len(chip.memory("sums").parts)

    def prepare(recipe: Recipe, seed: int) -> tuple[Stimulus, dict[str, np.ndarray]]:
        rng = np.random.default_rng(seed)
        pieces = [
            sender(chip, "i", requests(rng), rng, RUDE if recipe.rude else None),
            receiver(chip, "o", rng, SLOW if recipe.rude else None),
            random_levels(chip, "vec", Clocks(1, 5), rng),
        ]
        edges = random_edges(chip, rng) if recipe.edges == "random" else free_running(chip, clk=3, lnk=5)
        sums = rng.integers(0, 1 << SUM_BITS, chip.memory("sums").shape).astype(np.uint32)
        return Stimulus(resets(chip, Clocks(100, 200), rng), pieces, edges), {"sums": sums}

    def requests(rng: np.random.Generator) -> Iterator[int]:
        """Now and then one for a core that there is not."""
        while True:
            yield min(int(rng.integers(n_cores + 1)), 15) << 11 | int(rng.integers(1 << 11))

    return RecipeBook(RECIPES, prepare)
