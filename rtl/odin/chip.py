"""ODIN's top: clocks and resets, and the wiring of the blocks.

Source: ODIN.v; ODIN doc v0.1, figure 2.
"""

import numpy as np
from amaranth import ClockDomain, Module

from draupnir.emulator.odin.layout import CHIP, N_SYN, N
from draupnir.rtl.crossbar.chip import (
    FIFO_REGISTERS,
    MEMORIES,
    ORIGINAL_REGISTERS,
    REGISTERS,
    SIZES,
    CrossbarChip,
    maker,
)
from draupnir.rtl.design import OurChip
from draupnir.rtl.lib.bundles import forward
from draupnir.rtl.odin.aer_out import AerOut
from draupnir.rtl.odin.controller import Controller
from draupnir.rtl.odin.neuron_core import NeuronCore
from draupnir.rtl.odin.scheduler import Scheduler
from draupnir.rtl.odin.spi import SpiSlave
from draupnir.rtl.odin.synaptic_core import SynapticCore


class Odin(CrossbarChip):
    """See ``CrossbarChip``.

    n_neurons : the number of neurons, one of SIZES. With fewer than 256, both memories are smaller, and sweeps over all
        neurons or synapses are shorter. Addresses keep their formats, and the memories ignore the upper bits of a
        neuron's address, so neuron 64 + i of a 64-neuron chip is neuron i.
    izh : False removes the Izhikevich neuron; such neurons never change and never spike.
    bursts : False removes bursts; the chip then behaves as with SPI_BURST_TIMEREF = 0.
    sdsp : False removes learning; only the SPI changes weights, and neurons behave as with ca_en = 0.
    """

    def __init__(self, n_neurons: int = N, izh: bool = True, bursts: bool = True, sdsp: bool = True) -> None:
        super().__init__(
            CHIP,
            aer_out=AerOut(),
            spi=SpiSlave(),
            controller=Controller(n_neurons),
            scheduler=Scheduler(bursts),
            synaptic_core=SynapticCore(n_neurons, sdsp),
            neuron_core=NeuronCore(n_neurons, izh, sdsp),
        )
        self._bursts = bursts

    def _make_domains(self, m: Module) -> None:
        """Make the clock domains. All resets are asynchronous: they act immediately, and not at the next clock."""
        _, rst_sync = self._synchronise_rst(m)
        resets = {"sync": rst_sync, "aerout": rst_sync | self.controller.gate_activity_sync}
        if self._bursts:
            resets["burst"] = rst_sync | self.scheduler.open_loop_sync | ~self.spi.bursts_on
        for name, rst in resets.items():
            self._add_domain(m, ClockDomain(name, async_reset=True, local=True), self.CLK, rst)

    def _connect_own(self, m: Module) -> None:
        self._connect_synapses(m)
        for block in (self.synaptic_core, self.neuron_core):
            m.d.comb += block.config.eq(self.spi.config)
        forward(m, self.controller.synapses, self.aer_out.synapses)
        m.d.comb += [
            self.controller.sched_burst_end.eq(self.scheduler.burst_end),
            self.aer_out.monitor.eq(self.neuron_core.monitor),
            self.aer_out.syn_word.eq(self.synaptic_core.w_word),
        ]

    def _connect_synapses(self, m: Module) -> None:
        """Connect signs, mapping and SDSP, which tinyODIN's synapses do not have."""
        controller, synaptic_core, neuron_core = self.controller, self.synaptic_core, self.neuron_core
        m.d.comb += [
            synaptic_core.gate_activity_sync.eq(controller.gate_activity_sync),
            self.spi.pre.eq(controller.pre),
            neuron_core.syn_sign.eq(self.spi.syn_sign),
            synaptic_core.pre_en.eq(controller.pre_en),
            synaptic_core.bist_ref.eq(controller.bist_ref),
            synaptic_core.v_up.eq(neuron_core.v_up),
            synaptic_core.v_down.eq(neuron_core.v_down),
        ]


def kept_words(memory: str, n_neurons: int = N, **_: bool) -> np.ndarray:
    """Return the addresses, in the whole chip's memory, of the words of a chip with ``n_neurons``, in its order."""
    if memory == "neurons":
        return np.arange(n_neurons)
    groups = np.arange(N * N // N_SYN).reshape(N, N // N_SYN)
    return groups[:n_neurons, : n_neurons // N_SYN].ravel()


OWN_REGISTERS = {
    **{reg.name.lower(): f"spi.config.{reg.name.lower()}" for reg in CHIP.registers},
    "spi_syn_sign": "spi.spi_syn_sign[{i}]",
    "priority": "scheduler.turn",
    "priority_cnt": "scheduler.burst_clock.priority_cnt",
    "neuron_state_monitor_samp": "aer_out.low_packet",
    "synapse_state_samp": "aer_out.synapse_samp",
    "do_neuron0_transfer": "aer_out.high_sent",
    "do_neuron1_transfer": "aer_out.low_due",
    "do_synapse_transfer": "",  # nothing reads it
    "synapse_state_event_del": "aer_out.synapse_due",
}
RTL = OurChip(
    CHIP,
    "ODIN",
    maker(CHIP, Odin, n_neurons=SIZES),
    MEMORIES,
    kept_words,
    variants={  # one feature at a time, and all of them
        "whole": {},
        "128 neurons": {"n_neurons": 128},
        "64 neurons": {"n_neurons": 64},
        "no Izhikevich": {"izh": False},
        "no bursts": {"bursts": False},
        "no SDSP": {"sdsp": False},
        "LIF only": {"izh": False, "bursts": False},
        "smallest": {"n_neurons": 64, "izh": False, "bursts": False, "sdsp": False},
    },
    on_boards={"icebreaker": {"izh": False, "bursts": False, "sdsp": False}},
    registers={**REGISTERS, **OWN_REGISTERS},
    copied_registers=("priority",),  # the bank, the round and the read pointer of the turn are registers, too
    original_registers={
        **ORIGINAL_REGISTERS,
        **{f"burst_{name}": f"genblk1[{{i}}].fifo_burst.{name}" for name in FIFO_REGISTERS},
        "burst_mem": "genblk1[{row}].fifo_burst.mem[{column}]",
    },
)
