"""Start values of registers and memories: unknown, 0, or random, in Icarus as in Verilator.

Verilator starts every bit that the source does not initialise at 0, or at random. In Icarus it is X; a module that
``vvp`` loads (initial.cpp) replaces each X at time 0, in every register and memory of every instance, generate blocks
included. It works on the running simulation, so the sources are compiled as they are.

Icarus takes the change from X to 0 for a falling edge, and that from X to 1 for a rising one: a block that waits for
such an edge of a register, not of an input, runs once more at time 0 than it does in Verilator.
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
MOST_SEED = (1 << 31) - 1  # Verilator's
_SOURCE = Path(__file__).with_suffix(".cpp")
_MODULE = "draupnir_initial"


@dataclass(frozen=True)
class Initial:
    """The start of registers and memories.

    kind : "unknown" (X; Icarus only), "zero", or "random", which is drawn from ``seed``
    seed : 1..2**31-1; raises InputError for another one
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
    """Options of Icarus's ``vvp``, to stand before the compiled design, that make it start so.

    Raises InputError where the module cannot be compiled.
    """
    return [] if initial.kind == "unknown" else ["-M", str(_module_folder()), "-m", _MODULE]


def plusargs(initial: Initial) -> list[str]:
    """Arguments of the simulation itself, to stand after the compiled design."""
    return [f"+draupnir_seed={initial.seed}"] if initial.kind == "random" else []


@cache
def _module_folder() -> Path:
    """Return where the compiled module is; compiled once a process, and gone with it."""
    folder = Path(_scratch().name)
    module = folder / f"{_MODULE}.vpi"
    command = [toolchain.cxx(), "-std=c++17", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", str(_SOURCE)]
    toolchain.call([*command, "-o", str(module)], "the module that sets start values in Icarus was not compiled")
    return folder


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="draupnir-initial-")
