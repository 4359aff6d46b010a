"""Start values of registers and memories: unknown, 0, or random, in Icarus and in Verilator.

In Verilator every bit that the source does not initialise starts at 0 or at random. In Icarus it starts at X. A module
that ``vvp`` loads (initial.cpp) replaces each X at time 0, in every register and memory of every instance, also in
generate blocks. It works on the running simulation, so the sources are not changed.

For Icarus a change from X to 0 is a falling edge, and one from X to 1 a rising edge. A block that waits for such an
edge of a register, not of an input, therefore runs once more at time 0 than in Verilator.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from draupnir.emulator.errors import InputError
from draupnir.rtl import toolchain

Kind = Literal["unknown", "zero", "random"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MOST_SEED = (1 << 31) - 1  # the largest seed that Verilator takes
_SOURCE = Path(__file__).with_suffix(".cpp")
_MODULE = "draupnir_initial"


@dataclass(frozen=True)
class Initial:
    """The start values of registers and memories.

    kind : "unknown" (X, in Icarus only), "zero", or "random"
    seed : the seed of random values, 1..2**31 - 1

    Raises InputError for a seed that is out of range.
    """

    kind: Kind = "unknown"
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.seed <= MOST_SEED:
            raise InputError(f"seed {self.seed} is not within 1..{MOST_SEED}")

    def __str__(self) -> str:
        return f"random, seed {self.seed}" if self.kind == "random" else self.kind


UNKNOWN, ZERO = Initial("unknown"), Initial("zero")


def vvp_options(initial: Initial) -> list[str]:
    """Return the options of Icarus's ``vvp`` for these start values. They stand before the compiled design.

    Raises InputError if the module cannot be compiled.
    """
    return [] if initial.kind == "unknown" else ["-M", str(_module_folder()), "-m", _MODULE]


def plusargs(initial: Initial) -> list[str]:
    """Return the arguments of the simulation for these start values. They stand after the compiled design."""
    return [f"+draupnir_seed={initial.seed}"] if initial.kind == "random" else []


@cache
def _module_folder() -> Path:
    """Return the folder of the compiled module. Each process compiles it once, and removes it at its end."""
    folder = Path(_scratch().name)
    module = folder / f"{_MODULE}.vpi"
    command = [toolchain.cxx(), "-std=c++17", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", str(_SOURCE)]
    toolchain.call([*command, "-o", str(module)], "the module that sets start values in Icarus was not compiled")
    return folder


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="draupnir-initial-")
