"""Proofs that a bit of a counter cannot be 1 soon after a reset.

The word of such a flip-flop is 0 after the reset, and grows by 1 at most in a clock. So its bit k is 0 for 2**k clocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from draupnir.emulator.declare import Chip
from draupnir.rtl.design import Design
from draupnir.tools.proofs.clocked import FLIP_FLOPS
from draupnir.tools.proofs.cut import cut
from draupnir.tools.proofs.induction import HORIZON
from draupnir.tools.proofs.invariants import counters, start_reset

NO_PORT = ""  # the netlist has no mutants


def clocks_at_0(chip: Chip, design: Design, netlist: Mapping[str, Any], bits: Sequence[Any]) -> dict[Any, int]:
    """Return for each of these bits of counters in how many clocks after a reset it is 0; nothing for other bits.

    design : one that is this chip; netlist : of the design, flat
    """
    places = {
        bit: (name, i)
        for name, cell in netlist["cells"].items()
        if cell["type"] in FLIP_FLOPS
        for i, bit in enumerate(cell["connections"]["Q"])
        if bit in bits
    }
    cells = list(dict.fromkeys(name for name, _ in places.values()))
    counting = counters(cut(netlist, NO_PORT), netlist, start_reset(chip, design), cells) if cells else []
    return {bit: min(1 << i, HORIZON) for bit, (name, i) in places.items() if name in counting}
