"""The world around ReckOn: samples of some timesteps, with their input events, targets and ticks.

One object decides all of it. It has two pieces: one drives SAMPLE, TIME_TICK and the pins of a timestep, the other the
input bus.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.reckon import layout
from draupnir.emulator.reckon.layout import CHIP
from draupnir.golden.ranges import Range, draw
from draupnir.golden.stimulus import Piece

TARGET = 1 << CHIP.pin("AERIN_ADDR").width  # this bit of an event says that it is a target
_SYNCHRONISED = 6  # the number of clocks from a tick until the chip shows that it is busy
_IN = {pin.name: CHIP.input_word[pin.name].high << CHIP.input_word[pin.name].lsb for pin in CHIP.inputs}
_READY, _ASKED = (1 << CHIP.output_word[name].lsb for name in ("TIMING_ERROR_RDY", "MISO"))
_OUTPUT_ASKED = 1 << CHIP.output_word["OUT_REQ"].lsb


_TICK, _PAUSE, _GAP, _PACE, _HURRY = Clocks(1, 4), Clocks(0, 8), Clocks(5, 60), Clocks(1200, 2000), Clocks(1, 600)


@dataclass(frozen=True)
class Samples:
    """The samples for the chip, and the rules that they break.

    steps : the number of timesteps in a sample; events : the number of input events in a timestep
    beyond : the probability that an event has any of the 256 addresses, and not that of an existing input neuron
    teach, infer : the timestep from which TARGET_VALID, INFER_ACC are 1
    announced : True to send targets before the tick of the first timestep that learns; False to wait until the chip
        requests them on MISO
    targets : the limit of targets in regression: -targets..targets - 1
    tick, pause, gap : clocks of a tick's pulse, from ready to the next tick, and between two samples
    patience : the number of clocks after which the next tick comes even if the chip is not ready
    pace : clocks of a timestep if the chip does not show when it is ready (SPI_TIMING_MODE)
    ends : True to add an event of the last input neuron, and one of the neuron after it, to each timestep
    cues : True for bursts of input events from one population of neurons each, as in cue accumulation; False for events
        from any neuron

    Broken rules, with their probabilities in each timestep:

    hasty : the tick comes ``hurry`` clocks after the last one, even if the chip is not ready
    restless : the tick does not wait until the chip has received the timestep's events
    flicker : TARGET_VALID and INFER_ACC change; abandon : SAMPLE falls during the timestep
    stray_target : a target comes without a request
    idle_ticks : ticks come between samples; this is a probability for each sample
    """

    steps: Range = (6, 14)
    events: Range = (1, 7)
    beyond: float = 0.01
    teach: Range = (1, 4)
    infer: Range = (0, 4)
    announced: bool = False
    targets: int = 3000
    tick: Clocks = _TICK
    pause: Clocks = _PAUSE
    gap: Clocks = _GAP
    patience: int = 12_000
    pace: Clocks = _PACE
    ends: bool = False
    cues: bool = False
    hasty: float = 0.0
    hurry: Clocks = _HURRY
    restless: float = 0.0
    flicker: float = 0.0
    abandon: float = 0.0
    stray_target: float = 0.0
    idle_ticks: float = 0.0


class Configured(Protocol):
    """The part of the host that the world knows.

    running : True if the chip is configured; registers : name -> the content last written
    stuck : the world sets it for the host if the chip does not go on
    """

    running: bool
    registers: dict[str, int]
    stuck: bool


class World:
    """The world presents samples, without an end, as soon as the host lets the network run."""

    def __init__(self, samples: Samples, host: Configured, rng: np.random.Generator) -> None:
        self._samples, self._host, self._rng = samples, host, rng
        self._queue: deque[int] = deque()
        self._quiet = False  # True if the sender has nothing to send
        self._pins = 0
        self._side = 0  # the population of neurons from which a cue comes

    def events(self) -> Iterator[int | None]:
        """Yield addresses for the input bus, plus TARGET for targets; None if there is nothing to send."""
        while True:
            self._quiet = not self._queue
            yield self._queue.popleft() if self._queue else None

    def piece(self) -> Piece:
        """Drive SAMPLE, TIME_TICK, TARGET_VALID and INFER_ACC."""
        while not self._host.running:
            yield 0
        while True:
            yield from self._sample()
            yield from self._wait(self._samples.gap.draw(self._rng))
            if self._rng.random() < self._samples.idle_ticks:
                yield from self._tick()
                yield from self._wait(self._samples.gap.draw(self._rng))

    def _wait(self, clocks: int) -> Piece:
        for _ in range(clocks):
            yield self._pins

    def _set(self, name: str, level: bool) -> None:
        self._pins = self._pins | _IN[name] if level else self._pins & ~_IN[name]

    def _sample(self) -> Piece:
        s, rng = self._samples, self._rng
        n_steps, teach_from, infer_from = draw(s.steps, rng), draw(s.teach, rng), draw(s.infer, rng)
        label = int(rng.integers(self._host.registers["SPI_NUM_OUT_NEUR"] + 1))
        self._side = label
        self._set("SAMPLE", True)
        yield from self._wait(draw((4, 10), rng))
        for step in range(n_steps):
            self._queue.extend(self._input_event() for _ in range(draw(s.events, rng)))
            if s.ends:
                last = self._host.registers["SPI_NUM_INP_NEUR"]
                self._queue.extend([last, last + 1 & layout.N - 1])
            if rng.random() < s.stray_target:
                self._queue.append(self._any_target())
            if s.announced and step == min(teach_from, n_steps - 1):
                self._queue.extend(self._targets(label))
            if rng.random() >= s.restless:
                yield from self._until_sent()
            self._set("TARGET_VALID", (step >= teach_from) ^ (rng.random() < s.flicker))
            self._set("INFER_ACC", (step >= infer_from) ^ (rng.random() < s.flicker))
            self._set("SAMPLE", step < n_steps - 1)
            yield from self._wait(s.pause.draw(rng) + 3)  # This is longer than the synchronisers' delay.
            yield from self._tick()
            yield from self._timestep(label)
            if self._host.stuck:
                break
        self._set("SAMPLE", False)
        yield from self._until_answered()
        self._pins = 0
        self._queue.clear()

    def _tick(self) -> Piece:
        self._set("TIME_TICK", True)
        yield from self._wait(self._samples.tick.draw(self._rng))
        self._set("TIME_TICK", False)

    def _timestep(self, label: int) -> Piece:
        """Go from a tick until the chip is ready for the next one, and send the targets that it requests."""
        s, rng = self._samples, self._rng
        hasty = rng.random() < s.hasty
        abandon = int(rng.integers(1, 400)) if rng.random() < s.abandon else 0
        is_asked = False
        untold = hasty or self._host.registers["SPI_TIMING_MODE"]
        limit = (s.hurry if hasty else s.pace).draw(rng) if untold else s.patience
        for waited in range(limit):
            outputs = yield self._pins
            if abandon and waited == abandon:
                self._set("SAMPLE", False)
            if outputs & _ASKED and not is_asked and not s.announced and waited > 2:
                is_asked = True
                self._queue.extend(self._targets(label))
            if not untold and waited > _SYNCHRONISED and outputs & (_READY | _OUTPUT_ASKED):
                return
        self._host.stuck = not untold

    def _until_sent(self) -> Piece:
        """Wait until the chip has received all events in the queue."""
        for _ in range(self._samples.patience):
            if self._quiet and not self._queue:
                return
            yield self._pins

    def _until_answered(self) -> Piece:
        """Wait until the chip has sent its answer and is at rest."""
        calm = 0
        if self._host.registers["SPI_TIMING_MODE"]:
            yield from self._wait(self._samples.pace.draw(self._rng))
            return
        for _ in range(self._samples.patience):
            outputs = yield self._pins
            calm = calm + 1 if outputs & _READY and not outputs & _OUTPUT_ASKED else 0
            if calm > _SYNCHRONISED:
                return
        self._host.stuck = True

    # Events and targets

    def _input_event(self) -> int:
        rng = self._rng
        n_inp = self._host.registers["SPI_NUM_INP_NEUR"] + 1
        if rng.random() < self._samples.beyond:
            return int(rng.integers(layout.N))
        if not self._samples.cues:
            return int(rng.integers(n_inp))
        quarter = max(1, n_inp // 4)  # Four populations: left, right, recall and noise.
        population = min(3, int(rng.choice([self._side & 1, ~self._side & 1, 2, 3], p=[0.6, 0.2, 0.1, 0.1])))
        return min(n_inp - 1, quarter * population + int(rng.integers(quarter)))

    def _any_target(self) -> int:
        return TARGET | int(self._rng.integers(1 << 8))

    def _targets(self, label: int) -> list[int]:
        """Return the label, or in regression the 16-bit targets of all output neurons: bytes, the lower one first."""
        registers = self._host.registers
        if not registers["SPI_REGRESSION"]:
            return [TARGET | label]
        limit, n = self._samples.targets, registers["SPI_NUM_OUT_NEUR"] + 1
        values = self._rng.integers(-limit, limit, size=n)
        return [TARGET | int(v) >> 8 * half & 0xFF for v in values for half in (0, 1)]
