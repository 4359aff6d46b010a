"""A design whose probes are outputs of its top.

Golden cases compare probes as they compare pins. Yosys gives the nets of a netlist other names or none, so each probe
is led to the top before Yosys does anything with the logic.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from itertools import count, islice
from typing import Any

from draupnir.emulator.errors import InputError
from draupnir.tools.mutants.visible import highest_bit

PROBE = "draupnir_probe"  # the beginning of the names of all these outputs


def port_of(probe: str) -> str:
    """Return the top's output with the level of a probe."""
    return f"{PROBE}_{probe}"


def with_probes(modules: Mapping[str, Any], top: str, probes: Mapping[str, str]) -> dict[str, Any]:
    """Return a design whose top has one more output for each probe.

    modules : in the form of Yosys' JSON, with all names that the source has
    probes : name -> path below the top

    Raises InputError for a path at which there is nothing.
    """
    lead = _Lead(modules)
    for name, path in probes.items():
        bits = lead.bits(top, path)
        if bits is None:
            raise InputError(f"probe {name}: no {path} in what Yosys reads; right is the path of a net below {top}")
        lead.add_output(top, port_of(name), bits)
    return lead.modules


class _Lead:
    """A copy of a design in which nets become outputs of modules. Instances of one module share its outputs."""

    def __init__(self, modules: Mapping[str, Any]) -> None:
        self.modules = deepcopy(dict(modules))
        self._outputs: dict[tuple[str, str], str | None] = {}  # (module, path in it) -> output
        self._next_bits = {name: count(highest_bit(module) + 1) for name, module in self.modules.items()}

    def bits(self, name: str, path: str) -> list[int | str] | None:
        """Return the bits of a net in a module, or in an instance below; None if it is not there."""
        module = self.modules[name]
        if path in module["netnames"]:
            bits: list[int | str] = module["netnames"][path]["bits"]
            return bits
        for instance, cell in module["cells"].items():
            if cell["type"] in self.modules and path.startswith(f"{instance}."):
                output = self._output(cell["type"], path.removeprefix(f"{instance}."))
                if output is not None:
                    return self._connection(name, cell, output)
        return None

    def add_output(self, name: str, output: str, bits: list[int | str]) -> None:
        """Give a module an output."""
        module = self.modules[name]
        module["ports"][output] = {"direction": "output", "bits": bits}
        module["netnames"][output] = {"hide_name": 0, "bits": bits, "attributes": {}}

    def _output(self, name: str, path: str) -> str | None:
        """Return the output of a module that has the level of a net in it."""
        if (name, path) not in self._outputs:
            bits = self.bits(name, path)
            output = None if bits is None else f"{PROBE}_{len(self._outputs)}"
            if bits is not None and output is not None:
                self.add_output(name, output, bits)
            self._outputs[name, path] = output
        return self._outputs[name, path]

    def _connection(self, name: str, cell: dict[str, Any], output: str) -> list[int | str]:
        """Return the bits of a module that are connected to an output of one of its cells."""
        if output not in cell["connections"]:
            width = len(self.modules[cell["type"]]["ports"][output]["bits"])
            cell["connections"][output] = list(islice(self._next_bits[name], width))
            cell["port_directions"][output] = "output"
        bits: list[int | str] = cell["connections"][output]
        return bits
