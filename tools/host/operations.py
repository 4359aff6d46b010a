"""Operations of a host on a chip behind a bridge: see ``draupnir.tools.run.operations``. The SPI resets and reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from draupnir.emulator.configuration import Configuration
from draupnir.emulator.crossbar.operations import Operations
from draupnir.emulator.parts.handshake import Environment
from draupnir.tools.host import session
from draupnir.tools.host.device import BridgedChip
from draupnir.tools.host.session import HostOutcome
from draupnir.tools.run.events import EventBlock
from draupnir.tools.run.operations import carry_out
from draupnir.tools.run.spikes import Take, TakePotentials


@dataclass
class _BoardTarget:
    """A chip on a board.

    neurons : the neurons that the chip has
    first : the clocks of all runs up to now, without those of the SPI; a run ends ``quiet`` clocks after its last event
    outcome : the sum of the runs up to now
    """

    device: BridgedChip
    configuration: Configuration
    neurons: np.ndarray
    environment: Environment
    max_cycles: int | None
    quiet: int
    take: Take
    advance: Callable[[int], None]
    first: int = 0

    def __post_init__(self) -> None:
        self.outcome = HostOutcome(n_cycles_to_last_event=0)

    def send(self, block: EventBlock) -> bool:
        first = self.first

        def take(cycles: np.ndarray, addrs: np.ndarray) -> None:
            self.take(cycles + first, addrs)

        limit = None if self.max_cycles is None else self.max_cycles - first
        run = session.run(
            self.device, (block,), self.environment, limit, self.quiet, take, self.advance, longest_run=self.quiet
        )
        last_event = run.n_cycles_to_last_event
        self.outcome = HostOutcome(
            n_events=self.outcome.n_events + run.n_events,
            n_spikes=self.outcome.n_spikes + run.n_spikes,
            n_cycles=None if run.n_cycles is None else first + run.n_cycles,
            n_cycles_to_last_event=None if last_event is None else first + last_event,
            done=run.done,
        )
        self.first += (last_event or 0) + self.quiet
        return run.done

    def reset_neurons(self) -> None:
        present = Operations(self.configuration.chip).before_reset(self.configuration, self.neurons)
        session.program(self.device, self.configuration, present)

    def read_neurons(self, n_neurons: int) -> np.ndarray:
        words = {"neurons": self.neurons[self.neurons < n_neurons]}
        return session.read(self.device, self.configuration, words)["neurons"][:n_neurons]


def run(
    device: BridgedChip,
    configuration: Configuration,
    neurons: np.ndarray,
    ops: Iterable[tuple[int, int]],
    environment: Environment,
    max_cycles: int | None = None,
    quiet: int = session.QUIET,
    take: Take = lambda cycles, addrs: None,
    take_potentials: TakePotentials = lambda number, potentials: None,
    advance: Callable[[int], None] = lambda n: None,
) -> HostOutcome:
    """Carry out operations on a programmed chip. The clocks of the SPI do not count.

    configuration : the one that the chip was programmed with
    neurons : (n,) the addresses of the neurons that the chip has
    ops, take_potentials : as for ``draupnir.tools.run.operations.run``; all others are as for ``session.run``
    """
    target = _BoardTarget(device, configuration, neurons, environment, max_cycles, quiet, take, advance)
    carry_out(configuration.chip, ops, target, take_potentials)
    return target.outcome
