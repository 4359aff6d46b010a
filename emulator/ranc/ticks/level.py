"""RANC by ticks, as commands need it (``levels.TickLevel``): networks from files, runs, and comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.sizes import LATE_FULL, sizes_of
from draupnir.emulator.ranc.ticks import json_files, mem_files, parting, simulator
from draupnir.emulator.ranc.ticks import pin_input as pins
from draupnir.emulator.ranc.ticks.hardware import LEAST_INPUT_DELAY, PERIOD, Hardware, sizes_for
from draupnir.emulator.ranc.ticks.network import CoreNetwork
from draupnir.emulator.ranc.ticks.parting import OUTPUT, PartingSearch
from draupnir.emulator.ranc.ticks.semantics import REASONS, RTL, Semantics
from draupnir.emulator.ranc.ticks.simulator import TickRun
from draupnir.emulator.speeds.pin_input import PinInput

WORDS = {
    "spike": ("has {} spike(s)", "has {}"),
    "potential": ("has the potential {}", "has {}"),
    "run": ("runs", "does not run"),
    "packets": ("receives {} packet(s)", "receives {}"),
}


@dataclass(frozen=True, eq=False)
class PartingReport:
    """The comparison of a network, for people and as JSON."""

    network: CoreNetwork
    comparison: PartingSearch

    @property
    def is_equal(self) -> bool:
        """True if simulator and RTL agree in all ticks."""
        return self.comparison.parting is None

    def lines(self) -> Iterator[str]:
        """The place where the two part, and the reasons."""
        result = self.comparison.parting
        if result is None:
            yield f"simulator and RTL agree in all {self.comparison.n_ticks} ticks"
            return
        place = result.place
        subject = f"output {place.output}" if place.neuron == OUTPUT else f"neuron {place.neuron}"
        first, second = WORDS[place.kind]
        when = f"in tick {place.tick}" if place.tick else "before the first tick"
        yield f"they part {when}, {self.network.place(place.core)}, {subject}:"
        yield f"  in the simulator it {first.format(place.simulator)}, in the RTL it {second.format(place.rtl)}"
        for core, neuron in result.senders:
            yield f"  {self.network.place(core)} neuron {neuron} sends to it"
        yield "because of"
        for name in result.reasons:
            yield f"  {name}: {REASONS[name]}"

    def as_json(self) -> dict[str, Any]:
        """The same with numbers; ``parting`` is None if the two agree."""
        result, n_x = self.comparison.parting, self.network.grid.n_x
        content: dict[str, Any] = {"ticks": self.comparison.n_ticks, "parting": None}
        if result is not None:
            place = asdict(result.place)
            place["core"] = [result.place.core % n_x, result.place.core // n_x]
            for name in ("neuron", "output"):
                place[name] = None if place[name] < 0 else place[name]
            place["senders"] = [[core % n_x, core // n_x, neuron] for core, neuron in result.senders]
            place["reasons"] = list(result.reasons)
            content["parting"] = place
        return content | {"simulator": self.comparison.simulator.counts, "rtl": self.comparison.rtl.counts}


def read(config: Path, events: Path | None, sizes: Mapping[str, int]) -> CoreNetwork:
    """Read a network: the simulator's configuration and input, or a folder of the hardware's memory images.

    sizes : the sizes of the chip, for a folder. Raises InputError.
    """
    if config.is_dir():
        if events is not None:
            raise InputError(f"--events {events}: the packets of {config} are in the folder; right is to leave it out")
        return mem_files.read(config, sizes_of(sizes), sizes["NUM_OUTPUTS"])
    if events is None:
        raise InputError(f"--config {config}: --events is missing: the simulator's input, with packets and cores")
    return json_files.read(config, events)


def write_images(network: CoreNetwork, folder: Path, sizes: Mapping[str, int]) -> None:
    """Write a network as memory images and packets of the hardware. Raises InputError for what does not fit it.

    sizes : of the chip; the grid's are those of the network
    """
    mem_files.write(network, folder, sizes_for(network.grid, network.output, _hardware(sizes, None, None)))


def write_files(network: CoreNetwork, config: Path, events: Path) -> None:
    """Write a network as the simulator's configuration and input."""
    json_files.write(network, config, events)


def simulate(network: CoreNetwork, n_timesteps: int) -> TickRun:
    """Run a network as the C++ simulator does."""
    return simulator.simulate(network, n_timesteps)


def counts(run: TickRun) -> dict[str, int]:
    """The counts of a run by name."""
    return run.counts


def output_text(run: TickRun) -> str:
    """The text of the simulator's output file."""
    return simulator.output_text(run.outputs)


def compare(
    network: CoreNetwork,
    n_timesteps: int,
    sizes: Mapping[str, int],
    period: int | None,
    input_delay: int | None,
    excluded: Sequence[str] = (),
) -> PartingReport:
    """Find where simulator and RTL part.

    sizes : of the chip; the grid's are those of the network. period, input_delay : clocks, None for the usual ones
    excluded : names from ``REASONS`` of differences to leave out
    """
    chip = _hardware(sizes, period, input_delay)
    return PartingReport(network, parting.compare(network, n_timesteps, chip, _semantics(excluded)))


def _hardware(sizes: Mapping[str, int], period: int | None, input_delay: int | None) -> Hardware:
    """The hardware with these sizes and clocks. Raises InputError for a delay that is not within a period."""
    chip = Hardware(
        sizes["POTENTIAL_WIDTH"],
        sizes["ROUTER_BUFFER_DEPTH"],
        PERIOD if period is None else period,
        LEAST_INPUT_DELAY if input_delay is None else input_delay,
        sizes[LATE_FULL],
    )
    if not LEAST_INPUT_DELAY <= chip.input_delay < chip.period:
        right = f"{LEAST_INPUT_DELAY}..{chip.period - 1}, less than the period"
        raise InputError(f"--input-delay {chip.input_delay}, --period {chip.period}: right is a delay of {right}")
    return chip


def memories(network: CoreNetwork, chip: Chip) -> dict[str, np.ndarray]:
    """Return the contents of the chip's memories (see ``pin_input.memories``)."""
    return pins.memories(network, chip)


def pin_input(
    network: CoreNetwork, n_timesteps: int, chip: Chip, period: int | None, input_delay: int | None
) -> PinInput:
    """Return the input of a run at the chip's pins. period, input_delay : clocks, None for the usual ones"""
    return pins.pin_input(network, n_timesteps, chip, _hardware(chip.sizes, period, input_delay))


def _semantics(excluded: Sequence[str]) -> Semantics:
    """The RTL's semantics without some differences. Raises InputError for a name that is none."""
    for name in excluded:
        if name not in REASONS:
            raise InputError(f"--without {name}: no such difference; there are: {', '.join(REASONS)}")
    return replace(RTL, **dict.fromkeys(excluded, False))
