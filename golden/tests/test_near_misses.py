"""The case `spi_near_misses` shows each register: whatever else wrote one of them would differ from the recording."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.golden import case, regress
from draupnir.golden.case import Case
from draupnir.golden.compare.device import loaded_model

SHARE = 0.5  # of the case before the wrong write


def _case(chip: str) -> Case:
    return next(one for one in case.of_chip(chip) if one.name == "spi_near_misses")


@pytest.mark.parametrize("name", ["tinyodin", "odin"])
def test_a_wrong_content_of_any_register_differs_from_the_recording(name: str) -> None:
    chip = chips.declaration(name)
    trace, memories = regress.inputs_of(chip, _case(name))
    first = int(SHARE * len(trace))
    model: Any = loaded_model(chip, memories)
    model.drive(trace.inputs[:first], trace.clk[:first])
    middle = model.snapshot()

    def rest(model: Any) -> tuple[bytes, ...]:
        outputs = model.drive(trace.inputs[first:], trace.clk[first:])
        return outputs.tobytes(), *(np.array(content).tobytes() for content in model.memories.values())

    right = rest(model)
    places = [(register, i) for register in chip.registers for i in range(register.n_addrs)]
    invisible = []
    for register, i in places:
        model.restore(middle)
        content = int(np.ravel(model.registers[0][register.name.lower()])[i])
        model.poke(register.name.lower(), ~content & (1 << register.width) - 1, i)
        if rest(model) == right:
            invisible.append(f"{register.name}[{i}]")
    assert len(places) >= 4 and invisible == []
    model.restore(middle)
    assert rest(model) == right, "without a wrong write, the rest is the same"
