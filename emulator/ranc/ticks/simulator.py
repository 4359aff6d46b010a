"""A run of a network as RANC's C++ simulator runs it, and the files and lines that the simulator writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.ticks import instant, rules
from draupnir.emulator.ranc.ticks.network import CoreNetwork
from draupnir.emulator.ranc.ticks.planes import planes_of
from draupnir.emulator.ranc.ticks.rules import Rules

COUNT_NAMES = {
    "synaptic_operations": rules.SYNAPTIC_OPERATIONS,
    "spikes": rules.SPIKES,
    "packets": rules.PACKETS,
    "current_word_warnings": rules.CURRENT_WORD,
    "duplicate_warnings": rules.DUPLICATE,
    "repeated_output_warnings": rules.REPEATED_OUTPUT,
}
FAULTS = {
    rules.OUTSIDE: "sends a packet out of the grid, where the simulator crashes; right is a target in the grid",
    rules.NO_OUTPUT: "sends to an output that the output bus lacks, and the simulator writes outside of its memory; "
    "right is 0..{outputs}",
    rules.NO_WORD: "has a negative destination tick, for which the simulator writes outside of its memory; "
    "right is 0..{ticks}",
    rules.NO_AXON: "has a negative destination axon, for which the simulator writes outside of its memory; "
    "right is 0..{axons}",
    rules.NO_RESET_MODE: "passes a threshold with a reset mode that the simulator refuses; right is 0 or 1",
}


@dataclass(frozen=True, eq=False)
class TickRun:
    """The outcome of a run. T ticks, C cores, N neurons.

    outputs : (T, n_outputs) int64; row t has what the simulator writes in tick t + 1: the packets at the output bus
        since the tick before, as 0 or 1, or their number if each counts
    counts : the counts by name, see ``COUNT_NAMES``
    warnings : (n, 4) int64, kind, tick, core, and word or axon of each warning, in order; None if not recorded
    potentials : (T, C, N) int32, after each tick; spikes : (T, C, N) uint8; both None if not recorded
    """

    outputs: np.ndarray
    counts: dict[str, int]
    warnings: np.ndarray | None = None
    potentials: np.ndarray | None = None
    spikes: np.ndarray | None = None


def simulator_rules(network: CoreNetwork) -> Rules:
    """The rules of the C++ simulator."""
    return Rules(network.grid.n_ticks, network.output, network.n_outputs, network.reset_type, rules.INT_BITS, 0)


def simulate(
    network: CoreNetwork,
    n_ticks: int,
    neuron_rules: Rules | None = None,
    record_warnings: bool = False,
    record_neurons: bool = False,
) -> TickRun:
    """Run a network for some ticks, at least 1, from its start.

    As in the simulator, the packets of the last tick, and of later ones, are not sent.
    neuron_rules : other rules than the simulator's
    Raises InputError if the network does what the simulator leaves undefined.
    """
    planes = planes_of(network)
    planes = planes._replace(packet_starts=planes.packet_starts[: n_ticks + 1])
    own_rules = neuron_rules or simulator_rules(network)
    state = instant.start(planes, own_rules)
    grid = network.grid
    rows = np.zeros((n_ticks, own_rules.n_outputs), np.int64)
    shape = (n_ticks if record_neurons else 0, grid.n_cores, grid.n_neurons)
    potentials, spikes = np.zeros(shape, np.int32), np.zeros(shape, np.uint8)
    most = grid.n_cores * grid.n_neurons + int(np.diff(planes.packet_starts, prepend=0).max(initial=0))
    pieces, last_tick = [], 0
    while last_tick < n_ticks:
        room = np.zeros((2 * most + 1 if record_warnings else 0, 4), np.int64)
        record = instant.TickRecord(rows, potentials, spikes, room, np.zeros(1, np.int64))
        last_tick = instant.run(planes, own_rules, n_ticks, state, record)
        pieces.append(room[: record.n_warnings[0]])
        if state.fault[0]:
            raise InputError(fault_message(network, state.fault))
    return TickRun(
        rows,
        {name: int(state.counts[i]) for name, i in COUNT_NAMES.items()},
        np.concatenate(pieces) if record_warnings else None,
        potentials if record_neurons else None,
        spikes if record_neurons else None,
    )


def fault_message(network: CoreNetwork, fault: np.ndarray) -> str:
    """One line for a fault; fault : (4,) int64, as in ``instant.SimulatorState``"""
    kind, tick, core, index = map(int, fault)
    sender = f"{network.place(core)} neuron {index}" if core >= 0 else _packet_name(network, index)
    grid = network.grid
    limits = {"outputs": network.n_outputs - 1, "ticks": grid.n_ticks - 1, "axons": grid.n_axons - 1}
    return f"tick {tick}: {sender} {FAULTS[kind].format(**limits)}"


def _packet_name(network: CoreNetwork, index: int) -> str:
    tick = int(np.searchsorted(network.packet_starts, index, "right")) - 1
    return f"input packet {index - network.packet_starts[tick]} of tick {tick}"


def output_text(outputs: np.ndarray) -> str:
    """The text of the simulator's output file, one line a tick. It begins with a byte order mark."""
    return "\ufeff" + "".join("".join(f"{bit} " for bit in row) + "\n" for row in outputs.tolist())


def read_output(path: Path, n_outputs: int) -> np.ndarray:
    """Read an output file of the simulator, (ticks, n_outputs) int64. Raises InputError."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or 'is not text'}") from error
    for i, line in enumerate(lines, 1):
        bits = line.split()
        if len(bits) != n_outputs or not set(bits) <= {"0", "1"}:
            raise InputError(f"{path}, line {i}: right are {n_outputs} bits, each 0 or 1")
    return np.array([line.split() for line in lines], np.int64).reshape(-1, n_outputs)


def console_text(network: CoreNetwork, outcome: TickRun) -> str:
    """The lines that the simulator prints in a run: each tick, and each warning. The warnings must be recorded."""
    assert outcome.warnings is not None
    n_ticks = len(outcome.outputs)
    pieces = [f"Starting simulation with {n_ticks} ticks.\n"]
    starts = np.searchsorted(outcome.warnings[:, 1], np.arange(n_ticks + 2))
    for tick in range(n_ticks + 1):
        pieces += [f"Tick {tick} started\n"] if tick else []
        rows = outcome.warnings[starts[tick] : starts[tick + 1]].tolist()
        pieces += (warning_text(network, kind, core, detail) for kind, _, core, detail in rows)
    return "".join(pieces)


def warning_text(network: CoreNetwork, kind: int, core: int, detail: int) -> str:
    """A warning in the simulator's words, with the end of its line, which one of the three lacks."""
    place = f"({core % network.grid.n_x}, {core // network.grid.n_x})"
    if kind == rules.REPEATED_OUTPUT:
        return f"[WARNING] Multiple spikes received for output bus axon {detail}\n"
    if kind == rules.CURRENT_WORD:
        return f"[WARNING] Packet tried to write to current word in scheduler (core {place}, word {detail})\n"
    return f"[WARNING] Scheduler received duplicate spike in same time tick (core {place},  word {detail})."
