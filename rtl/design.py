"""A design in Verilog that claims to be a chip: its sources, and the places of its pins and memories."""

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
    """Return all Verilog files in a folder and below."""
    return sorted(path for path in directory.rglob("*") if path.suffix in SUFFIXES and path.is_file())


@dataclass(frozen=True)
class SourceOptions:
    """The user's options for somebody else's sources.

    defines : macros, each as NAME=VALUE
    include_folders : folders for included files and memory images, in addition to the folders of the sources
    stubs : the modules that empty modules replace
    settings : parameters of the top, each as NAME=VALUE: an integer, or text if the source has text
    memories : declared memories that are outside of the top, in the form of ``draupnir.rtl.outside``
    from_working_folder : True if paths in a list of files lead from the working folder, False if from the list's own
        (see ``filelist``)
    """

    defines: tuple[str, ...] = ()
    include_folders: tuple[Path, ...] = ()
    stubs: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    memories: tuple[str, ...] = ()
    from_working_folder: bool = False


@dataclass(frozen=True)
class Design:
    """A Verilog design, with the places of the chip's pins, memories and probes in it.

    top : the name of the top module
    files : all source files to compile
    memories : declared memory -> path of its array below the top, with dots between instances ("core_0.ram_0.mem"); a
        memory with copies has one entry for each copy (csram[3]); the array may be a row of an array of two dimensions
        ("core_0.mem[3]")
    pins : declared pin -> name of the top's port; all other pins have ports with their own names
    includes : the files that the sources include
    structure : the module tree, parameters and memories as text, if they are known
    language : "verilog-2005" also for sources that use a SystemVerilog keyword as a name
    options : the user's options for the sources
    data : name in the sources of a file that fills a memory ($readmemh) -> its path
    parameters : name -> value of each parameter of the top that does not have its default
    probes : declared probe -> its path below the top; the design does not have the other probes
    registers : register of the golden model -> the paths that its signal may have (see ``OurChip.registers``), if the
        registers are to be read and written
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
    registers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def folders(self) -> list[str]:
        """The folders of included files; the folder of the file that includes them comes first."""
        folders = dict.fromkeys(str(folder.resolve()) for folder in self.options.include_folders)
        return [
            *folders,
            *sorted({str(path.resolve().parent) for path in (*self.files, *self.includes)} - set(folders)),
        ]

    @property
    def verilator_options(self) -> tuple[str, ...]:
        """Verilator's options for language and macros."""
        return (
            "--default-language", _VERILATOR_LANGUAGES[self.language], "--relative-includes", *self._define_options
        )  # fmt: skip

    @property
    def verilator_parameters(self) -> tuple[str, ...]:
        """Verilator's options for the parameters of the top module."""
        return tuple(f"-G{name}={literal(value)}" for name, value in self.parameters.items())

    @property
    def instance(self) -> str:
        """The beginning of an instance of the top: its name and its parameters."""
        settings = ", ".join(f".{name}({literal(value)})" for name, value in self.parameters.items())
        return f"{self.top} #({settings})" if settings else self.top

    @property
    def icarus_options(self) -> tuple[str, ...]:
        """Icarus's options for language and macros."""
        return (_ICARUS_LANGUAGES[self.language], "-grelative-include", *self._define_options)

    @property
    def _define_options(self) -> tuple[str, ...]:
        return tuple(f"-D{define}" for define in self.options.defines)

    def absent(self, chip: Chip) -> tuple[str, ...]:
        """Return the chip's probes that the design does not have."""
        return tuple(probe.name for probe in chip.probes if probe.name not in self.probes)

    def port(self, pin: Pin) -> str:
        """Return the top's port for a declared pin."""
        return self.pins.get(pin.name, pin.name)

    def describe(self) -> str:
        """Return lines with top, language, files, pins, memories and module tree."""
        lines = [f"top {self.top} ({self.language}, {len(self.files)} files)"]
        lines += [f"pin {pin}: port {port}" for pin, port in self.pins.items()]
        lines += [f"{name}: {path}" for name, path in (*self.memories.items(), *self.probes.items())]
        return "\n".join((*lines, *self.structure.splitlines()))


