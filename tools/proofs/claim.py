"""Claims that a kernel of the golden model and a combinational module of RTL compute the same, and their proofs."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from draupnir.emulator.codec import decode
from draupnir.emulator.declare import Word
from draupnir.tools.proofs import solvers
from draupnir.tools.proofs.kernels import Kernels
from draupnir.tools.proofs.logic import BITWUZLA, KERNEL_BITS, Bits, Logic, Truth
from draupnir.tools.proofs.netlist import NetlistReader
from draupnir.tools.proofs.questions import SolverAnswer

if TYPE_CHECKING:
    from draupnir.tools.proofs.cases import LeafCase

SHORT_SECONDS = 10.0  # of the solver for a question of a claim that is not proved any more
MOST_INPUTS = 16  # on the line of a witness; all others that are not named are 0
Unknowns = Mapping[str, Bits]
Pairs = Mapping[str, tuple[Bits, Bits]]
Results = Mapping[str, Any]  # ints, Bits of 64 bits and truth values


@dataclass(frozen=True)
class ModuleOutput:
    """The place of a result at an output port: ``width`` bits from ``lsb`` on; signed : the result may be negative"""

    port: str
    lsb: int
    width: int
    signed: bool = False


@dataclass(frozen=True)
class Module:
    """A combinational module.

    inputs : returns the content of each input port for the unknowns
    outputs : result of the kernel -> where the module has it
    """

    inputs: Callable[[Unknowns], Mapping[str, Bits]]
    outputs: Mapping[str, ModuleOutput]


@dataclass(frozen=True)
class Original(Module):
    """A module in the chip's own Verilog: its name, and its parameters."""

    name: str = ""
    settings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Ours(Module):
    """A component of our RTL. make : returns a new one"""

    make: Callable[[], Any] = object


@dataclass(frozen=True)
class Leaf:
    """A part of a chip that is combinational in the RTL.

    name : of the part, on the command line; title : in words
    widths : unknown -> its bits; the claim is for all contents of all unknowns
    kernel : returns the results of the golden model's kernel
    assumptions : name in words -> what an input always fulfils
    word : the fields of the unknown "word", for people
    case : how a witness becomes a golden case
    """

    name: str
    title: str
    widths: Mapping[str, int]
    kernel: Callable[[Kernels, Unknowns], Results]
    ours: Ours
    original: Original | None = None
    assumptions: Mapping[str, Callable[[Unknowns], Truth]] = field(default_factory=dict)
    word: Word | None = None
    case: LeafCase | None = None


@dataclass(frozen=True)
class Witness:
    """One content of the unknowns with which two ways differ, and the results that do, by both ways.

    fields : the fields of the memory word that are not 0
    ways : both ways in words, such as "in the model"
    rest : the contents that need no mention, where they are not 0
    is_possible : True if the part is known to get such inputs on the chip
    """

    unknowns: Mapping[str, int]
    results: Mapping[str, tuple[int, int]]
    fields: Mapping[str, int]
    ways: tuple[str, str]
    rest: Mapping[str, int] = field(default_factory=dict)
    is_possible: bool = False

    def __str__(self) -> str:
        first, second = self.ways
        pairs = self.results.items()
        results = ", ".join(f"{name} {one:#x} {first}, {other:#x} {second}" for name, (one, other) in pairs)
        inputs = [f"{name}={content:#x}" for name, content in self.remarkable().items()]
        fields = ", ".join(f"{name} {content}" for name, content in self.fields.items())
        text = " ".join(inputs[:MOST_INPUTS]) + (" ..." if len(inputs) > MOST_INPUTS else "")
        return f"{results} for {text or 'zeros'}" + (f" (in the word {fields})" if fields else "")

    def remarkable(self) -> dict[str, int]:
        """Return the contents that are not at rest."""
        return {name: content for name, content in self.unknowns.items() if content != self.rest.get(name, 0)}


@dataclass(frozen=True)
class Proof:
    """The outcome of an attempt to prove a claim.

    holds : None if the time was not enough
    witness : None unless the claim is false
    seconds : CPU time of the solver
    n_unknown : bits for all of whose contents the claim is
    undecided : results for which the time was not enough
    """

    claim: str
    assumptions: Sequence[str]
    holds: bool | None
    witness: Witness | None
    seconds: float
    n_results: int
    n_unknown: int
    undecided: Sequence[str] = ()


