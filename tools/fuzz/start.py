"""The beginning of `draupnir fuzz`: compile the RTL, and say whose outputs a golden case has."""

from __future__ import annotations

from pathlib import Path

from draupnir.emulator.declare import Chip
from draupnir.golden.compare.device import Device, ModelDevice
from draupnir.rtl.design import Design
from draupnir.rtl.initial import ZERO
from draupnir.tools.fuzz.finding import Campaign
from draupnir.tools.jobs import rtl as rtl_of_jobs
from draupnir.tools.report import provenance
from draupnir.tools.terminal.options import Rtl


def begin(chip: Chip, rtl: Rtl, scratch: Path, folder: Path) -> tuple[Campaign, Design]:
    """Return a campaign on an RTL, and its design, which is compiled.

    scratch : the folder for our RTL
    folder : the folder for golden cases

    Raises InputError for sources that are wrong, and without Verilator.
    """
    design = rtl.design(chip, scratch)
    about = rtl_of_jobs.description(chip, rtl, design)
    device = rtl_of_jobs.device(chip, design, "verilator", ZERO, scratch)
    if rtl.folder is None:
        truth: Device = ModelDevice(chip)
        source = {"kind": "model"}
    else:
        truth, source = device, provenance.source_of_recording(rtl.folder, design.files)
    return Campaign(chip, about, truth, source, folder), design
