"""tinyODIN's mapper: signed weights of 4 bits, and events that visit only the neurons in use."""

from draupnir.emulator.tinyodin.network import LIMITS, configuration, network
from draupnir.tools.mapping.crossbar.mapper import CrossbarMapper
from draupnir.tools.mapping.energy import ODIN

MAPPER = CrossbarMapper(
    "tinyodin", LIMITS, one_sign=False, visits_all=False, configuration=configuration, network=network, energy=ODIN
)
