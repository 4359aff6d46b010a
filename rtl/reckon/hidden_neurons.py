"""The hidden neurons: their memory, the update of the two that share a word, and their spike and dirty bits.

Source: srnn.v, Neuron array and update computation; SRAMs.
"""

from amaranth import Array, Cat, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import (
    ALPHA_MSB,
    LFSRS,
    NEURONS,
    PAIR,
    SPI_BITS,
    SPI_NEUR_ADDR,
    SPI_NEUR_FLAGS,
    U_BITS,
    W_BITS,
    WEIGHTS,
    EvtState,
    M,
    N,
    State,
)
from draupnir.rtl.lib.bundles import forward
from draupnir.rtl.lib.views import bits_of, layout_of
from draupnir.rtl.reckon.buses import Config, EventSweep, MemoryControl, SramAccess, Timestep
from draupnir.rtl.reckon.flags import Flags, Write
from draupnir.rtl.reckon.lfsr import UnfoldedLfsr
from draupnir.rtl.reckon.memory import SpiMemory
from draupnir.rtl.reckon.pair import ALPHA_BITS, STATE, TRACES, HiddenNeuron

LFSR_NOISE = next(lfsr for lfsr in LFSRS if lfsr.name == "lfsr_noise_neur")
# A trace is updated if one of these bits of SPI_DO_EPROP is 1, or SPI_FORCE_TRACES.
EPROP_BIT = dict(zip(TRACES, (0, 1, 2), strict=True))


def _lanes() -> list[tuple[int, int]]:
    """Return first bit and width of each part of a word that a neuron's update or the SPI can write alone."""
    cuts = {f.lsb for f in PAIR} | {f.msb + 1 for f in PAIR} | set(range(0, PAIR.width, SPI_BITS))
    starts = sorted(cuts - {PAIR.width})
    return [(a, b - a) for a, b in zip(starts, [*starts[1:], PAIR.width], strict=True)]


LANES = _lanes()


