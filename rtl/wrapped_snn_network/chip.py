"""wrapped_snn_network in Amaranth: 16 input neurons, and one neuron for each of the other two layers.

All hidden neurons have the same input and start alike, and so do all output neurons. So each of them exists once here,
and its spike counts 64 times, or appears on all eight pins.

Source: snn_network.v, input_neuron.v, hidden_neuron.v, output_neuron.v, spk_counter.v.
"""

from amaranth import Cat, ClockDomain, Module, Mux, Signal
from amaranth.hdl import ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.wrapped_snn_network.layout import (
    ADAPTATION,
    BITS,
    CHIP,
    N_HIDDEN,
    N_IN,
    N_OUT,
    SHIFT,
    THRESHOLD,
    Repair,
)
from draupnir.rtl.design import OurChip
from draupnir.rtl.lib.views import ports_of


class Neuron(wiring.Component):
    """A neuron of any layer. ``spk`` is valid one clock after the potential that reaches the threshold.

    Without the brackets that the original lacks, nothing is left of current and potential after a clock, and the
    threshold is a quarter of its reset value: 64, and 2 more after a spike, both divided by 4, are 16.

    repaired : see ``Repair``
    """

    syn: In(BITS)
    reset: In(1)
    spk: Out(1)

    def __init__(self, repaired: int) -> None:
        super().__init__()
        self._repaired = repaired

    def elaborate(self, platform: object) -> Module:
        m = Module()
        cur = Signal(BITS)
        mem = Signal(BITS)
        thr = Signal(BITS)
        leaks = self._repaired >= Repair.LEAKS
        m.d.sync += [
            cur.eq(self.syn + (cur - (cur >> SHIFT) if leaks else 0)),
            mem.eq(cur + (Mux(self.spk, 0, mem - (mem >> SHIFT)) if leaks else 0)),
            thr.eq(self._threshold(thr)),
            self.spk.eq(mem >= thr),
        ]
        with m.If(self.reset):  # a threshold is 0 before the first reset, so its initial value is not its reset value
            m.d.sync += [cur.eq(0), mem.eq(0), thr.eq(THRESHOLD), self.spk.eq(0)]
        return m

    def _threshold(self, thr: Signal) -> ValueLike:
        if self._repaired < Repair.ALL:
            return THRESHOLD >> SHIFT
        return thr + Mux(self.spk, ADAPTATION, 0) - (thr - THRESHOLD >> SHIFT)


class WrappedSnnNetwork(wiring.Component):
    """The chip, with the declared pins. repaired : see ``Repair``"""

    def __init__(self, repaired: int = Repair.NONE) -> None:
        super().__init__(ports_of(CHIP.pins))
        self.input_neurons = [Neuron(repaired) for _ in range(N_IN)]
        self.hidden_neuron, self.output_neuron = Neuron(repaired), Neuron(repaired)
        self.inp_spk = Signal(N_IN)
        self.hid_spk = Signal(N_HIDDEN)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.sync = sync = ClockDomain(reset_less=True)
        for n, neuron in enumerate(self.input_neurons):
            m.submodules[f"in{n}"] = neuron
            m.d.comb += [neuron.syn.eq(self.in_signal[n]), neuron.reset.eq(self.reset)]
        m.submodules.hid0, m.submodules.out0 = self.hidden_neuron, self.output_neuron
        n_hidden = N_HIDDEN * self.hidden_neuron.spk
        m.d.comb += [
            sync.clk.eq(self.clk),
            self.inp_spk.eq(Cat(neuron.spk for neuron in self.input_neurons)),
            self.hid_spk.eq(self.hidden_neuron.spk.replicate(N_HIDDEN)),
            self.hidden_neuron.syn.eq(sum(self.inp_spk) + n_hidden),
            self.hidden_neuron.reset.eq(self.reset),
            self.output_neuron.syn.eq(n_hidden),
            self.output_neuron.reset.eq(self.reset),
            self.out_spk.eq(self.output_neuron.spk.replicate(N_OUT)),
        ]
        return m


NEURONS = (*(f"in{n}" for n in range(N_IN)), "hid0", "out0")
RTL = OurChip(
    CHIP,
    "snn_network",
    WrappedSnnNetwork,
    {},
    probes={
        "inp_spk": "inp_spk",
        "hid_spk": "hid_spk",
        **{f"{neuron}_{name}": f"{neuron}.{name}" for neuron in NEURONS for name in ("cur", "mem", "thr")},
    },
    registers={
        f"{layer}_{name}": f"{neuron}.{name}"
        for layer, neuron in (("in", "in{i}"), ("hid", "hid0"), ("out", "out0"))
        for name in ("cur", "mem", "thr", "spk")
    },
)
