"""tinyODIN's SPI as it is written: like ODIN's. A write to a memory does nothing else.

Source: tinyODIN doc v1.0, 2.1; spi_slave.v.
"""

from __future__ import annotations

from draupnir.emulator.spi.bytewise import Bytewise
from draupnir.emulator.tinyodin import layout

PORT = Bytewise.from_layout(layout)
