"""Mutants in the parts of a chip that are proved: does a mutated part still compute what the golden model computes?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from draupnir.emulator import chips
from draupnir.tools.mutants.mutant import Mutant, base_name
from draupnir.tools.mutants.netlist import PORT, MutatedDesign
from draupnir.tools.proofs import claim
from draupnir.tools.proofs.claim import Leaf, Module, Original, Proof
from draupnir.tools.proofs.claims import PROOFS
from draupnir.tools.proofs.cut import UNKNOWN, StepModule, cut
from draupnir.tools.proofs.logic import Logic


class ProvedLeaves:
    """The parts of a chip that are proved, as modules of a netlist with mutants. seconds : the solver's limit"""

    def __init__(self, chip: str, is_ours: bool, design: MutatedDesign, seconds: float) -> None:
        self._design, self._seconds = design, seconds
        package = chips.package(chip)
        leaves = [] if package.proofs is None else [leaf for leaf in PROOFS.require(package) if isinstance(leaf, Leaf)]
        self._sides = [(leaf, leaf.ours if is_ours else leaf.original) for leaf in leaves]

    def proof(self, mutant: Mutant, number: int) -> Proof | None:
        """Return the proof that a part with a mutant computes what the model does; None if it is in no part.

        number : of the mutant in the netlist

        A proof that holds is only returned if the part has no outputs beside those of the proof.
        """
        for name, (leaf, side, step) in self._parts.items():
            if number in step.switches and self._is_inside(mutant.module, name):
                module = {**step.module, "cells": {**step.module["cells"], **step.switches[number]}}
                proof = claim.prove(leaf, side, module, str(mutant), self._seconds)
                return proof if proof.holds is False or _covers(side, step) else None
        return None

    @cached_property
    def _parts(self) -> dict[str, tuple[Leaf, Module, StepModule]]:
        """Module in Yosys -> the part that it is, and its logic, for each part that is a module."""
        return {
            name: (leaf, side, step)
            for name, module in self._design.flat.items()
            for leaf, side in self._sides
            if side is not None and not (isinstance(side, Original) and base_name(name) != side.name)
            for step in [_without_state(module)]
            if _is_of(side, leaf, step)
        }

    def _is_inside(self, module: str, part: str) -> bool:
        """Tell whether all instances of a module are in a part."""
        if module == part:
            return True
        parents = list(self._parents(module))
        return bool(parents) and all(self._is_inside(parent, part) for parent in parents)

    def _parents(self, module: str) -> Iterator[str]:
        for name, content in self._design.modules.items():
            if any(cell["type"] == module for cell in content["cells"].values()):
                yield name


def _without_state(module: Mapping[str, Any]) -> StepModule:
    """Return a module as a step; a port that the part does not know is unknown."""
    step = cut(module, PORT)
    ports = {name: port for name, port in step.module["ports"].items() if name not in (PORT, UNKNOWN)}
    return StepModule({**step.module, "ports": ports}, step.switches)


def _is_of(side: Module, leaf: Leaf, step: StepModule) -> bool:
    """Tell whether a module has the inputs and the outputs of a part."""
    logic = Logic()
    right = side.inputs({name: logic.unknown(name, width) for name, width in leaf.widths.items()})
    ports = step.module["ports"]
    inputs = {name: len(port["bits"]) for name, port in ports.items() if port["direction"] == "input"}
    has_outputs = all(place.port in ports for place in side.outputs.values())
    return has_outputs and inputs == {name: bits.width for name, bits in right.items()}


def _covers(side: Module, step: StepModule) -> bool:
    """Tell whether each output bit of a module is a bit of a result."""
    result_bits = {(place.port, place.lsb + i) for place in side.outputs.values() for i in range(place.width)}
    ports = step.module["ports"].items()
    return result_bits >= {(name, i) for name, p in ports if p["direction"] == "output" for i in range(len(p["bits"]))}
