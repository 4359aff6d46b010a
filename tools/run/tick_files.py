"""The files of a chip by timesteps in both forms: those of its own simulator, and the memory images of the hardware."""

from __future__ import annotations

from pathlib import Path

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds import levels
from draupnir.golden.files import filling, replacing
from draupnir.tools.terminal import outputs


def to_images(chip: Chip, config: Path, events: Path, folder: Path) -> list[Path]:
    """Write the memory images and packets of the simulator's configuration and input into a folder, or nothing.

    chip : gives the sizes that these files do not contain. Returns the paths. Raises InputError.
    """
    outputs.check({"CONFIG": config, "--events": events}, folders={"-o": folder})
    level = levels.TICKS.require(chips.package(chip.name))
    network = level.read(config, events, chip.sizes)
    try:
        with filling(folder) as temporary:
            level.write_images(network, temporary, chip.sizes)
            names = sorted(path.name for path in temporary.iterdir())
    except FileExistsError as error:
        raise InputError(f"{folder} is not a folder") from error
    return [folder / name for name in names]


def from_images(chip: Chip, folder: Path, config: Path | None, events: Path) -> list[Path]:
    """Write the simulator's configuration and input of a folder of memory images, or nothing.

    chip : gives the sizes of the grid. Returns both paths. Raises InputError, also if one path is missing.
    """
    if config is None:
        raise InputError(f"--events {events}: -o is missing, the file for the simulator's configuration")
    outputs.check({"PACKED": folder}, {"-o": config, "--events": events})
    level = levels.TICKS.require(chips.package(chip.name))
    if not folder.is_dir():
        raise InputError(f"{folder}: is no folder; right beside --events is the folder of the memory images")
    network = level.read(folder, None, chip.sizes)
    with replacing(config) as new_config, replacing(events) as new_events:
        level.write_files(network, new_config, new_events)
    return [config, events]
