"""The output bus for spikes: all of tinyODIN's, and ODIN's in standard mode.

Source: ODIN doc v0.1, 2.2.2; tinyODIN doc v1.0, 2.2.2; aer_out.v of both.
"""

from amaranth import Module, Mux, Signal, Value
from amaranth.hdl import ValueLike
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Member, Out

from draupnir.emulator.crossbar.layout import M
from draupnir.rtl.crossbar.buses import Formats, NeuronsControl


class CrossbarAerOut(wiring.Component):
    """A four-phase sender. The controller waits while ``ctrl_busy`` is 1, but a new event may still replace an old one.

    An event that comes while the acknowledge is 1 is lost.

    neurons : the accesses to the neuron memory; neuron_event : the neuron's spike, at a write
    sched_addr : the neuron whose event is processed
    pop_neur : one pulse for each neuron event that is processed

    All of it is in clock domain ``aerout``, which is in reset while the SPI has the memories.

    others : ports that only one of the chips has
    """

    def __init__(self, formats: Formats, others: dict[str, Member] | None = None) -> None:
        super().__init__(
            {
                "config": In(formats.config),
                "neurons": In(NeuronsControl()),
                "neuron_event": In(formats.spike),
                "sched_addr": In(M),
                "pop_neur": In(1),
                "ctrl_busy": Out(1),
                "addr": Out(M),
                "req": Out(1),
                "ack": In(1),
                **(others or {}),
            }
        )
        self._ack_sync, self._ack_falls = Signal(), Signal()
        self._from_ctrl = self.config.spi_aer_src_ctrl_nneur

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ack_sync_del = Signal()
        m.submodules.ack = FFSynchronizer(self.ack, self._ack_sync, o_domain="aerout", reset_less=False)
        m.d.aerout += ack_sync_del.eq(self._ack_sync)
        m.d.comb += self._ack_falls.eq(ack_sync_del & ~self._ack_sync)
        with m.If(self._ack_sync):
            m.d.aerout += [self.req.eq(0), self.ctrl_busy.eq(1)]
        with m.Elif(self._sends()):
            self._send(m, Mux(self._from_ctrl, self.sched_addr, self.neurons.addr))
        with m.Elif(self._ack_falls):
            m.d.aerout += [self.req.eq(0), self.ctrl_busy.eq(0)]
        return m

    def _sends(self) -> Value:
        """Return 1 if a spike goes out: when the neuron spikes, or when the controller has processed the spike."""
        return Mux(self._from_ctrl, self.pop_neur, self.neuron_event.spike)

    def _send(self, m: Module, packet: ValueLike) -> None:
        m.d.aerout += [self.addr.eq(packet), self.req.eq(1), self.ctrl_busy.eq(1)]
