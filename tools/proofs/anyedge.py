"""A flat netlist of which any clock may have an edge at any moment: one step leads from each state to its successors.

The state is that of all flip-flops; latches, memories and instances contain whatever a solver likes at each step. In a
step any of the clocks have an edge, with any levels of the pins, and then all asynchronous resets act until nothing
changes any more. The chip can do less than that, so what holds after each of these steps holds in the chip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from draupnir.emulator.errors import InputError
from draupnir.tools.proofs.clocked import FLIP_FLOPS, MOST_RESETS, after_reset
from draupnir.tools.proofs.cut import StepModule
from draupnir.tools.proofs.logic import Bits, Logic, Truth
from draupnir.tools.proofs.netlist import NetlistReader

State = Mapping[str, Bits]  # flip-flop -> its content
Edge = tuple[Any, bool]  # the bit of a clock; True for its rising edge


@dataclass
class AnyEdge:
    """A netlist without its flip-flops, and the flip-flops.

    step : of the flat netlist, from ``cut``
    netlist : the flat netlist
    """

    logic: Logic
    step: StepModule
    netlist: Mapping[str, Any]
    _reader: NetlistReader | None = None
    _unknowns: dict[str, Bits] = field(default_factory=dict)

    @cached_property
    def flip_flops(self) -> dict[str, Mapping[str, Any]]:
        """The flip-flops by name."""
        return {name: cell for name, cell in self.netlist["cells"].items() if cell["type"] in FLIP_FLOPS}

    @cached_property
    def clocks(self) -> dict[str, Edge]:
        """The clock of each flip-flop: the signal from which buffers and inverters lead to it, and the edge there."""
        cells = [cell for cell in self.step.module["cells"].values() if cell["type"] in ("$buf", "$not", "$pos")]
        drivers = {
            driven: (bit, cell["type"] == "$not")
            for cell in cells
            for driven, bit in zip(cell["connections"]["Y"], cell["connections"]["A"], strict=False)
        }
        clocks = {}
        for name, cell in self.flip_flops.items():
            bit, rising = cell["connections"]["CLK"][0], int(cell["parameters"]["CLK_POLARITY"], 2) == 1
            while bit in drivers:
                bit, inverts = drivers[bit]
                rising = rising != inverts
            clocks[name] = bit, rising
        return clocks

    def widths(self) -> dict[str, int]:
        """Return the flip-flops and the numbers of their bits."""
        return {name: len(cell["connections"]["Q"]) for name, cell in self.flip_flops.items()}

    def unknown_state(self, suffix: str = "") -> dict[str, Bits]:
        """Return a state of unknown content."""
        return {name: self._unknown(f"{name} Q{suffix}", width) for name, width in self.widths().items()}

    def with_cells(self, cells: Mapping[str, Mapping[str, Any]]) -> AnyEdge:
        """Return a netlist in which some cells are others; what is unknown in both is the same."""
        module = {**self.step.module, "cells": {**self.step.module["cells"], **cells}}
        other = AnyEdge(self.logic, StepModule(module, self.step.switches), self.netlist, None, self._unknowns)
        other.clocks = self.clocks
        return other

    def inputs(self, state: State, levels: Mapping[str, int] | None = None, suffix: str = "") -> dict[str, Bits]:
        """Return the contents of all input ports of the step: a state, and unknown levels of all others.

        With the same suffix these are the same unknowns.

        levels : pin -> its level, of the pins that are known
        """
        contents: dict[str, Bits] = {}
        for name, port in self.step.module["ports"].items():
            if port["direction"] != "input":
                continue
            width, cell = len(port["bits"]), name.removesuffix(" Q")
            if levels and name in levels:
                contents[name] = self.logic.number(levels[name], width)
            elif name.endswith(" Q") and cell in state:
                contents[name] = state[cell]
            else:
                contents[name] = self._unknown(name + suffix, width)
        return contents

    def _unknown(self, name: str, width: int) -> Bits:
        if name not in self._unknowns:
            self._unknowns[name] = self.logic.unknown(name, width)
        return self._unknowns[name]

    def reader(self, inputs: Mapping[str, Bits]) -> NetlistReader:
        """Return the formulas of all that the netlist computes."""
        if self._reader is None:
            self._reader = NetlistReader(self.logic, self.step.module, inputs)
        return self._reader.with_inputs(inputs)

    def edges(self, suffix: str = "") -> dict[Edge, Truth]:
        """Return for each clock whether it has an edge, which is unknown."""
        clocks = dict.fromkeys(self.clocks.values())
        return {clock: self._unknown(f"edge of {clock}{suffix}", 1).is_true() for clock in clocks}

    def next_state(
        self, state: State, reader: NetlistReader, edges: Mapping[Edge, Truth], suffix: str = ""
    ) -> dict[str, Bits]:
        """Return the state after a step.

        reader : what the netlist computes before the step
        edges : clock -> whether it has an edge
        suffix : for the names of new unknowns

        Raises InputError if asynchronous resets never come to an end.
        """
        clocked = {}
        for name in self.flip_flops:
            content = self._reset(reader, name, reader.port(f"{name} D"))
            clocked[name] = edges[self.clocks[name]].choose(content, state[name])
        return self.at_rest(clocked, reader, suffix)

    def at_rest(self, state: State, reader: NetlistReader, suffix: str) -> dict[str, Bits]:
        """Return a state after all asynchronous resets; reader : of the step, with the levels of the pins"""
        pins = {name: bits for name, bits in reader.inputs.items() if name in self.netlist["ports"]}
        contents = {**self.inputs(state, None, f"{suffix} at rest"), **pins}
        settled = dict(state)
        for _ in range(MOST_RESETS):
            reader = reader.with_inputs({**contents, **{f"{name} Q": content for name, content in settled.items()}})
            later = {name: self._reset(reader, name, content) for name, content in settled.items()}
            if all(later[name].term == content.term for name, content in settled.items()):
                return settled
            settled = later
        raise InputError(f"asynchronous resets reset one another over more than {MOST_RESETS} flip-flops")

    def _reset(self, reader: NetlistReader, name: str, content: Bits) -> Bits:
        return after_reset(self.flip_flops[name], lambda: reader.port(f"{name} ARST"), content)
