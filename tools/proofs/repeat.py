"""A witness of a whole chip, in a golden model: so anybody can see what the model does from there."""

from __future__ import annotations

import re
from collections.abc import Mapping

from draupnir.emulator.codec import encode
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.trace import to_row

_ELEMENT = re.compile(r"(\w+)\[(\d+)\]")


def put_into(model: ClockLevel, inputs: Mapping[str, int], suffix: str = "") -> int:
    """Give a model the state of a witness, and return its input pins as ``model.step`` takes them.

    inputs : of the witness in prove.json
    suffix : " afterwards" for the levels of the pins after a step ``pin-edges``

    The model's present pins become those of the witness before the step. Memory words that the model does not read keep
    their content.
    """
    chip = model.chip
    names = {reg.name for block in chip.blocks for reg in block.regs}
    for name, content in inputs.items():
        match = _ELEMENT.fullmatch(name)
        register, element = (match.group(1), int(match.group(2))) if match else (name, 0)
        if register in names:
            model.poke(register, content, element)
    for memory in chip.memories:
        for name, addr in inputs.items():
            if re.fullmatch(rf"address \d+ in {memory.name}", name):
                model.poke(memory.name, inputs[name.replace("address", "word", 1)], addr)
    model.registers[0]["inputs"] = to_row(chip.input_word, _pins(model, inputs, ""))
    return _pins(model, inputs, suffix)


def _pins(model: ClockLevel, inputs: Mapping[str, int], suffix: str) -> int:
    word = model.chip.input_word
    return encode(word, **{field.name: inputs[field.name + suffix] for field in word})
