"""Runs of a file of operations: events, waits for rest, resets of the neurons, and reads of their potentials.

The file is a CSV with the header ``op,operand``. Its operations are those of ``CrossbarOp``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.crossbar.operations import CrossbarOp, Operations, stages
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.levels import OPERATIONS
from draupnir.tools.run import op_files, session
from draupnir.tools.run.events import EventBlock
from draupnir.tools.run.session import RunOutcome
from draupnir.tools.run.spikes import Take, TakePotentials

if TYPE_CHECKING:
    from draupnir.tools.run.waves import RunTap


def operations_of(chip: Chip) -> Operations | None:
    """Return the operations on a chip; None if its host only sends events."""
    kind = OPERATIONS.load(chips.package(chip.name))
    return kind(chip) if kind else None


def is_file(path: Path, chip: Chip) -> bool:
    """Return True if this is a file of operations, and the chip has such. A file that cannot be read is none."""
    if operations_of(chip) is None or path.suffix != ".csv":
        return False
    try:
        with path.open("rb") as file:
            head = file.readline(80).decode("utf-8-sig", "replace")
    except OSError:
        return False
    return [name.strip() for name in head.split(",")] == op_files.OPERATIONS


def read(path: Path, chip: Chip, potentials: Path | None) -> list[tuple[int, int]]:
    """Return the operations of a file, each with its operand. potentials : the file for potentials

    Raises InputError, with the line, for each mistake, and if there is a READ without a file for it, or the reverse.
    """
    _, rows = op_files.table(path, [op_files.OPERATIONS])
    operations = OPERATIONS.require(chips.package(chip.name))(chip)
    ops = list(op_files.operations(path, rows, operations))
    reads = any(op == CrossbarOp.READ for op, _ in ops)
    if reads and potentials is None:
        raise InputError(f"{path}: READ needs a file for the potentials; right is with --potentials FILE")
    if potentials is not None and not reads:
        raise InputError(f"--potentials {potentials}: there is no READ in {path}; right is to leave it out")
    return ops


class OperatedChip(Protocol):
    """A chip on which operations are carried out: a model, or a chip on a board."""

    def send(self, block: EventBlock) -> bool:
        """Send events, and wait until the chip is at rest. Return False if it does not come to rest in time."""

    def reset_neurons(self) -> None:
        """Give all neurons the state that the configuration has."""

    def read_neurons(self, n_neurons: int) -> np.ndarray:
        """Return the words of the first neurons, (n, limbs) uint32."""


def carry_out(
    chip: Chip, ops: Iterable[tuple[int, int]], target: OperatedChip, take_potentials: TakePotentials
) -> None:
    """Carry out operations on a chip. It ends early if the chip does not come to rest in time."""
    n_reads = 0
    for stage in stages(ops):
        if not target.send(EventBlock(np.array(stage.cycles, np.int64), np.array(stage.addrs, np.int64))):
            return
        if stage.op == CrossbarOp.RESET:
            target.reset_neurons()
        elif stage.op == CrossbarOp.READ:
            take_potentials(n_reads, Operations(chip).potentials(target.read_neurons(stage.operand)))
            n_reads += 1


class _ModelTarget:
    """A model; outcome : the sum of the runs up to now."""

    def __init__(
        self,
        model: Any,
        configuration: Configuration,
        environment: Environment,
        max_cycles: int | None,
        take: Take,
        tap: RunTap | None,
    ) -> None:
        self._model, self._configuration, self._environment = model, configuration, environment
        self._max_cycles, self._take, self._tap = max_cycles, take, tap
        self.outcome = RunOutcome()

    def send(self, block: EventBlock) -> bool:
        sum_up_to_now = self.outcome
        first = sum_up_to_now.n_cycles

        def take(cycles: np.ndarray, addrs: np.ndarray) -> None:
            self._take(cycles + first, addrs)

        limit = None if self._max_cycles is None else self._max_cycles - first
        run = session.run(self._model, (block,), self._environment, limit, take, tap=self._tap)
        self.outcome = RunOutcome(
            n_events=sum_up_to_now.n_events + run.n_events,
            n_spikes=sum_up_to_now.n_spikes + run.n_spikes,
            n_cycles=first + run.n_cycles,
            done=run.done,
            seconds=sum_up_to_now.seconds + run.seconds,
            statistics=session.sum_statistics(sum_up_to_now.statistics, run.statistics or {}),
        )
        return run.done

    def reset_neurons(self) -> None:
        Operations(self._model.chip).reset_neurons(self._model, self._configuration)

    def read_neurons(self, n_neurons: int) -> np.ndarray:
        words: np.ndarray = self._model.memories["neurons"][:n_neurons]
        return words


def run(
    model: Any,
    configuration: Configuration,
    ops: Iterable[tuple[int, int]],
    environment: Environment,
    max_cycles: int | None = None,
    take: Take = lambda cycles, addrs: None,
    take_potentials: TakePotentials = lambda number, potentials: None,
    tap: RunTap | None = None,
) -> RunOutcome:
    """Carry out operations on a configured model that is at rest. A RESET or a READ takes no clocks.

    ops : each a ``CrossbarOp`` and its operand
    max_cycles, take, tap : as for ``session.run``; take_potentials : receives the potentials of each READ
    """
    target = _ModelTarget(model, configuration, environment, max_cycles, take, tap)
    carry_out(model.chip, ops, target, take_potentials)
    return target.outcome