def literal(value: int | str) -> str:
    """Return a parameter's value in Verilog."""
    if isinstance(value, str):
        return f'"{value}"'
    if -(1 << 31) <= value < 1 << 31:
        return str(value)
    n_bits = value.bit_length() + 1
    return f"{n_bits}'sh{value % (1 << n_bits):x}"


@dataclass(frozen=True)
class OurChip:
    """A chip with an RTL in Amaranth.

    top : the name of the top module
    make : returns the top component; its keyword arguments are the chip's parameters
    memories : declared memory -> path of its array; for a chip with sizes, a function of the sizes that returns this
    kept_words : a function of memory and parameters that returns the addresses of the words that a reduced chip has, in
        the chip's own order; None if no parameter removes words
    zeros : the memories that begin with 0 in a bitstream, which cannot fill them
    variants : name -> parameters of each variant that ``draupnir area`` measures
    on_boards : board -> parameters of the reduced chip that fits the board's FPGA
    board_freqs : board -> default frequency in Hz of the chip's clock, where the chip does not reach the board's
    synthesis_options : family of FPGAs -> options of Yosys' synthesis for it
    small_families : the families for which it is mapped for few cells and wires, and not for speed
    probes : declared probe -> its path, for each probe that the RTL has; a function of the sizes as for ``memories``
    registers : register of the golden model -> the path of the signal that has its content; see ``StatePlaces`` of
        tools/proofs
    copied_registers : those of them whose content the RTL keeps in another form, too; a fault in one of both is another
    original_registers : the same for the chip's own Verilog, in which all other registers have the model's names
    """

    declaration: Chip
    top: str
    make: Callable[..., Elaboratable]
    memories: Mapping[str, str] | Callable[..., Mapping[str, str]]
    kept_words: Callable[..., np.ndarray] | None = None
    zeros: tuple[str, ...] = ()
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"whole": {}})
    on_boards: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    board_freqs: Mapping[str, float] = field(default_factory=dict)
    synthesis_options: Mapping[str, str] = field(default_factory=dict)
    small_families: tuple[str, ...] = ()
    probes: Mapping[str, str] | Callable[..., Mapping[str, str]] = field(default_factory=dict)
    registers: Mapping[str, str] = field(default_factory=dict)
    copied_registers: tuple[str, ...] = ()
    original_registers: Mapping[str, str] = field(default_factory=dict)

    def paths(self, **sizes: int) -> Mapping[str, str]:
        """Return declared memory, or a copy of it -> path of its array."""
        return self.memories(**sizes) if callable(self.memories) else self.memories

    def probe_paths(self, **sizes: int) -> Mapping[str, str]:
        """Return declared probe -> its path."""
        return self.probes(**sizes) if callable(self.probes) else self.probes


def abbreviates(name: str, path: str) -> bool:
    """Return True if a path contains the letters of a name in their order: winp, srnn_0.weights_inp.SRAM."""
    letters = iter(path.lower())
    return all(letter in letters for letter in name.lower())


def row_of(path: str) -> tuple[str, int | None]:
    """Return the array of a memory's path, and the row, if the array has two dimensions, else None."""
    match = _ROW.fullmatch(path)
    return (match.group(1), int(match.group(2))) if match else (path, None)


def arrays_of(paths: Iterable[str]) -> dict[str, list[str]]:
    """Group paths that differ only in indices: path with empty brackets -> its paths, in the order of the indices."""
    groups: dict[str, list[str]] = {}
    for path in paths:
        groups.setdefault(re.sub(_INDEX, "[]", path), []).append(path)
    for group in groups.values():
        group.sort(key=lambda path: [*map(int, re.findall(_INDEX, path))])
    return groups
