"""A whole job on a board whose chip takes packets: its input from files, and a file of the changes of its outputs.

A CSV with the header ``cycle,input,level`` has an entry in each line, in the order of the cycles. With the name of the
bus of packets as its input, the level is a packet that is in the FIFO from this cycle on. With the name of a pin of no
bus, the pin has this level from this cycle on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden.files import replacing
from draupnir.rtl.bridge.protocol import buses
from draupnir.tools.compile.toml.load import load
from draupnir.tools.host import packets
from draupnir.tools.host.board import BoardOptions, opened
from draupnir.tools.host.device import BridgedChip, packed_levels
from draupnir.tools.host.session import FURTHEST
from draupnir.tools.run import op_files, spikes, ticks
from draupnir.tools.run.options import RunOptions
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.progress import progress

INPUTS = ["cycle", "input", "level"]
OF_SPI = ("onto", "potentials", "save")  # options for chips whose host reads and writes their memories


@dataclass(frozen=True)
class PacketJob:
    """The input of a run. packets, levels, n_clocks : as for ``packets.run``

    memories : memory -> its content in the bitstream of a simulated board, uint32 of ``Memory.shape``
    """

    packets: np.ndarray
    levels: np.ndarray
    n_clocks: int
    memories: Mapping[str, np.ndarray] = field(default_factory=dict)


def run(
    chip: Chip, board: BoardOptions, options: RunOptions, period: int | None, input_delay: int | None
) -> dict[str, Any]:
    """Reset the chip on a board, run it with the input of the files, and write its outputs. Returns the report.

    period, input_delay : clocks, for the files of the chip's own simulator; None for the usual ones
    Raises InputError for wrong files and options, and if the line fails.
    """
    options.refuse_beside(f"{chip.name}, which has no SPI,", *OF_SPI)
    outputs.check({"--config": options.config, "--events": options.events}, {"-o": options.output})
    if options.output is not None:
        spikes.check(options.output, "outputs")
    job = _job(chip, board, options, period, input_delay)
    with ExitStack() as stack:
        put: Callable[..., None] = _ignore
        if options.output is not None:
            temporary = stack.enter_context(replacing(options.output))
            header = ["cycle", *(pin.name for pin in buses(chip).levels_out)]
            put = stack.enter_context(spikes.spike_stream(temporary, options.output.suffix, header))
        return _run(chip, stack.enter_context(opened(board, chip, options.seed, job.memories)), job, put)


def _ignore(*columns: np.ndarray) -> None:
    """Ignore the outputs, because the user names no file for them."""


def _run(chip: Chip, device: BridgedChip, job: PacketJob, put: Callable[..., None]) -> dict[str, Any]:
    """Run the chip, and give the columns of the file of outputs to ``put``. Returns the report."""

    def take(cycles: np.ndarray, levels: np.ndarray) -> None:
        put(cycles, *packets.outputs_of(chip, levels).values())

    device.stop()
    device.reset()
    with progress("packets", len(job.packets), "packets") as advance:
        outcome = packets.run(device, job.packets, job.levels, job.n_clocks, take, advance)
    return {"n_packets": outcome.n_events, "n_changes": outcome.n_spikes, "n_cycles": job.n_clocks}


def _job(
    chip: Chip, board: BoardOptions, options: RunOptions, period: int | None, input_delay: int | None
) -> PacketJob:
    config = options.config
    if config is not None and (config.is_dir() or config.suffix == ".json"):
        if options.max_cycles is not None:
            raise InputError(f"--max-cycles {options.max_cycles}: {config} has ticks; right is --timesteps")
        level, network, n, _ = ticks.network_of(chip, config, options.events, options.timesteps)
        at_pins = level.pin_input(network, n, chip, period, input_delay)
        return PacketJob(at_pins.packets, packets.levels_at(chip, at_pins.pulses), at_pins.n_clocks, at_pins.memories)
    for name, option in (("timesteps", options.timesteps), ("period", period), ("input-delay", input_delay)):
        if option is not None:
            raise InputError(f"--{name} {option}: only with --config, the files of the simulator of {chip.name}")
    if options.max_cycles is None:
        raise InputError("--max-cycles is missing: a board does not see when the chip comes to rest")
    if config is not None and board.port is not None:
        raise InputError(
            f"--config {config}: the memories of {chip.name} are in its bitstream; right is to leave it out here, and"
            f" to build one with `draupnir bitstream {chip.name} --config {config}`"
        )
    timed, levels = read(options.events, chip) if options.events else (_pairs([]), _pairs([]))
    return PacketJob(timed, levels, options.max_cycles, load(config, chip).memories if config else {})


def read(path: Path, chip: Chip) -> tuple[np.ndarray, np.ndarray]:
    """Read a file of inputs. Returns packets and levels for ``packets.run``. Raises InputError, with the line."""
    _, rows = op_files.table(path, (INPUTS,))
    chip_buses, bus = buses(chip), chip.buses[0].name
    highest = {pin.name: (1 << pin.width) - 1 for pin in chip_buses.levels_in}
    highest[bus] = (1 << chip_buses.packets["data"].width) - 1
    state = {pin.name: pin.rest for pin in chip_buses.levels_in}
    timed: list[tuple[int, int]] = []
    levels_by_cycle: dict[int, int] = {}
    last = 0
    for number, (cycle_text, name_text, level_text) in rows:
        cycle, name = op_files.integer(path, number, "cycle", cycle_text, FURTHEST - 1), name_text.strip()
        if name not in highest:
            raise InputError(f"{path}:{number}: no input {name[:40]!r}; there are {', '.join(highest)}")
        if cycle < last:
            raise InputError(f"{path}:{number}: cycle: {cycle} comes after {last}; right is in ascending order")
        last, level = cycle, op_files.integer(path, number, name, level_text, highest[name])
        if name == bus:
            timed.append((cycle, level))
        else:
            state[name] = level
            levels_by_cycle[cycle] = packed_levels(chip_buses.levels_in, state)
    return _pairs(timed), _pairs(levels_by_cycle.items())


def _pairs(entries: Iterable[tuple[int, int]]) -> np.ndarray:
    return np.array(list(entries), np.int64).reshape(-1, 2)