@dataclass(frozen=True)
class Law:
    """A claim about kernels alone: that two of them compute the same.

    questions : returns groups of results, each result twice, by both ways; the solver looks at one group at a time
    ways : both ways in words
    is_possible : tells whether the part can have these inputs on the chip; a witness for which it is true is preferred
    """

    name: str
    title: str
    widths: Mapping[str, int]
    questions: Callable[[Kernels, Unknowns], Sequence[Pairs]]
    assumptions: Mapping[str, Callable[[Unknowns], Truth]] = field(default_factory=dict)
    word: Word | None = None
    ways: tuple[str, str] = ("in the plain neuron", "at event level")
    is_possible: Callable[[Unknowns], Truth] | None = None


def prove(
    leaf: Leaf, module: Module, netlist: Mapping[str, Any], claim: str, seconds: float, solver: str = BITWUZLA
) -> Proof:
    """Prove that kernel and module have the same results for all contents of the unknowns.

    netlist : of the module, from ``sources.flat_netlist``; claim : in words; seconds : the solver's limit
    solver : its name, one of ``solvers.NAMES``
    """

    def questions(kernels: Kernels, unknowns: Unknowns) -> Sequence[Pairs]:
        results = {name: kernels.bits(result) for name, result in leaf.kernel(kernels, unknowns).items()}
        reader = NetlistReader(kernels.logic, netlist, module.inputs(unknowns))
        return [{name: (results[name], _result(reader, place)) for name, place in module.outputs.items()}]

    ways = ("in the model", "in the RTL")
    is_possible = None if leaf.case is None else leaf.case.is_possible
    law = Law(leaf.name, leaf.title, leaf.widths, questions, leaf.assumptions, leaf.word, ways, is_possible)
    return prove_law(law, claim, seconds, solver)


@dataclass(frozen=True)
class ProofTask:
    """A claim as formulas.

    unknowns : what a witness tells, by name
    questions : groups of results, each result by both ways; the solver looks at one group at a time
    assumptions : in words -> what always holds
    n_unknown : bits for all of whose contents the claim is
    word : the fields of the unknown "word", for people
    rest : the simplest content of an unknown, where it is not 0
    is_possible : a witness for which this is true is preferred
    alone : results whose question has a solver of its own; the other questions have one together
    """

    logic: Logic
    unknowns: Unknowns
    questions: Sequence[Pairs]
    assumptions: Mapping[str, Truth]
    n_unknown: int
    ways: tuple[str, str]
    word: Word | None = None
    rest: Mapping[str, int] = field(default_factory=dict)
    is_possible: Truth | None = None
    alone: Collection[str] = ()


def prove_law(law: Law, claim: str, seconds: float, solver: str = BITWUZLA) -> Proof:
    """Prove that both results of each pair are equal for all contents of the unknowns.

    seconds : the solver's limit for each question; solver : its name
    """
    logic = Logic(solver)
    unknowns = {name: logic.unknown(name, width) for name, width in law.widths.items()}
    assumptions = {name: each(unknowns) for name, each in law.assumptions.items()}
    kernels = Kernels(logic)
    questions = [*law.questions(kernels, unknowns), *demands(kernels)]
    n_unknown = sum(law.widths.values())
    is_possible = None if law.is_possible is None else law.is_possible(unknowns)
    task = ProofTask(logic, unknowns, questions, assumptions, n_unknown, law.ways, law.word, is_possible=is_possible)
    return solve(task, claim, seconds)


def demands(kernels: Kernels) -> list[Pairs]:
    """The question whether all indices lie within their arrays, and what else the interpreter of kernels demands."""
    if not kernels.demands:
        return []
    met = kernels.logic.every(kernels.demands)
    return [{"indices are right": (met.as_bits(1), kernels.logic.number(1, 1))}]


