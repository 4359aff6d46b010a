"""One block of a chip: the part of the whole chip's steps that is about its registers.

It answers an engineer who has changed a block, and takes a small part of the time. It is no proof by itself that the
chip is right: the output pins, the registers of all other blocks, and what the steps assume, are proved only by the
whole steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from draupnir.emulator.declare import Block
from draupnir.tools.proofs.claim import ProofTask
from draupnir.tools.proofs.whole import LIMB, ChipStep, Setting

LIMB_OF = re.compile(rf"{LIMB} \d+ of ")
ENDS = {"clock-edge": "clock", "pin-edges": "pins"}  # step of the whole chip -> the end of the name for a block


def of_block(claims: Sequence[Any], name: str) -> list[ChipStep]:
    """Return the steps of a block; none for a name that no block of the chip has."""
    whole_steps = [claim for claim in claims if isinstance(claim, ChipStep) and claim.name in ENDS]
    return [_step(step, block) for step in whole_steps for block in step.whole.chip.blocks if block.name == name]


def _step(step: ChipStep, block: Block) -> ChipStep:
    """Return the part of a step that is about a block."""

    def problem(setting: Setting) -> ProofTask:
        return _reduced(step.problem(setting), setting, block)

    title = f"{step.title}, for the registers of {block.name}"
    return ChipStep(f"{block.name}-{ENDS[step.name]}", title, step.whole, problem, step.pins_after)


def names(claims: Sequence[Any]) -> list[str]:
    """Return the names of all blocks that have steps."""
    blocks = [claim.whole.chip.blocks for claim in claims if isinstance(claim, ChipStep)]
    return [block.name for block in blocks[0]] if blocks else []


def _reduced(task: ProofTask, setting: Setting, block: Block) -> ProofTask:
    """Keep the questions about the registers and memories of a block."""
    names_of_block = {reg.name for reg in block.state}
    names_of_block |= {f"a word of {memory.name}" for memory in setting.chip.memories if block.source in memory.source}
    questions = [pairs for pairs in task.questions if all(name in names_of_block for name in _registers(pairs))]
    return replace(task, questions=questions)


def _registers(results: Any) -> Iterator[str]:
    """Yield the register of each result, without the number of its element, or the word without that of its limb."""
    return (LIMB_OF.sub("", name).partition("[")[0] for name in results)
