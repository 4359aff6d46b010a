"""The witnesses of a job as files: a golden case for each claim that does not hold, where there can be one."""

from __future__ import annotations

import shutil
from pathlib import Path

from draupnir.emulator import chips
from draupnir.emulator.trace import Trace, in_step, known_at_edges, to_rows
from draupnir.golden import state, wave_out
from draupnir.golden.case import TOML
from draupnir.golden.record import Recording, save
from draupnir.tools.proofs import cases
from draupnir.tools.proofs.claim import Law, Leaf, Proof, Witness
from draupnir.tools.proofs.repeat import put_into
from draupnir.tools.proofs.whole import ChipStep

CLOCKS = 100  # of the case of a whole chip's witness, the first of which is the step


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
    if witness is None:
        return None
    if isinstance(part, ChipStep) and part.pins_after is not None:
        _write_state(part, witness, place, _why(part, rtl, witness))
        return place
    if not isinstance(part, Leaf) or part.case is None or not witness.is_possible:
        return None
    cases.write(part.case.run(witness.unknowns, witness.results), place, _why(part, rtl, witness))
    return place


def _write_state(step: ChipStep, witness: Witness, place: Path, why: str) -> None:
    """Save a golden case that begins with the state of the witness. The pins then keep their levels."""
    chip = step.whole.chip
    model = chips.model(chip.name, chip.sizes)()
    pins = put_into(model, witness.unknowns, step.pins_after or "")
    contents, memories = state.of_model(model), {name: words.copy() for name, words in model.memories.items()}
    rows, clk = to_rows(chip.input_word, [pins] * CLOCKS), in_step(chip, CLOCKS)
    outputs = model.drive(rows, clk)
    trace = Trace(chip, rows, clk, outputs, known_at_edges(chip.output_word, clk), wave_out.schedule(clk))
    save(Recording(trace, memories, model.memories), place, why, {"kind": "model"}, "", None, state=contents)


def _why(part: Leaf | ChipStep, rtl: str, witness: Witness) -> str:
    first, second = witness.ways
    results = ", ".join(
        f"{name} {one:#x} {first}, {other:#x} {second}" for name, (one, other) in witness.results.items()
    )
    return f"Found by a proof of {part.title}, in {rtl}: {results}."
