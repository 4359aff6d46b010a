"""The arithmetic of a neuron: its running sum, its leak, and its thresholds.

Source: NeuronBlock.v, IntegratorUnit.v, Adder.v, Mux2to1.v, EnReg.v, ThresholdResetUnit.v, Comp.v.
"""

from amaranth import Array, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.ranc.sizes import Sizes
from draupnir.emulator.ranc.words import neuron_word
from draupnir.rtl.lib.views import layout_of

SET, SUBTRACT = 0, 1  # the reset modes that do not set a potential to 0


class NeuronBlock(wiring.Component):
    """The neuron at which the core is. All sums wrap at the width of a potential.

    neuron : its word
    instruction : the number of the weight
    en : 1 adds a weight at the next fall
    first : 1 adds it to the potential in the word, and not to the sum
    no_weight : 1 adds 0
    potential : the potential to be written, with leak and reset
    spike : 1 if the potential with its leak has reached the positive threshold
    """

    def __init__(self, s: Sizes) -> None:
        self._sizes = s
        super().__init__(
            {
                "neuron": In(layout_of(neuron_word(s))),
                "instruction": In(s.instruction_width),
                "en": In(1),
                "first": In(1),
                "no_weight": In(1),
                "potential": Out(s.potential_width),
                "spike": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        s, neuron = self._sizes, self.neuron
        total = Signal(signed(s.potential_width), reset_less=True)
        weight = Signal(signed(s.weight_width))
        m.d.comb += weight.eq(Mux(self.no_weight, 0, self._weights()[self.instruction]))
        with m.If(self.en):
            m.d.fall += total.eq(Mux(self.first, neuron.current_potential, total) + weight)
        leaked = Signal(signed(s.potential_width))
        m.d.comb += [
            leaked.eq(total + neuron.leak),
            self.spike.eq(leaked >= neuron.positive_threshold),
            self.potential.eq(leaked),
        ]
        with m.If(self.spike):
            self._reset(m, leaked, neuron.reset_potential, neuron.positive_threshold)
        with m.Elif(leaked < neuron.negative_threshold):
            self._reset(m, leaked, -neuron.reset_potential, neuron.negative_threshold)
        return m

    def _weights(self) -> Array:
        return Array(getattr(self.neuron, f"weight_{i}") for i in range(self._sizes.n_weights))

    def _reset(self, m: Module, leaked: Signal, reset_potential: Signal, threshold: Signal) -> None:
        """Reset the potential, as the neuron's mode says."""
        with m.Switch(self.neuron.reset_mode):
            with m.Case(SET):
                m.d.comb += self.potential.eq(reset_potential)
            with m.Case(SUBTRACT):
                m.d.comb += self.potential.eq(leaked - threshold)
            with m.Default():
                m.d.comb += self.potential.eq(0)
