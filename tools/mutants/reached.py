"""The states that a design reaches: invariants, from the states that it had in its golden cases."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from draupnir.emulator.errors import InputError
from draupnir.tools.mutants.netlist import PORT, Mutator
from draupnir.tools.mutants.replay import CaseRows
from draupnir.tools.mutants.states import Watcher, samples
from draupnir.tools.mutants.visible import places
from draupnir.tools.proofs import invariants
from draupnir.tools.proofs.cut import cut
from draupnir.tools.proofs.invariants import Invariants, start_reset

SECONDS = 240.0  # for all invariants of a chip


def invariants_of(mutator: Mutator, recordings: Iterable[CaseRows], compiled: Path) -> Invariants:
    """Return invariants of a design without mutants.

    Our RTL starts with the initial contents of its flip-flops, as in an FPGA. Somebody's Verilog starts with a reset.
    compiled : the folder of compiled simulators

    There are none if the netlist has a loop without a flip-flop.
    """
    chip, source = mutator.source.chip, mutator.source
    design, flat = mutator.visible()
    watcher = Watcher(design, chip, places(flat), compiled)
    reset = None if source.is_ours else start_reset(chip, source.design)
    try:
        return invariants.find(
            cut(flat, PORT), flat, samples(watcher, recordings, skips_to_reset=not source.is_ours), reset, SECONDS
        )
    except InputError:
        return Invariants(reset=reset)
