"""The 20 behaviours of Izhikevich on ODIN's neuron: parameters, stimuli, and two recipes that record them all.

Each behaviour has a configuration of one neuron, a TOML in the folder ``izhikevich``, and an input: a strength for each
time step. A time step begins with stimulations and ends with a time reference.

Source: E. M. Izhikevich, Which Model to Use for Cortical Spiking Neurons?, IEEE TNN 15(5), 2004, figure 1.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import state
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import SenderTiming
from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.odin.layout import CHIP, IZH, NEURONS, SYN_WEIGHT
from draupnir.golden.recipes.crossbar import Memories
from draupnir.golden.recipes.odin import EVENTS, WRITE_FIFO, Actions, OdinRecipe, Traffic
from draupnir.golden.stimulus import Piece, Stimulus, receiver, sender

FOLDER = Path(__file__).parent / "izhikevich"
SPIKE_STEP, BURST_STEP = 120, 1200  # clocks in a time step; where there are bursts, each spike takes 512 of them
SILENCE = 4  # time steps between two behaviours of a recording, in which the last burst ends
EACH = SYN_WEIGHT.high  # LSB in the largest stimulation
STEP = 8  # LSB of one membrane step with fi_sel = 0


@dataclass(frozen=True)
class Behaviour:
    """One behaviour, and the stimulus that shows it.

    letter : A..T, as in Izhikevich's figure; name : its words there
    phases : the input as pairs: a number of time steps, and the strength in each of them, in LSB of weight. A negative
        strength is inhibitory
    clocks : the clocks in a time step
    """

    letter: str
    name: str
    phases: tuple[tuple[int, int], ...]
    clocks: int = SPIKE_STEP

    @property
    def file_name(self) -> str:
        """The name of its files, without a suffix."""
        return f"{self.letter.lower()}_{self.name.replace(' ', '_').replace('-', '_')}"

    @property
    def toml(self) -> Path:
        """The configuration of its neuron."""
        return FOLDER / f"{self.file_name}.toml"

    @property
    def input(self) -> list[int]:
        """The strength in each time step, in LSB of weight."""
        return list(chain.from_iterable(repeat(lsb, n) for n, lsb in self.phases))

    def events(self, neuron: int = 0) -> Iterator[tuple[int, int]]:
        """Yield the events to a neuron, each with the first clock in which it is sent.

        The stimulations of a time step begin after a sixth of it. Its time reference comes at its end.
        """
        for step, lsb in enumerate(self.input):
            for addr in stimulations(lsb, neuron):
                yield step * self.clocks + self.clocks // 6, addr
            yield (step + 1) * self.clocks, EVENTS["tref"].encode(neur=neuron)


def stimulations(lsb: int, neuron: int) -> Iterator[int]:
    """Yield the virtual events that have a total weight of ``lsb``; they are inhibitory if it is negative."""
    for n_lsb in range(0, abs(lsb), EACH):
        yield EVENTS["virtual"].encode(neur=neuron, sign=int(lsb < 0), weight=min(EACH, abs(lsb) - n_lsb))


# --- Inputs -----------------------------------------------------------------------------------------------------

Phases = tuple[tuple[int, int], ...]


def _pairs(lsb: int, *distances: int) -> Phases:
    """Two pulses at each of these distances in time steps, at least 2, or side by side for 1."""
    pairs = (((1, lsb), (distance - 1, 0), (1, lsb), (12, 0)) for distance in distances)
    return ((3, 0), *chain.from_iterable(pairs))


_ON: Phases = ((4, 0), (36, STEP))
_ON_SHORT: Phases = ((2, 0), (30, STEP))
_INHIBITED: Phases = ((3, 0), (24, -STEP), (5, 0))

BEHAVIOURS = (
    Behaviour("A", "tonic spiking", _ON),
    Behaviour("B", "phasic spiking", _ON),
    Behaviour("C", "tonic bursting", _ON_SHORT, BURST_STEP),
    Behaviour("D", "phasic bursting", _ON_SHORT, BURST_STEP),
    Behaviour("E", "mixed mode", _ON_SHORT, BURST_STEP),
    Behaviour("F", "spike frequency adaptation", _ON),
    Behaviour("G", "class 1 excitable", ((3, 0), *((6, lsb) for lsb in range(1, 13)))),
    Behaviour("H", "class 2 excitable", ((3, 0), *((12, n * STEP) for n in range(1, 6)))),
    Behaviour("I", "spike latency", ((4, 0), (1, 3 * STEP), (20, 0))),
    Behaviour("J", "subthreshold oscillation", ((4, 0), (1, 6 * STEP), (28, 0))),
    Behaviour("K", "resonator", _pairs(2 * STEP, 2, 4, 6)),
    Behaviour("L", "integrator", _pairs(3 * STEP, 1, 4, 8)),
    Behaviour("M", "rebound spike", ((4, 0), (1, -3 * STEP), (14, 0))),
    Behaviour("N", "rebound burst", ((4, 0), (1, -3 * STEP), (14, 0)), BURST_STEP),
    Behaviour("O", "threshold variability", ((4, 0), (1, STEP), (15, 0), (1, -STEP), (2, 0), (1, STEP), (10, 0))),
    Behaviour("P", "bistability", ((4, 0), (1, 2 * STEP), (19, 0), (1, 2 * STEP), (15, 0))),
    Behaviour("Q", "depolarizing after-potential", ((4, 0), (1, 4 * STEP), (20, 0))),
    Behaviour("R", "accommodation", ((4, 0), *((3, n * STEP) for n in (1, 2, 3, 4)), (8, 0), (2, 4 * STEP), (12, 0))),
    Behaviour("S", "inhibition-induced spiking", _INHIBITED),
    Behaviour("T", "inhibition-induced bursting", _INHIBITED, BURST_STEP),
)

# --- Recipes ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BehaviourRecipe(OdinRecipe):
    """A stimulus that shows behaviours one after the other; neuron k has the k-th. All have the same registers."""

    behaviours: tuple[Behaviour, ...] = ()

    def schedule(self) -> Iterator[tuple[int, int]]:
        """Yield all events, each with the first clock in which it is sent, counted from the start of the network."""
        for neuron, (behaviour, start) in enumerate(zip(self.behaviours, self.starts(), strict=True)):
            for clock, addr in behaviour.events(neuron):
                yield start + clock, addr

    def starts(self) -> list[int]:
        """The first clock of each behaviour."""
        lengths = [(len(behaviour.input) + SILENCE) * behaviour.clocks for behaviour in self.behaviours]
        return [_OPENING + sum(lengths[:i]) for i in range(len(lengths))]


_OPENING = 3_000  # clocks for the events that write what no reset writes
_CONFIGURED = 11_000  # clocks in which the host writes the registers


def _tables(behaviour: Behaviour) -> dict[str, Any]:
    return tomllib.loads(behaviour.toml.read_text(encoding="utf-8"))


def _recipe(why: str, clocks: int) -> BehaviourRecipe:
    behaviours = tuple(behaviour for behaviour in BEHAVIOURS if behaviour.clocks == clocks)
    (registers,) = {tuple(_tables(behaviour)["registers"].items()) for behaviour in behaviours}
    recipe = BehaviourRecipe(
        why,
        Traffic({}, opening=WRITE_FIFO),
        registers=dict(registers),
        sender=SenderTiming(gap=Clocks(0, 1), setup=Clocks(0, 1), req_hold=Clocks(0, 1)),
        behaviours=behaviours,
    )
    last = recipe.starts()[-1] + (len(behaviours[-1].input) + SILENCE) * clocks
    return BehaviourRecipe(**(vars(recipe) | {"n_cycles": _CONFIGURED + last}))


BEHAVIOUR_RECIPES = {
    "izh_gallery": _recipe("Izhikevich neuron: those of the 20 behaviours that are single spikes.", SPIKE_STEP),
    "izh_gallery_bursts": _recipe("Izhikevich neuron: those of the 20 behaviours that have bursts.", BURST_STEP),
}


def prepare(recipe: BehaviourRecipe, seed: int) -> tuple[Stimulus, Memories]:
    """Return a recipe's stimulus and the memories to load before the first clock. The seed only moves handshakes."""
    for_sender, for_receiver, for_host = np.random.default_rng(seed).spawn(3)
    memories = {memory.name: state.new_memory(memory) for memory in CHIP.memories}
    memories["neurons"][:] = to_limbs(encode(NEURONS.words[0], **NEURONS.unused), NEURONS.n_limbs)
    for neuron, behaviour in enumerate(recipe.behaviours):
        memories["neurons"][neuron] = to_limbs(_word(behaviour), NEURONS.n_limbs)
    host = Actions(recipe, for_host, {memory: words[:0] for memory, words in memories.items()})
    clock = _Clock(host)
    sides = [
        clock.count(),
        sender(CHIP, "aerin", _input_addrs(recipe, clock), for_sender, recipe.sender),
        receiver(CHIP, "aerout", for_receiver, recipe.receiver),
    ]
    return Stimulus(host.run(), sides), memories


def _word(behaviour: Behaviour) -> int:
    """The memory word of the neuron in a behaviour's configuration."""
    (table,) = _tables(behaviour)["neurons"]
    return encode(IZH, **{name: content for name, content in table.items() if name not in ("index", "model")})


class _Clock:
    """The number of clocks since the host has let the network run; None before that."""

    def __init__(self, host: Actions) -> None:
        self._host = host
        self.now: int | None = None

    def count(self) -> Piece:
        """Count clocks, as a piece that drives no pin."""
        while True:
            if self._host.running:
                self.now = 0 if self.now is None else self.now + 1
            yield 0


def _input_addrs(recipe: BehaviourRecipe, clock: _Clock) -> Iterator[int | None]:
    """Yield the addresses for the input bus, each in its clock or later; None for a clock without one."""
    opening = [(0, EVENTS[name].encode(**fields)) for name, fields in recipe.traffic.opening]
    for first_clock, addr in chain(opening, recipe.schedule()):
        while clock.now is None or clock.now < first_clock:
            yield None
        yield addr
