"""E-prop's arithmetic: the learning state of a neuron, and the step of eight weights; it is combinational.

Source: emulator/gungnir/README.md.
"""

from amaranth import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.gungnir.layout import (
    ERROR,
    FRACTIONS_WORD,
    LFSR_BITS,
    LIF,
    N_SYN,
    PSEUDO_BITS,
    PSEUDO_MAX,
    RANDOM_BITS,
    RANDOM_STEP,
    SIGNAL,
    SYN_BITS,
    TRACE,
    WEIGHT_MAX,
)
from draupnir.rtl.gungnir.buses import LEARNING_CONFIG
from draupnir.rtl.lib.views import layout_of
from draupnir.rtl.odin.buses import FORMATS

SIGNAL_MAX = SIGNAL.high
ERROR_LAYOUT = layout_of(ERROR)


class LearningState(wiring.Component):
    """The learning state of a LIF neuron after an event.

    neuron : the word before it; own_spike : 1 if the event is the neuron's own spike, as a pre-synaptic one
    tref : 1 for a time reference; spike : 1 if the neuron spikes
    error : the neuron's error, if the event is a time reference
    """

    config: In(LEARNING_CONFIG)
    neuron: In(layout_of(LIF))
    own_spike: In(1)
    tref: In(1)
    spike: In(1)
    trace: Out(TRACE.width)
    signal: Out(signed(SIGNAL.width))
    fired: Out(1)
    error: Out(ERROR_LAYOUT)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        n = self.neuron
        raised = Signal(TRACE.width + 1)
        m.d.comb += [
            raised.eq(n.trace + self.config.spi_trace_incr),
            self.trace.eq(n.trace),
            self.signal.eq(n.signal),
            self.fired.eq(n.fired | self.spike),
        ]
        with m.If(self.own_spike):
            m.d.comb += self.trace.eq(Mux(raised > TRACE.high, TRACE.high, raised))
        with m.If(self.tref):
            decay = (n.trace * self.config.spi_trace_decay + 0xFF)[8:]
            m.d.comb += [self.trace.eq(n.trace - decay), self.signal.eq(0), self.fired.eq(self.spike)]
            self._connect_error(m)
        return m

    def _connect_error(self, m: Module) -> None:
        n = self.neuron
        below = Signal(len(n.thr))
        steps, pseudo = Signal.like(below), Signal(range(PSEUDO_MAX + 1), name="pseudo")
        magnitude = Signal(SIGNAL.width)
        m.d.comb += [
            below.eq(Mux(n.thr > n.core, n.thr - n.core, 0)),
            steps.eq(below >> self.config.spi_pseudo_shift),
            pseudo.eq(Mux(steps > PSEUDO_MAX, 0, PSEUDO_MAX - steps)),
            magnitude.eq(Mux(n.signal < 0, -n.signal, n.signal)),
        ]
        with m.If(n.fired | n.readout):
            m.d.comb += pseudo.eq(PSEUDO_MAX)
        product = (magnitude * pseudo + PSEUDO_MAX // 2) >> PSEUDO_BITS
        with m.If(n.eprop_en):
            m.d.comb += [
                self.error.magnitude.eq(Mux(product > SIGNAL_MAX, SIGNAL_MAX, product)),
                self.error.minus.eq(n.signal < 0),
            ]


def taught(m: Module, n: data.View, amount: Value) -> Signal:
    """Return a neuron's learning signal with an amount added: -127..127, saturated."""
    total, clipped = Signal(signed(SIGNAL.width + 1)), Signal(signed(SIGNAL.width), name="clipped")
    m.d.comb += [total.eq(n.signal + amount), clipped.eq(total)]
    with m.If(total > SIGNAL_MAX):
        m.d.comb += clipped.eq(SIGNAL_MAX)
    with m.Elif(total < -SIGNAL_MAX):
        m.d.comb += clipped.eq(-SIGNAL_MAX)
    return clipped


class WordUpdate(wiring.Component):
    """Eight synapses and their fractions after e-prop.

    syn_word, fraction_word : the words before it
    post_errors : of the post-synaptic neurons; trace : of the pre-synaptic one; inhibitory : the sign of its row
    update_unmapped : 1 updates synapses whose mapping bit is 0, too; lfsr : random bits
    """

    shift: In(LEARNING_CONFIG["spi_learn_shift"].shape)
    syn_word: In(FORMATS.synapses)
    fraction_word: In(layout_of(FRACTIONS_WORD))
    post_errors: In(data.ArrayLayout(ERROR_LAYOUT, N_SYN))
    trace: In(TRACE.width)
    inhibitory: In(1)
    update_unmapped: In(1)
    lfsr: In(LFSR_BITS)
    synapses_next: Out(FORMATS.synapses)
    fractions_next: Out(layout_of(FRACTIONS_WORD))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += [self.synapses_next.eq(self.syn_word), self.fractions_next.eq(self.fraction_word)]
        below_point = Signal(RANDOM_BITS)
        m.d.comb += below_point.eq((Const(1, 1) << self.shift) - 1)
        for i in range(N_SYN):
            self._update(m, i, below_point)
        return m

    def _update(self, m: Module, i: int, below_point: Signal) -> None:
        error, weight_bits = (
            self.post_errors[i],
            Cat(self.fraction_word[f"fraction{i}"], self.syn_word[f"syn_weight{i}"]),
        )
        weight = Signal(len(weight_bits), name=f"weight_{i}")
        step = Signal(RANDOM_BITS + 1, name=f"step_{i}")
        weight_next = Signal(signed(RANDOM_BITS + 3), name=f"weight_next_{i}")
        random = self.lfsr[RANDOM_STEP * i :][:RANDOM_BITS] & below_point
        m.d.comb += [
            weight.eq(weight_bits),
            step.eq((self.trace * error.magnitude + random) >> self.shift),
            weight_next.eq(Mux(error.minus == self.inhibitory, weight + step, weight - step)),
        ]
        with m.If(self.syn_word[f"mapping{i}"] | self.update_unmapped):
            clipped = Mux(weight_next < 0, 0, Mux(weight_next > WEIGHT_MAX, WEIGHT_MAX, weight_next))[: len(weight)]
            m.d.comb += [
                self.fractions_next[f"fraction{i}"].eq(clipped[:SYN_BITS]),
                self.synapses_next[f"syn_weight{i}"].eq(clipped[SYN_BITS:]),
            ]
