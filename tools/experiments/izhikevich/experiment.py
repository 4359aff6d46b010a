"""A behaviour on the golden model: the neuron of a TOML, its stimulus, and what it does in each time step."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.codec import decode, from_limbs
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.odin.layout import CHIP, IZH
from draupnir.emulator.odin.neuron_words import ResonSign
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.levels import BUS_ENGINE
from draupnir.emulator.speeds.runs import Buses
from draupnir.golden.recipes.odin_behaviours import Behaviour
from draupnir.tools.compile.toml.load import load

# A resonator's core is an amplitude, and its phase says which way it points.
DIRECTIONS = {ResonSign.POS: 1, ResonSign.NEG: -1, ResonSign.ZERO_TO_P: 0, ResonSign.ZERO_TO_N: 0}


@dataclass(frozen=True)
class Response:
    """The response of a neuron to its input. Times are in time steps; time step k lasts from k to k + 1.

    input : (n,) the strength in each time step, in LSB of weight, negative for inhibition
    stimulated : (n,) the potential after the stimulations of each time step, -8..7
    rested : (n,) the potential after the time reference that ends it
    thresholds : (n,) the effective threshold at the same time, thr + thrmod, 0..7
    spikes : the times at which AEROUT_REQ rises, ascending
    """

    input: list[int]
    stimulated: list[int] = field(default_factory=list)
    rested: list[int] = field(default_factory=list)
    thresholds: list[int] = field(default_factory=list)
    spikes: list[float] = field(default_factory=list)

    @property
    def steps(self) -> list[int]:
        """The time step of each spike."""
        return [int(time) for time in self.spikes]


def run(behaviour: Behaviour, toml: Path | None = None) -> Response:
    """Run a behaviour on the golden model at event level, from the state after a reset.

    toml : the configuration of another neuron, which takes the place of the behaviour's own
    """
    configuration = load(toml or behaviour.toml, CHIP)
    model = chips.model(CHIP.name)()
    configuration.apply(model)
    neuron = _Neuron(model, deque(behaviour.events()))
    response = Response(behaviour.input)
    for step in range(len(response.input)):
        end = (step + 1) * behaviour.clocks
        neuron.run_until(end)
        response.stimulated.append(neuron.potential)
        neuron.run_until(end + behaviour.clocks // 6)
        response.rested.append(neuron.potential)
        response.thresholds.append(neuron.threshold)
    response.spikes.extend(cycle / behaviour.clocks for cycle in neuron.spikes)
    return response


class _Neuron:
    """Neuron 0 of a model, to which events are sent.

    events : the events with their first clocks; each is taken away when it is sent
    spikes : the clock of each spike up to now
    """

    def __init__(self, model: ClockLevel, events: deque[tuple[int, int]]) -> None:
        self._model, self._events = model, events
        self._engine = BUS_ENGINE.require(chips.package(CHIP.name))
        self._start = int(model.registers[0].cycle)
        self._buses: Buses | None = None
        self.spikes: list[int] = []

    def run_until(self, clock: int) -> None:
        """Send the events that are due before a clock, counted from the start, and run until then or until rest."""
        due = list(takewhile(lambda event: event[0] < clock, self._events))
        addrs = np.array([addr for _, addr in due], np.int64)
        not_before = np.array([self._start + first for first, _ in due], np.int64)
        limit = self._start + clock - int(self._model.registers[0].cycle)
        part = self._engine.run(self._model, addrs, Environment(), limit, not_before, self._buses)
        self._buses = part.buses
        for _ in range(part.n_sent):
            self._events.popleft()
        self.spikes.extend((part.cycles - self._start).tolist())

    @property
    def _word(self) -> dict[str, int]:
        return decode(IZH, from_limbs(self._model.memories["neurons"][0]))

    @property
    def potential(self) -> int:
        """The membrane potential, -8..7; that of a resonator points where its phase does."""
        word = self._word
        return word["core"] * (DIRECTIONS[ResonSign(word["reson_sign"])] if word["reson_en"] else 1)

    @property
    def threshold(self) -> int:
        """The effective threshold, 0..7."""
        return self._word["thr"] + self._word["thrmod"]
