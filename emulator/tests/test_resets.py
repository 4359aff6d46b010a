"""The declaration defines resets: every register with a reset value gets it."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator import chips, state
from draupnir.emulator.declare import Block, Reg
from draupnir.emulator.kernel.jit import plain
from draupnir.emulator.resets import reset_checker, resetter, side_resetter
from draupnir.emulator.tests.pokes import poke
from draupnir.emulator.trace import pack, to_rows

FROM_SEEDS = {"lfsr_winp", "lfsr_wrec", "lfsr_wout", "lfsr_noise_neur"}  # the registers of ReckOn's long sequences
CLOCKS = 4


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("chip", chips.names())
def test_in_reset_all_registers_have_their_declared_values(chip: str, seed: int) -> None:
    model = chips.model(chip)(seed)
    model.reset()
    poke(model, np.random.default_rng(seed), 1.0)
    word, period = model.chip.input_word, model.chip.period
    out_of_reset, in_reset = (
        to_rows(word, [pack(word, model.chip.reset_levels(active))] * CLOCKS * len(period)) for active in (False, True)
    )
    model.drive(np.concatenate([out_of_reset, in_reset]), np.array(period * 2 * CLOCKS, np.uint8))
    wrong = [
        reg.name
        for reg in state.registers(model.chip)
        if reg.reset is not None
        and reg.name not in FROM_SEEDS
        and np.any(model.registers[0][reg.name] != int(reg.reset))
    ]
    assert wrong == []


def block(copies: int | None) -> Block:
    regs = (
        Reg("count", 8),
        Reg("empty", 1, 1),
        Reg("word", 8, None),
        Reg("tags", 4, 3, (2, 2)),
        Reg("memory", 8, None, (3,)),
    )
    return Block("core", regs, copies=copies)


def record(core: Block) -> np.recarray:
    fields = []
    for reg in core.regs:
        n = (int(np.prod(reg.shape)),) if reg.shape else ()
        fields.append((reg.name, np.int64, (*(() if core.copies is None else (core.copies,)), *n)))
    registers = np.zeros(1, np.dtype((np.record, fields))).view(np.recarray)
    for name in registers.dtype.names or ():
        registers[name] = 7
    return registers


@pytest.mark.parametrize("copies", [None, 3])
def test_registers_without_a_reset_value_stay(copies: int | None) -> None:
    registers = record(block(copies))
    is_reset = plain(reset_checker(block(copies)))
    assert not is_reset(registers[0])
    plain(resetter(block(copies)))(registers[0])
    for name, content in {"count": 0, "empty": 1, "word": 7, "tags": 3, "memory": 7}.items():
        assert np.all(registers[name] == content), name
    assert is_reset(registers[0])
    registers["tags"].flat[-1] = 2
    assert not is_reset(registers[0])


def test_some_registers_of_a_block_can_be_chosen() -> None:
    registers = record(block(None))
    resetter(block(None), lambda reg: bool(reg.shape))(registers[0])
    assert registers["tags"].tolist() == [[3] * 4]
    assert registers["count"].tolist() == [7]


def test_one_reset_of_several_reaches_the_blocks_of_its_side() -> None:
    core, other = block(None), Block("other", (Reg("flag", 1, 1), Reg("content", 4, None)))
    registers = record(Block("both", (*core.regs, *other.regs)))
    plain(side_resetter("some_side", (core, other)))(registers[0])
    expected = {"count": 0, "empty": 1, "word": 7, "tags": 3, "memory": 7, "flag": 1, "content": 7}
    assert all(np.all(registers[name] == number) for name, number in expected.items())