class HiddenNeurons(wiring.Component):
    """Read a pair of neurons in one clock, and write it back, updated, in the next.

    events, timestep : the controllers, which sweep over the pairs
    winp, wrec : the weight words last read, of the neuron that spikes
    eprop : the access of the e-prop sweep, which only reads; it has the memory in state EPROP
    state : the state of the pair last read, all 0 for a neuron that is not dirty. (The dirty bits are those of the pair
        that ``events`` or ``timestep`` address, also in state EPROP.)
    rec_event : 1 if neuron ``events.neur256_cnt`` spiked in the last timestep
    retires : 1 in the last clock of the sweep for this spike
    r_word, r_chunk : the word last read, and 32 bits of it for the SPI

    The synchronous reset of clock domain ``swept``, which is active when the chip becomes idle, clears spikes and dirty
    bits.
    """

    config: In(Config())
    spi: In(SramAccess())
    timestep: In(Timestep())
    events: In(EventSweep())
    retires: In(1)
    winp: In(layout_of(WEIGHTS))
    wrec: In(layout_of(WEIGHTS))
    eprop: In(MemoryControl(NEURONS.depth))
    state: Out(data.ArrayLayout(STATE, 2))
    rec_event: Out(1)
    r_word: Out(layout_of(PAIR))
    r_chunk: Out(SPI_BITS)

    def __init__(self, n_neurons: int = N) -> None:
        super().__init__()
        self._n_neurons = n_neurons
        self.neurons = SpiMemory(n_neurons // 2, [width for _, width in LANES])
        self._addr_ctrl = Signal(M - 1)  # the pair that the controllers sweep over
        self._we_ctrl = Signal()
        self._dirty = Signal(2)
        self._raises = Signal(data.StructLayout(dict.fromkeys(TRACES, 2)))
        self._next = Signal(data.ArrayLayout(STATE, 2))
        self._spikes = Signal(2)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.neurons = self.neurons
        self._access(m)
        self._keep_flags(m)
        self._trace_events(m)
        self._update(m)
        self._write(m)
        return m

    def _access(self, m: Module) -> None:
        """Connect the memory: to e-prop in state EPROP, to the sweeps in all others, and to the SPI in any state."""
        spi, events, step = self.spi, self.events, self.timestep
        in_evt, in_supp = events.state == EvtState.EVT, events.state == EvtState.SUPP
        m.d.comb += self._we_ctrl.eq(events.neur128x2_cnt[0] | events.supp_cycle | step.neur_step_cnt[0])
        with m.If(in_evt):
            m.d.comb += self._addr_ctrl.eq(events.neur128x2_cnt[1:])
        with m.Elif(in_supp):
            m.d.comb += self._addr_ctrl.eq(events.neur256_cnt[1:])
        with m.Else():
            m.d.comb += self._addr_ctrl.eq(step.neur_step_cnt[1:])
        core = self.neurons.core
        with m.If(step.state == State.EPROP):
            m.d.comb += [core.cs.eq(self.eprop.cs), core.addr.eq(self.eprop.addr)]
        with m.Else():
            m.d.comb += [core.cs.eq(in_evt | in_supp | (step.state == State.STEP)), core.addr.eq(self._addr_ctrl)]
        m.d.comb += [
            core.we.eq(self._we_ctrl),
            self.neurons.prog.eq(spi.prog.neur),
            self.neurons.read.eq(spi.read.neur),
            self.neurons.word.eq(bits_of(spi.addr, SPI_NEUR_ADDR["word"])),
            self.neurons.chunk.eq(bits_of(spi.addr, SPI_NEUR_ADDR["chunk"])),
            self.neurons.payload.eq(spi.payload),
            self.r_word.eq(self.neurons.r_word),
            self.r_chunk.eq(self.neurons.r_chunk),
        ]

    def _keep_flags(self, m: Module) -> None:
        spi, events, step, control = self.spi, self.events, self.timestep, self.neurons.control
        neur_z, neur_dirty = Flags(self._n_neurons, "neur_z"), Flags(self._n_neurons, "neur_dirty")
        by_spi = spi.prog.neur & bits_of(spi.addr, SPI_NEUR_ADDR["flags"])
        m.d.comb += [
            self.rec_event.eq(neur_z.read(events.neur256_cnt)),
            self._dirty.eq(neur_dirty.read(self._addr_ctrl, 2)),
        ]
        neur_z.write(
            m,
            "swept",
            Write(self.retires, events.neur256_cnt, 0),
            Write(step.state == State.STEP, step.neur_step_cnt[1:], self._spikes, 2),
            Write(by_spi, spi.addr, bits_of(spi.payload, SPI_NEUR_FLAGS["neur_z"])),
        )
        neur_dirty.write(
            m,
            "swept",
            Write(control.cs & control.we, control.addr, 0b11, 2),
            Write(by_spi, spi.addr, bits_of(spi.payload, SPI_NEUR_FLAGS["neur_dirty"])),
        )

    def _trace_events(self, m: Module) -> None:
        """Raise the traces of the neuron that spikes, when the sweep visits its pair; a bit for each of the two."""
        config, events = self.config, self.events
        in_evt, in_supp = events.state == EvtState.EVT, events.state == EvtState.SUPP
        own = Signal(2)
        with m.If(self._addr_ctrl == events.neur256_cnt[1:]):
            m.d.comb += own.eq(Cat(~events.neur256_cnt[0], events.neur256_cnt[0]))
        spikes = {
            "trace_inp": (in_evt | in_supp) & events.inp_event,
            "trace_rec": in_evt & events.rec_event,
            "trace_out": in_evt & events.rec_event,
        }
        for name, spike in spikes.items():
            keeps = config.spi_do_eprop[EPROP_BIT[name]] | config.spi_force_traces
            m.d.comb += self._raises[name].eq(own & (spike & keeps).replicate(2))

    def _update(self, m: Module) -> None:
        config, events, step, word = self.config, self.events, self.timestep, self.r_word
        alpha = Signal(ALPHA_BITS)
        alpha_msb = Mux(config.spi_alpha_conf.bit_select(self._addr_ctrl, 1), ALPHA_MSB[1], ALPHA_MSB[0])
        m.d.comb += alpha.eq(Cat(word.alpha, alpha_msb))
        noise = self._make_noise(m)
        for n in range(2):
            m.submodules[f"neuron_{n}"] = neuron = HiddenNeuron(n)
            forward(m, self.config, neuron.config)
            state = self.state[n]
            for name in ("neur_u", *TRACES):
                m.d.comb += state[name].eq(Mux(self._dirty[n], word[f"{name}{n}"], 0))
            m.d.comb += [
                neuron.prog.eq(self.spi.prog),
                neuron.state.eq(state),
                neuron.steps.eq(step.state == State.STEP),
                neuron.step_writes.eq((step.state == State.STEP) & step.neur_step_cnt[0]),
                neuron.integrates.eq(events.state == EvtState.EVT),
                neuron.w_inp.eq(self._weight(m, self.winp, n, events.inp_event, config.spi_fp_loc_winp)),
                neuron.w_rec.eq(self._weight(m, self.wrec, n, events.rec_event, config.spi_fp_loc_wrec)),
                neuron.noise.eq(noise[n]),
                neuron.alpha.eq(alpha),
                neuron.thr.eq(word.thr),
                *(neuron.event[name].eq(self._raises[name][n]) for name in TRACES),
                self._next[n].eq(neuron.state_next),
                self._spikes[n].eq(neuron.spike),
            ]

    def _weight(self, m: Module, weights: data.View, n: int, spikes: Value, shift: Value) -> Signal:
        """Return the weight for neuron n of the pair that the sweep visits, in the clock that writes."""
        cnt = self.events.neur128x2_cnt
        pairs = data.ArrayLayout(data.ArrayLayout(W_BITS, 2), WEIGHTS.width // (2 * W_BITS))(weights.as_value())
        weight, shifted = Signal(W_BITS), Signal(U_BITS, name="shifted")
        m.d.comb += weight.eq(Array(pair[n] for pair in pairs)[cnt[1:4]])
        with m.If(cnt[0] & spikes):
            m.d.comb += shifted.eq(weight.as_signed() << shift)
        return shifted

    def _make_noise(self, m: Module) -> list[Value]:
        config = self.config
        m.submodules.lfsr_noise_neur = lfsr = UnfoldedLfsr(LFSR_NOISE)
        m.d.comb += [
            lfsr.en.eq(config.spi_noise_en & (self.timestep.state == State.PROP) & self.events.neur128x2_cnt[0]),
            lfsr.prog.eq(self.spi.prog.seed_noise_neur),
            lfsr.seed.eq(config.spi_seed_noise_neur),
        ]
        noise = []
        for n in range(2):
            part = Signal(U_BITS)
            with m.If(config.spi_noise_en):
                m.d.comb += part.eq(lfsr.rnd.word_select(n, U_BITS).as_signed() >> config.spi_noise_str)
            noise.append(part)
        return noise

    def _write(self, m: Module) -> None:
        """Write the pair. An event writes all potentials, but only its own traces; the first write writes everything.

        First means the first one after the chip was idle.
        """
        updated = Signal(layout_of(PAIR))
        writes = Signal(len(LANES))
        field_en = {}
        for n in range(2):
            field_en[f"neur_u{n}"] = self._we_ctrl & ~self.events.supp_cycle
            every = ~self._dirty[n] | self.timestep.neur_step_cnt[0]
            for name in TRACES:
                field_en[f"{name}{n}"] = self._we_ctrl & (self._raises[name][n] | every)
            m.d.comb += [updated[f"{name}{n}"].eq(self._next[n][name]) for name in ("neur_u", *TRACES)]
        for i, (start, _) in enumerate(LANES):
            field = next((f.name for f in PAIR if f.lsb <= start <= f.msb), "")
            m.d.comb += writes[i].eq(field_en.get(field, 0))
        m.d.comb += [self.neurons.w_lanes.eq(writes), self.neurons.w_word.eq(updated)]
