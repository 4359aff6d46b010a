"""The witness of a neuron or of a synapse as a golden case: what the chip does, from its power-up, at such an event.

The memories are loaded, the host programs all configuration registers, and then the events come. Outputs and memories
are those of the golden model, so the case does not hold on an RTL in which the event shows the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.crossbar.layout import N
from draupnir.emulator.spi.bytewise import Bytewise
from draupnir.golden.compare.device import SteppedModel
from draupnir.golden.recipes.crossbar import CrossbarRecipe, synapse_words
from draupnir.golden.record import record, save
from draupnir.golden.spi_host import SpiHost
from draupnir.golden.stimulus import Stimulus, receiver, sender
from draupnir.tools.proofs.logic import Bits, Truth

SEED = 1
GAP = 40  # clocks between two events, in which a virtual event leaves the scheduler
CLOCKS_OF_BIT = 6  # the most that a bit takes on the SPI
START = 100  # more clocks than both resets take


@dataclass(frozen=True)
class CrossbarRun:
    """Work of ODIN or tinyODIN from its power-up.

    port : the chip's SPI port
    registers : configuration register -> its content; all others are 0
    neurons : number of a neuron -> its memory word; all others are unused ones
    synapses : pre-synaptic and post-synaptic neuron -> content; all others are 0
    events : addresses on the input bus
    rest : clocks after the last event
    """

    port: Bytewise
    registers: Mapping[str, int]
    neurons: Mapping[int, int]
    events: Sequence[int]
    synapses: Mapping[tuple[int, int], int] = field(default_factory=dict)
    rest: int = 500

    def memories(self) -> dict[str, np.ndarray]:
        """Return the memories before the first clock."""
        memory = self.port.chip.memory("neurons")
        unused = encode(memory.words[0], **memory.unused)
        words = [to_limbs(self.neurons.get(i, unused), memory.n_limbs) for i in range(memory.depth)]
        synapses = np.zeros((N, N), np.int64)
        for place, content in self.synapses.items():
            synapses[place] = content
        return {"neurons": np.array(words), "synapses": synapse_words(synapses)}

    def stimulus(self) -> Stimulus:
        """Return the stimulus of the pins."""
        chip, (for_host, *others) = self.port.chip, np.random.default_rng(SEED).spawn(3)
        recipe = CrossbarRecipe("", None, registers=self.registers)
        host = SpiHost(self.port, recipe, for_host, {name: np.zeros((0, 1), np.uint32) for name in self.port.reach})
        sides = [sender(chip, "aerin", self._events(host), others[0]), receiver(chip, "aerout", others[1])]
        return Stimulus(host.run(), sides)

    def _events(self, host: SpiHost) -> Iterator[int | None]:
        while not host.running:
            yield None
        for event in self.events:
            yield event
            yield from (None,) * GAP

    @property
    def n_clocks(self) -> int:
        """Enough clocks for all of it."""
        n_frames = 2 + sum(register.n_addrs for register in self.port.chip.registers)
        return START + n_frames * self.port.bits * CLOCKS_OF_BIT + len(self.events) * 2 * GAP + self.rest


@dataclass(frozen=True)
class LeafCase:
    """The way in which a witness of a part becomes a golden case.

    is_possible : tells whether an event on the chip can have these inputs
    run : returns the chip's work for the inputs and the names of the results that differ
    """

    is_possible: Callable[[Mapping[str, Bits]], Truth]
    run: Callable[[Mapping[str, int], Collection[str]], CrossbarRun]


def write(run: CrossbarRun, folder: Path, why: str) -> None:
    """Record the golden model, and save the golden case; why : one sentence

    Raises InputError for a folder that is not empty and not a golden case.
    """
    chip = run.port.chip
    recording = record(SteppedModel(chips.model(chip.name)()), chip, run.stimulus(), run.n_clocks, run.memories())
    save(recording, folder, why, {"kind": "model"}, "", SEED)
