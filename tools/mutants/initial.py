"""Initial contents of flip-flops that have a mutant at their output.

Yosys keeps the initial content with the net, and ``mutate`` puts a multiplexer between flip-flop and net. The content
then belongs to the flip-flop again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from draupnir.tools.proofs.clocked import FLIP_FLOPS

INIT = "init"  # the attribute of a net, the bit 0 last


def with_initial(modules: Mapping[str, Any], port: str) -> bool:
    """Give flip-flops the initial contents that mutants took from them; return False if none lost any.

    modules : of the netlist with mutants, in the form of Yosys' JSON; its net names get new ones
    port : the input with the number of the mutant
    """
    changes = [_restore(module, port) for module in modules.values() if port in module["ports"]]
    return any(changes)


def _restore(module: dict[str, Any], port: str) -> bool:
    contents = _contents(module)
    successors = _successors(module, module["ports"][port]["bits"])
    outputs = {
        bit for cell in module["cells"].values() if cell["type"] in FLIP_FLOPS for bit in cell["connections"]["Q"]
    }
    restored_levels = {}
    for bit in outputs - contents.keys():
        levels = {contents[end] for end in _reached(bit, successors) if end in contents}
        if levels:
            (restored_levels[bit],) = levels
    for bit, level in restored_levels.items():
        module["netnames"][f"$initial${bit}"] = {"hide_name": 1, "bits": [bit], "attributes": {INIT: level}}
    return bool(restored_levels)


def _contents(module: Mapping[str, Any]) -> dict[Any, str]:
    """Return the initial level of each bit that has one."""
    return {
        bit: level
        for net in module["netnames"].values()
        for bit, level in zip(net["bits"], reversed(net["attributes"].get(INIT, "")), strict=False)
        if level in "01"
    }


def _successors(module: Mapping[str, Any], number: list[Any]) -> dict[Any, list[Any]]:
    """Return bit -> the bits that have its level as long as no mutant is on; each mutated reader has one of its own."""
    cells = [(cell["type"], cell["connections"]) for cell in module["cells"].values()]
    switches = {ports["Y"][0] for kind, ports in cells if kind == "$eq" and ports["A"] == number}
    successors: dict[Any, list[Any]] = {}
    for kind, ports in cells:
        if kind == "$mux" and ports["S"][0] in switches:
            for inner, outer in zip(ports["A"], ports["Y"], strict=True):
                successors.setdefault(inner, []).append(outer)
    return successors


def _reached(bit: Any, successors: Mapping[Any, list[Any]]) -> set[Any]:
    """Return a bit, its successors, those of them, and so on."""
    reached, rest = set(), [bit]
    while rest:
        if (one := rest.pop()) not in reached:
            reached.add(one)
            rest += successors.get(one, [])
    return reached
