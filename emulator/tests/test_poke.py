"""`model.poke`: a register or a word is written between two clocks, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator import chips, state
from draupnir.emulator.errors import InputError


@pytest.mark.parametrize("chip", chips.names())
def test_every_register_and_memory_can_be_poked_and_no_more_changes(chip: str) -> None:
    model = chips.model(chip)()
    model.reset()  # so that a reset in the chip, which a poke may raise, changes nothing
    declaration, rng = model.chip, np.random.default_rng(7)
    widths = {reg.name: reg.width for reg in state.registers(declaration)}
    widths |= {memory.name: memory.width for memory in declaration.memories}
    for name, width in widths.items():
        rows, same_width = state.elements(declaration, model.registers, model.memories, name)
        assert same_width == width
        for element in {0, len(rows) - 1}:
            content = int.from_bytes(rng.bytes(-(-width // 8)), "little") % (1 << width) | 1 << width - 1
            earlier = model.snapshot()
            model.poke(name, content, element)
            assert model.peek(name, element) == content
            assert len(state.diff(earlier, model.snapshot())) <= -(-width // 32)
    assert state.out_of_range(declaration, model.registers) == []


@pytest.mark.parametrize(
    ("name", "content", "element", "message"),
    [
        ("cycle", 1, 0, "odin has no register or memory cycle; it has neurons, "),
        ("burst_clean", 1, 0, "odin has no register or memory burst_clean"),
        ("neurons", 0, 256, "odin: neurons has no element 256; right is 0..255"),
        ("neurons", 0, -1, "odin: neurons has no element -1; right is 0..255"),
        ("neurons", 1 << 128, 0, "odin: neurons: 0x1"),
        ("state", 1 << 60, 0, "odin: state: 0x1000000000000000 does not fit into "),
    ],
)
def test_a_wrong_poke_is_one_line_and_changes_nothing(name: str, content: int, element: int, message: str) -> None:
    model = chips.model("odin")()
    earlier = model.snapshot()
    with pytest.raises(InputError) as raised:
        model.poke(name, content, element)
    assert str(raised.value).startswith(message)
    assert state.diff(earlier, model.snapshot()) == []
