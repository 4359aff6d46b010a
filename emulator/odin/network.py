"""ODIN's integer network of LIF neurons: its ranges, and how it is read from a configuration and written into one.

The arithmetic is that of ``emulator/crossbar/network.py``. A property test holds it to the event level, and to the
plain clock. An event visits all 256 neurons; those that are not used must be disabled.

Source: ODIN doc v0.1, 3.2, 3.3.2 and 4; lif_neuron_state.v, scheduler.v.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator import columns
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.crossbar.network import CrossbarNetwork, Integers, Limits, configured, refuse_registers
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.layout import CHIP, LIF, MAIN_DEPTH, MAPPING, NEURONS, SYN_WEIGHT, SYNAPSES, N

SYN_SIGN_BITS = CHIP.register("SPI_SYN_SIGN").width
LIMITS = Limits(
    core_min=LIF["core"].low,
    core_max=LIF["core"].high,
    weight_min=-SYN_WEIGHT.high,
    weight_max=SYN_WEIGHT.high,
    thr_max=LIF["thr"].high,
    leak_max=LIF["leak_str"].high,
    depth=MAIN_DEPTH,
)


def network(configuration: Configuration) -> CrossbarNetwork:
    """The network that a configuration of ODIN is, 256 neurons; a weight has the sign of its row in SPI_SYN_SIGN.

    A synapse whose mapping bit is 0 has weight 0, unless SPI_PROPAGATE_UNMAPPED_SYN is 1.
    Raises InputError for what the integer network is not for: Izhikevich neurons, synapses that learn (ca_en), a closed
    gate, output events that come from the controller or from monitoring.
    """
    refuse_registers(configuration, "SPI_GATE_ACTIVITY", "SPI_AER_SRC_CTRL_nNEUR", "SPI_OUT_AER_MONITOR_EN")
    words, synapses = (configuration.memories[memory.name] for memory in (NEURONS, SYNAPSES))
    _refuse(columns.column(LIF["lif_izh_sel"], words) == 0, "is an Izhikevich neuron; right is lif_izh_sel = 1")
    _refuse(columns.column(LIF["ca_en"], words) == 1, "has synapses that learn; right is ca_en = 0")
    weights = columns.entries(SYN_WEIGHT, SYNAPSES, synapses)
    if configuration.registers["SPI_PROPAGATE_UNMAPPED_SYN"] == (0,):
        weights = weights * columns.entries(MAPPING, SYNAPSES, synapses)
    return CrossbarNetwork(
        weights=np.where(inhibitory(configuration)[:, np.newaxis], -weights, weights),
        thr=columns.column(LIF["thr"], words),
        leak=columns.column(LIF["leak_str"], words) * columns.column(LIF["leak_en"], words),
        enabled=columns.column(LIF["neur_disable"], words) == 0,
        core=columns.column(LIF["core"], words),
        closed_loop=configuration.registers["SPI_OPEN_LOOP"] == (0,),
        limits=LIMITS,
    )


def inhibitory(configuration: Configuration) -> NDArray[np.bool_]:
    """(256,) bool, the rows whose synapses are inhibitory."""
    parts = np.array(configuration.registers["SPI_SYN_SIGN"])
    signs: NDArray[np.bool_] = (parts[:, np.newaxis] >> np.arange(SYN_SIGN_BITS) & 1).ravel() == 1
    return signs


def configuration(network: CrossbarNetwork) -> Configuration:
    """The configuration that makes ODIN this network; all synapses are mapped, and none learns.

    network : of 256 neurons, with ``LIMITS`` for its ranges
    Raises InputError for another number of neurons, and for a row with weights of both signs.
    """
    if network.n_neurons != N:
        raise InputError(f"{network.n_neurons} neurons; on ODIN an event visits {N}, of which some may be disabled")
    negative = np.asarray((network.weights < 0).any(axis=1))
    mixed = np.flatnonzero(negative & (network.weights > 0).any(axis=1))
    if len(mixed):
        raise InputError(f"weights[{mixed[0]}] has both signs; on ODIN a row has one")
    return configured(
        CHIP,
        {"SPI_OPEN_LOOP": (int(not network.closed_loop),), "SPI_SYN_SIGN": _sign_registers(negative)},
        {
            "lif_izh_sel": 1,
            "core": network.core,
            "thr": network.thr,
            "leak_str": network.leak,
            "leak_en": 1,
            "neur_disable": ~network.enabled,
        },
        abs(network.weights) << SYN_WEIGHT.lsb | 1 << MAPPING.lsb,
    )


def _sign_registers(negative: NDArray[np.bool_]) -> tuple[int, ...]:
    """SPI_SYN_SIGN, from (256,) bool."""
    parts: Integers = (negative.reshape(-1, SYN_SIGN_BITS).astype(np.int64) << np.arange(SYN_SIGN_BITS)).sum(axis=1)
    return tuple(parts.tolist())


def _refuse(neurons: NDArray[np.bool_], why: str) -> None:
    """Raise InputError that names the first of these neurons, if there is one."""
    indices = np.flatnonzero(neurons)
    if len(indices):
        raise InputError(f"neurons[{indices[0]}] {why}")
