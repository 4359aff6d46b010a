"""A core in a run with clocks: its ticks, the ends of its neurons, and the packets that reach it. See clocked.py.

Source: TokenController.v, Scheduler.v, SchedulerSRAM.v, Counter.v, NeuronBlock.v, OutputBus.v.
"""

from __future__ import annotations

from draupnir.emulator.kernel.arith import signed, wide, wrap
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.ranc import router
from draupnir.emulator.ranc.axons import PLACE_BITS, PLACE_MASK, activate, integral
from draupnir.emulator.ranc.ticks.clocked_state import (
    CLEARED_WRITES,
    FIRST_AFTER,
    IDLE_AFTER,
    NEVER,
    PRESENT_WRITES,
    SET_AFTER,
    STALLS,
    TICK,
    Clocked,
    ClockedCores,
)
from draupnir.emulator.ranc.ticks.planes import Planes
from draupnir.emulator.ranc.ticks.rules import (
    CURRENT_WORD,
    DUPLICATE,
    PACKETS,
    REPEATED_OUTPUT,
    SPIKES,
    SYNAPTIC_OPERATIONS,
    Rules,
    after_threshold,
)


@kernel
def begin(core: int, clock: int, tick: int, n_axons: int, cores: ClockedCores) -> None:
    """A core accepts a tick. Source: TokenController.v, IDLE to FIRST_AXON."""
    cores.tick[core] = tick
    cores.set_at[core] = clock + SET_AFTER
    cores.neuron[core] = 0
    cores.end[core] = clock + FIRST_AFTER + n_axons
    cores.idle_at[core] = NEVER


@kernel
def next_word(core: int, planes: Planes, rules: Rules, cores: ClockedCores) -> None:
    """The scheduler moves to its next word. Source: Counter.v."""
    cores.set_at[core] = NEVER
    cores.word[core] = (cores.word[core] + 1) % rules.n_ticks
    cores.n_arrivals[core] = 0
    refresh(core, planes, cores)


@kernel
def refresh(core: int, planes: Planes, cores: ClockedCores) -> None:
    """Derive the active words of a core again, after its present word has changed."""
    spikes = cores.schedulers[core, cores.word[core]]
    cores.n_active[core] = activate(spikes, planes.types[core], cores.active[core])


@kernel
def integrate(core: int, n_axons: int, planes: Planes, rules: Rules, cores: ClockedCores) -> None:
    """Compute the potential of a neuron that ends now, without the spikes that came after their axon's turn."""
    n = cores.neuron[core]
    total, n_synapses = integral(
        planes.synapses[core, n], planes.weights[core, n], cores.active[core], cores.n_active[core]
    )
    first_axon = cores.end[core] - n_axons
    for i in range(cores.n_arrivals[core]):
        axon, place, clock = cores.arrivals[core, i, 0], cores.arrivals[core, i, 1], cores.arrivals[core, i, 2]
        word = place >> PLACE_BITS
        if clock >= first_axon + axon and planes.synapses[core, n, word] >> (place & PLACE_MASK) & 1:
            total -= wide(planes.weights[core, n, planes.types[core, word]])
            n_synapses -= 1
    cores.counts[SYNAPTIC_OPERATIONS] += n_synapses
    potential = cores.potentials[core, n] + total + planes.neurons[core, n].leak
    cores.potential[core] = signed(wrap(potential, rules.width), rules.width)


@kernel
def run_neuron(core: int, clock: int, network: Clocked, cores: ClockedCores) -> bool:
    """A core at the clock in which a neuron ends. Returns True if it sends a packet. Source: WRITE_CSRAM."""
    planes, n_axons = network.planes, network.planes.places.shape[1]
    if not cores.is_stalled[core]:
        integrate(core, n_axons, planes, network.rules, cores)
    n = cores.neuron[core]
    has_spike = cores.potential[core] >= planes.neurons[core, n].positive_threshold
    if has_spike and network.timing.stalls and router.is_full_at_core(network.mesh, core):
        cores.is_stalled[core] = 1
        cores.counts[STALLS] += 1
        cores.end[core] = clock + 1
        return False
    cores.is_stalled[core] = 0
    cores.last[core] = n
    store(core, n, has_spike, planes, network.rules, cores)
    if n + 1 < planes.synapses.shape[1]:
        cores.neuron[core] = n + 1
        cores.end[core] = clock + n_axons + 2
    else:
        cores.neuron[core] = -1
        cores.end[core] = NEVER
        cores.idle_at[core] = clock + IDLE_AFTER
    return bool(has_spike)


@kernel
def store(core: int, n: int, has_spike: bool, planes: Planes, rules: Rules, cores: ClockedCores) -> None:
    """Store the potential of a neuron, and record it."""
    next_potential = after_threshold(cores.potential[core], planes.neurons[core, n], rules)
    cores.potentials[core, n] = next_potential
    cores.counts[SPIKES] += int(has_spike)
    tick = cores.tick[core] - 1
    if tick < len(cores.spikes):
        cores.potentials_by_tick[tick, core, n] = next_potential
        cores.spikes[tick, core, n] = has_spike


@outlined
def arrive(target: int, axon: int, delay: int, clock: int, network: Clocked, cores: ClockedCores) -> None:
    """A packet reaches the scheduler of a core, or the output bus. Source: SchedulerSRAM.v, OutputBus.v."""
    rules, timing = network.rules, network.timing
    cores.counts[PACKETS] += 1
    if target == rules.output:
        arrive_output(axon, rules, cores)
        return
    if clock == cores.idle_at[target] and cores.tick[target] and timing.clearing:
        cores.counts[CLEARED_WRITES] += 1
        return
    current = cores.word[target]
    word = (delay + current + 1) % rules.n_ticks
    if word == current and not timing.coincide:
        cores.counts[CURRENT_WORD] += 1
        return
    place = network.planes.places[target, axon]
    spikes = cores.schedulers[target, word]
    mask = 1 << (place & PLACE_MASK)
    if spikes[place >> PLACE_BITS] & mask:
        cores.counts[DUPLICATE] += 1
        return
    spikes[place >> PLACE_BITS] |= mask
    if word == current:
        note_arrival(target, axon, place, clock, network.planes, cores)


@kernel
def arrive_output(axon: int, rules: Rules, cores: ClockedCores) -> None:
    """A packet reaches the output bus, which gives each of them to its pins."""
    tick = cores.now[TICK]
    if tick >= len(cores.rows):
        return
    if cores.rows[tick, axon] and not rules.repeats:
        cores.counts[REPEATED_OUTPUT] += 1
    else:
        cores.rows[tick, axon] += 1


@kernel
def note_arrival(core: int, axon: int, place: int, clock: int, planes: Planes, cores: ClockedCores) -> None:
    """Note a packet for the present word: neurons that have passed its axon do not see it."""
    cores.counts[PRESENT_WRITES] += 1
    i = cores.n_arrivals[core]
    cores.arrivals[core, i, 0] = axon
    cores.arrivals[core, i, 1] = place
    cores.arrivals[core, i, 2] = clock
    cores.n_arrivals[core] = i + 1
    refresh(core, planes, cores)
