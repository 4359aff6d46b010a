"""ODIN's mapper: weights of 3 bits whose sign is that of their row, and events that visit all 256 neurons."""

from draupnir.emulator.odin.network import LIMITS, configuration, network
from draupnir.tools.mapping.crossbar.mapper import CrossbarMapper
from draupnir.tools.mapping.energy import ODIN

MAPPER = CrossbarMapper(
    "odin", LIMITS, one_sign=True, visits_all=True, configuration=configuration, network=network, energy=ODIN
)
