"""A chip at work, into which faults are injected: its run without a fault, and the same run with one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from draupnir.emulator import chips, state
from draupnir.emulator.declare import Chip
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.levels import BUS_ENGINE
from draupnir.emulator.speeds.runs import Buses
from draupnir.tools.faults import held
from draupnir.tools.faults.held import HeldBits
from draupnir.tools.faults.sites import FaultSite

N_MARKS = 32  # states of the run without a fault that are kept: a run with a fault begins at the last one before it
SLACK = 10_000  # clocks that a run may take beyond twice those without a fault, before it counts as a hang


class FaultOutcome(StrEnum):
    """The outcome of a run with a fault, compared with the run without it. The first that applies counts."""

    HANG = "hang"  # the chip does not come to rest
    ANSWER = "wrong answer"  # the network has another label
    SPIKES = "wrong spikes"  # other spikes, or another order
    TIMING = "timing"  # the same spikes, but in other clocks, or an end in another clock
    LATENT = "latent"  # nothing outside of the chip differs, but a register or a memory does at the end
    MASKED = "masked"  # nothing differs


AT_ONCE = Environment()
VISIBLE = (FaultOutcome.HANG, FaultOutcome.ANSWER, FaultOutcome.SPIKES, FaultOutcome.TIMING)


@dataclass(frozen=True)
class FaultRun:
    """The input of a run.

    model : a golden model that is ready for the first event
    events, not_before : as for the chip's ``engine.run``
    answer : returns the label of a run from the addresses of its spikes and the model; None if there are no labels
    """

    model: Any
    events: np.ndarray
    not_before: np.ndarray | None = None
    environment: Environment = AT_ONCE
    answer: Callable[[np.ndarray, Any], int] | None = None


@dataclass(frozen=True)
class _Mark:
    """A moment in the run without a fault: clocks so far, the state, the buses, and the events that were sent."""

    clock: int
    snapshot: state.Snapshot
    buses: Buses | None
    n_sent: int
    n_spikes: int


@dataclass(frozen=True)
class _RunEnd:
    """The end of a run as it is compared: spikes with their cycles, clocks, label, and the state."""

    cycles: np.ndarray
    addrs: np.ndarray
    n_cycles: int
    label: int
    snapshot: state.Snapshot | None


class Subject:
    """A run of a chip that can be repeated with a fault.

    n_cycles : the clocks of the run without a fault
    borders : for each event the clock after which it has been sent
    """

    def __init__(self, run: FaultRun) -> None:
        self._run, self.model = run, run.model
        self.chip = run.model.chip
        self._engine = BUS_ENGINE.require(chips.package(self.chip.name))
        self._is_of_chip = _bytes_of_chip(self.chip, run.model.registers)
        start = run.model.snapshot()
        whole = self._go(run.events, None)
        self.n_cycles = whole.n_cycles
        label = run.answer(whole.addrs, self.model) if run.answer else 0
        self._right = _RunEnd(whole.cycles, whole.addrs, whole.n_cycles, label, self.model.snapshot())
        self.model.restore(start)
        self._marks = [_Mark(0, start, None, 0, 0)]
        self.borders: list[int] = []
        self._keep_marks()
        self._clocks = [mark.clock for mark in self._marks]
        self._last = self._marks[0]

    def _keep_marks(self) -> None:
        """Run without a fault once more, event by event, and keep some states on the way."""
        step, clock, buses, n_spikes = max(1, self.n_cycles // N_MARKS), 0, None, 0
        for n_sent in range(1, len(self._run.events) + 1):
            run = self._go(self._run.events[n_sent - 1 : n_sent], buses, first=n_sent - 1, finish=False)
            clock, buses, n_spikes = clock + run.n_cycles, run.buses, n_spikes + len(run.addrs)
            self.borders.append(clock)
            if clock >= self._marks[-1].clock + step:
                self._marks.append(_Mark(clock, self.model.snapshot(), buses, n_sent, n_spikes))

    def _go(
        self, events: np.ndarray, buses: Buses | None, n: int | None = None, first: int = 0, finish: bool = True
    ) -> Any:
        """Send events, the first of which has this number, for at most n clocks."""
        limits = self._run.not_before
        limits = None if limits is None else limits[first : first + len(events)]
        return self._engine.run(self.model, events, self._run.environment, n, limits, buses=buses, finish=finish)

    def outcome(self, clock: int, fault: Callable[[Any], None], bits: HeldBits | None = None) -> FaultOutcome:
        """Run with a fault.

        clock : the number of clocks before the fault, 0..n_cycles
        fault : changes the model
        bits : those that keep their level from then on, at every clock; None for a fault that comes once
        """
        mark = self._mark_at(clock)
        self.model.restore(mark.snapshot)
        fault(self.model)
        after_fault = self._after_fault(mark, limit_after(self.n_cycles, clock), bits)
        cycles = np.concatenate([self._right.cycles[: mark.n_spikes], after_fault.cycles])
        addrs = np.concatenate([self._right.addrs[: mark.n_spikes], after_fault.addrs])
        return self._classify(after_fault.done, cycles, addrs, mark.clock + after_fault.n_cycles)

    def _after_fault(self, mark: _Mark, limit: int, bits: HeldBits | None) -> Any:
        """The rest of a run from a moment on."""
        events, limits = self._run.events[mark.n_sent :], self._run.not_before
        if bits is None:
            return self._go(events, mark.buses, limit, mark.n_sent)
        limits = None if limits is None else limits[mark.n_sent :]
        return held.run(self.model, events, self._run.environment, limit, limits, mark.buses, bits)

    def _mark_at(self, clock: int) -> _Mark:
        """The moment of a clock in the run without a fault. The last one is kept, because several faults share it."""
        if self._last.clock == clock:
            return self._last
        mark = self._marks[bisect_right(self._clocks, clock) - 1]
        if mark.clock == clock:
            return mark
        self.model.restore(mark.snapshot)
        run = self._go(self._run.events[mark.n_sent :], mark.buses, clock - mark.clock, mark.n_sent)
        n_sent, n_spikes = mark.n_sent + run.n_sent, mark.n_spikes + len(run.addrs)
        self._last = _Mark(clock, self.model.snapshot(), run.buses, n_sent, n_spikes)
        return self._last

    def _classify(self, is_done: bool, cycles: np.ndarray, addrs: np.ndarray, n_cycles: int) -> FaultOutcome:
        right = self._right
        if not is_done:
            return FaultOutcome.HANG
        if self._run.answer and self._run.answer(addrs, self.model) != right.label:
            return FaultOutcome.ANSWER
        if not np.array_equal(addrs, right.addrs):
            return FaultOutcome.SPIKES
        if n_cycles != right.n_cycles or not np.array_equal(cycles, right.cycles):
            return FaultOutcome.TIMING
        return FaultOutcome.MASKED if self._is_same_state() else FaultOutcome.LATENT

    def _is_same_state(self) -> bool:
        right = self._right.snapshot
        assert right is not None
        if not all(np.array_equal(self.model.memories[name], words) for name, words in right.memories.items()):
            return False
        differs = _bytes(self.model.registers) != _bytes(right.record)
        return not (differs & self._is_of_chip).any()


def limit_after(n_cycles: int, clock: int) -> int:
    """Return the clocks after which a run counts as a hang, from the clock of its fault on.

    n_cycles : the clocks of the run without a fault
    """
    return 2 * n_cycles + SLACK - clock


def _bytes(record: np.recarray) -> np.ndarray:
    """The content of a record, which is compared much faster than its fields: (n,) uint8."""
    return np.frombuffer(record.tobytes(), np.uint8)


def _bytes_of_chip(chip: Chip, record: np.recarray) -> np.ndarray:
    """True for each byte of a record that belongs to a register of the chip, and not to a counter of the model."""
    is_of_chip = np.zeros(record.dtype.itemsize, bool)
    assert record.dtype.fields is not None
    for reg in state.registers(chip):
        kind, first = record.dtype.fields[reg.name][:2]
        is_of_chip[first : first + kind.itemsize] = True
    return is_of_chip


def flip(site: FaultSite, n_bits: int) -> Callable[[Any], None]:
    """Return a fault that inverts neighbouring bits, the first of which is the site; bits beyond the word stay."""
    mask = ((1 << n_bits) - 1) << site.bit & ((1 << site.width) - 1)

    def fault(model: Any) -> None:
        model.poke(site.name, model.peek(site.name, site.element) ^ mask, site.element)

    return fault


def stuck(bits: HeldBits) -> Callable[[Any], None]:
    """Return a fault that gives bits the level that they keep."""
    site = bits.site

    def fault(model: Any) -> None:
        content = model.peek(site.name, site.element)
        model.poke(site.name, content | bits.mask if bits.level else content & ~bits.mask, site.element)

    return fault


def no_fault(model: Any) -> None:
    """Change nothing."""
