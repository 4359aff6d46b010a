"""The wires between ReckOn's blocks: layouts and signatures, from the declaration."""

from amaranth import Mux, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import Out

from draupnir.emulator.reckon.layout import (
    N_OUT,
    PROG,
    READ,
    REGISTERS,
    SPI_BITS,
    SPI_HEADER,
    U_BITS,
    EvtState,
    M,
    State,
)
from draupnir.rtl.lib.sram import SramControl
from draupnir.rtl.lib.views import layout_of

PROG_LAYOUT = layout_of(PROG)
READ_LAYOUT = layout_of(READ)
POTENTIALS = data.ArrayLayout(U_BITS, N_OUT)  # the output neurons' potentials, two's complement


class Config(wiring.Signature):
    """The configuration registers, each by its name in lower case."""

    def __init__(self) -> None:
        super().__init__({r.name.lower(): Out(r.width * r.n_addrs) for r in REGISTERS})


class SramAccess(wiring.Signature):
    """The requests of the SPI.

    prog, read : levels from the SPI slave, which the core synchronises; after the synchronisers ``prog`` is a pulse
    addr, payload : address and word, stable during a request
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "prog": Out(PROG_LAYOUT),
                "read": Out(READ_LAYOUT),
                "addr": Out(SPI_HEADER["addr"].width),
                "payload": Out(SPI_BITS),
            }
        )


class Timestep(wiring.Signature):
    """The state of the timestep-driven controller.

    state : the present state
    sweep_starts, eprop_starts : 1 if the state becomes PROP, or EPROP, at the next edge (unless a timing error halts
        the chip)
    neur_step_cnt : the neuron of the sweep in state STEP; bit 0 is 1 in the clock that writes
    time_tick : 1 in the clock that ends a timestep
    target_valid, infer_acc : the pins, synchronised
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "state": Out(State),
                "sweep_starts": Out(1),
                "eprop_starts": Out(1),
                "neur_step_cnt": Out(M),
                "time_tick": Out(1),
                "target_valid": Out(1),
                "infer_acc": Out(1),
            }
        )


class EventSweep(wiring.Signature):
    """The state of the input-driven controller. For each neuron that spiked, it sweeps over all post-synaptic neurons.

    state, next_state : the present state, and the state after the next edge
    neur256_cnt : the pre-synaptic neuron
    neur128x2_cnt : the post-synaptic pair of neurons; bit 0 is 1 in the clock that writes
    supp_cycle : 1 in the second clock, which writes, of the visit to an input neuron that is no recurrent neuron
    inp_event, rec_event : 1 if the pre-synaptic neuron spikes as an input, or as a recurrent neuron
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "state": Out(EvtState),
                "next_state": Out(EvtState),
                "neur256_cnt": Out(M),
                "neur128x2_cnt": Out(M),
                "supp_cycle": Out(1),
                "inp_event": Out(1),
                "rec_event": Out(1),
            }
        )


class EpropSweep(wiring.Signature):
    """The state of the e-prop sweep. For each group of 16 post-synaptic neurons, it visits these, then all
    pre-synaptic neurons.

    active : 1 in state EPROP
    post_phase : 1 while the sweep visits the 16 post-synaptic neurons
    e_post : the post-synaptic neuron; e_post_lsb : the neuron within the group, and bit 0, which is 1 in the clock that
        writes
    e_pre : the pre-synaptic neuron, and bit 0, which is 1 in the clock that writes
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "active": Out(1),
                "post_phase": Out(1),
                "e_post": Out(M),
                "e_post_lsb": Out(5),
                "e_pre": Out(M + 1),
            }
        )


class MemoryControl(SramControl):
    """Access to a memory.

    depth : the number of its words
    """

    def __init__(self, depth: int) -> None:
        super().__init__((depth - 1).bit_length())


def last_neuron(config: wiring.PureInterface, neur_bits: int) -> Value:
    """Return the number of the last neuron in use, an input or a recurrent neuron.

    neur_bits : the width of a neuron's number
    """
    inputs, recurrent = config.spi_num_inp_neur[:neur_bits], config.spi_num_rec_neur[:neur_bits]
    return Mux(recurrent > inputs, recurrent, inputs)
