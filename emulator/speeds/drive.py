"""A chip under whole arrays of pins: clock by clock, or in stretches of clocks in which only one thing moves."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator.declare import INTEGER_BITS, Chip, DeclarationError
from draupnir.emulator.kernel.jit import entry, kernel, outlined

LONGEST = 4096  # the driver looks this many rows ahead, at most
BLOCK = 64  # rows that are compared together, without a branch, so that the compiler uses vectors


@outlined
def _are_clocks(inputs: np.ndarray, clk: np.ndarray, pins: int) -> bool:
    """Return True if all these rows have a clock edge and these input pins."""
    differ = 0
    for i in range(len(inputs)):
        differ |= (inputs[i] ^ pins) | (np.int64(clk[i]) ^ 1)
    return differ == 0


@kernel
def _end_of_run(inputs: np.ndarray, clk: np.ndarray, i: int) -> int:
    """Return the end of the run of rows from row i on that are clocks with equal inputs: at most LONGEST rows."""
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


def driver(chip: Chip, clock: ModuleType, stretch: ModuleType, n_pins_args: int = 0) -> Callable[..., None]:
    """Return a compiled ``drive(inputs, clk, out, stretching, *args)``, which runs the rows of a trace on a chip.

    See ``draupnir.emulator.trace`` for rows.

    chip : a chip with one clock, of which it uses the rise only, and with at most 63 bits of pins in each direction
    clock : the chip's module with ``apply_inputs(*pins, inputs)``, ``outputs(record)`` and ``clock(*state)``
    stretch : the chip's module with these functions:
        ``can_stretch(record)`` returns True if ``stretch`` may be called;
        ``stretch(*state, clocks)`` runs at most this number of clocks with constant inputs, in which the outputs do
        not change either, and returns the number, which may be 0;
        ``begin(record)`` computes what the chip derives from its state to be fast, because the caller may have changed
        the state since the last call; ``end(record)`` deletes it
    n_pins_args : the number of arguments that only ``apply_inputs`` takes

    The arguments of ``drive``:
    inputs : (n,) int64; clk : (n,) uint8, 0 or 1
    out : (n,) int64; receives the packed output pins before each row's clock edge, 0 for a row without an edge
    stretching : False runs every clock by itself
    args : the record of registers, then ``n_pins_args`` arguments (with the record these are ``pins``), then the other
        arguments (with the record these are ``state``). They are not a tuple, which would cost microseconds in each
        call.

    Raises DeclarationError for a chip with another clock, or with more bits.
    """
    _check_rows(chip)
    n_pins = 1 + n_pins_args

    @entry
    def drive(inputs: np.ndarray, clk: np.ndarray, out: np.ndarray, stretching: bool, *args: Any) -> None:
        r = args[0]
        pins, state = args[:n_pins], args[:1] + args[n_pins:]
        i, end_of_run = 0, 0
        stretch.begin(r)
        while i < len(inputs):
            if inputs[i] != r.inputs:
                clock.apply_inputs(*pins, inputs[i])
            clocks = 1
            now = 0
            if clk[i]:
                now = clock.outputs(r)
                clocks = 0
                if stretching and stretch.can_stretch(r):
                    if end_of_run <= i:
                        end_of_run = _end_of_run(inputs, clk, i)
                    clocks = stretch.stretch(*state, end_of_run - i)
                if clocks == 0:
                    clock.clock(*state)
                    clocks = 1
            out[i : i + clocks] = now
            i += clocks
        stretch.end(r)

    return drive
