"""tinyODIN's integer network: its ranges, and how it is read from a configuration and written into one.

The arithmetic is that of ``emulator/crossbar/network.py``. A property test holds it to the event level, and to the
plain clock.

Source: tinyODIN doc v1.0, 3 and 4; lif_neuron.v, scheduler.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator import columns
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.crossbar.network import CrossbarNetwork, Limits, configured, refuse_registers
from draupnir.emulator.tinyodin.layout import CHIP, LIF, MAIN_DEPTH, NEURONS, SYN_BITS, SYN_WEIGHT, SYNAPSES, N

SYN_MASK = (1 << SYN_BITS) - 1
LIMITS = Limits(
    core_min=LIF["core"].low,
    core_max=LIF["core"].high,
    weight_min=SYN_WEIGHT.low,
    weight_max=SYN_WEIGHT.high,
    thr_max=LIF["thr"].high,
    leak_max=LIF["leak_str"].high,
    depth=MAIN_DEPTH,
)


def network(configuration: Configuration) -> CrossbarNetwork:
    """The network that a configuration of tinyODIN is: neurons 0 to SPI_MAX_NEUR, and the rows of all 256.

    Raises InputError for a closed gate, and for output events that come from the controller.
    """
    refuse_registers(configuration, "SPI_GATE_ACTIVITY", "SPI_AER_SRC_CTRL_nNEUR")
    (last,) = configuration.registers["SPI_MAX_NEUR"]
    words = configuration.memories[NEURONS.name][: last + 1]
    weights = columns.entries(SYN_WEIGHT, SYNAPSES, configuration.memories[SYNAPSES.name])
    return CrossbarNetwork(
        weights=weights[:, : last + 1],
        thr=columns.column(LIF["thr"], words),
        leak=columns.column(LIF["leak_str"], words),
        enabled=columns.column(LIF["neur_disable"], words) == 0,
        core=columns.column(LIF["core"], words),
        closed_loop=configuration.registers["SPI_OPEN_LOOP"] == (0,),
        limits=LIMITS,
    )


def configuration(network: CrossbarNetwork) -> Configuration:
    """The configuration that makes tinyODIN this network; neurons that no event visits are disabled, without synapses.

    network : with ``LIMITS`` for its ranges
    """
    synapses = np.zeros((N, N), np.int64)
    synapses[:, : network.n_neurons] = network.weights & SYN_MASK
    return configured(
        CHIP,
        {"SPI_OPEN_LOOP": (int(not network.closed_loop),), "SPI_MAX_NEUR": (network.n_neurons - 1,)},
        {"core": network.core, "thr": network.thr, "leak_str": network.leak, "neur_disable": ~network.enabled},
        synapses,
    )
