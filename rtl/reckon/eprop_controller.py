"""The e-prop sweep: for each group of 16 post-synaptic neurons it visits these, then all pre-synaptic neurons.

Source: srnn.v, e-prop handling.
"""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import N_WEIGHTS, M, State
from draupnir.rtl.reckon.buses import Config, EpropSweep, Timestep, last_neuron

GROUP_BITS = (N_WEIGHTS - 1).bit_length()
ONLY_OUT = 0b100  # With this SPI_DO_EPROP only output weights learn, and no pre-synaptic neuron is visited.


class EpropController(wiring.Component):
    """Visit each neuron for two clocks, of which the first reads and the second writes.

    sweep : the neurons that are visited
    eprop_done : 1 in the last clock of the sweep; the sweep goes on from there if the chip does not leave state EPROP
    """

    config: In(Config())
    timestep: In(Timestep())
    sweep: Out(EpropSweep())
    eprop_done: Out(1)

    def __init__(self, neur_bits: int = M) -> None:
        super().__init__()
        self._neur_bits = neur_bits

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, step, sweep = self.config, self.timestep, self.sweep
        n = self._neur_bits
        e_pre, e_post_lsb = Signal(n + 1, reset_less=True), Signal(GROUP_BITS + 1, reset_less=True, name="e_post_lsb")
        e_post_msb, buf16_post = Signal(n - GROUP_BITS, reset_less=True), Signal(reset_less=True, name="buf16_post")
        recurrent = config.spi_num_rec_neur[:n]
        only_out, pre_ends = Signal(), Signal(name="pre_ends")
        m.d.comb += [
            only_out.eq(config.spi_do_eprop == ONLY_OUT),
            pre_ends.eq((e_pre[1:] == last_neuron(config, n)) & e_pre[0]),
            sweep.active.eq(step.state == State.EPROP),
            sweep.post_phase.eq(buf16_post),
            sweep.e_post.eq(Cat(e_post_lsb[1:], e_post_msb)),
            sweep.e_post_lsb.eq(e_post_lsb),
            sweep.e_pre.eq(e_pre),
        ]
        post_ends = (e_post_lsb[1:] == recurrent[:GROUP_BITS]) & e_post_lsb[0]
        m.d.comb += self.eprop_done.eq((e_post_msb == recurrent[GROUP_BITS:]) & Mux(only_out, post_ends, pre_ends))

        with m.If(step.eprop_starts):
            m.d.sync += [e_pre.eq(0), e_post_msb.eq(0), e_post_lsb.eq(0), buf16_post.eq(1)]
        with m.Elif(sweep.active & buf16_post):
            m.d.sync += e_post_lsb.eq(e_post_lsb + 1)
            with m.If(e_post_lsb.all()):
                m.d.sync += buf16_post.eq(only_out)
                with m.If(only_out):
                    m.d.sync += e_post_msb.eq(e_post_msb + 1)
        with m.Elif(sweep.active):
            m.d.sync += e_pre.eq(e_pre + 1)
            with m.If(pre_ends):
                m.d.sync += [e_pre.eq(0), e_post_msb.eq(e_post_msb + 1), buf16_post.eq(1)]
        return m
