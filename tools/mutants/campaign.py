"""A campaign: mutants of a design, each killed by a golden case, proved equivalent, a hole of the cases, or open."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

from draupnir.emulator.errors import InputError
from draupnir.tools.mutants.cases import GreedyCases
from draupnir.tools.mutants.equivalence import MutantProver
from draupnir.tools.mutants.leaves import ProvedLeaves
from draupnir.tools.mutants.mutant import Mutant
from draupnir.tools.mutants.netlist import MOST, MutatedDesign, Mutator, Source
from draupnir.tools.mutants.reached import invariants_of
from draupnir.tools.mutants.replay import KillingRow, Replayer
from draupnir.tools.mutants.twins import TwinProver
from draupnir.tools.proofs.induction import HORIZON

Verdict = Literal["killed", "equivalent", "hole", "open"]
_BLOCK = 64  # mutants that are replayed in the same order of cases
_FIRST_CASES = 3  # before a mutant is worth a proof
FOR_EVER = "from a start on, the chip has the same outputs in every state that it reaches"
FOR_LONG = f"from a start on, the chip has the same outputs for {HORIZON:,} clocks"


@dataclass(frozen=True)
class Choice:
    """A choice of mutants.

    n : the number of mutants that are drawn with a seed
    modules : the modules to draw from; empty for all
    numbers : those of the mutants to run; empty for all
    """

    n: int
    seed: int
    modules: Sequence[str] = ()
    numbers: Sequence[int] = ()


@dataclass(frozen=True)
class Folders:
    """Folders for files. scratch : an empty one for netlists; compiled : the one of compiled simulators"""

    scratch: Path
    compiled: Path


@dataclass(frozen=True)
class MutantOutcome:
    """The fate of a mutant.

    verdict : "killed" by a case; "equivalent" by proof; "hole": no case kills it, and an input shows that it differs
        from the golden model; "open": no case kills it, and it may differ
    case, difference : the case that kills it, and the first difference
    proof : what was proved, or the input that shows the difference
    """

    mutant: Mutant
    verdict: Verdict
    case: str = ""
    difference: KillingRow | None = None
    proof: str = ""

    def __str__(self) -> str:
        return f"{self.verdict}: {self.mutant}" + (f"; {self.proof}" if self.proof else "")

    def as_json(self) -> dict[str, Any]:
        """The outcome for JSON."""
        mutant, difference = self.mutant, self.difference
        return {
            "number": mutant.number,
            "module": mutant.module_name,
            "place": mutant.place,
            "kind": mutant.kind,
            "cell": mutant.cell,
            "port": mutant.port,
            "bit": mutant.bit,
            "verdict": self.verdict,
            "case": self.case or None,
            "cycle": None if difference is None else difference.cycle,
            "memory": None if difference is None else difference.memory or None,
            "proof": self.proof or None,
        }


@dataclass(frozen=True)
class _Replays:
    """The replays of a mutant: name, whether it kills, and clocks of each case; the last one may kill."""

    runs: tuple[tuple[str, bool, int], ...]
    difference: KillingRow | None


def run(
    source: Source,
    choice: Choice,
    cases: GreedyCases,
    folders: Folders,
    seconds: float,
    find: Callable[[Mutant], MutantOutcome | None] = lambda mutant: None,
) -> Iterator[MutantOutcome]:
    """Yield the outcome of each mutant as soon as it is known, in no particular order.

    seconds : the solver's limit for each proof
    find : returns the outcome of an earlier campaign, if there is one; the mutant does not run again

    Raises InputError for a module that is not there, when Verilator or Yosys is missing or refuses the sources, and for
    an RTL that differs from the cases without a mutant.
    """
    mutator = Mutator(source, folders.scratch)
    mutants = mutator.mutants(choice.n, choice.seed, choice.modules)
    selection = [mutant for mutant in mutants if not choice.numbers or mutant.number in choice.numbers]
    earlier = {mutant: outcome for mutant in selection if (outcome := find(mutant))}
    yield from earlier.values()
    rest = [mutant for mutant in selection if mutant not in earlier]
    for first in range(0, len(rest), MOST):
        mutated = mutator.mutate(rest[first : first + MOST])
        batch = Batch(mutator, mutated, cases, folders.compiled, seconds, os.cpu_count() or 1)
        yield from batch.outcomes(mutated.mutants)


class Batch:
    """The mutants of one netlist. compiled, seconds : as for ``run``; n_threads : replays at a time"""

    def __init__(
        self,
        mutator: Mutator,
        mutated: MutatedDesign,
        cases: GreedyCases,
        compiled: Path,
        seconds: float,
        n_threads: int = 1,
    ) -> None:
        source = mutator.source
        self._mutator, self._compiled = mutator, compiled
        self._mutated, self._cases, self._seconds = mutated, cases, seconds
        self._numbers = {mutant: i for i, mutant in enumerate(mutated.mutants, 1)}
        self._leaves = ProvedLeaves(source.chip.name, source.is_ours, mutated, seconds)
        self._provers: dict[str, MutantProver | None] = {}
        self._replayers: SimpleQueue[Replayer] = SimpleQueue()
        self._n_threads = n_threads
        for _ in range(n_threads):
            self._replayers.put(Replayer(mutated.design, source.chip, compiled))

    def outcomes(self, mutants: Sequence[Mutant], block: int = _BLOCK) -> Iterator[MutantOutcome]:
        """Yield the outcome of each of these mutants; block : so many are replayed in the same order of cases"""
        with ThreadPoolExecutor(self._n_threads) as pool:
            for first in range(0, len(mutants), block):
                yield from self._block(mutants[first : first + block], pool)

    def _block(self, mutants: Sequence[Mutant], pool: ThreadPoolExecutor) -> Iterator[MutantOutcome]:
        """Replay the first cases, prove what survives, replay the other cases, and prove what survives all of them."""
        orders = {mutant: self._cases.order(mutant.module_name) for mutant in mutants}
        survivors: list[tuple[Mutant, str]] = []
        for mutant, replays in self._replayed({m: names[:_FIRST_CASES] for m, names in orders.items()}, pool):
            if replays.difference:
                yield _killed(mutant, replays)
                continue
            outcome = self._proof(mutant)
            if outcome.verdict == "equivalent":
                yield outcome
            else:
                survivors.append((mutant, outcome.proof))
        proofs = dict(survivors)
        for mutant, replays in self._replayed({m: orders[m][_FIRST_CASES:] for m in proofs}, pool):
            if replays.difference:
                yield _killed(mutant, replays)
            elif reason := self._follows(mutant):
                yield MutantOutcome(mutant, "equivalent", proof=reason)
            else:
                yield MutantOutcome(mutant, "hole" if proofs[mutant] else "open", proof=proofs[mutant])

    # --- Replays ------------------------------------------------------------------------------------------------

    def _replayed(self, names: dict[Mutant, list[str]], pool: ThreadPoolExecutor) -> Iterator[tuple[Mutant, _Replays]]:
        """Replay cases on mutants, each up to the case that kills it; the order of the next block depends on it."""
        for mutant, replays in zip(names, pool.map(self._replay, names, names.values()), strict=True):
            for name, has_killed, clocks in replays.runs:
                self._cases.count(mutant.module_name, name, has_killed, clocks)
            yield mutant, replays

    def _replay(self, mutant: Mutant, names: Sequence[str]) -> _Replays:
        replayer, runs = self._replayers.get(), []
        try:
            for name in names:
                difference, clocks = self._cases.replay(name, self._numbers[mutant], replayer)
                runs.append((name, difference is not None, clocks))
                if difference:
                    return _Replays(tuple(runs), difference)
            return _Replays(tuple(runs), None)
        finally:
            self._replayers.put(replayer)

    # --- Proofs -------------------------------------------------------------------------------------------------

    def _proof(self, mutant: Mutant) -> MutantOutcome:
        """Return "equivalent", "hole" with an input that shows the difference, or "open"."""
        module, number = self._mutated.modules[mutant.module], self._numbers[mutant]
        if self._changes_nothing(mutant.module, module, number):
            return MutantOutcome(
                mutant, "equivalent", proof=f"{mutant.module_name} is the same for any state and inputs"
            )
        if self._changes_nothing("", self._mutated.top, number):
            return MutantOutcome(mutant, "equivalent", proof="the chip does the same clock for any state and inputs")
        part = self._leaves.proof(mutant, number)
        if part is not None and part.holds:
            return MutantOutcome(
                mutant, "equivalent", proof=f"{mutant.module_name} is the golden model's for all inputs"
            )
        if part is not None and part.holds is False:
            return MutantOutcome(mutant, "hole", proof=str(part.witness))
        return MutantOutcome(mutant, "open")

    def _changes_nothing(self, key: str, module: Any, number: int) -> bool:
        if key not in self._provers:
            try:
                self._provers[key] = MutantProver(module, self._seconds)
            except InputError:  # a loop of logic, through latches or through instances
                self._provers[key] = None
        prover = self._provers[key]
        try:
            return prover is not None and prover.changes_nothing(number) is True
        except InputError:  # a loop that the mutant closes
            return False

    def _follows(self, mutant: Mutant) -> str:
        """Return why a mutant has the same outputs for ever, or for a long time; "" if it is not proved."""
        try:
            return next((reason for reason, prover in self._twins if prover.follows(mutant, self._numbers[mutant])), "")
        except InputError:  # a loop that the mutant closes
            return ""

    @cached_property
    def _twins(self) -> list[tuple[str, TwinProver]]:
        """The provers of mutants, each with what it shows in words; the strongest is first."""
        replayer = self._replayers.get()
        invariants = invariants_of(self._mutator, self._cases.recordings(replayer), self._compiled)
        self._replayers.put(replayer)
        try:
            twins = [(FOR_EVER, TwinProver(self._mutated.top, self._seconds, invariants))]
            if invariants.counters:
                for_long = invariants.for_long()
                twins.append((FOR_LONG, TwinProver(self._mutated.top, self._seconds, for_long)))
        except InputError:  # a loop without a flip-flop
            return []
        return twins


def _killed(mutant: Mutant, replays: _Replays) -> MutantOutcome:
    return MutantOutcome(mutant, "killed", replays.runs[-1][0], replays.difference)
