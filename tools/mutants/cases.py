"""The golden cases that mutants are replayed on, in the order that kills the most mutants in the fewest clocks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden.case import Case
from draupnir.tools.mutants.replay import CaseRows, KillingRow, Replayer, load

_READING = threading.Lock()  # golden.wave redirects the process's stderr while it reads: one thread at a time


class GreedyCases:
    """Golden cases, which are read when they are first needed.

    A case counts only if the design without a mutant agrees with it, which is replayed first.
    absent : the chip's probes that the design does not have
    """

    def __init__(self, chip: Chip, cases: Sequence[Case], absent: tuple[str, ...]) -> None:
        self._chip, self._absent = chip, absent
        self._cases = {one.name: one for one in cases}
        self._recordings: dict[str, CaseRows | None] = {}
        self.begin()

    def begin(self) -> None:
        """Forget all replays, so that the order, and ``left_out``, depend only on those that come."""
        self._kills: Counter[str] = Counter()
        self._kills_in: Counter[tuple[str, str]] = Counter()  # (module, case)
        self._clocks: Counter[str] = Counter()

    def order(self, module: str) -> list[str]:
        """Return the names of all cases. Those come first that killed the most mutants of a module in a clock."""

        def rank(name: str) -> tuple[float, float, str]:
            clocks = 1 + self._clocks[name]
            return -self._kills_in[module, name] / clocks, -self._kills[name] / clocks, name

        return sorted(self._cases, key=rank)

    def replay(self, name: str, number: int, replayer: Replayer) -> tuple[KillingRow | None, int]:
        """Replay a case on a mutant; return its first difference, and how many clocks it took.

        Raises InputError if the design differs from the case without a mutant.
        """
        recording = self._recording(name, replayer)
        if recording is None:
            return None, 0
        difference = replayer.first_difference(recording, number)
        return difference, recording.n_cycles if difference is None else difference.cycle

    def count(self, module: str, name: str, has_killed: bool, clocks: int) -> None:
        """Remember a replay, for the order."""
        self._clocks[name] += clocks
        self._kills[name] += has_killed
        self._kills_in[module, name] += has_killed

    def recordings(self, replayer: Replayer) -> Iterator[CaseRows]:
        """Yield all cases that count."""
        for name in sorted(self._cases):
            recording = self._recording(name, replayer)
            if recording is not None:
                yield recording

    @property
    def left_out(self) -> list[str]:
        """The replayed cases in which the Verilog is undefined, and the design differs without a mutant."""
        return sorted(name for name, rows in self._recordings.items() if rows is None and name in self._clocks)

    def _recording(self, name: str, replayer: Replayer) -> CaseRows | None:
        """Return a case, or None if the Verilog is undefined in it and differs."""
        with _READING:
            if name not in self._recordings:
                one = self._cases[name]
                recording = load(one, self._chip, self._absent)
                difference = replayer.first_difference(recording, 0)
                if difference and one.undefined is None:
                    raise InputError(
                        f"case {name}: the RTL differs from clock {difference.cycle:,} on without a mutant; right is an"
                        " RTL for which `draupnir regress` passes"
                    )
                self._recordings[name] = None if difference else recording
            return self._recordings[name]
