"""How tinyODIN's SPI is written: as ODIN's. A write to a memory does nothing else.

Source: tinyODIN doc v1.0, 2.1; spi_slave.v.
"""

from __future__ import annotations

from emulator.tinyodin import layout
from tools.spi.bytewise import Bytewise, Reach

PORT = Bytewise(
    chip=layout.CHIP,
    addr=layout.SPI_ADDR,
    data=layout.SPI_DATA,
    config=layout.SpiCmd.CONFIG,
    reach={
        layout.NEURONS.name: Reach(layout.SpiCmd.NEURONS, layout.SPI_NEURON_ADDR),
        layout.SYNAPSES.name: Reach(layout.SpiCmd.SYNAPSES, layout.SPI_SYNAPSE_ADDR),
    },
    gate="SPI_GATE_ACTIVITY",
    quiet={"SPI_GATE_ACTIVITY": 1, "SPI_OPEN_LOOP": 1},
)
