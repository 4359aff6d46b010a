"""Cores that sleep: the clocks of a core between two of its packets have a closed form.

A core that is idle, or begins a neuron, sleeps until its last neuron ends the tick. It has an alarm for what others can
see before: a neuron that fires waits in one clock for room behind the core, and sends its packet in the next. All that
it computes until its alarm is known before. It wakes earlier if it must: for a reset, for a tick if it is idle, for a
packet that changes the spikes of the present tick, for a neuron that fires and finds no room.
Then its registers catch up: whole neurons at once, and the clocks of a neuron that has begun one by one.

Source: the same as of ``core``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import to_limbs
from draupnir.emulator.declare import LIMB_BITS
from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.bits import set_limb_field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.ranc import core, neuron, router
from draupnir.emulator.ranc.planes import CorePlanes, activate, weights_of
from draupnir.emulator.ranc.state import Ranc

NEVER = 1 << 62
BETWEEN = 2  # clocks between the last axon of a neuron and the first one of the next: states WRITE and CHECK


class Sleepers(NamedTuple):
    """The cores that sleep, and what they have computed, int64. A clock counts from the first one of the run.

    asleep : (n_cores,) 1 if a core sleeps
    restless : (n_cores,) 1 if a core must not sleep, because it may write other parameters into CSRAM
    since : (n_cores,) the clock before which the registers of a sleeping core stand
    alarm : (n_cores,) the clock in which its next neuron fires, or the last one ends; or the one after it, to send
    sends : (n_cores,) 1 if the alarm is to send a packet
    sums : (n_cores, n_neurons) the potential after all axons of each neuron that it has thought through
    potentials : (n_cores, n_neurons) the next potential of each of them
    """

    asleep: np.ndarray
    restless: np.ndarray
    since: np.ndarray
    alarm: np.ndarray
    sends: np.ndarray
    sums: np.ndarray
    potentials: np.ndarray


def new_sleepers(chip: Ranc) -> Sleepers:
    """Return arrays in which no core sleeps, for a run from this state on."""
    n_cores, n_neurons = len(chip.cores.state), chip.sizes.n_neurons
    one, each = (n_cores,), (n_cores, n_neurons)
    asleep, since, alarm, sends, sums, potentials = (np.zeros(shape, np.int64) for shape in (*[one] * 4, *[each] * 2))
    return Sleepers(asleep, _restless(chip), since, alarm, sends, sums, potentials)


def _restless(chip: Ranc) -> np.ndarray:
    """Return the cores that may write another word than the one they have read, (n_cores,) int64.

    A chip after a reset has none. A core has such registers only at power-up, or if somebody has changed its state.
    """
    c, place = chip.cores, chip.places.current_potential
    potential = to_limbs(place.mask << (LIMB_BITS * place.limb + place.shift), c.data_out.shape[1])
    is_there = c.csram_addr < chip.sizes.n_neurons
    words = c.csram[np.arange(len(is_there)), np.where(is_there, c.csram_addr, 0)]
    is_other = is_there & np.any((c.data_out ^ words) & ~potential, axis=1)
    is_writing = (c.csram_write == 1) & (c.state != core.CHECK)
    return (is_writing | (is_other & (c.state == core.WRITE))).astype(np.int64)


# --- Falling asleep -------------------------------------------------------------------------------------------------


@kernel
def can_sleep(chip: Ranc, z: Sleepers, k: int) -> bool:
    """Return True if core ``k`` is idle, or begins a neuron, and no register is otherwise than a core leaves it."""
    s, c = chip.sizes, chip.cores
    if z.restless[k] or chip.derived.fresh[k] == 0:
        return False
    if c.row_count[k] | c.csram_write[k] | c.spike_out[k] | c.scheduler_clr[k]:
        return False
    if c.state[k] == core.IDLE:
        return c.scheduler_set[k] | c.neuron_reg_en[k] == 0
    return c.state[k] == core.FIRST and c.csram_addr[k] < s.n_neurons and c.write_current_potential[k] == 0


@outlined
def fall_asleep(chip: Ranc, planes: CorePlanes, z: Sleepers, k: int, clock: int) -> int:
    """Let core ``k`` sleep from a clock on. Returns the number of neurons that it thinks through."""
    c = chip.cores
    z.asleep[k], z.since[k], z.alarm[k], z.sends[k] = 1, clock, NEVER, 0
    if c.state[k] == core.IDLE:
        return 0
    activate(planes, k, c.sram[k, c.read_address[k]])
    return _think_on(chip, planes, z, k, c.csram_addr[k])


@kernel
def _think_on(chip: Ranc, planes: CorePlanes, z: Sleepers, k: int, first: int) -> int:
    """Set the alarm to the next neuron that fires, from one on, or to the last one. Returns their number."""
    s, n = chip.sizes, first
    while not _think(chip, planes, z, k, n) and n < s.n_neurons - 1:
        n += 1
    z.alarm[k] = z.since[k] + (n - chip.cores.csram_addr[k]) * (s.n_axons + BETWEEN) + s.n_axons
    return n - first + 1


@kernel
def _think(chip: Ranc, planes: CorePlanes, z: Sleepers, k: int, n: int) -> bool:
    """Compute the potentials of neuron ``n``. Returns True if it fires."""
    s = chip.sizes
    bits, threshold_bits = s.potential_width, s.threshold_width
    present = core.potential_of(chip.cores, chip.places, k, n)
    z.sums[k, n] = wrap(present + weights_of(planes, k, n), bits)
    potential = neuron.leaked(z.sums[k, n], planes.leak[k, n], bits, s.leak_width)
    positive, negative = planes.positive[k, n], planes.negative[k, n]
    mode, reset = planes.mode[k, n], planes.reset[k, n]
    z.potentials[k, n] = neuron.settled(potential, mode, reset, positive, negative, bits, threshold_bits)
    return neuron.fires(potential, positive, bits, threshold_bits)


# --- The alarm ------------------------------------------------------------------------------------------------------


@kernel
def _neuron_of_alarm(chip: Ranc, z: Sleepers, k: int) -> int:
    """Return the neuron for which core ``k`` has its alarm."""
    n_clocks = z.alarm[k] - z.since[k]
    return int(chip.cores.csram_addr[k] + n_clocks // (chip.sizes.n_axons + BETWEEN))


@kernel
def can_fire_asleep(chip: Ranc, z: Sleepers, k: int) -> bool:
    """Return True if the neuron of the alarm is not the last one, which ends the tick."""
    return _neuron_of_alarm(chip, z, k) < chip.sizes.n_neurons - 1


@kernel
def fire(z: Sleepers, k: int) -> None:
    """Let the neuron of the alarm fire: its packet leaves in the next clock."""
    z.sends[k] = 1
    z.alarm[k] += 1


@kernel
def packet_of(chip: Ranc, z: Sleepers, k: int) -> int:
    """Return the packet of the neuron of the alarm."""
    return core.packet_at(chip.cores, chip.places, k, _neuron_of_alarm(chip, z, k))


@outlined
def go_on(chip: Ranc, planes: CorePlanes, z: Sleepers, k: int) -> int:
    """Set the next alarm, after a packet is sent. Returns the number of neurons that the core thinks through."""
    z.sends[k] = 0
    return _think_on(chip, planes, z, k, _neuron_of_alarm(chip, z, k) + 1)


# --- Waking ---------------------------------------------------------------------------------------------------------


@outlined
def wake(chip: Ranc, z: Sleepers, k: int, clock: int) -> None:
    """Wake core ``k``, with its registers and memories as they are before a clock."""
    z.asleep[k] = 0
    if chip.cores.state[k] == core.IDLE:
        return
    n_axons = chip.sizes.n_axons
    n_clocks = clock - z.since[k]
    n_neurons = n_clocks // (n_axons + BETWEEN)
    if n_neurons:
        _end_neurons(chip, z, k, n_neurons)
    rest = n_clocks % (n_axons + BETWEEN)
    if rest >= n_axons:
        _end_axons(chip, z, k)
        rest -= n_axons
    for _ in range(rest):
        _step(chip, k)


@kernel
def _end_neurons(chip: Ranc, z: Sleepers, k: int, n_neurons: int) -> None:
    """Bring core ``k`` to the begin of the neuron that is so many after the present one, at least one."""
    c = chip.cores
    first = c.csram_addr[k]
    for n in range(first, first + n_neurons):
        set_limb_field(c.csram[k], n, chip.places.current_potential, z.potentials[k, n])
    _after_axons(chip, k, z.sums[k, first + n_neurons - 1])
    c.neuron_reg_en[k] = 0
    c.csram_addr[k] = first + n_neurons
    for limb in range(c.data_out.shape[1]):
        c.data_out[k, limb] = c.csram[k, first + n_neurons, limb]


@kernel
def _end_axons(chip: Ranc, z: Sleepers, k: int) -> None:
    """Bring core ``k`` from the begin of a neuron to the clock after its last axon."""
    s, c = chip.sizes, chip.cores
    _after_axons(chip, k, z.sums[k, c.csram_addr[k]])
    c.neuron_reg_en[k] = core.receives(c, s, chip.places, k, s.n_axons - 1)
    c.state[k] = core.WRITE


@kernel
def _after_axons(chip: Ranc, k: int, total: int) -> None:
    """Set the registers that the axons of a neuron change; total : the potential after them"""
    s, c = chip.sizes, chip.cores
    c.scheduler_set[k], c.next_neuron[k], c.integrator_potential[k] = 0, 0, total
    c.neuron_instruction[k] = core.instruction(c, s, k, s.n_axons - 1)


@kernel
def _step(chip: Ranc, k: int) -> None:
    """One clock of a core that nothing reaches from outside, and whose neuron does not fire."""
    s, c, p, fresh = chip.sizes, chip.cores, chip.places, chip.derived.fresh
    if c.state[k] == core.CHECK:
        fresh[k] = 0
    core.rise(c, s, p, k, 0, 0, False)
    core.fall(c, s, p, k, fresh[k])
    fresh[k] = 1 - c.csram_write[k]


# --- While a core sleeps --------------------------------------------------------------------------------------------


@kernel
def disturb(chip: Ranc, z: Sleepers, n: int, k: int, clock: int, rst: int, tick: int) -> None:
    """A rise of clk at a sleeping core: wake it if it must, and else do what it would do. n : its router"""
    s, c, r = chip.sizes, chip.cores, chip.mesh.routers
    is_idle = c.state[k] == core.IDLE
    if rst or (tick and is_idle):
        wake(chip, z, k, clock)
        return
    if r.wen[n, router.LOCAL]:
        packet = r.merge_dout[n, router.LOCAL]
        if not is_idle and core.tick_of(c, s, k, packet) == c.read_address[k]:
            wake(chip, z, k, clock)
            return
        core.rise_sram(c, s, k, 0, 1, packet)
    if tick:
        c.error[k] = 1