def solve(problem: ProofTask, claim: str, seconds: float) -> Proof:
    """Ask the solver each question. The first with a witness is the last.

    seconds : the solver's limit for each; after one without an answer SHORT_SECONDS at most, since the claim cannot be
        proved any more, and only a witness is looked for
    """
    start, limit = time.thread_time(), seconds
    solver = solvers.make(problem.logic, [*problem.assumptions.values()], limit)
    undecided: list[str] = []
    witness = None
    for pairs in problem.questions:
        equal, vectors = _all_equal(problem.logic, pairs), _vectors(problem.unknowns, pairs)
        alone = len(problem.questions) == 1 or next(iter(pairs)) in problem.alone
        one_solver = solvers.make(problem.logic, [*problem.assumptions.values()], limit) if alone else solver
        answer = one_solver.ask(equal, vectors, last=alone)
        if answer.holds is None:
            undecided += pairs
            if limit > SHORT_SECONDS:
                limit = SHORT_SECONDS
                solver = solvers.make(problem.logic, [*problem.assumptions.values()], limit)
        elif not answer.holds:
            witness = _best_witness(problem, pairs, answer, seconds)
            break
    holds = False if witness is not None else None if undecided else True
    elapsed, n_results = time.thread_time() - start, sum(map(len, problem.questions))
    return Proof(claim, tuple(problem.assumptions), holds, witness, elapsed, n_results, problem.n_unknown, undecided)


def _best_witness(problem: ProofTask, pairs: Pairs, answer: SolverAnswer, seconds: float) -> Witness:
    """Return a simple witness, and one that the chip can show if there is any."""
    equal, vectors = _all_equal(problem.logic, pairs), _vectors(problem.unknowns, pairs)
    conditions, contents = [equal.inverted()], answer.witness
    if problem.is_possible is not None:
        solver = solvers.make(problem.logic, [*problem.assumptions.values(), *conditions], seconds)
        possible = solver.find(problem.is_possible, vectors)
        if possible is not None:
            conditions.append(problem.is_possible)
            contents = possible
    contents = simplest(problem, conditions, vectors, contents, seconds)
    return _witness(contents, problem, pairs, is_possible=len(conditions) > 1)


def simplest(
    problem: ProofTask, conditions: Sequence[Truth], vectors: Unknowns, contents: Mapping[str, int], seconds: float
) -> Mapping[str, int]:
    """Return the contents of a witness with as many unknowns at rest as can be, one after the other.

    conditions : what holds of a witness; contents : of a witness
    seconds : after this time the others stay as they are

    Fields of a memory word are put to rest one by one.
    """
    solver, end = (
        solvers.make(problem.logic, [*problem.assumptions.values(), *conditions], seconds),
        time.thread_time() + seconds,
    )
    for name, lsb, width in _parts(problem):
        rest = problem.rest.get(name, 0) >> lsb & (1 << width) - 1
        at_rest = problem.unknowns[name].slice(lsb, width).equals(problem.logic.number(rest, width))
        is_at_rest = contents[name] >> lsb & (1 << width) - 1 == rest
        simpler = solver.find(at_rest, vectors) if not is_at_rest and time.thread_time() < end else None
        contents = contents if simpler is None else simpler
        if is_at_rest or simpler is not None:
            solver.add(at_rest)
    return contents


def _parts(problem: ProofTask) -> Iterator[tuple[str, int, int]]:
    """Yield the unknowns that can be at rest, each as a name and its bits: all of them, or a field of the word."""
    for name, bits in problem.unknowns.items():
        if name == "word" and problem.word is not None:
            ends = [0, *(end for field in problem.word for end in (field.lsb, field.msb + 1)), bits.width]
            places = sorted(set(ends))
            yield from ((name, lsb, end - lsb) for lsb, end in pairwise(places))
        else:
            yield name, 0, bits.width


def _all_equal(logic: Logic, pairs: Pairs) -> Truth:
    return logic.every([one.equals(other) for one, other in pairs.values()])


def _vectors(unknowns: Unknowns, pairs: Pairs) -> Unknowns:
    """All that a witness tells."""
    first = {f"first {name}": one for name, (one, _) in pairs.items()}
    return {**unknowns, **first, **{f"second {name}": other for name, (_, other) in pairs.items()}}


def _result(netlist: NetlistReader, place: ModuleOutput) -> Bits:
    return netlist.port(place.port).slice(place.lsb, place.width).resized(KERNEL_BITS, place.signed)


def _witness(contents: Mapping[str, int], problem: ProofTask, pairs: Pairs, is_possible: bool) -> Witness:
    results = {name: (contents[f"first {name}"], contents[f"second {name}"]) for name in pairs}
    unequal = {name: result for name, result in results.items() if result[0] != result[1]}
    fields = {} if problem.word is None else decode(problem.word, contents["word"])
    nonzero = {name: content for name, content in fields.items() if content}
    unknowns = {name: contents[name] for name in problem.unknowns}
    return Witness(unknowns, unequal, nonzero, problem.ways, problem.rest, is_possible)
