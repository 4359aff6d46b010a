"""A design whose flip-flops are all visible, in one wire of its top."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from itertools import count, islice
from typing import Any

from draupnir.tools.proofs.clocked import FLIP_FLOPS

PORT, ALL = "draupnir_state", "draupnir_states"  # the output of each module, and the wire in the top


def with_states(modules: Mapping[str, Any], top: str) -> dict[str, Any]:
    """Return a design whose modules all have one more output, with all flip-flops of the module and of its instances.

    modules : in the form of Yosys' JSON
    """
    copies = deepcopy(dict(modules))
    bits_of: dict[str, list[int]] = {}

    def show(name: str) -> list[int]:
        """Make the flip-flops of a module visible, once, and return the bits that they have there."""
        if name in bits_of:
            return bits_of[name]
        module = copies[name]
        next_bit = count(highest_bit(module) + 1)
        bits = [
            bit for cell in module["cells"].values() if cell["type"] in FLIP_FLOPS for bit in cell["connections"]["Q"]
        ]
        for cell in module["cells"].values():
            if cell["type"] in copies and (inner := show(cell["type"])):
                new = list(islice(next_bit, len(inner)))
                cell["connections"][PORT], cell["port_directions"][PORT] = new, "output"
                bits += new
        if bits:
            wire = ALL if name == top else PORT
            module["netnames"][wire] = {"hide_name": 0, "bits": bits, "attributes": {}}
            if name != top:
                module["ports"][PORT] = {"direction": "output", "bits": bits}
        bits_of[name] = bits
        return bits

    show(top)
    return copies


def places(flat: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return the flip-flop and its bit, for each bit of the wire ALL of a flat netlist."""
    driver = {
        bit: (name, i)
        for name, cell in flat["cells"].items()
        if cell["type"] in FLIP_FLOPS
        for i, bit in enumerate(cell["connections"]["Q"])
    }
    return [driver[bit] for bit in flat["netnames"][ALL]["bits"]]


def highest_bit(module: Mapping[str, Any]) -> int:
    """Return the highest number of a net's bit in a module of Yosys' JSON; 1 if it has none."""
    nets = [net["bits"] for net in module["netnames"].values()]
    cells = [bits for cell in module["cells"].values() for bits in cell["connections"].values()]
    return max((bit for bits in (*nets, *cells) for bit in bits if isinstance(bit, int)), default=1)
