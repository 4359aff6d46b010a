"""snn-accelerator in Amaranth: one neuron for each group of 16, and one clock.

The 16 neurons of a group have the same input and the same history, and so do both output neurons. So here each of them
exists once. The divided clocks are clock enables. All thresholds together are one flip-flop: they are 0 until the first
reset, and 32 from then on.

Source: wrapped_snn.v, clk_div.v, neuron.v, neuron_slow.v, neuron_2x.v, neuron_4x.v, neuron_8x.v, out_neuron.v.
"""

from amaranth import Cat, ClockDomain, Module, Mux, Signal
from amaranth.hdl import ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.snn_accelerator.layout import BITS, CHIP, COPIES, DIVIDERS, GROUPS, THRESHOLD, N
from draupnir.rtl.design import OurChip
from draupnir.rtl.lib.views import ports_of


class Neuron(wiring.Component):
    """A neuron.

    The potential takes a step at each edge at which ``en`` is 1. ``spk`` is valid one clock after the potential that
    it compares. A slow neuron takes a step with the spike of after the edge, and its potential has no reset.

    shift : the potential is divided by 2**shift at each step, 1..4
    """

    syn: In(BITS)
    thr: In(BITS)
    en: In(1)
    state: Out(BITS)
    spk: Out(1)

    def __init__(self, shift: int, slow: bool = False) -> None:
        super().__init__()
        self._shift, self._slow = shift, slow
        self._potential = Signal(BITS, reset_less=slow)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fires = self._potential >= self.thr
        m.d.sync += self.spk.eq(fires)
        spk = fires if self._slow else self.spk
        with m.If(self.en):
            m.d.sync += self._potential.eq(self.syn + Mux(spk, 0, self._potential >> self._shift))
        m.d.comb += self.state.eq(self._potential)
        return m


class SnnAccelerator(wiring.Component):
    """The chip, with the declared pins."""

    def __init__(self) -> None:
        super().__init__(ports_of(CHIP.pins))
        self.neurons = [Neuron(group.shift, slow=group.divider != "") for group in GROUPS]
        self.out_neuron = Neuron(1)
        self.spike = Signal(N)
        self.was_reset = Signal(reset_less=True)  # all thresholds are 0 before the first reset

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.sync = sync = ClockDomain()
        rises = self._divide(m)
        with m.If(self.reset):
            m.d.sync += self.was_reset.eq(1)
        for group, neuron in zip(GROUPS, self.neurons, strict=True):
            m.submodules[f"{group.letter}0"] = neuron
            self._connect(m, neuron, self.in1, rises.get(group.divider, 1))
        m.submodules.out_neuron = out = self.out_neuron
        spikes = Cat(neuron.spk for neuron in self.neurons)
        self._connect(m, out, COPIES * sum(spikes), 1)
        m.d.comb += self.spike.eq(Cat(neuron.spk.replicate(COPIES) for neuron in self.neurons))
        m.d.comb += [
            sync.clk.eq(self.clk),
            sync.rst.eq(self.reset),
            self.spike_out.eq(out.spk.replicate(2)),
            self.state1.eq(out.state),
        ]
        return m

    def _connect(self, m: Module, neuron: Neuron, syn: ValueLike, en: ValueLike) -> None:
        m.d.comb += [neuron.syn.eq(syn), neuron.thr.eq(Mux(self.was_reset, THRESHOLD, 0)), neuron.en.eq(en)]

    def _divide(self, m: Module) -> dict[str, ValueLike]:
        """Make the divided clocks. Returns, for each of them, 1 at an edge at which it rises in the original."""
        rises: dict[str, ValueLike] = {}
        en: ValueLike = ~self.reset
        for name in DIVIDERS:
            divided = Signal(name=name, reset_less=name != DIVIDERS[0])
            with m.If(en):
                m.d.sync += divided.eq(~divided)
            en = en & ~divided
            rises[name] = en
        return rises


RTL = OurChip(
    CHIP,
    "snn",
    SnnAccelerator,
    {},
    probes={
        "spike": "spike",
        "state2": "out_neuron.state",
        **{name: name for name in DIVIDERS},
        **{f"{group.letter}0_state": f"{group.letter}0.state" for group in GROUPS},
    },
    registers={"out_state": "out_neuron.state", "out_spike": "out_neuron.spk"},
)
