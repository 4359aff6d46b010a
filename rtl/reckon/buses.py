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
POTENTIALS = data.ArrayLayout(U_BITS, N_OUT)  # of the output neurons, two's complement


class Config(wiring.Signature):
    """The configuration registers, each by its name in lower case."""

    def __init__(self) -> None:
        super().__init__({r.name.lower(): Out(r.width * r.n_addrs) for r in REGISTERS})


class SramAccess(wiring.Signature):
    """The requests of the SPI.

    prog, read : out of the SPI slave levels, to be synchronised; behind the synchronisers ``prog`` is a pulse
    addr, payload : address and word, stable meanwhile
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

    state : now
    sweep_starts, eprop_starts : with the clock the state becomes PROP, EPROP (unless a timing error halts the chip)
    neur_step_cnt : neuron of the sweep in state STEP; bit 0 is 1 in the clock that writes
    time_tick : a timestep ends with this clock
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
    """The state of the input-driven controller: it takes neuron after neuron, and sweeps over all if it spiked.

    state, next_state : now, and after the clock
    neur256_cnt : the pre-synaptic neuron
    neur128x2_cnt : post-synaptic pair of neurons; bit 0 is 1 in the clock that writes
    supp_cycle : second clock, the one that writes, of the visit to an input neuron without recurrent twin
    inp_event, rec_event : the pre-synaptic neuron spikes, as an input, and as a recurrent neuron
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
    """The state of the e-prop sweep: for each group of 16 post-synaptic neurons first these, then all pre-synaptic.

    active : state EPROP
    post_phase : the 16 post-synaptic neurons are being looked at
    e_post : post-synaptic neuron; e_post_lsb is what follows its group: neuron of the group, then read or write
    e_pre : pre-synaptic neuron, then read or write
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
    """Access to a memory of declared depth."""

    def __init__(self, depth: int) -> None:
        super().__init__((depth - 1).bit_length())


def last_neuron(config: wiring.PureInterface, neur_bits: int) -> Value:
    """The last neuron that is in use, be it an input or a recurrent one."""
    inputs, recurrent = config.spi_num_inp_neur[:neur_bits], config.spi_num_rec_neur[:neur_bits]
    return Mux(recurrent > inputs, recurrent, inputs)
