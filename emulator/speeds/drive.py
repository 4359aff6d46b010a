"""A chip under whole arrays of pins: clock by clock, or in stretches where only one thing moves."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator.declare import INTEGER_BITS, Chip, DeclarationError
from draupnir.emulator.kernel.jit import entry, kernel, outlined

LONGEST = 4096  # rows looked ahead
BLOCK = 64  # rows looked at together, without a branch: vectors


@outlined
def _are_clocks(inputs: np.ndarray, clk: np.ndarray, same: int) -> bool:
    """Tell whether all these rows are clocks with these inputs."""
    differ = 0
    for i in range(len(inputs)):
        differ |= (inputs[i] ^ same) | (np.int64(clk[i]) ^ 1)
    return differ == 0


@kernel
def _same(inputs: np.ndarray, clk: np.ndarray, i: int) -> int:
    """The row after those from i on, at most LONGEST, that are clocks with the same inputs."""
    end = min(len(inputs), i + LONGEST)
    j = i
    while j + BLOCK <= end and _are_clocks(inputs[j : j + BLOCK], clk[j : j + BLOCK], inputs[i]):
        j += BLOCK
    while j < end and inputs[j] == inputs[i] and clk[j]:
        j += 1
    return j


def _check_rows(chip: Chip) -> None:
    """Raise DeclarationError for a chip whose rows are more than an integer each way and a rise."""
    if len(chip.clocks) > 1 or chip.clocks[0].pin.edges != "rising":
        raise DeclarationError(
            f"{chip.name}: this loop has one clock, of which the chip uses the rise; there are {chip.used_edges}; "
            "right is a model with its own loop over rows (_run)"
        )
    for direction, word in (("in", chip.input_word), ("out", chip.output_word)):
        if len(word.row) > 1:
            raise DeclarationError(
                f"{chip.name}: this loop has at most {INTEGER_BITS} bits of pins each way; there are {word.width} "
                f"{direction}; right is a model with its own loop over rows (_run)"
            )


def driver(chip: Chip, clock: ModuleType, stretch: ModuleType, n_beside: int = 0) -> Callable[..., None]:
    """Return what runs the rows of a trace (see ``draupnir.emulator.trace``) on a chip.

    The function that it returns is called as ``drive(inputs, clk, out, stretching, *given)``.

    chip : has one clock, of which only the rise is used, and at most 63 bits of pins each way
    clock : the chip's module with ``apply_inputs(*pins, inputs)``, ``outputs(record)`` and ``clock(*state)``
    stretch : the chip's module with ``can_stretch(record)``, and ``stretch(*state, clocks)``, which runs on for at most
    so many clocks with the inputs as they are, and returns how many, perhaps 0; the outputs stay as they are.
    ``begin(record)`` finds out anew what the chip keeps to be quick, since anybody may have changed the state since
    the last call; ``end(record)`` lets it go

    Of ``drive``: stretching : False runs every clock by itself
    given : the record of registers, then the ``n_beside`` arguments that only ``apply_inputs`` takes
    beside it (``pins``), then those that only the others take (``state``); a tuple of them would cost each call some
    microseconds. out : (n,) int64, is given the output pins before each row's clock edge, packed; 0 where the row has
    none.
    Raises DeclarationError for a chip with another clock, or more pins.
    """
    _check_rows(chip)
    n_pins = 1 + n_beside

    @entry
    def drive(inputs: np.ndarray, clk: np.ndarray, out: np.ndarray, stretching: bool, *given: Any) -> None:
        r = given[0]
        pins, state = given[:n_pins], given[:1] + given[n_pins:]
        i, same = 0, 0
        stretch.begin(r)
        while i < len(inputs):
            if inputs[i] != r.inputs:
                clock.apply_inputs(*pins, inputs[i])
            taken = 1
            now = 0
            if clk[i]:
                now = clock.outputs(r)
                taken = 0
                if stretching and stretch.can_stretch(r):
                    if same <= i:
                        same = _same(inputs, clk, i)
                    taken = stretch.stretch(*state, same - i)
                if taken == 0:
                    clock.clock(*state)
                    taken = 1
            out[i : i + taken] = now
            i += taken
        stretch.end(r)

    return drive
