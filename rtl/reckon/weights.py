"""The three weight memories, and the updates by e-prop that they ask for.

Source: srnn.v, Input/Recurrent weight update, Output weight update, SRAMs.
"""

from amaranth import Cat, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import (
    LFSRS,
    N_OUT,
    N_WEIGHTS,
    OUT_WEIGHTS,
    SPI_BITS,
    SPI_WORD_ADDR,
    TOUT_BITS,
    TRACE_BITS,
    W_BITS,
    WEIGHTS,
    WEIGHTS_ADDR,
    WOUT,
    WOUT_PROB_BITS,
    M,
    N,
)
from draupnir.rtl.lib.views import bits_of, layout_of
from draupnir.rtl.reckon.buses import Config, SramAccess
from draupnir.rtl.reckon.learning import ERRORS
from draupnir.rtl.reckon.lfsr import UnfoldedLfsr
from draupnir.rtl.reckon.memory import SpiMemory
from draupnir.rtl.reckon.probability import EXCESSES, SHARED_GAINS, UpdateProbability
from draupnir.rtl.reckon.stoch_update import widened
from draupnir.rtl.reckon.word_update import UpdateRequest

LFSR = {lfsr.name: lfsr for lfsr in LFSRS}
GROUP_BITS = (N_WEIGHTS - 1).bit_length()


class WeightAccess(wiring.Signature):
    """Access to the weights of one pre-synaptic neuron.

    cs, we : see SramControl
    pre : the neuron; group : the number of the group of 16 post-synaptic neurons (not for output weights)
    """

    def __init__(self) -> None:
        super().__init__({"cs": Out(1), "we": Out(1), "pre": Out(M), "group": Out(M - GROUP_BITS)})


