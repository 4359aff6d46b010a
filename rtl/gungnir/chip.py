"""Gungnir's top: ODIN's, with the blocks of e-prop in the places of ODIN's.

Source: emulator/gungnir/README.md.
"""

from amaranth import ClockDomain, Module

from draupnir.emulator.gungnir.layout import CHIP, LEARNING_REGISTERS
from draupnir.rtl.crossbar.chip import MEMORIES, REGISTERS, CrossbarChip
from draupnir.rtl.design import OurChip
from draupnir.rtl.gungnir.controller import Controller
from draupnir.rtl.gungnir.neuron_core import NeuronCore
from draupnir.rtl.gungnir.spi import SpiSlave
from draupnir.rtl.gungnir.synaptic_core import SynapticCore
from draupnir.rtl.lib.bundles import forward
from draupnir.rtl.odin.aer_out import AerOut
from draupnir.rtl.odin.chip import OWN_REGISTERS, Odin
from draupnir.rtl.odin.scheduler import Scheduler


class Gungnir(Odin):
    """ODIN with 256 neurons, and e-prop. izh, bursts, sdsp : False removes the feature, as in ODIN."""

    def __init__(self, izh: bool = True, bursts: bool = True, sdsp: bool = True) -> None:
        CrossbarChip.__init__(
            self,
            CHIP,
            aer_out=AerOut(),
            spi=SpiSlave(),
            controller=Controller(),
            scheduler=Scheduler(bursts),
            synaptic_core=SynapticCore(sdsp),
            neuron_core=NeuronCore(izh, sdsp),
        )
        self._bursts = bursts

    def _make_spi_domains(self, m: Module) -> None:
        super()._make_spi_domains(m)
        self._add_domain(m, ClockDomain("sck_reset", async_reset=True, local=True), self.SCK, self.RST)

    def _connect_own(self, m: Module) -> None:
        super()._connect_own(m)
        controller, synaptic_core, neuron_core = self.controller, self.synaptic_core, self.neuron_core
        for block in (synaptic_core, neuron_core):
            m.d.comb += [block.learning.eq(self.spi.learning), block.aerin_addr.eq(self.AERIN_ADDR)]
        forward(m, controller.fractions, synaptic_core.fractions)
        m.d.comb += [
            self.spi.fractions.eq(synaptic_core.fractions_word),
            controller.eprop_en.eq(self.spi.learning.spi_eprop_en),
            controller.no_trace.eq(neuron_core.trace == 0),
            neuron_core.own_spike.eq(controller.own_spike),
            neuron_core.teaches.eq(controller.teaches),
            neuron_core.is_feedback.eq(controller.is_feedback),
            synaptic_core.learns.eq(controller.learns),
            synaptic_core.seeds.eq(controller.seeds),
            synaptic_core.trace.eq(neuron_core.trace),
            synaptic_core.inhibitory.eq(self.spi.syn_sign),
            synaptic_core.keeps_error.eq(neuron_core.keeps_error),
            synaptic_core.neuron.eq(controller.neurons.addr),
            synaptic_core.error.eq(neuron_core.error),
        ]
        with m.If(controller.teaches):  # the output bus shows nothing of it
            m.d.comb += self.aer_out.neurons.cs.eq(0)


RTL = OurChip(
    CHIP,
    "Gungnir",
    Gungnir,
    {**MEMORIES, "fractions": "synaptic_core.fractions.words"},
    variants={
        "whole": {},
        "no Izhikevich": {"izh": False},
        "no bursts": {"bursts": False},
        "no SDSP": {"sdsp": False},
        "LIF only": {"izh": False, "bursts": False},
        "e-prop only": {"izh": False, "bursts": False, "sdsp": False},
    },
    registers={
        **REGISTERS,
        **OWN_REGISTERS,
        **{reg.name.lower(): f"spi.learning.{reg.name.lower()}" for reg in LEARNING_REGISTERS},
        "learn_cnt": "controller._learn_cnt",
        "lfsr": "synaptic_core.lfsr",
        "fractions_rdata": "synaptic_core.fractions_word",
    },
)
