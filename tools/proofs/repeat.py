"""A witness of a whole chip, in a golden model: so anybody can see what the model does from there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from draupnir.emulator import chips
from draupnir.emulator.codec import encode
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.trace import to_row
from draupnir.tools.proofs.claims import PROOFS
from draupnir.tools.proofs.whole import ChipStep

_ELEMENT = re.compile(r"(\w+)\[(\d+)\]")


def put_into(model: ClockLevel, inputs: Mapping[str, int], suffix: str = "") -> int:
    """Give a model the state of a witness, and return its input pins as ``model.step`` takes them.

    inputs : of the witness in prove.json
    suffix : " afterwards" for the levels of the pins after a step ``pin-edges``

    The model's present pins become those of the witness before the step. Memory words that the model does not read keep
    their content.
    """
    chip = model.chip
    states = _states(chip.name)
    names = {reg.name for block in chip.blocks for reg in block.regs}
    for name, content in inputs.items():
        match = _ELEMENT.fullmatch(name)
        register, element = (match.group(1), int(match.group(2))) if match else (name, 0)
        if register in names:
            elements = states[register](content) if register in states else [content]
            for i, each in enumerate(elements):
                model.poke(register, each, element + i)
    for memory in chip.memories:
        for name, addr in inputs.items():
            if re.fullmatch(rf"address \d+ in {memory.name}", name):
                model.poke(memory.name, inputs[name.replace("address", "word", 1)], addr)
    model.registers[0]["inputs"] = to_row(chip.input_word, _pins(model, inputs, ""))
    return _pins(model, inputs, suffix)


def _states(chip: str) -> Mapping[str, Callable[[int], Sequence[int]]]:
    """Return the registers of which a witness has fewer bits than elements, and what gives their elements."""
    steps = [claim for claim in PROOFS.require(chips.package(chip)) if isinstance(claim, ChipStep)]
    return steps[0].whole.elements


def _pins(model: ClockLevel, inputs: Mapping[str, int], suffix: str) -> int:
    word = model.chip.input_word
    return encode(word, **{field.name: inputs[field.name + suffix] for field in word})
