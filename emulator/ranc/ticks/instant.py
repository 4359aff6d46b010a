"""RANC by ticks, as its C++ simulator runs it: a packet arrives at once, and acts in a later tick.

Within a tick, the simulator first moves each scheduler to its next word, then sends the input packets, and then runs
the cores in their order. A packet never changes the word of the present tick. So the order matters for the warnings and
the faults only, and they are equal too. Source: RANC simulator, rancgrid.cpp, corecontroller.cpp, schedulersram.cpp.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.kernel.arith import signed, wide, wrap
from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.emulator.ranc.axons import PLACE_BITS, PLACE_MASK, activate, integral
from draupnir.emulator.ranc.ticks.planes import Planes
from draupnir.emulator.ranc.ticks.rules import (
    CURRENT_WORD,
    DUPLICATE,
    N_COUNTS,
    NO_AXON,
    NO_OUTPUT,
    NO_RESET_MODE,
    NO_WORD,
    OUTSIDE,
    PACKETS,
    REPEATED_OUTPUT,
    SPIKES,
    SYNAPTIC_OPERATIONS,
    Rules,
    after_threshold,
    passes_below,
)

TICK, WORD = 0, 1  # positions in ``now``


class SimulatorState(NamedTuple):
    """The state of a run. C cores, T words of a scheduler, V words of spikes, N neurons.

    now : (2,) int64, the last tick, from 1 on, and the schedulers' current word
    schedulers : (C, T, V) int64, as planes
    potentials : (C, N) int64
    outputs : (n_outputs,) int64, the packets of each output since the last tick
    counts : (N_COUNTS,) int64, see rules.py
    fault : (4,) int64, the kind, tick, core or -1 for an input packet, and neuron or packet; kind 0 is none
    """

    now: np.ndarray
    schedulers: np.ndarray
    potentials: np.ndarray
    outputs: np.ndarray
    counts: np.ndarray
    fault: np.ndarray


class TickRecord(NamedTuple):
    """The records that a run makes of its ticks. An array of length 0 records nothing.

    rows : (ticks, n_outputs) int64, the outputs in the tick before, as the simulator writes them
    potentials : (ticks, C, N) int32, after the tick; spikes : (ticks, C, N) uint8
    warnings : (room, 4) int64, the kind, tick, core, and axon or word of each warning, in order
    n_warnings : (1,) int64
    """

    rows: np.ndarray
    potentials: np.ndarray
    spikes: np.ndarray
    warnings: np.ndarray
    n_warnings: np.ndarray


def start(planes: Planes, rules: Rules) -> SimulatorState:
    """The state before the first tick."""
    n_cores = len(planes.synapses)
    return SimulatorState(
        now=np.array([0, rules.n_ticks - 1], np.int64),
        schedulers=np.zeros((n_cores, rules.n_ticks, planes.n_words), np.int64),
        potentials=planes.potentials.copy(),
        outputs=np.zeros(rules.n_outputs, np.int64),
        counts=np.zeros(N_COUNTS, np.int64),
        fault=np.zeros(4, np.int64),
    )


@kernel
def warn(kind: int, core: int, detail: int, state: SimulatorState, record: TickRecord) -> None:
    """Count a warning, and record it. detail : the word of the scheduler, or the axon of the output bus"""
    state.counts[kind] += 1
    i = record.n_warnings[0]
    if i < len(record.warnings):
        record.warnings[i, 0] = kind
        record.warnings[i, 1] = state.now[TICK]
        record.warnings[i, 2] = core
        record.warnings[i, 3] = detail
        record.n_warnings[0] = i + 1


@kernel
def deliver(
    target: int, axon: int, place: int, delay: int, rules: Rules, state: SimulatorState, record: TickRecord
) -> int:
    """Bring a packet to its target, and return the kind of its fault, or 0.

    delay : its destination tick; the others as in ``planes.DESTINATION``
    """
    state.counts[PACKETS] += 1
    if target == rules.output:
        return deliver_output(axon, rules, state, record)
    if target < 0:
        return OUTSIDE
    current = state.now[WORD]
    word = delay + 1 + current
    if word >= rules.n_ticks:
        word -= rules.n_ticks
    if word == current:
        warn(CURRENT_WORD, target, word, state, record)
        return 0
    if word < 0:
        return NO_WORD
    if place < 0:
        return NO_AXON
    spikes = state.schedulers[target, word]
    mask = 1 << (place & PLACE_MASK)
    if spikes[place >> PLACE_BITS] & mask:
        warn(DUPLICATE, target, word, state, record)
    spikes[place >> PLACE_BITS] |= mask
    return 0


@kernel
def deliver_output(axon: int, rules: Rules, state: SimulatorState, record: TickRecord) -> int:
    """Bring a packet to the output bus, which ignores its tick. Returns the kind of its fault, or 0."""
    if axon < 0 or axon >= rules.n_outputs:
        return NO_OUTPUT
    if state.outputs[axon] > 0 and not rules.repeats:
        warn(REPEATED_OUTPUT, rules.output, axon, state, record)
    else:
        state.outputs[axon] += 1
    return 0


@kernel
def send_input(tick: int, planes: Planes, rules: Rules, state: SimulatorState, record: TickRecord) -> bool:
    """Send the input packets of a tick. Returns False after a fault."""
    if tick + 1 >= len(planes.packet_starts):
        return True
    for i in range(planes.packet_starts[tick], planes.packet_starts[tick + 1]):
        p = planes.packets[i]
        fault = deliver(wide(p.target), wide(p.axon), wide(p.place), wide(p.tick), rules, state, record)
        if fault:
            set_fault(fault, -1, i, state)
            return False
    return True


@kernel
def set_fault(kind: int, core: int, index: int, state: SimulatorState) -> None:
    """Note a fault, which ends the run."""
    state.fault[0] = kind
    state.fault[1] = state.now[TICK]
    state.fault[2] = core
    state.fault[3] = index


@kernel
def run_neurons(
    core: int, active: np.ndarray, n_active: int, fired: np.ndarray, planes: Planes, rules: Rules, state: SimulatorState
) -> tuple[int, int]:
    """Integrate, leak and reset the neurons of a core, and list in ``fired`` those that spike.

    It ends after the first neuron whose reset mode is wrong. Returns the number of spikes, and that neuron or -1.
    """
    n_fired, n_operations, wrong = 0, 0, -1
    for n in range(planes.synapses.shape[1]):
        q = planes.neurons[core, n]
        total, n_synapses = integral(planes.synapses[core, n], planes.weights[core, n], active, n_active)
        n_operations += n_synapses
        potential = signed(wrap(state.potentials[core, n] + total + q.leak, rules.width), rules.width)
        has_spike = potential >= q.positive_threshold
        fired[n_fired] = n
        n_fired += int(has_spike)
        if wide(q.reset_mode) & ~1 and (has_spike or passes_below(potential, q, rules)):
            wrong = n
            break
        state.potentials[core, n] = after_threshold(potential, q, rules)
    state.counts[SYNAPTIC_OPERATIONS] += n_operations
    return n_fired, wrong


@kernel
def send_spikes(
    core: int, fired: np.ndarray, n_fired: int, planes: Planes, rules: Rules, state: SimulatorState, record: TickRecord
) -> bool:
    """Send the packets of the neurons that spike, in their order. Returns False after a fault."""
    tick = state.now[TICK] - 1
    state.counts[SPIKES] += n_fired
    for i in range(n_fired):
        n = fired[i]
        q = planes.neurons[core, n]
        if tick < len(record.spikes):
            record.spikes[tick, core, n] = 1
        fault = deliver(wide(q.target), wide(q.axon), wide(q.place), wide(q.tick), rules, state, record)
        if fault:
            set_fault(fault, core, n, state)
            return False
    return True


@kernel
def run_core(
    core: int,
    active: np.ndarray,
    fired: np.ndarray,
    planes: Planes,
    rules: Rules,
    state: SimulatorState,
    record: TickRecord,
) -> bool:
    """Run all neurons of a core with the current word, and clear the word. Returns False after a fault.

    The neurons compute first, and their packets follow, which is the same: no packet changes the current word.
    """
    spikes = state.schedulers[core, state.now[WORD]]
    n_active = activate(spikes, planes.types[core], active)
    n_fired, wrong = run_neurons(core, active, n_active, fired, planes, rules, state)
    if not send_spikes(core, fired, n_fired, planes, rules, state, record):
        return False
    if wrong >= 0:
        set_fault(NO_RESET_MODE, core, wrong, state)
        return False
    spikes[:] = 0
    return True


@kernel
def take_outputs(tick: int, state: SimulatorState, record: TickRecord) -> None:
    """Record the outputs since the tick before, and set them to 0."""
    for output in range(len(state.outputs)):
        if tick <= len(record.rows):
            record.rows[tick - 1, output] = state.outputs[output]
        state.outputs[output] = 0


@kernel
def record_potentials(tick: int, state: SimulatorState, record: TickRecord) -> None:
    """Record the potentials after a tick."""
    n_cores, n_neurons = state.potentials.shape
    for core in range(n_cores):
        for n in range(n_neurons):
            record.potentials[tick - 1, core, n] = state.potentials[core, n]


@entry
def run(planes: Planes, rules: Rules, n_ticks: int, state: SimulatorState, record: TickRecord) -> int:
    """Run up to tick ``n_ticks``, and return the last tick that is complete.

    It ends earlier after a fault, and before a tick for whose warnings ``record`` may have no room.
    """
    n_cores, n_neurons, n_words = planes.synapses.shape
    active, fired = np.zeros((n_words, 3), np.int64), np.zeros(n_neurons, np.int64)
    starts = planes.packet_starts
    if state.now[TICK] == 0 and not send_input(0, planes, rules, state, record):
        return 0
    while state.now[TICK] < n_ticks:
        tick = state.now[TICK] + 1
        n_packets = starts[tick + 1] - starts[tick] if tick + 1 < len(starts) else 0
        if len(record.warnings) and len(record.warnings) - record.n_warnings[0] < n_cores * n_neurons + n_packets:
            break
        state.now[TICK] = tick
        state.now[WORD] = (state.now[WORD] + 1) % rules.n_ticks
        take_outputs(tick, state, record)
        if not send_input(tick, planes, rules, state, record):
            return int(tick - 1)
        for core in range(n_cores):
            if not planes.is_core[core]:
                state.schedulers[core, state.now[WORD]] = 0
            elif not run_core(core, active, fired, planes, rules, state, record):
                return int(tick - 1)
        if tick <= len(record.potentials):
            record_potentials(tick, state, record)
    return int(state.now[TICK])
