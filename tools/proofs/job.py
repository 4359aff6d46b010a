"""A whole job of ``draupnir prove``: the leaves of a chip, against our RTL and against an original."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.rtl import emit
from draupnir.rtl.design import Design
from draupnir.tools.proofs.claims import PROOFS

if TYPE_CHECKING:
    from draupnir.emulator.declare import Chip
    from draupnir.tools.proofs.claim import Law, Leaf, Proof
    from draupnir.tools.proofs.whole import ChipStep, StatePlaces

BITWUZLA = "bitwuzla"
WITNESSES = "witnesses"  # the folder of golden cases
MOST_UNDECIDED = 4  # on a line
OURS, ORIGINAL, KERNELS = "our RTL", "original", "other kernels"


@dataclass(frozen=True)
class PartProof:
    """One proof: the part of the chip, the RTL, and the outcome.

    case : the golden case of its witness; solver : its name
    """

    part: str
    title: str
    rtl: str
    proof: Proof
    case: Path | None = None
    solver: str = BITWUZLA

    def __str__(self) -> str:
        proof = self.proof
        if proof.holds:
            results = f"{proof.n_results} result{'s' * (proof.n_results > 1)}"
            return f"proved for all 2^{proof.n_unknown} inputs ({results}, {proof.seconds:.2g} s)"
        if proof.holds is None:
            n = len(proof.undecided)
            names = ", ".join(proof.undecided[:MOST_UNDECIDED]) + (" ..." if n > MOST_UNDECIDED else "")
            return f"undecided after {proof.seconds:.0f} s: {names} ({proof.n_results - n} of {proof.n_results} proved)"
        return f"they differ: {proof.witness}" + (f"; golden case {self.case}" if self.case else "")

    def as_json(self) -> dict[str, Any]:
        """The outcome for JSON."""
        proof, witness = self.proof, self.proof.witness
        return {
            "part": self.part,
            "rtl": self.rtl,
            "claim": proof.claim,
            "holds": proof.holds,
            "assumptions": list(proof.assumptions),
            "solver": solver(self.solver),
            "seconds": proof.seconds,
            "unknown_bits": proof.n_unknown,
            "results": proof.n_results,
            "undecided": list(proof.undecided),
            "witness": None
            if witness is None
            else {"inputs": dict(witness.unknowns), "results": dict(witness.results), "word": dict(witness.fields)},
            "case": None if self.case is None else str(self.case),
        }


def parts(chip: str, names: Collection[str]) -> list[Leaf | Law | ChipStep]:
    """The parts of a chip with these names, all without a name; a block of the chip is a part, too.

    Raises InputError for a name that is none, for a chip without proofs, and without a solver.
    """
    if chips.package(chip).proofs is not None:
        check_solver("prove")
    every = PROOFS.require(chips.package(chip))
    from draupnir.tools.proofs import blocks

    part_names, block_names = [leaf.name for leaf in every], blocks.names(every)
    for name in names:
        if name not in part_names and name not in block_names:
            right = ", ".join(part_names) + (f", or of the blocks {', '.join(block_names)}" if block_names else "")
            raise InputError(f"--of {name}: right is one of {right}")
    steps = [step for name in block_names if name in names for step in blocks.of_block(every, name)]
    return [*(leaf for leaf in every if not names or leaf.name in names), *steps]


def check_solver(command: str, name: str = BITWUZLA) -> None:
    """Raise InputError if the solver, which a command needs, is not installed."""
    if find_spec(name) is None:
        title = name if name != BITWUZLA else "Bitwuzla"
        raise InputError(f"draupnir {command} needs the solver {title}: pip install 'draupnir[prove]'")


def check_size(chip: Chip) -> None:
    """Raise InputError for a chip of another size than the default, because claims are about the latter."""
    default = chips.declaration(chip.name).sizes
    for name, size in chip.sizes.items():
        if size != default[name]:
            raise InputError(f"{name}={size}: what is proved of {chip.name} is for {name}={default[name]}")


def is_of_our_chip(part: Leaf | Law | ChipStep, rtl: str) -> bool:
    """Return True for a step of our whole chip. Such proofs take the most time."""
    return hasattr(part, "whole") and rtl == OURS


class Designs:
    """Our RTL of a chip, and an original if there is one, with their netlists.

    design : the original
    folder : an empty folder for files
    solver : the name of the solver
    """

    def __init__(self, chip: str, design: Design | None, folder: Path, solver: str = BITWUZLA) -> None:
        self.chip, self.design, self.folder, self.solver = chip, design, folder, solver
        self._netlists: dict[str, Mapping[str, Any]] = {}

    def rtls(self, part: Leaf | Law | ChipStep) -> list[str]:
        """Return what the model of a part is compared with."""
        if not hasattr(part, "problem") and not hasattr(part, "ours"):
            return [KERNELS]
        has_original = self.design is not None and getattr(part, "original", part) is not None
        has_ours = not hasattr(part, "whole") or part.whole.ours is not None
        return [*([OURS] if has_ours else []), *([ORIGINAL] if has_original else [])]

    def prove(self, part: Leaf | Law | ChipStep, rtl: str, seconds: float) -> PartProof:
        """Prove a part for one of its ``rtls``, and file the witness; seconds : the solver's limit for each question"""
        from draupnir.tools.proofs import witnesses

        one = self._prove(part, rtl, seconds)
        return replace(one, solver=self.solver, case=witnesses.write(part, one.rtl, one.proof, self.folder / WITNESSES))

    def _prove(self, part: Leaf | Law | ChipStep, rtl: str, seconds: float) -> PartProof:
        from draupnir.tools.proofs import claim, sources, whole

        if isinstance(part, claim.Law):
            return PartProof(part.name, part.title, rtl, claim.prove_law(part, part.title, seconds, self.solver))
        if isinstance(part, whole.ChipStep):
            netlist, places = self.whole(part, rtl)
            name = str(self.design.top) if self.design is not None and rtl == ORIGINAL else rtl
            text = f"{part.title}: the golden model and {name} do the same"
            ways = ("in the model", "in the RTL")
            proof = whole.prove_step(part, netlist, places, ways, text, seconds, self.solver)
            return PartProof(part.name, part.title, name, proof)
        module = part.original if rtl == ORIGINAL else part.ours
        assert module is not None
        name = part.original.name if part.original is not None and rtl == ORIGINAL else rtl
        design = self.design if rtl == ORIGINAL else None
        netlist = sources.flat_netlist(module, design, self.folder / part.name / rtl.replace(" ", "_"))
        text = f"{part.title}: the golden model and {name} compute the same"
        proof = claim.prove(part, module, netlist, text, seconds, self.solver)
        return PartProof(part.name, part.title, name, proof)

    def whole(self, part: ChipStep, rtl: str) -> tuple[Mapping[str, Any], StatePlaces]:
        """Return the netlist of a whole chip, and where it has the chip's state."""
        if rtl == ORIGINAL:
            assert self.design is not None
            netlist = self._netlist(self.design, rtl)
            return netlist, self.places(part, netlist)
        chip = emit.our_chip(self.chip)
        path = emit.emit(self.chip, self.folder / "whole")
        return self._netlist(Design(chip.top, (path,)), rtl), self._ours(part, chip.paths(), {})

    def places(self, part: ChipStep, netlist: Mapping[str, Any]) -> StatePlaces:
        """Return where a netlist of the original, or of somebody's copy of our Verilog, has the chip's state."""
        from draupnir.tools.proofs.whole import StatePlaces

        assert self.design is not None
        places = StatePlaces(part.whole.original, self.design.memories, self.design.pins)
        if places.fits(part.whole.chip, netlist):
            return places
        ours = self._ours(part, self.design.memories, self.design.pins)
        return ours if ours.fits(part.whole.chip, netlist) else places

    def _ours(self, part: ChipStep, memories: Mapping[str, str], ports: Mapping[str, str]) -> StatePlaces:
        from draupnir.tools.proofs.whole import StatePlaces

        registers = {**emit.our_chip(self.chip).registers, **(part.whole.ours or {})}
        return StatePlaces(registers, memories, ports, part.whole.our_invariants, part.whole.our_relations)

    def _netlist(self, design: Design, rtl: str) -> Mapping[str, Any]:
        from draupnir.tools.proofs import sources

        if rtl not in self._netlists:
            folder = self.folder / "whole" / rtl.replace(" ", "_")
            self._netlists[rtl] = sources.of_verilog(design, design.top, design.parameters, folder)
        return self._netlists[rtl]


def solver(name: str = BITWUZLA) -> str:
    """The name and version of a solver."""
    from draupnir.tools.proofs import solvers

    return solvers.version(name)
