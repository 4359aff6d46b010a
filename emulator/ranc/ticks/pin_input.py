"""A network and its ticks at the pins of a hardware: the contents of its memories, and the clocks of its inputs."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import to_limbs
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.sizes import sizes_of
from draupnir.emulator.ranc.ticks import mem_files
from draupnir.emulator.ranc.ticks.hardware import Hardware, check
from draupnir.emulator.ranc.ticks.network import CoreNetwork
from draupnir.emulator.ranc.words import neuron_word
from draupnir.emulator.speeds.pin_input import PinInput

GRID_SIZES = {  # a size of a network's grid -> the size of the chip
    "n_x": "GRID_DIMENSION_X",
    "n_y": "GRID_DIMENSION_Y",
    "n_axons": "NUM_AXONS",
    "n_neurons": "NUM_NEURONS",
    "n_weights": "NUM_WEIGHTS",
    "n_ticks": "NUM_TICKS",
}


def memories(network: CoreNetwork, chip: Chip) -> dict[str, np.ndarray]:
    """Return the contents of CSRAM and instructions, uint32 of ``Memory.shape``.

    Raises InputError for a chip of other sizes, and for a number that does not fit its hardware.
    """
    _check_sizes(network, chip)
    word = neuron_word(sizes_of(chip.sizes))
    contents = {name: np.zeros(chip.memory(name).shape, np.uint32) for name in ("csram", "neuron_instructions")}
    cores = [core for core in range(network.grid.n_cores) if core != network.output]
    n_limbs = contents["csram"].shape[-1]
    for k, core in enumerate(cores):
        for n in range(network.grid.n_neurons):
            contents["csram"][k, n] = to_limbs(mem_files.neuron_content(network, core, n, word), n_limbs)
    contents["neuron_instructions"][:, :, 0] = network.axons[cores]
    return contents


def pin_input(network: CoreNetwork, n_ticks: int, chip: Chip, hardware: Hardware) -> PinInput:
    """Return the memories, the packets and the ticks of a run; its clocks are those of ``hardware.run``.

    As there, the packets of the last tick are not sent. Raises InputError as ``memories`` does, and for packets that
    leave the grid.
    """
    contents, sizes = memories(network, chip), sizes_of(chip.sizes)
    check(network, sizes)
    lists = min(n_ticks, network.n_input_ticks)
    ticks = hardware.tick_clocks(n_ticks)
    # In ``hardware.run`` a clock is a rise and then a fall, which sees the packet. At the pins a clock is a fall and
    # then a rise, with the same inputs, so this is the fall of the next clock.
    clocks = np.concatenate([[0], ticks + hardware.input_delay])[:lists] + 1
    counts = np.diff(network.packet_starts[: lists + 1])
    word = neuron_word(sizes)
    packets = [mem_files.packet_content(network, i, word) for i in range(int(counts.sum()))]
    timed = np.stack([np.repeat(clocks, counts), np.array(packets, np.int64)], axis=1).reshape(-1, 2)
    return PinInput(contents, timed, {"tick": ticks}, (n_ticks + 1) * hardware.period)


def _check_sizes(network: CoreNetwork, chip: Chip) -> None:
    """Raise InputError for a chip of other sizes than the network."""
    needed = {parameter: getattr(network.grid, name) for name, parameter in GRID_SIZES.items()}
    needed["OUTPUT_CORE_X_COORDINATE"] = network.output % network.grid.n_x
    needed["OUTPUT_CORE_Y_COORDINATE"] = network.output // network.grid.n_x
    for name, size in needed.items():
        if chip.sizes[name] != size:
            raise InputError(
                f"the network has {name}={size}, the chip {chip.sizes[name]}; right is --set {name}={size}"
            )