class HiddenWeights(wiring.Component):
    """Weights to the hidden neurons.

    source : "inp" for the weights from inputs, "rec" for the recurrent weights; the recurrent weight from a neuron to
        itself becomes 0 at its first update
    n_neurons, n_pre : the numbers of post-synaptic and pre-synaptic neurons; upper bits of a neuron's address are
        ignored
    copy : see ``Sram``

    in_eprop : 1 in state EPROP, in which ``eprop`` has the memory; in all others ``sweep`` has it
    trace, gain, excess : see UpdateProbability
    update : the update of the word last read; w_lanes, w_next : the answer of a WordUpdate
    r_word, r_chunk : the word last read, and 32 bits of it for the SPI
    """

    config: In(Config())
    spi: In(SramAccess())
    in_eprop: In(1)
    eprop: In(WeightAccess())
    sweep: In(WeightAccess())
    trace: In(TRACE_BITS)
    gain: In(SHARED_GAINS)
    excess: In(EXCESSES)
    update: Out(UpdateRequest())
    w_lanes: In(N_WEIGHTS)
    w_next: In(W_BITS * N_WEIGHTS)
    r_word: Out(layout_of(WEIGHTS))
    r_chunk: Out(SPI_BITS)

    def __init__(self, source: str, n_neurons: int = N, n_pre: int = N, copy: int = 0) -> None:
        super().__init__()
        self._source = source
        self._group_bits = (n_neurons // N_WEIGHTS - 1).bit_length()
        self._pre_bits = (n_pre - 1).bit_length()
        self.memory = SpiMemory(n_pre * n_neurons // N_WEIGHTS, [W_BITS] * N_WEIGHTS, copy)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = self.memory
        name = f"w{self._source}"
        spi_word = bits_of(self.spi.addr, SPI_WORD_ADDR["word"])
        with m.If(self.in_eprop):
            m.d.comb += memory.core.cs.eq(self.eprop.cs)
            m.d.comb += memory.core.addr.eq(self._place(self.eprop.pre, self.eprop.group))
        with m.Else():
            m.d.comb += memory.core.cs.eq(self.sweep.cs)
            m.d.comb += memory.core.addr.eq(self._place(self.sweep.pre, self.sweep.group))
        m.d.comb += [
            memory.core.we.eq(self.eprop.we),
            memory.prog.eq(self.spi.prog[name]),
            memory.read.eq(self.spi.read[name]),
            memory.word.eq(
                self._place(bits_of(spi_word, WEIGHTS_ADDR["pre"]), bits_of(spi_word, WEIGHTS_ADDR["post_group"]))
            ),
            memory.chunk.eq(bits_of(self.spi.addr, SPI_WORD_ADDR["chunk"])),
            memory.payload.eq(self.spi.payload),
            self.r_word.eq(memory.r_word),
            self.r_chunk.eq(memory.r_chunk),
        ]
        self._update(m)
        return m

    def _place(self, pre: Value, group: Value) -> Value:
        """Return the address in the memory, which may be smaller than addresses allow."""
        return Cat(group[: self._group_bits], pre[: self._pre_bits])

    def _register(self, name: str) -> Signal:
        return getattr(self.config, f"spi_{name}")

    def _update(self, m: Module) -> None:
        source, memory, config, update = self._source, self.memory, self.config, self.update
        m.submodules.lfsr = lfsr = UnfoldedLfsr(LFSR[f"lfsr_w{source}"], gated=True)
        m.submodules.probability = probability = UpdateProbability()
        m.d.comb += [
            lfsr.cs.eq(self.eprop.cs),
            lfsr.en.eq(self.eprop.we),
            lfsr.prog.eq(self.spi.prog[f"seed_{source}"]),
            lfsr.seed.eq(self._register(f"seed_{source}")),
            probability.cs.eq(self.eprop.cs),
            probability.we.eq(self.eprop.we),
            probability.trace.eq(self.trace),
            probability.gain.eq(self.gain),
            probability.penalises.eq(config.spi_regul_mode[1] & config.spi_regul_w[("inp", "rec").index(source)]),
            probability.excess.eq(self.excess),
            probability.k_p.eq(self._register(f"regul_k_{source}_p")),
            probability.k_r.eq(self._register(f"regul_k_{source}_r")),
            update.cs.eq(self.eprop.cs),
            update.we.eq(self.eprop.we),
            update.prob.eq(probability.prob),
            update.saturates.eq(probability.saturates),
            update.lr_p.eq(self._register(f"lr_p_w{source}")),
            update.lr_r.eq(self._register(f"lr_r_w{source}")),
            update.rnd.eq(lfsr.rnd),
            update.w.eq(memory.r_word),
            memory.w_lanes.eq(self.w_lanes),
            memory.w_word.eq(self.w_next),
        ]
        if source == "rec":
            with m.If(self.eprop.pre[GROUP_BITS:] == self.eprop.group):
                m.d.comb += memory.w_word.word_select(self.eprop.pre[:GROUP_BITS], W_BITS).eq(0)


class OutWeights(wiring.Component):
    """Weights to the output neurons. The core uses the lower half of the memory, and the SPI reaches all of it.

    n_neurons, n_outputs : the numbers of pre-synaptic and of output neurons; ``n_outputs`` is a multiple of 4

    trace : the output trace of the neuron whose weights are updated, shifted
    oneur_err : the output neurons' errors

    The updates of missing neurons' weights do not count. All other ports are as in HiddenWeights.
    """

    config: In(Config())
    spi: In(SramAccess())
    in_eprop: In(1)
    eprop: In(WeightAccess())
    sweep: In(WeightAccess())
    trace: In(TOUT_BITS)
    oneur_err: In(ERRORS)
    update: Out(UpdateRequest())
    w_lanes: In(N_WEIGHTS)
    w_next: In(W_BITS * N_WEIGHTS)
    r_word: Out(layout_of(OUT_WEIGHTS))
    r_chunk: Out(SPI_BITS)

    def __init__(self, n_neurons: int = N, n_outputs: int = N_OUT) -> None:
        super().__init__()
        self._neur_bits = (n_neurons - 1).bit_length()
        self._n_outputs = n_outputs
        self.memory = SpiMemory(n_neurons * WOUT.depth // N, [W_BITS] * n_outputs)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = self.memory
        pre = Mux(self.in_eprop, self.eprop.pre, self.sweep.pre)
        m.d.comb += [
            memory.core.cs.eq(Mux(self.in_eprop, self.eprop.cs, self.sweep.cs)),
            memory.core.we.eq(self.eprop.we),
            memory.core.addr.eq(pre[: self._neur_bits]),
            memory.prog.eq(self.spi.prog.wout),
            memory.read.eq(self.spi.read.wout),
            memory.word.eq(bits_of(self.spi.addr, SPI_WORD_ADDR["word"])),
            memory.chunk.eq(bits_of(self.spi.addr, SPI_WORD_ADDR["chunk"])),
            memory.payload.eq(self.spi.payload),
            self.r_word.eq(memory.r_word),
            self.r_chunk.eq(memory.r_chunk),
        ]
        self._update(m)
        return m

    def _update(self, m: Module) -> None:
        config, memory, update = self.config, self.memory, self.update
        m.submodules.lfsr = lfsr = UnfoldedLfsr(LFSR["lfsr_wout"], gated=True)
        m.d.comb += [
            lfsr.cs.eq(self.eprop.cs),
            lfsr.en.eq(self.eprop.we),
            lfsr.prog.eq(self.spi.prog.seed_out),
            lfsr.seed.eq(config.spi_seed_out),
        ]
        m.d.comb += [
            update.cs.eq(self.eprop.cs),
            update.we.eq(self.eprop.we),
            update.lr_p.eq(config.spi_lr_p_wout),
            update.lr_r.eq(config.spi_lr_r_wout),
            update.w.eq(memory.r_word),
            memory.w_lanes.eq(self.w_lanes),
            memory.w_word.eq(self.w_next),
        ]
        # These are two nested Ifs, so that a simulator skips all of it in most clocks.
        with m.If(self.eprop.cs), m.If(self.eprop.we):
            for k in range(self._n_outputs):
                prob = Signal(WOUT_PROB_BITS)
                m.d.comb += [
                    prob.eq(self.oneur_err[k] * self.trace),
                    update.prob[k].eq(widened(prob)),
                    update.rnd[k].eq(widened(lfsr.rnd.word_select(k, WOUT_PROB_BITS))),
                ]
