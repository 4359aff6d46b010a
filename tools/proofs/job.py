"""A whole job of ``draupnir prove``: the leaves of a chip, against our RTL and against an original."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.package import Part
from draupnir.rtl.design import Design

if TYPE_CHECKING:
    from draupnir.tools.proofs.claim import Law, Leaf, Original, Ours, Proof

OURS, KERNELS = "our RTL", "other kernels"


def _are_leaves(part: object) -> TypeGuard[Sequence[Leaf | Law]]:
    return isinstance(part, tuple) and all(hasattr(leaf, "widths") for leaf in part)


PROOFS: Part[Sequence[Leaf | Law]] = Part(
    "proofs", "proofs", "nothing is proved of it", _are_leaves, "a tuple of claim.Leaf and claim.Law"
)


@dataclass(frozen=True)
class PartProof:
    """One proof: the part of the chip, the RTL, and the outcome. n_unknown : bits for all whose contents it holds"""

    part: str
    title: str
    rtl: str
    proof: Proof
    n_unknown: int

    def __str__(self) -> str:
        proof = self.proof
        if proof.holds:
            results = f"{proof.n_results} result{'s' * (proof.n_results > 1)}"
            return f"proved for all 2^{self.n_unknown} inputs ({results}, {proof.seconds:.2g} s)"
        if proof.holds is None:
            return f"undecided after {proof.seconds:.0f} s"
        return f"they differ: {proof.witness}"

    def as_json(self) -> dict[str, Any]:
        """The outcome for JSON."""
        proof, witness = self.proof, self.proof.witness
        return {
            "part": self.part,
            "claim": proof.claim,
            "holds": proof.holds,
            "assumptions": list(proof.assumptions),
            "solver": solver(),
            "seconds": proof.seconds,
            "unknown_bits": self.n_unknown,
            "results": proof.n_results,
            "witness": None
            if witness is None
            else {"inputs": dict(witness.unknowns), "results": dict(witness.results), "word": dict(witness.fields)},
        }


def leaves(chip: str, names: Collection[str]) -> list[Leaf | Law]:
    """The parts of a chip with these names, all without a name.

    Raises InputError for a name that is none, for a chip without proofs, and without a solver.
    """
    if chips.package(chip).proofs is not None:
        check_solver("prove")
    every = PROOFS.require(chips.package(chip))
    part_names = [leaf.name for leaf in every]
    for name in names:
        if name not in part_names:
            raise InputError(f"--of {name}: right is one of {', '.join(part_names)}")
    return [leaf for leaf in every if not names or leaf.name in names]


def check_solver(command: str) -> None:
    """Raise InputError if the solver, which a command needs, is not installed."""
    if find_spec("bitwuzla") is None:
        raise InputError(f"draupnir {command} needs the solver Bitwuzla: pip install 'draupnir[prove]'")


def prove(
    parts: Sequence[Leaf | Law], design: Design | None, seconds: float, folder: Path, took: Callable[[PartProof], None]
) -> bool:
    """Prove each part against our RTL, and against a design if there is one; tell whether every claim holds.

    seconds : the solver's limit for each proof
    folder : an empty folder for files
    took : receives each proof as soon as it ends
    """
    holds = True
    for part in parts:
        for rtl, proof in _proofs(part, design, seconds, folder / part.name):
            took(PartProof(part.name, part.title, rtl, proof, sum(part.widths.values())))
            holds &= proof.holds is True
    return holds


def _proofs(part: Leaf | Law, design: Design | None, seconds: float, folder: Path) -> Iterator[tuple[str, Proof]]:
    """Prove a part in all ways that there are; yields what its kernel is compared with, and the proof."""
    from draupnir.tools.proofs import claim, sources

    if isinstance(part, claim.Law):
        yield KERNELS, claim.prove_law(part, part.title, seconds)
        return
    rtls: list[tuple[str, Ours | Original, Design | None]] = [(OURS, part.ours, None)]
    if design is not None and part.original is not None:
        rtls.append((part.original.name, part.original, design))
    for name, module, sources_of_it in rtls:
        netlist = sources.flat_netlist(
            module, sources_of_it, folder / ("ours" if sources_of_it is None else "original")
        )
        text = f"{part.title}: the golden model and {name} compute the same"
        yield name, claim.prove(part, module, netlist, text, seconds)


def solver() -> str:
    """The name and version of the solver."""
    import bitwuzla

    return f"Bitwuzla {bitwuzla.version()}"
