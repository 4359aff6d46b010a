"""A design in Verilog that claims to be a chip: where its sources, pins and memories are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from emulator.declare import Chip, Pin

if TYPE_CHECKING:
    import numpy as np
    from amaranth.hdl import Elaboratable

Language = Literal["verilog-2005", "systemverilog"]


@dataclass(frozen=True)
class Design:
    """A Verilog design, mapped onto a chip's declaration.

    top : name of the top module
    files : all source files that are compiled
    memories : declared memory name -> path of its array below the top, dots between instances ("core_0.ram_0.mem")
    pins : declared pin name -> name of the top's port; a pin that is not listed has a port of its own name
    includes : files that the sources include
    structure : the module tree, parameters and memories as text, where they are known
    language : "verilog-2005" also for sources that use a SystemVerilog keyword as a name
    """

    top: str
    files: tuple[Path, ...]
    memories: Mapping[str, str] = field(default_factory=dict)
    pins: Mapping[str, str] = field(default_factory=dict)
    includes: tuple[Path, ...] = ()
    language: Language = "verilog-2005"
    structure: str = ""

    @property
    def folders(self) -> list[str]:
        """The folders in which an include directive's file is looked for."""
        return sorted({str(path.resolve().parent) for path in (*self.files, *self.includes)})

    def port(self, pin: Pin) -> str:
        """The top's port for a declared pin."""
        return self.pins.get(pin.name, pin.name)

    def describe(self) -> str:
        """Top, language, files, pins, memories and module tree, a line each."""
        lines = [f"top {self.top} ({self.language}, {len(self.files)} files)"]
        lines += [f"pin {pin}: port {port}" for pin, port in self.pins.items()]
        lines += [f"{name}: {path}" for name, path in self.memories.items()]
        return "\n".join((*lines, *self.structure.splitlines()))


@dataclass(frozen=True)
class OurChip:
    """A chip of which there is an RTL of our own.

    top : name of the top module
    make : makes the top component; its keyword arguments are the chip's parameters
    memories : declared memory -> path of its array
    kept_words : memory and parameters -> addresses of the declared memory's words that there are, in the chip's own
        order; None where parameters leave out no words
    """

    declaration: Chip
    top: str
    make: Callable[..., Elaboratable]
    memories: Mapping[str, str]
    kept_words: Callable[..., np.ndarray] | None = None


def abbreviates(name: str, path: str) -> bool:
    """Whether a path has the letters of a name in their order: winp abbreviates srnn_0.weights_inp.SRAM."""
    letters = iter(path.lower())
    return all(letter in letters for letter in name.lower())
