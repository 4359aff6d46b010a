"""A design in Verilog that claims to be a chip: where its sources, pins and memories are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from draupnir.emulator.declare import Chip, Pin

if TYPE_CHECKING:
    import numpy as np
    from amaranth.hdl import Elaboratable

_INDEX = re.compile(r"\[(-?\d+)\]")
_ROW = re.compile(r"(.*[\w$ ])\[(\d+)\]")
SUFFIXES = (".v", ".sv")
Language = Literal["verilog-2005", "systemverilog"]
_VERILATOR_LANGUAGES: dict[Language, str] = {"verilog-2005": "1364-2005", "systemverilog": "1800-2017"}
_ICARUS_LANGUAGES: dict[Language, str] = {"verilog-2005": "-g2005", "systemverilog": "-g2012"}


def source_files(directory: Path) -> list[Path]:
    """All files of Verilog in a folder and below."""
    return sorted(path for path in directory.rglob("*") if path.suffix in SUFFIXES and path.is_file())


@dataclass(frozen=True)
class SourceOptions:
    """The user's words about somebody else's sources, beside their folder.

    defines : macros, each as NAME=VALUE
    include_folders : where included files and memory images are looked for, beside the folders of the sources
    stubs : modules that are replaced by empty ones
    settings : parameters of the top, each as NAME=VALUE: a whole number, or text where the source has text
    memories : declared memories outside of the top, as ``draupnir.rtl.outside`` takes them
    from_working_folder : a list of files leads from the working folder; else from its own (see ``filelist``)
    """

    defines: tuple[str, ...] = ()
    include_folders: tuple[Path, ...] = ()
    stubs: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    memories: tuple[str, ...] = ()
    from_working_folder: bool = False


@dataclass(frozen=True)
class Design:
    """A Verilog design, mapped onto a chip's declaration.

    top : name of the top module
    files : all source files that are compiled
    memories : declared memory name -> path of its array below the top, dots between instances ("core_0.ram_0.mem");
        of a memory with copies that of each, under its name: csram[3]; a row of an array of two dimensions is a
        memory, too ("core_0.mem[3]")
    pins : declared pin name -> name of the top's port; a pin that is not listed has a port of its own name
    includes : files that the sources include
    structure : the module tree, parameters and memories as text, where they are known
    language : "verilog-2005" also for sources that use a SystemVerilog keyword as a name
    options : how the sources are read
    data : file that a memory is filled from ($readmemh), as the sources call it -> where it is
    parameters : those of the top that are not at their defaults, and their values
    probes : declared probe -> its path below the top; a probe that is not listed is not there
    """

    top: str
    files: tuple[Path, ...]
    memories: Mapping[str, str] = field(default_factory=dict)
    pins: Mapping[str, str] = field(default_factory=dict)
    includes: tuple[Path, ...] = ()
    language: Language = "verilog-2005"
    structure: str = ""
    options: SourceOptions = SourceOptions()
    data: Mapping[str, Path] = field(default_factory=dict)
    parameters: Mapping[str, int | str] = field(default_factory=dict)
    probes: Mapping[str, str] = field(default_factory=dict)

    @property
    def folders(self) -> list[str]:
        """The folders in which an included file is looked for, after the folder of the file that includes it."""
        chosen = dict.fromkeys(str(folder.resolve()) for folder in self.options.include_folders)
        return [*chosen, *sorted({str(path.resolve().parent) for path in (*self.files, *self.includes)} - set(chosen))]

    @property
    def verilator_options(self) -> tuple[str, ...]:
        """Language and macros, as Verilator takes them."""
        return (
            "--default-language", _VERILATOR_LANGUAGES[self.language], "--relative-includes", *self._define_options
        )  # fmt: skip

    @property
    def verilator_parameters(self) -> tuple[str, ...]:
        """The parameters, as Verilator takes them for the top module of what it compiles."""
        return tuple(f"-G{name}={literal(value)}" for name, value in self.parameters.items())

    @property
    def instance(self) -> str:
        """The top with its parameters, as an instance of it begins."""
        settings = ", ".join(f".{name}({literal(value)})" for name, value in self.parameters.items())
        return f"{self.top} #({settings})" if settings else self.top

    @property
    def icarus_options(self) -> tuple[str, ...]:
        """Language and macros, as Icarus takes them."""
        return (_ICARUS_LANGUAGES[self.language], "-grelative-include", *self._define_options)

    @property
    def _define_options(self) -> tuple[str, ...]:
        return tuple(f"-D{define}" for define in self.options.defines)

    def absent(self, chip: Chip) -> tuple[str, ...]:
        """The chip's probes that the design does not have."""
        return tuple(probe.name for probe in chip.probes if probe.name not in self.probes)

    def port(self, pin: Pin) -> str:
        """The top's port for a declared pin."""
        return self.pins.get(pin.name, pin.name)

    def describe(self) -> str:
        """Top, language, files, pins, memories and module tree, a line each."""
        lines = [f"top {self.top} ({self.language}, {len(self.files)} files)"]
        lines += [f"pin {pin}: port {port}" for pin, port in self.pins.items()]
        lines += [f"{name}: {path}" for name, path in (*self.memories.items(), *self.probes.items())]
        return "\n".join((*lines, *self.structure.splitlines()))


def literal(value: int | str) -> str:
    """A parameter's value as Verilog has it."""
    if isinstance(value, str):
        return f'"{value}"'
    if -(1 << 31) <= value < 1 << 31:
        return str(value)
    n_bits = value.bit_length() + 1
    return f"{n_bits}'sh{value % (1 << n_bits):x}"


@dataclass(frozen=True)
class OurChip:
    """A chip of which there is an RTL of our own.

    top : name of the top module
    make : makes the top component; its keyword arguments are the chip's parameters
    memories : declared memory -> path of its array; of a chip with sizes a function of these that gives it
    kept_words : memory and parameters -> addresses of the declared memory's words that there are, in the chip's own
        order; None where parameters leave out no words
    variants : name -> parameters, of what is measured beside each other (``draupnir area``)
    on_boards : board -> parameters, where the whole chip does not fit the board's FPGA
    probes : declared probe -> its path, of those that it has
    """

    declaration: Chip
    top: str
    make: Callable[..., Elaboratable]
    memories: Mapping[str, str] | Callable[..., Mapping[str, str]]
    kept_words: Callable[..., np.ndarray] | None = None
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"whole": {}})
    on_boards: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    probes: Mapping[str, str] = field(default_factory=dict)

    def paths(self, **sizes: int) -> Mapping[str, str]:
        """Declared memory, or a copy of it -> path of its array."""
        return self.memories(**sizes) if callable(self.memories) else self.memories


def abbreviates(name: str, path: str) -> bool:
    """Tell whether a path has the letters of a name in their order: winp abbreviates srnn_0.weights_inp.SRAM."""
    letters = iter(path.lower())
    return all(letter in letters for letter in name.lower())


def row_of(path: str) -> tuple[str, int | None]:
    """The array that a memory's path leads to, and which row of it, if it is one of an array of two dimensions."""
    found = _ROW.fullmatch(path)
    return (found.group(1), int(found.group(2))) if found else (path, None)


def arrays_of(paths: Iterable[str]) -> dict[str, list[str]]:
    """Paths that differ in indices only, in the order of these, by the path with empty brackets in their place."""
    groups: dict[str, list[str]] = {}
    for path in paths:
        groups.setdefault(re.sub(_INDEX, "[]", path), []).append(path)
    for group in groups.values():
        group.sort(key=lambda path: [*map(int, re.findall(_INDEX, path))])
    return groups
