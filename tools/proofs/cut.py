"""A netlist as one step: flip-flops, latches, memories and instances are cut out, and their contents are inputs.

What is cut out decides the next state by its inputs. So if a change of the netlist changes no output of the step, for
any state and any inputs, then it changes nothing that can ever be seen, whatever the state at the start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from draupnir.tools.proofs.netlist import COMBINATIONAL

Cell = Mapping[str, Any]
Bit = Any  # an int, or one of the constants of Yosys' JSON, "0", "1", "x" and "z"
NO_LOGIC = ("$meminit", "$meminit_v2", "$scopeinfo", "$print", "$check")  # none decides a state after the first one
UNKNOWN = "unknown bits"  # the input port with all bits that are X, or that nothing drives


@dataclass
class StepModule:
    """A module without cells that keep a state.

    module : in the form of Yosys' JSON; its outputs are those of the original, and all that decides the next state
    switches : number of a mutant -> the cells that switch it on, each a buffer; and the same cells, switched on
    """

    module: dict[str, Any]
    switches: dict[int, dict[str, Cell]] = field(default_factory=dict)


def cut(module: Mapping[str, Any], port: str) -> StepModule:
    """Return a module as one step, with its mutants switched off; port : the input with the number of the mutant"""
    return _Cutter(module, port).step()


class _Cutter:
    def __init__(self, module: Mapping[str, Any], port: str) -> None:
        self._module, self._port = module, port
        self._ports: dict[str, dict[str, Any]] = dict(module["ports"])
        self._cells: dict[str, Cell] = {}
        self._unknown: list[int] = []
        self._step = StepModule({})
        every = [bits for cell in module["cells"].values() for bits in cell["connections"].values()]
        every += [each["bits"] for each in module["ports"].values()]
        self._next_bit = 1 + max((bit for bits in every for bit in bits if isinstance(bit, int)), default=1)

    def step(self) -> StepModule:
        numbers = dict(self._numbers())
        for name, cell in self._module["cells"].items():
            number = numbers.get(cell["connections"].get("S", [None])[0]) if cell["type"] == "$mux" else None
            if number is not None:
                off, on = (_buffer(cell["connections"][side], cell["connections"]["Y"]) for side in "AB")
                self._cells[name] = off
                self._step.switches.setdefault(number, {})[name] = on
            elif cell["type"] in COMBINATIONAL:
                self._cells[name] = cell
            elif cell["type"] not in NO_LOGIC:
                self._cut(name, cell)
        self._give_names_to_unknown_bits()
        ports = {name: port for name, port in self._ports.items() if port["bits"]}
        self._step.module = {"ports": ports, "cells": self._cells}
        return self._step

    def _numbers(self) -> Iterator[tuple[Bit, int]]:
        """Yield each bit that is 1 if a mutant is on, and the mutant's number."""
        if self._port not in self._module["ports"]:
            return
        number_bits = self._module["ports"][self._port]["bits"]
        for cell in self._module["cells"].values():
            ports = cell["connections"]
            if cell["type"] == "$eq" and ports["A"] == number_bits:
                yield ports["Y"][0], int("".join(reversed(ports["B"])), 2)

    # --- Cells with a state -------------------------------------------------------------------------------------

    def _cut(self, name: str, cell: Cell) -> None:
        ports = cell["connections"]
        inputs = {port: bits for port, bits in ports.items() if cell["port_directions"][port] == "input"}
        for port, bits in ports.items():
            if port not in inputs:
                self._ports[f"{name} {port}"] = {"direction": "input", "bits": bits}
        if cell["type"] in ("$dff", "$adff", "$sdff", "$dlatch"):
            inputs["D"] = self._next_state(cell, inputs)
        elif cell["type"].startswith("$memwr") and len(set(inputs["EN"])) == 1:
            inputs["DATA"] = self._mask(inputs["DATA"], inputs["EN"])
            inputs["ADDR"] = self._mask(inputs["ADDR"], inputs["EN"][:1] * len(inputs["ADDR"]))
        elif is_memory_read(cell) and is_clocked(cell):
            inputs["ADDR"] = self._mask(inputs["ADDR"], inputs["EN"] * len(inputs["ADDR"]))
        for port, bits in inputs.items():
            self._ports[f"{name} {port}"] = {"direction": "output", "bits": list(bits)}

    def _next_state(self, cell: Cell, inputs: Mapping[str, Sequence[Bit]]) -> Sequence[Bit]:
        """Return D where it counts: not during a reset, nor while a latch is closed."""
        port, otherwise = {
            "$adff": ("ARST", ["0"] * len(inputs["D"])),
            "$sdff": ("SRST", ["0"] * len(inputs["D"])),
            "$dlatch": ("EN", cell["connections"]["Q"]),
        }.get(cell["type"], ("", []))
        if not port:
            return inputs["D"]
        is_high = bool(int(cell["parameters"][f"{port}_POLARITY"], 2))
        passes_if_high = is_high == (port == "EN")
        if_low, if_high = (otherwise, inputs["D"]) if passes_if_high else (inputs["D"], otherwise)
        return self._mux(if_low, if_high, inputs[port][0])

    def _mask(self, bits: Sequence[Bit], enables: Sequence[Bit]) -> Sequence[Bit]:
        return [self._mux(["0"], [bit], enable)[0] for bit, enable in zip(bits, enables, strict=True)]

    def _mux(self, if_0: Sequence[Bit], if_1: Sequence[Bit], select: Bit) -> Sequence[Bit]:
        result = self._new_bits(len(if_0))
        self._cells[f"mux of the step {result[0]}"] = _cell("$mux", A=if_0, B=if_1, S=[select], Y=result)
        return result

    def _new_bits(self, n: int) -> list[int]:
        self._next_bit += n
        return list(range(self._next_bit - n, self._next_bit))

    # --- Unknown bits -------------------------------------------------------------------------------------------

    def _give_names_to_unknown_bits(self) -> None:
        """Make inputs of all bits that are X or that nothing drives: with and without the mutant they are the same."""
        driven = {
            bit
            for cell in self._cells.values()
            for port, bits in cell["connections"].items()
            if cell["port_directions"][port] == "output"
            for bit in bits
        }
        driven |= {bit for port in self._ports.values() if port["direction"] == "input" for bit in port["bits"]}
        undriven: dict[Bit, int] = {}

        def input_bits(bits: Sequence[Bit]) -> list[Bit]:
            return [self._input_bit(bit, driven, undriven) for bit in bits]

        for cells in (self._cells, *self._step.switches.values()):
            for name, cell in cells.items():
                inputs = {
                    port: input_bits(bits) if cell["port_directions"][port] == "input" else bits
                    for port, bits in cell["connections"].items()
                }
                cells[name] = {**cell, "connections": inputs}
        for name, port in self._ports.items():
            if port["direction"] != "input":
                self._ports[name] = {"direction": "output", "bits": input_bits(port["bits"])}
        self._ports[UNKNOWN] = {"direction": "input", "bits": self._unknown}

    def _input_bit(self, bit: Bit, driven: set[Bit], undriven: dict[Bit, int]) -> Bit:
        if bit in driven or bit in ("0", "1"):
            return bit
        if not isinstance(bit, int) or bit not in undriven:
            (new,) = self._new_bits(1)
            self._unknown.append(new)
            if not isinstance(bit, int):
                return new
            undriven[bit] = new
        return undriven[bit]


def is_memory_read(cell: Cell) -> bool:
    """Return True for a port at which a memory is read."""
    return str(cell["type"]).startswith("$memrd")


def is_clocked(cell: Cell) -> bool:
    """Return True for a port of a memory that waits for an edge of its clock."""
    return int(cell["parameters"]["CLK_ENABLE"], 2) == 1


def _buffer(source: Sequence[Bit], target: Sequence[Bit]) -> Cell:
    return _cell("$buf", A=source, Y=target)


def _cell(kind: str, **connections: Sequence[Bit]) -> Cell:
    directions = {port: "output" if port == "Y" else "input" for port in connections}
    return {"type": kind, "parameters": {}, "port_directions": directions, "connections": connections}
