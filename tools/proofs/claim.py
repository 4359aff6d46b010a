"""Claims that a kernel of the golden model and a combinational module of RTL compute the same, and their proofs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bitwuzla import Kind

from draupnir.emulator.codec import decode
from draupnir.emulator.declare import Word
from draupnir.tools.proofs.kernels import Kernels
from draupnir.tools.proofs.logic import KERNEL_BITS, Bits, Logic, Truth, ask
from draupnir.tools.proofs.netlist import NetlistReader

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
    """

    name: str
    title: str
    widths: Mapping[str, int]
    kernel: Callable[[Kernels, Unknowns], Results]
    ours: Ours
    original: Original | None = None
    assumptions: Mapping[str, Callable[[Unknowns], Truth]] = field(default_factory=dict)
    word: Word | None = None


@dataclass(frozen=True)
class Witness:
    """One content of the unknowns with which two ways differ, and the results that do, by both ways.

    fields : the fields of the memory word that are not 0
    ways : both ways in words, such as "in the model"
    """

    unknowns: Mapping[str, int]
    results: Mapping[str, tuple[int, int]]
    fields: Mapping[str, int]
    ways: tuple[str, str]

    def __str__(self) -> str:
        first, second = self.ways
        pairs = self.results.items()
        results = ", ".join(f"{name} {one:#x} {first}, {other:#x} {second}" for name, (one, other) in pairs)
        inputs = " ".join(f"{name}={content:#x}" for name, content in self.unknowns.items())
        fields = ", ".join(f"{name} {content}" for name, content in self.fields.items())
        return f"{results} for {inputs}" + (f" (in the word {fields})" if fields else "")


@dataclass(frozen=True)
class Proof:
    """The outcome of an attempt to prove a claim.

    holds : None if the time was not enough
    witness : None unless the claim is false
    seconds : CPU time of the solver
    """

    claim: str
    assumptions: Sequence[str]
    holds: bool | None
    witness: Witness | None
    seconds: float
    n_results: int


@dataclass(frozen=True)
class Law:
    """A claim about kernels alone: that two of them compute the same.

    questions : returns groups of results, each result twice, by both ways; the solver looks at one group at a time
    ways : both ways in words
    """

    name: str
    title: str
    widths: Mapping[str, int]
    questions: Callable[[Kernels, Unknowns], Sequence[Pairs]]
    assumptions: Mapping[str, Callable[[Unknowns], Truth]] = field(default_factory=dict)
    word: Word | None = None
    ways: tuple[str, str] = ("in the plain neuron", "at event level")


def prove(leaf: Leaf, module: Module, netlist: Mapping[str, Any], claim: str, seconds: float) -> Proof:
    """Prove that kernel and module have the same results for all contents of the unknowns.

    netlist : of the module, from ``sources.flat_netlist``; claim : in words; seconds : the solver's limit
    """

    def questions(kernels: Kernels, unknowns: Unknowns) -> Sequence[Pairs]:
        results = {name: kernels.bits(result) for name, result in leaf.kernel(kernels, unknowns).items()}
        reader = NetlistReader(kernels.logic, netlist, module.inputs(unknowns))
        return [{name: (results[name], _result(reader, place)) for name, place in module.outputs.items()}]

    ways = ("in the model", "in the RTL")
    law = Law(leaf.name, leaf.title, leaf.widths, questions, leaf.assumptions, leaf.word, ways)
    return prove_law(law, claim, seconds)


def prove_law(law: Law, claim: str, seconds: float) -> Proof:
    """Prove that both results of each pair are equal for all contents of the unknowns.

    seconds : the solver's limit for each question

    The first question that has another answer ends the attempt.
    """
    logic = Logic()
    unknowns = {name: logic.unknown(name, width) for name, width in law.widths.items()}
    assumptions = [each(unknowns) for each in law.assumptions.values()]
    questions = law.questions(Kernels(logic), unknowns)
    n_results, elapsed = sum(map(len, questions)), 0.0
    for pairs in questions:
        start = time.thread_time()
        answer = ask(logic, _all_equal(logic, pairs), assumptions, _vectors(unknowns, pairs), seconds)
        elapsed += time.thread_time() - start
        if not answer.holds:
            witness = None if answer.holds is None else _witness(answer.witness, law, pairs)
            return Proof(claim, tuple(law.assumptions), answer.holds, witness, elapsed, n_results)
    return Proof(claim, tuple(law.assumptions), True, None, elapsed, n_results)


def _all_equal(logic: Logic, pairs: Pairs) -> Truth:
    equal = [one.equals(other) for one, other in pairs.values()]
    return equal[0] if len(equal) == 1 else logic.truth(Kind.AND, equal)


def _vectors(unknowns: Unknowns, pairs: Pairs) -> Unknowns:
    """All that a witness tells."""
    first = {f"first {name}": one for name, (one, _) in pairs.items()}
    return {**unknowns, **first, **{f"second {name}": other for name, (_, other) in pairs.items()}}


def _result(netlist: NetlistReader, place: ModuleOutput) -> Bits:
    return netlist.port(place.port).slice(place.lsb, place.width).resized(KERNEL_BITS, place.signed)


def _witness(contents: Mapping[str, int], law: Law, pairs: Pairs) -> Witness:
    results = {name: (contents[f"first {name}"], contents[f"second {name}"]) for name in pairs}
    unequal = {name: result for name, result in results.items() if result[0] != result[1]}
    fields = {} if law.word is None else decode(law.word, contents["word"])
    nonzero = {name: content for name, content in fields.items() if content}
    return Witness({name: contents[name] for name in law.widths}, unequal, nonzero, law.ways)
