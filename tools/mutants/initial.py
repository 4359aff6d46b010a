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
    inner = _inner(module, module["ports"][port]["bits"])
    outputs = {
        bit for cell in module["cells"].values() if cell["type"] in FLIP_FLOPS for bit in cell["connections"]["Q"]
    }
    lost_levels: dict[Any, set[str]] = {}
    for bit, level in contents.items():
        while bit in inner:
            bit = inner[bit]
        if bit in outputs and bit not in contents:
            lost_levels.setdefault(bit, set()).add(level)
    for bit, (level,) in lost_levels.items():
        module["netnames"][f"$initial${bit}"] = {"hide_name": 1, "bits": [bit], "attributes": {INIT: level}}
    return bool(lost_levels)


def _contents(module: Mapping[str, Any]) -> dict[Any, str]:
    """Return the initial level of each bit that has one."""
    return {
        bit: level
        for net in module["netnames"].values()
        for bit, level in zip(net["bits"], reversed(net["attributes"].get(INIT, "")), strict=False)
        if level in "01"
    }


def _inner(module: Mapping[str, Any], number: list[Any]) -> dict[Any, Any]:
    """Return the bit after a mutant -> the bit before it, whose level it has as long as no mutant is on."""
    cells = [(cell["type"], cell["connections"]) for cell in module["cells"].values()]
    switches = {ports["Y"][0] for kind, ports in cells if kind == "$eq" and ports["A"] == number}
    muxes = [ports for kind, ports in cells if kind == "$mux" and ports["S"][0] in switches]
    return {outer: inner for ports in muxes for inner, outer in zip(ports["A"], ports["Y"], strict=True)}
