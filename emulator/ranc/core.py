"""A core without its router: token controller, CSRAM, neuron block, scheduler.

The token controller and the scheduler's SRAM act at the rise of clk; all else acts at its fall.

Source: Core.v, TokenController.v, CSRAM.v, Scheduler.v, SchedulerSRAM.v, Counter.v, EnReg.v.
"""

from __future__ import annotations

from draupnir.emulator.declare import LIMB_BITS
from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.bits import Position, limb_field, set_limb_field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.ranc import neuron
from draupnir.emulator.ranc.layout import State
from draupnir.emulator.ranc.sizes import Sizes
from draupnir.emulator.ranc.state import Cores, NeuronPlaces

IDLE, SET, FIRST, SPIKE_IN, WRITE, CHECK, CLEAR = (int(state) for state in State)


@kernel
def limb_position(lsb: int, width: int) -> Position:
    """Return the place of a field of ``width`` bits, 1..62, from bit ``lsb`` on."""
    return Position(lsb // LIMB_BITS, (lsb + width - 1) // LIMB_BITS, lsb % LIMB_BITS, (1 << width) - 1)


# --- Wires ----------------------------------------------------------------------------------------------------------


@kernel
def packet_of(c: Cores, p: NeuronPlaces, k: int) -> int:
    """Return the packet of the neuron at which core ``k`` is."""
    return limb_field(c.data_out[k], p.packet)


@kernel
def leaked_potential(c: Cores, s: Sizes, p: NeuronPlaces, k: int) -> int:
    """Return the potential of the neuron with its leak, before it is compared with the thresholds."""
    leak = limb_field(c.data_out[k], p.leak)
    return neuron.leaked(c.integrator_potential[k], leak, s.potential_width, s.leak_width)


@kernel
def potential_of(c: Cores, p: NeuronPlaces, k: int, n: int) -> int:
    """Return the potential that CSRAM has of neuron ``n``."""
    return limb_field(c.csram[k, n], p.current_potential)


@kernel
def packet_at(c: Cores, p: NeuronPlaces, k: int, n: int) -> int:
    """Return the packet that CSRAM has of neuron ``n``."""
    return limb_field(c.csram[k, n], p.packet)


@kernel
def fires(c: Cores, s: Sizes, p: NeuronPlaces, k: int) -> bool:
    """Return the wire neuron_block_spike."""
    threshold = limb_field(c.data_out[k], p.positive_threshold)
    return neuron.fires(leaked_potential(c, s, p, k), threshold, s.potential_width, s.threshold_width)


@kernel
def next_potential(c: Cores, s: Sizes, p: NeuronPlaces, k: int) -> int:
    """Return the wire neuron_potential: what CSRAM stores when the neuron ends."""
    word, potential = c.data_out[k], leaked_potential(c, s, p, k)
    mode, reset = limb_field(word, p.reset_mode), limb_field(word, p.reset_potential)
    positive, negative = limb_field(word, p.positive_threshold), limb_field(word, p.negative_threshold)
    return neuron.settled(potential, mode, reset, positive, negative, s.potential_width, s.threshold_width)


@kernel
def receives(c: Cores, s: Sizes, p: NeuronPlaces, k: int, axon: int) -> int:
    """Return 1 if an axon of core ``k`` has a spike in this tick, and a synapse with the neuron."""
    if axon >= s.n_axons:
        return 0
    spikes = int(c.sram[k, c.read_address[k], axon // LIMB_BITS]) >> axon % LIMB_BITS
    place = p.connections + axon
    return spikes & c.data_out[k, place // LIMB_BITS] >> place % LIMB_BITS & 1


# --- Rise -----------------------------------------------------------------------------------------------------------


@kernel
def rise(c: Cores, s: Sizes, p: NeuronPlaces, k: int, rst: int, tick: int, buffers_full: bool) -> None:
    """Rising edge of the token controller.

    A reset goes first, and each state then writes its registers all the same.

    buffers_full : True if one of the two buffers behind the core is full
    """
    state, error = c.state[k], c.error[k]
    if rst:
        c.scheduler_clr[k], c.state[k], c.error[k] = 0, IDLE, 0
    if error == 0 and state != IDLE and tick:
        c.error[k] = 1
    if state == IDLE:
        c.scheduler_clr[k] = 0
        if tick:
            c.state[k] = SET
    elif state == SET:
        c.scheduler_set[k], c.csram_addr[k], c.state[k] = 1, 0, FIRST
    elif state == FIRST:
        _first_axon(c, s, p, k)
    elif state == SPIKE_IN:
        _spike_in(c, s, p, k)
    elif state == WRITE:
        _write_csram(c, s, p, k, buffers_full)
    elif state == CHECK:
        _neuron_check(c, s, k)
    else:
        c.state[k] = IDLE
        if state == CLEAR:
            c.scheduler_clr[k] = 1


@kernel
def instruction(c: Cores, s: Sizes, k: int, axon: int) -> int:
    """Return the weight that the spikes of an axon take, 0 for an axon that is not there."""
    return int(c.instructions[k, axon, 0]) if axon < s.n_axons else 0


@kernel
def _first_axon(c: Cores, s: Sizes, p: NeuronPlaces, k: int) -> None:
    c.scheduler_set[k] = 0
    axon = c.row_count[k]
    if receives(c, s, p, k, axon):
        c.neuron_instruction[k] = instruction(c, s, k, axon)
    else:
        c.write_current_potential[k] = 1
    c.next_neuron[k], c.neuron_reg_en[k], c.state[k] = 1, 1, SPIKE_IN


@kernel
def _spike_in(c: Cores, s: Sizes, p: NeuronPlaces, k: int) -> None:
    axon = c.row_count[k]
    c.next_neuron[k], c.write_current_potential[k] = 0, 0
    c.neuron_reg_en[k] = receives(c, s, p, k, axon)
    c.neuron_instruction[k] = instruction(c, s, k, axon)
    c.state[k] = WRITE if axon == s.n_axons - 1 else SPIKE_IN


@kernel
def _write_csram(c: Cores, s: Sizes, p: NeuronPlaces, k: int, buffers_full: bool) -> None:
    """A neuron that fires waits in this state while a buffer behind the core is full."""
    c.neuron_reg_en[k] = 0
    spike = fires(c, s, p, k)
    if spike and buffers_full:
        c.spike_out[k], c.state[k] = 0, WRITE
    else:
        c.spike_out[k], c.csram_write[k], c.state[k] = int(spike), 1, CHECK


@kernel
def _neuron_check(c: Cores, s: Sizes, k: int) -> None:
    c.spike_out[k], c.csram_write[k] = 0, 0
    if c.csram_addr[k] == s.n_neurons - 1:
        c.state[k] = CLEAR
    else:
        c.csram_addr[k] = wrap(c.csram_addr[k] + 1, s.neuron_width)
        c.state[k] = FIRST


@kernel
def tick_of(c: Cores, s: Sizes, k: int, packet: int) -> int:
    """Return the word of the scheduler of core ``k`` into which a packet, axon and tick, goes."""
    return wrap(packet + c.read_address[k] + 1, s.tick_width)


@kernel
def rise_sram(c: Cores, s: Sizes, k: int, clear: int, wen: int, packet: int) -> None:
    """Rising edge of the scheduler's SRAM: a packet is lost in a clock that clears.

    clear : 1 if rst or scheduler_clr is high; packet : axon and tick
    """
    if clear:
        c.sram[k, c.read_address[k], :] = 0
    elif wen:
        axon, tick = packet >> s.tick_width, tick_of(c, s, k, packet)
        if axon < s.n_axons:
            limb = axon // LIMB_BITS
            c.sram[k, tick, limb] = int(c.sram[k, tick, limb]) | 1 << axon % LIMB_BITS


# --- Fall -----------------------------------------------------------------------------------------------------------


@kernel
def fall(c: Cores, s: Sizes, p: NeuronPlaces, k: int, fresh: int) -> None:
    """Falling edge of a core; fresh : 1 if data_out is already the word that CSRAM would read"""
    state = c.state[k]
    new_potential = next_potential(c, s, p, k) if c.csram_write[k] else 0
    if c.neuron_reg_en[k]:
        c.integrator_potential[k] = _integrated(c, s, p, k)
    if c.csram_write[k] or not fresh:
        _fall_csram(c, s, p, k, new_potential)
    if c.scheduler_set[k]:
        c.read_address[k] = wrap(c.read_address[k] + 1, s.tick_width)
    c.row_count[k] = wrap(c.row_count[k] + 1, s.axon_width + 1) if state == SPIKE_IN else 0


@kernel
def _integrated(c: Cores, s: Sizes, p: NeuronPlaces, k: int) -> int:
    """Return the potential after the present axon; weight 0 has the highest bits."""
    word, instruction = c.data_out[k], c.neuron_instruction[k]
    potential = limb_field(word, p.current_potential) if c.next_neuron[k] else c.integrator_potential[k]
    place = p.weights + s.weight_width * (s.n_weights - 1 - instruction)
    weight = 0 if c.write_current_potential[k] else limb_field(word, limb_position(place, s.weight_width))
    return neuron.integrate(potential, weight, s.potential_width, s.weight_width)


@kernel
def _fall_csram(c: Cores, s: Sizes, p: NeuronPlaces, k: int, new_potential: int) -> None:
    """Write the word that was read, with its new potential, or else read."""
    addr = c.csram_addr[k]
    if addr >= s.n_neurons:
        return
    for limb in range(c.data_out.shape[1]):
        if c.csram_write[k]:
            c.csram[k, addr, limb] = c.data_out[k, limb]
        else:
            c.data_out[k, limb] = c.csram[k, addr, limb]
    if c.csram_write[k]:
        set_limb_field(c.csram[k], addr, p.current_potential, new_potential)
