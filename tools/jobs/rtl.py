"""RTL and golden cases in the arguments of jobs: the client describes them, and a job reads the same files again.

Each description has a hash, by which a job notices that a machine has other files than the client.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden.compare.device import Device, ModelDevice
from draupnir.rtl import devices, registers
from draupnir.rtl.design import Design
from draupnir.rtl.initial import Initial
from draupnir.tools.jobs.job import chip_hash, file_hash
from draupnir.tools.jobs.plain import plain, restored
from draupnir.tools.terminal import builds
from draupnir.tools.terminal.options import Rtl

SIMULATORS = ("verilator", "icarus", "model")


def description(chip: Chip, rtl: Rtl, design: Design | None) -> dict[str, Any]:
    """Return the chip and the RTL as arguments of a job: its ``about``.

    design : the design of the RTL; None if no RTL is run
    """
    files = [*design.files, *design.includes, *design.data.values()] if design and rtl.place else []
    return {
        "chip": chip.name,
        "sizes": dict(chip.sizes),
        "chip_sources": chip_hash(chip.name),
        "rtl": plain(rtl),
        "sources": file_hash(files),
    }


def declaration(about: Mapping[str, Any]) -> Chip:
    """Return the declaration of the chip that a description has."""
    return chips.declaration(about["chip"], about["sizes"])


def read_design(about: Mapping[str, Any], scratch: Path) -> Design:
    """Read the RTL that a description has. Raises InputError if its files are others than the client's."""
    chip, rtl = declaration(about), restored(Rtl, about["rtl"])
    design: Design = rtl.design(chip, scratch)
    if description(chip, rtl, design) != about:
        raise InputError(f"host {os.uname().nodename}: {rtl}: other files than those of the client")
    return design


def device(
    chip: Chip, design: Design | None, simulator: str, start: Initial, scratch: Path, takes_state: bool = False
) -> Device:
    """Return a design in a simulator, or the golden model for the simulator "model"; ``design`` is then None.

    scratch : the folder for a compiled simulator if there can be none below the working folder
    takes_state : True if cases begin with contents of registers, which Verilator can give a design
    """
    if design is None:
        return ModelDevice(chip, start.seed if start.kind == "random" else None)
    if takes_state:
        design = replace(design, registers=registers.places(chip))
    return devices.simulated(design, chip, simulator, builds.compiled_folder(scratch), start)


def device_of(
    about: Mapping[str, Any], simulator: str, initial: Mapping[str, Any], takes_state: bool = False
) -> Device:
    """Return the device of a job. A process keeps the last one, because most of its jobs have the same.

    takes_state : as for ``device``
    """
    return _device_of(json.dumps([about, simulator, initial, takes_state]))[0]


@lru_cache(maxsize=1)
def _device_of(arguments: str) -> tuple[Device, object]:
    """The device, and the object that keeps the folder of its files."""
    about, simulator, initial, takes_state = json.loads(arguments)
    scratch = tempfile.TemporaryDirectory(prefix="draupnir-")
    folder = Path(scratch.name)
    design = None if simulator == "model" else read_design(about, folder)
    return device(declaration(about), design, simulator, restored(Initial, initial), folder, takes_state), scratch
