"""RANC by ticks, with what its RTL does differently from the simulator; each difference has a switch.

A core's clocks have a closed form: neuron n is complete at ``start + 2 + A + n (A + 2)`` and waits longer only while a
buffer for its spike is full. So a run goes from one such clock to the next. Only while packets are in the mesh does it
look at every clock, and then at those routers only that have a packet or are beside one. Source: RANCNetworkGrid.v.
"""

from __future__ import annotations

from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.jit import entry, kernel, outlined
from draupnir.emulator.ranc import router
from draupnir.emulator.ranc.ticks.clocked_core import arrive, begin, next_word, run_neuron
from draupnir.emulator.ranc.ticks.clocked_state import (
    CLOCK,
    DELAY,
    MISSED_TICKS,
    N_LISTS,
    N_QUEUED,
    NEVER,
    QUEUE_NEXT,
    SHOWN,
    TICK,
    Clocked,
    ClockedCores,
)


@outlined
def rise_core(core: int, clock: int, network: Clocked, cores: ClockedCores) -> bool:
    """A core at the rise of the clock. Returns True if it sends a packet."""
    r, s = network.mesh.routers, network.mesh.sizes
    if clock == cores.idle_at[core] and cores.tick[core]:
        cores.schedulers[core, cores.word[core]] = 0
        cores.n_arrivals[core] = 0
    if r.wen[core, router.LOCAL]:
        packet = r.merge_dout[core, router.LOCAL]
        arrive(core, packet >> s.tick_width, packet & ((1 << s.tick_width) - 1), clock, network, cores)
    return clock == cores.end[core] and run_neuron(core, clock, network, cores)


@kernel
def next_packet(core: int, packet: int, network: Clocked, cores: ClockedCores) -> int:
    """The packet that goes to the router now, or -1: the one that a neuron sends, or the first that waits.

    packet : what a neuron sends now, or -1. Packets wait only if neurons do not.
    """
    if network.timing.stalls:
        return packet
    if packet >= 0:
        cores.outbox[core, cores.n_out[core]] = packet
        cores.n_out[core] += 1
    if cores.out_next[core] == cores.n_out[core] or router.is_full_at_core(network.mesh, core):
        return -1
    cores.out_next[core] += 1
    return int(cores.outbox[core, cores.out_next[core] - 1])


@outlined
def rise_router(core: int, network: Clocked, cores: ClockedCores) -> None:
    """The buffers of a router at the rise of the clock, if they have a packet or get one."""
    packet = cores.outgoing[core]
    if packet >= 0 or router.is_active(network.mesh, core):
        router.rise(network.mesh, core, int(packet >= 0), max(packet, 0))


@outlined
def fall_router(core: int, is_empty: int, network: Clocked, cores: ClockedCores) -> None:
    """The merges of a router at the fall of the clock; is_empty : 1 if the input buffer has no packet"""
    router.fall(network.mesh, core, is_empty, cores.now[SHOWN])


@kernel
def rise_queue(network: Clocked, cores: ClockedCores) -> None:
    """The input buffer at the rise of the clock. Source: Buffer.v."""
    if cores.now[N_QUEUED] > 0 and network.mesh.routers.read_en[0, router.EAST_ROUTING]:
        cores.now[SHOWN] = network.queue[cores.now[QUEUE_NEXT]]
        cores.now[QUEUE_NEXT] += 1
        cores.now[N_QUEUED] -= 1


@kernel
def rise(clock: int, network: Clocked, cores: ClockedCores) -> None:
    """The rise of the clock in all cores and routers, without ticks and input."""
    for core in range(len(cores.tick)):
        if network.mesh.sizes.late_full:
            rise_router(core, network, cores)
        has_packet = rise_core(core, clock, network, cores)
        if not network.mesh.sizes.late_full:
            rise_router(core, network, cores)
        if network.timing.travel == 0:
            if has_packet:
                q = network.planes.neurons[core, cores.last[core]]
                arrive(wide(q.target), wide(q.axon), wide(q.tick), clock, network, cores)
            continue
        packet = next_packet(core, network.packets[core, cores.last[core]] if has_packet else -1, network, cores)
        cores.outgoing[core] = packet
    rise_queue(network, cores)


@kernel
def fall(clock: int, network: Clocked, cores: ClockedCores) -> bool:
    """The fall of the clock: merges, and schedulers that move to their next word. Returns True if packets are about."""
    is_empty = int(cores.now[N_QUEUED] == 0)
    for core in range(len(cores.tick)):
        fall_router(core, is_empty, network, cores)
        if cores.set_at[core] == clock:
            next_word(core, network.planes, network.rules, cores)
    is_moving = cores.now[N_QUEUED] > 0
    for core in range(len(cores.tick)):
        is_moving |= router.is_active(network.mesh, core)
        is_moving |= cores.outgoing[core] >= 0 or cores.out_next[core] < cores.n_out[core]
    return bool(is_moving)


@kernel
def next_clock(clock: int, network: Clocked, cores: ClockedCores) -> int:
    """The next clock in which anything happens, if no packet moves."""
    earliest = NEVER
    for core in range(len(cores.tick)):
        earliest = min(earliest, cores.end[core], cores.set_at[core])
        if cores.idle_at[core] > clock:
            earliest = min(earliest, cores.idle_at[core])
    if cores.now[TICK] < len(network.tick_clocks):
        earliest = min(earliest, network.tick_clocks[cores.now[TICK]] + cores.now[DELAY])
    if cores.now[N_LISTS] < len(network.input_clocks):
        earliest = min(earliest, network.input_clocks[cores.now[N_LISTS]] + cores.now[DELAY])
    return earliest


@kernel
def take_input(clock: int, network: Clocked, cores: ClockedCores) -> None:
    """Put the packets of a tick into the input buffer, if it is time."""
    i = cores.now[N_LISTS]
    if i == len(network.input_clocks) or network.input_clocks[i] + cores.now[DELAY] != clock:
        return
    cores.now[N_LISTS] += 1
    first, end = network.planes.packet_starts[i], network.planes.packet_starts[i + 1]
    if network.timing.travel:
        cores.now[N_QUEUED] += end - first
        return
    for k in range(first, end):
        p = network.planes.packets[k]
        arrive(wide(p.target), wide(p.axon), wide(p.tick), clock, network, cores)


@kernel
def take_tick(clock: int, network: Clocked, cores: ClockedCores) -> None:
    """Give the cores a tick, if it is time. Source: TokenController.v, IDLE and error."""
    i = cores.now[TICK]
    if i == len(network.tick_clocks) or network.tick_clocks[i] + cores.now[DELAY] != clock:
        return
    n_busy = 0
    for core in range(len(cores.tick)):
        n_busy += int(clock < cores.idle_at[core])
    if n_busy and not network.timing.missed:
        cores.now[DELAY] += 1
        return
    cores.now[TICK] += 1
    cores.counts[MISSED_TICKS] += n_busy
    for core in range(len(cores.tick)):
        if core != network.rules.output and clock >= cores.idle_at[core]:
            begin(core, clock, cores.now[TICK], network.planes.places.shape[1], cores)


@entry
def run(network: Clocked, cores: ClockedCores) -> None:
    """Run all ticks, up to the end that ``TimingSwitches`` names."""
    clock = cores.now[CLOCK]
    while clock < network.timing.end + cores.now[DELAY]:
        rise(clock, network, cores)
        take_tick(clock, network, cores)
        take_input(clock, network, cores)
        clock = clock + 1 if fall(clock, network, cores) else next_clock(clock, network, cores)
    cores.now[CLOCK] = clock
