"""The input bus: events of the next timestep, and targets.

Source: srnn.v, Receiving events, Receiving targets.
"""

from amaranth import Array, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import N_OUT, U_BITS, M, N, State
from draupnir.rtl.reckon.buses import Config, Timestep
from draupnir.rtl.reckon.flags import Flags, Write

BYTE_BITS = 8
TARGETS = data.ArrayLayout(data.ArrayLayout(BYTE_BITS, U_BITS // BYTE_BITS), N_OUT)


class AerIn(wiring.Component):
    """Receive each event as soon as its request comes, in any state of the chip.

    addr, tar_en : address and target pins; they count in the clock in which the event is received
    neur256_cnt : the neuron whose event of this timestep is ``inp_event``
    retires : 1 in the clock that ends the sweep for this event
    got_label : 1 if a label has been received since the chip was idle
    target_done : 1 in the clock that receives the label, or the last target

    An event that arrives together with a tick is lost. An event of the neuron that retires in the same clock keeps this
    neuron's event of the present timestep. Clock domains: ``sync``, and ``swept``, whose synchronous reset is active
    when the chip becomes idle.
    """

    config: In(Config())
    timestep: In(Timestep())
    addr: In(M)
    req: In(1)
    tar_en: In(1)
    ack: Out(1)
    neur256_cnt: In(M)
    retires: In(1)
    inp_event: Out(1)
    reg_tar: Out(data.ArrayLayout(U_BITS, N_OUT))
    class_label: Out(4)
    got_label: Out(1)
    target_done: Out(1)

    def __init__(self, n_inputs: int = N) -> None:
        super().__init__()
        self._n_inputs = n_inputs

    def elaborate(self, platform: object) -> Module:
        m = Module()
        req_sync, is_new = Signal(), Signal(name="is_new")
        m.submodules.req = FFSynchronizer(self.req, req_sync, reset_less=False)
        m.d.comb += is_new.eq(~self.ack & req_sync)
        with m.If(is_new):
            m.d.sync += self.ack.eq(1)
        with m.Elif(~req_sync):
            m.d.sync += self.ack.eq(0)
        self._receive_event(m, is_new & ~self.tar_en)
        self._receive_target(m, is_new & self.tar_en)
        return m

    def _receive_event(self, m: Module, is_event: Signal) -> None:
        inp_events = Flags(self._n_inputs, "inp_events")
        inp_events_next = Flags(self._n_inputs, "inp_events_next")
        m.d.comb += self.inp_event.eq(inp_events.read(self.neur256_cnt))
        inp_events_next.write(m, "swept", Write(is_event, self.addr, 1))
        keeps = is_event & (self.addr == self.neur256_cnt)
        inp_events.write(m, "swept", Write(self.retires & ~keeps, self.neur256_cnt, 0))
        with m.If(self.timestep.time_tick):
            for row, row_next in zip(inp_events.rows, inp_events_next.rows, strict=True):
                m.d.swept += [row.eq(row_next), row_next.eq(0)]

    def _receive_target(self, m: Module, is_target: Signal) -> None:
        """Receive a label, or two bytes for each output neuron, the lower byte first."""
        config, step = self.config, self.timestep
        target_cnt = Signal(5, reset_less=True)
        reg_tar = Signal(TARGETS, reset_less=True)
        class_label, got_label = Signal(4, reset_less=True), Signal(reset_less=True, name="got_label")
        is_last = target_cnt[0] & (target_cnt[1:] == config.spi_num_out_neur)
        m.d.comb += [
            self.reg_tar.eq(reg_tar),
            self.class_label.eq(class_label),
            self.got_label.eq(got_label),
            self.target_done.eq(is_target & (~config.spi_regression | is_last)),
        ]
        with m.If(is_target):
            m.d.sync += target_cnt.eq(target_cnt + 1)
            with m.If(config.spi_regression):
                m.d.sync += Array(Array(target) for target in reg_tar)[target_cnt[1:]][target_cnt[0]].eq(self.addr)
            with m.Else():
                m.d.sync += [class_label.eq(self.addr), got_label.eq(1)]
        with m.If((step.state == State.GET_TAR) & self.target_done):
            m.d.sync += target_cnt.eq(0)
        with m.If(step.state == State.IDLE):
            m.d.sync += [target_cnt.eq(0), got_label.eq(0)]
