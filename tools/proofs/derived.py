"""Clocks that are outputs of flip-flops: dividers, which rise one after the other at an edge of a clock pin.

The flip-flops of a derived clock see the state from after the edge that moves this clock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from draupnir.emulator.errors import InputError
from draupnir.tools.proofs.logic import Bits, Logic, Truth
from draupnir.tools.proofs.netlist import NetlistReader

MOST_DERIVED = 8  # in a chain
Contents = Mapping[str, Bits]  # flip-flop -> its output


def driven_by_flip_flops(flip_flops: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return flip-flop -> the flip-flop whose output is its clock, for each that has such a clock."""
    outputs = {bit: name for name, cell in flip_flops.items() for bit in cell["connections"]["Q"]}
    clocks = {name: cell["connections"]["CLK"][0] for name, cell in flip_flops.items()}
    return {name: outputs[clock] for name, clock in clocks.items() if clock in outputs}


def after_derived(
    logic: Logic,
    flip_flops: Mapping[str, Mapping[str, Any]],
    drivers: Mapping[str, str],
    states: tuple[Contents, Contents],
    reader_of: Callable[[Contents], NetlistReader],
) -> Contents:
    """Return the contents of all flip-flops after the edges of derived clocks, wave by wave.

    drivers : see ``driven_by_flip_flops``
    states : the contents before and after the edges of the clock pins
    reader_of : returns the formulas of the module for some contents

    Raises InputError if derived clocks make one another over more than MOST_DERIVED flip-flops.
    """
    earlier, contents = states
    last_wave: Collection[str] = flip_flops.keys() - drivers.keys()
    for _ in range(MOST_DERIVED):
        wave = [name for name, driver in drivers.items() if driver in last_wave]
        if not wave:
            return contents
        old, new = reader_of(earlier), reader_of(contents)
        wave_contents = {name: _clocked(logic, flip_flops[name], contents[name], old, new) for name in wave}
        earlier, contents, last_wave = contents, {**contents, **wave_contents}, wave
    raise InputError(f"clocks are made of one another over more than {MOST_DERIVED} flip-flops")


def _clocked(logic: Logic, cell: Mapping[str, Any], content: Bits, old: NetlistReader, new: NetlistReader) -> Bits:
    """Return the content of a flip-flop after its clock has gone from its old to its new level."""
    if cell["type"] != "$dff":
        raise InputError("a proof cannot read a flip-flop with an asynchronous reset and a clock that is no input port")
    clock, rising = cell["connections"]["CLK"], int(cell["parameters"]["CLK_POLARITY"], 2) == 1
    earlier, later = (reader.bits(clock).is_true() for reader in (old, new))
    edge: Truth = logic.every((earlier.inverted(), later) if rising else (earlier, later.inverted()))
    return edge.choose(new.bits(cell["connections"]["D"]), content)
