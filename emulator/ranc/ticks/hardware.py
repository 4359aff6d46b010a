"""A run of a network with what the RTL does differently, and the clocks at which its ticks and packets come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.sizes import Sizes, clog2
from draupnir.emulator.ranc.ticks import clocked, clocked_state, mem_files, rules
from draupnir.emulator.ranc.ticks.clocked_state import TimingSwitches
from draupnir.emulator.ranc.ticks.network import CoreGrid, CoreNetwork, packet_targets, targets
from draupnir.emulator.ranc.ticks.planes import planes_of
from draupnir.emulator.ranc.ticks.rules import Rules
from draupnir.emulator.ranc.ticks.semantics import RTL, Semantics
from draupnir.emulator.ranc.ticks.simulator import COUNT_NAMES, TickRun

PERIOD = 140_000  # clocks, as in RANC's own test bench: 1,400,000 ns and 10 ns (test_RANCNetwork.py)
HARDWARE_COUNTS = {
    "stalled_clocks": clocked_state.STALLS,
    "missed_ticks": clocked_state.MISSED_TICKS,
    "cleared_writes": clocked_state.CLEARED_WRITES,
    "present_writes": clocked_state.PRESENT_WRITES,
}
DISTANCE_BITS = 9  # of a packet's distance to the east, and to the north
LAST_WORKS = 4  # the clocks after the last tick of a run that finishes, in works of a core
LEAST_INPUT_DELAY = 2  # clocks; from then on a core has its new word


@dataclass(frozen=True)
class Hardware:
    """The sizes of a hardware that a network's files do not say, and its times in clocks.

    width : bits of a potential; depth : packets of a router's buffer
    period : from a tick to the next; the first tick comes after one period
    late_full : 1 if a core sees its full buffers after the edge, as in some simulations; the Verilog leaves that open
    input_delay : from a tick until its packets are in the input buffer, at least 2; those of tick 0 are there at the
        start
    """

    width: int = 9
    depth: int = 4
    period: int = PERIOD
    input_delay: int = LEAST_INPUT_DELAY
    late_full: int = 0

    def tick_clocks(self, n_ticks: int) -> np.ndarray:
        """The clock of each tick, (n_ticks,) int64."""
        return np.arange(1, n_ticks + 1, dtype=np.int64) * self.period


def run(
    network: CoreNetwork,
    n_ticks: int,
    semantics: Semantics = RTL,
    hardware: Hardware | None = None,
    finishes: bool = False,
) -> TickRun:
    """Run a network for some ticks with the clocks of a hardware.

    finishes : False to end one period after the last tick; True to give the cores at least LAST_WORKS times the clocks
        that they need for a tick without waiting

    As in the simulator, the packets of the last tick, and of later ones, are not sent. A neuron that does not run in a
    tick has ``NOT_RUN`` among the spikes. Raises InputError for packets that leave the grid, and for numbers that do
    not fit the hardware.
    """
    chip = hardware or Hardware()
    sizes = sizes_for(network.grid, network.output, chip)
    if semantics.needs_clocks:
        check(network, sizes)
    planes = planes_of(network)
    lists = min(n_ticks, network.n_input_ticks)
    planes = planes._replace(packet_starts=planes.packet_starts[: lists + 1])
    tick_clocks = chip.tick_clocks(n_ticks)
    input_clocks = np.concatenate([[0], tick_clocks + chip.input_delay])[:lists]
    names = ("travel", "stalls", "missed", "clearing", "coincide")
    switches = {name: int(getattr(semantics, name)) for name in names}
    last = LAST_WORKS * work(sizes) if finishes else 0
    timing = TimingSwitches(**switches, end=n_ticks * chip.period + max(chip.period, last))
    q, p = network.neurons, network.packets
    clocks = clocked_state.Clocked(
        planes,
        _rules(network, semantics, chip),
        timing,
        clocked_state.idle_mesh(sizes),
        _packets(sizes, q["dx"], q["dy"], q["destination_axon"], q["destination_tick"]),
        _packets(sizes, p["x"], p["y"], p["axon"], p["tick"]),
        tick_clocks,
        input_clocks,
    )
    cores = clocked_state.start(planes, clocks.rules, sizes.n_axons, n_ticks)
    clocked.run(clocks, cores)
    counts = {name: int(cores.counts[i]) for name, i in {**COUNT_NAMES, **HARDWARE_COUNTS}.items()}
    return TickRun(cores.rows, counts, None, cores.potentials_by_tick, cores.spikes)


def work(sizes: Sizes) -> int:
    """The clocks that a core needs for a tick, if no neuron waits. The next tick can come then."""
    return sizes.n_neurons * (sizes.n_axons + 2) + clocked_state.IDLE_AFTER


def _rules(network: CoreNetwork, semantics: Semantics, hardware: Hardware) -> Rules:
    return Rules(
        network.grid.n_ticks,
        network.output,
        network.n_outputs,
        0 if semantics.reset else network.reset_type,
        hardware.width if semantics.width else rules.INT_BITS,
        int(semantics.repeats),
    )


def sizes_for(grid: CoreGrid, output: int, hardware: Hardware) -> Sizes:
    """The sizes of a RANC that has the grid of a network."""
    axon_width, tick_width = clog2(grid.n_axons), clog2(grid.n_ticks)
    dy_lsb = axon_width + tick_width
    return Sizes(
        n_x=grid.n_x,
        n_y=grid.n_y,
        n_routers=grid.n_cores,
        output=output,
        n_neurons=grid.n_neurons,
        n_axons=grid.n_axons,
        n_ticks=grid.n_ticks,
        n_weights=grid.n_weights,
        potential_width=hardware.width,
        weight_width=hardware.width,
        leak_width=hardware.width,
        threshold_width=hardware.width,
        reset_mode_width=1,
        instruction_width=clog2(grid.n_weights),
        neuron_width=clog2(grid.n_neurons),
        output_width=axon_width,
        dx_lsb=dy_lsb + DISTANCE_BITS,
        dx_width=DISTANCE_BITS,
        dy_lsb=dy_lsb,
        dy_width=DISTANCE_BITS,
        axon_width=axon_width,
        tick_width=tick_width,
        depth=hardware.depth,
        late_full=hardware.late_full,
    )


def _packets(s: Sizes, dx: np.ndarray, dy: np.ndarray, axons: np.ndarray, ticks: np.ndarray) -> np.ndarray:
    """Packets as the mesh takes them, int64."""
    fields = (
        (dx, s.dx_lsb, s.dx_width),
        (dy, s.dy_lsb, s.dy_width),
        (axons, s.tick_width, s.axon_width),
        (ticks, 0, s.tick_width),
    )
    packets = np.zeros(dx.shape, np.int64)
    for content, lsb, width in fields:
        packets |= (content & ((1 << width) - 1)) << lsb
    return packets


def check(network: CoreNetwork, sizes: Sizes) -> None:
    """Raise InputError for what no hardware can have, and for packets that leave the grid."""
    for name, n in (("axons", sizes.n_axons), ("neurons", sizes.n_neurons)):
        if n < 2:
            raise InputError(f"a core has {n} {name}; right for a hardware is at least 2")
    if sizes.n_ticks < 2 or sizes.n_ticks & (sizes.n_ticks - 1):
        raise InputError(f"max_tick_offset is {sizes.n_ticks}; right for a hardware is a power of two, at least 2")
    for core, n in np.argwhere((targets(network) < 0) & network.is_core[:, None])[:1]:
        raise InputError(f"{network.place(core)} neuron {n}: sends out of the grid; right is a target in the grid")
    for i in np.flatnonzero(packet_targets(network) < 0)[:1]:
        raise InputError(f"input packet {i} goes out of the grid; right is a target in the grid")
    mem_files.check(network, sizes)
