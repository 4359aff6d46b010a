"""The input-driven controller: it finds the neurons that spiked, and sweeps for each over all that receive its spike.

Source: srnn.v, Event controller.
"""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import EvtState, M
from draupnir.rtl.reckon.buses import Config, EventSweep, Timestep, last_neuron


class EventController(wiring.Component):
    """Begin when the timestep-driven controller enters PROP, and go on in any state of that controller.

    inp_event, rec_event : 1 if neuron ``sweep.neur256_cnt`` spiked, as an input or as a recurrent neuron
    retires : 1 in the last clock of this neuron
    """

    config: In(Config())
    timestep: In(Timestep())
    inp_event: In(1)
    rec_event: In(1)
    sweep: Out(EventSweep())
    retires: Out(1)

    def __init__(self, neur_bits: int = M) -> None:
        super().__init__()
        self._neur_bits = neur_bits

    def elaborate(self, platform: object) -> Module:
        m = Module()
        sweep, step = self.sweep, self.timestep
        neur128x2_cnt = Signal(self._neur_bits, reset_less=True)
        neur256_cnt = Signal(self._neur_bits, reset_less=True)
        supp_cycle = Signal(reset_less=True)
        m.d.sync += [sweep.state.eq(sweep.next_state), supp_cycle.eq(sweep.state == EvtState.SUPP)]
        m.d.comb += [
            sweep.neur128x2_cnt.eq(neur128x2_cnt),
            sweep.neur256_cnt.eq(neur256_cnt),
            sweep.supp_cycle.eq(supp_cycle),
            sweep.inp_event.eq(self.inp_event),
            sweep.rec_event.eq(self.rec_event),
        ]
        with m.If(sweep.next_state != EvtState.EVT):
            m.d.sync += neur128x2_cnt.eq(0)
        with m.Elif(sweep.state == EvtState.EVT):
            m.d.sync += neur128x2_cnt.eq(neur128x2_cnt + 1)
        with m.If(sweep.state == EvtState.WAIT):
            m.d.sync += neur256_cnt.eq(0)
        with m.Elif(sweep.next_state == EvtState.CNT):
            m.d.sync += neur256_cnt.eq(neur256_cnt + 1)
        self._choose_next_state(m)
        writes = neur128x2_cnt[0] | supp_cycle | step.neur_step_cnt[0]
        visits = (sweep.state == EvtState.EVT) | (sweep.state == EvtState.SUPP)
        leaves = (sweep.next_state == EvtState.CNT) | (sweep.next_state == EvtState.WAIT)
        m.d.comb += self.retires.eq(writes & visits & leaves)
        return m

    def _choose_next_state(self, m: Module) -> None:
        config, sweep, step = self.config, self.sweep, self.timestep
        n = self._neur_bits
        recurrent = config.spi_num_rec_neur[:n]
        neur, post = sweep.neur256_cnt[:n], sweep.neur128x2_cnt[:n]
        is_last = Signal()
        m.d.comb += is_last.eq(neur == last_neuron(config, n))
        # For an input neuron beyond the recurrent ones, no sweep visits the pair that holds its trace.
        keeps_trace = config.spi_do_eprop[0] | config.spi_force_traces
        needs_visit = sweep.inp_event & (neur > recurrent) & keeps_trace

        def after_neuron() -> None:
            with m.If(is_last):
                m.d.comb += sweep.next_state.eq(EvtState.WAIT)
            with m.Else():
                m.d.comb += sweep.next_state.eq(EvtState.CNT)

        m.d.comb += sweep.next_state.eq(sweep.state)
        with m.Switch(sweep.state):
            with m.Case(EvtState.WAIT):
                with m.If(step.sweep_starts):
                    m.d.comb += sweep.next_state.eq(EvtState.CNT)
            with m.Case(EvtState.CNT):
                with m.If(sweep.rec_event | sweep.inp_event):
                    m.d.comb += sweep.next_state.eq(EvtState.EVT)
                with m.Else():
                    after_neuron()
            with m.Case(EvtState.EVT):
                with m.If((post[1:] == recurrent[1:]) & post[0]):
                    with m.If(needs_visit):
                        m.d.comb += sweep.next_state.eq(EvtState.SUPP)
                    with m.Else():
                        after_neuron()
            with m.Case(EvtState.SUPP):
                with m.If(sweep.supp_cycle):
                    after_neuron()
