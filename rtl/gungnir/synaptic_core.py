"""The synapses: ODIN's, with the memory of the fractions and the update by e-prop.

Source: emulator/gungnir/README.md.
"""

from typing import Any

from amaranth import C, Cat, Module, Signal, Value
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.crossbar.layout import GROUP_BITS, SPI_SYNAPSE_ADDR
from draupnir.emulator.gungnir.layout import (
    CHIP,
    FRACTIONS,
    LEAP,
    LFSR_BITS,
    LFSR_RESET,
    N_SYN,
    SEED_REST,
    SEED_REST_BITS,
    SYN_ADDR,
    TRACE,
    M,
    N,
)
from draupnir.rtl.crossbar.buses import SynapsesControl
from draupnir.rtl.gungnir.buses import EVENTS, LEARNING_CONFIG
from draupnir.rtl.gungnir.eprop import ERROR_LAYOUT, WordUpdate
from draupnir.rtl.lib.sram import Sram, merge_byte
from draupnir.rtl.lib.views import bits_of
from draupnir.rtl.odin import synaptic_core as odin

GROUP = SYN_ADDR["post_group"]
SEED_BITS = EVENTS["seed"]["bits"]


class ErrorMemory(wiring.Component):
    """The error of each neuron at its last time reference. One is written at a time, and eight are read; no reset.

    en : 1 writes ``error`` as that of neuron ``addr``
    group : the group of eight neurons whose errors are at ``group_errors`` in the same clock
    """

    en: In(1)
    addr: In(M)
    error: In(ERROR_LAYOUT)
    group: In(GROUP.width)
    group_errors: Out(data.ArrayLayout(ERROR_LAYOUT, N_SYN))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = ERROR_LAYOUT.size
        m.submodules.words = words = memory.Memory(shape=N_SYN * width, depth=N // N_SYN, init=[])
        write = words.write_port(granularity=width)
        read = words.read_port(domain="comb")
        m.d.comb += [
            write.addr.eq(self.addr[GROUP_BITS:]),
            write.en.eq(self.en << self.addr[:GROUP_BITS]),
            write.data.eq(Cat(self.error.as_value() for _ in range(N_SYN))),
            read.addr.eq(self.group),
            self.group_errors.eq(read.data),
        ]
        return m


class SynapticCore(odin.SynapticCore):
    """See ODIN's.

    learning : the registers of e-prop; fractions : the accesses to the fractions; fractions_word : those last read
    learns : 1 if a learn event has the memories; trace : of the pre-synaptic neuron; inhibitory : the sign of its row
    keeps_error, neuron, error : a new error of a neuron
    seeds : 1 in a clock that starts the random numbers, from ``aerin_addr``
    """

    def __init__(self, sdsp: bool = True) -> None:
        more = {
            "learning": In(LEARNING_CONFIG),
            "fractions": In(SynapsesControl()),
            "fractions_word": Out(FRACTIONS.width),
            "trace": In(TRACE.width),
            "neuron": In(M),
            "error": In(ERROR_LAYOUT),
            "aerin_addr": In(CHIP.pin("AERIN_ADDR").width),
            **{name: In(1) for name in ("learns", "inhibitory", "keeps_error", "seeds")},
        }
        super().__init__(sdsp=sdsp, more=more)
        self._word_update = WordUpdate()

    def elaborate(self, platform: Any) -> Module:
        m = super().elaborate(platform)
        m.submodules.errors = errors = ErrorMemory()
        m.d.comb += [
            errors.en.eq(self.keeps_error),
            errors.addr.eq(self.neuron),
            errors.error.eq(self.error),
            errors.group.eq(self.control.addr.post_group),
            self._word_update.post_errors.eq(errors.group_errors),
        ]
        self._keep_fractions(m)
        self._draw(m)
        return m

    def _keep_fractions(self, m: Module) -> None:
        m.submodules.fractions = fractions = Sram(FRACTIONS.depth, FRACTIONS.width, copy=1)
        m.d.comb += [
            fractions.control.cs.eq(self.fractions.cs),
            fractions.control.we.eq(self.fractions.we),
            fractions.control.addr.eq(self.fractions.addr),
            self.fractions_word.eq(fractions.r_word),
        ]
        with m.If(self.gate_activity_sync):
            byte_idx, prog_data = bits_of(self.spi.addr, SPI_SYNAPSE_ADDR["byte"]), self.spi.prog_data
            merge_byte(m, fractions.w_word, fractions.r_word, byte_idx, prog_data.byte, prog_data.mask)
        with m.Else():
            m.d.comb += fractions.w_word.eq(self._word_update.fractions_next)

    def _draw(self, m: Module) -> None:
        """Advance the random numbers with each word that a learn event writes."""
        lfsr = Signal(LFSR_BITS, init=LFSR_RESET)
        new_bits = ((lfsr >> 3) ^ lfsr)[:LEAP]
        with m.If(self.seeds):
            seed = bits_of(self.aerin_addr, SEED_BITS)
            m.d.sync += lfsr.eq(Cat(C(SEED_REST, SEED_REST_BITS), seed))
        with m.Elif(self.learns & self.control.we):
            m.d.sync += lfsr.eq(Cat(new_bits, lfsr[: LFSR_BITS - LEAP]))
        m.d.comb += self._word_update.lfsr.eq(lfsr)

    def _write(self, m: Module, w_word: Value) -> None:
        super()._write(m, w_word)
        m.submodules.word_update = update = self._word_update
        m.d.comb += [
            update.shift.eq(self.learning.spi_learn_shift),
            update.syn_word.eq(self.r_word),
            update.fraction_word.eq(self.fractions_word),
            update.trace.eq(self.trace),
            update.inhibitory.eq(self.inhibitory),
            update.update_unmapped.eq(self.config.spi_update_unmapped_syn),
        ]
        with m.If(self.learns & ~self.gate_activity_sync):
            m.d.comb += self.w_word.eq(update.synapses_next)
