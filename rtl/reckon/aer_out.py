"""The output bus. At the end of a sample or of each timestep it sends the winner's label, or all output potentials.

Source: srnn.v, Sending classification results, Winner computation.
"""

from amaranth import Array, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import N_OUT, State
from draupnir.rtl.reckon.buses import POTENTIALS, Config, Timestep
from draupnir.rtl.reckon.winner import winner

BYTE_BITS = 8
COUNT_BITS = 16


class AerOut(wiring.Component):
    """Send one byte, or two bytes for each output neuron, the lower one first, with a four-phase handshake each.

    oneur_u : the output neurons' potentials
    send_done : 1 in the clock in which the last byte is acknowledged
    """

    config: In(Config())
    timestep: In(Timestep())
    oneur_u: In(POTENTIALS)
    req: Out(1)
    ack: In(1)
    bus: Out(BYTE_BITS)
    send_done: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, step = self.config, self.timestep
        cnt_winner = self._count_winners(m)
        ack_sync = Signal()
        m.submodules.ack = FFSynchronizer(self.ack, ack_sync, reset_less=False)
        req = Signal(reset_less=True)
        bus = Signal(BYTE_BITS, reset_less=True)
        send_cnt = Signal(5, reset_less=True)
        send_num = Signal(5)
        m.d.comb += [
            self.req.eq(req),
            self.bus.eq(bus),
            send_num.eq(Mux(config.spi_send_label_only, 0, config.spi_num_out_neur << 1 | 1)),
            self.send_done.eq(ack_sync & req & (send_cnt == send_num)),
        ]
        with m.If(step.state == State.IDLE):
            m.d.sync += [req.eq(0), bus.eq(0), send_cnt.eq(0)]
        with m.Elif((step.state == State.SEND) & self.send_done):
            m.d.sync += [req.eq(0), send_cnt.eq(0)]
        with m.Elif((step.state == State.SEND) & (send_cnt <= send_num)):
            with m.If(~ack_sync & ~req):
                m.d.sync += [req.eq(1), bus.eq(self._next_byte(m, send_cnt, cnt_winner))]
            with m.Elif(ack_sync & req):
                m.d.sync += [req.eq(0), send_cnt.eq(send_cnt + 1)]
        return m

    def _next_byte(self, m: Module, send_cnt: Signal, cnt_winner: list[Signal]) -> Signal:
        config = self.config
        potential_bytes = data.ArrayLayout(BYTE_BITS, 2 * N_OUT)(self.oneur_u.as_value())
        next_byte = Signal(BYTE_BITS)
        with m.If(~config.spi_send_label_only):
            m.d.comb += next_byte.eq(Array(potential_bytes)[send_cnt])
        with m.Elif(~config.spi_regression):
            m.d.comb += next_byte.eq(winner(m, cnt_winner, config.spi_num_out_neur))
        return next_byte

    def _count_winners(self, m: Module) -> list[Signal]:
        """Count the timesteps that each output neuron has won, of those that count; in regression neuron 0 wins all."""
        config, step = self.config, self.timestep
        cnt_winner = [Signal(COUNT_BITS, reset_less=True, name=f"cnt_winner_{k}") for k in range(N_OUT)]
        label = Signal(range(N_OUT))
        counts = (step.state == State.SDONE) & step.infer_acc
        with m.If(counts), m.If(~config.spi_regression):
            potentials = [potential.as_signed() for potential in self.oneur_u]
            m.d.comb += label.eq(winner(m, potentials, config.spi_num_out_neur))
        with m.If(step.state == State.IDLE):
            m.d.sync += [count.eq(0) for count in cnt_winner]
        with m.Elif(counts):
            with m.Switch(label):
                for k, count in enumerate(cnt_winner):
                    with m.Case(k):
                        m.d.sync += count.eq(count + 1)
        return cnt_winner
