"""The witnesses of a job as files: a golden case for each claim that does not hold, where there can be one."""

from __future__ import annotations

import shutil
from pathlib import Path

from draupnir.golden.case import TOML
from draupnir.tools.proofs import cases
from draupnir.tools.proofs.claim import Law, Leaf, Proof, Witness
from draupnir.tools.proofs.whole import ChipStep


def write(part: Leaf | Law | ChipStep, rtl: str, proof: Proof, folder: Path) -> Path | None:
    """Write the golden case of a witness, and return its folder; None without one.

    rtl : the name of the RTL, or of the part in it
    folder : the folder of all cases. A case of the same claim from an earlier run is removed

    Raises InputError for a folder of this name with other files.
    """
    place = folder / f"{part.name}_{rtl.replace(' ', '_')}"
    if (place / TOML).is_file():
        shutil.rmtree(place)
    witness = proof.witness
    if witness is None or not isinstance(part, Leaf) or part.case is None or not witness.is_possible:
        return None
    cases.write(part.case.run(witness.unknowns, witness.results), place, _why(part, rtl, witness))
    return place


def _why(part: Leaf, rtl: str, witness: Witness) -> str:
    first, second = witness.ways
    results = ", ".join(
        f"{name} {one:#x} {first}, {other:#x} {second}" for name, (one, other) in witness.results.items()
    )
    return f"Found by a proof of {part.title}, in {rtl}: {results}."
