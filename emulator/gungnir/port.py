"""Gungnir's SPI as it is written: ODIN's, with the fractions, which it reaches while SPI_EPROP_EN is 1."""

from __future__ import annotations

from dataclasses import replace

from draupnir.emulator.gungnir import layout
from draupnir.emulator.odin.port import PORT as ODIN_PORT
from draupnir.emulator.spi.bytewise import Reach

PORT = replace(
    ODIN_PORT,
    chip=layout.CHIP,
    reach={**ODIN_PORT.reach, layout.FRACTIONS.name: Reach(layout.SPI_FRACTIONS, layout.SPI_SYNAPSE_ADDR)},
    quiet={**ODIN_PORT.quiet, "SPI_EPROP_EN": 1},
)
