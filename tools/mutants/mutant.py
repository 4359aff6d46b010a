"""Mutants: copies of a design in which one bit is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from draupnir.tools.mutants.probes import PROBE

KINDS = {  # of Yosys: what happens to the bit
    "inv": "inverted",
    "const0": "stuck at 0",
    "const1": "stuck at 1",
    "cnot0": "inverted where another bit is 0",
    "cnot1": "inverted where another bit is 1",
}
_OPTION = re.compile(r"-(mode|module|cell|port|portbit|ctrlbit|src) (\S+)")
_OF_INSTANCE = re.compile(r"(\w+)\$[A-Za-z_]\w*\..*")  # Yosys' reader slang adds the path of the only instance
_NUMBER_OF_FILE = re.compile(r"\b\d+_(?=[^/]*:)")  # sources.reading puts it before a file's name


@dataclass(frozen=True)
class Mutant:
    """A wrong bit of a cell's port.

    number : from 1 on; 0 stands for the design without a mutant
    module : the name of the module in Yosys, with its parameters
    kind : a key of KINDS
    place : file and line of the source
    words : the options of Yosys' command that makes the mutant
    """

    number: int
    module: str
    cell: str
    port: str
    bit: int
    kind: str
    place: str
    words: str

    @property
    def module_name(self) -> str:
        """The name of the module in the source, or the path of a component of ours."""
        return base_name(self.module)

    @property
    def control(self) -> int | None:
        """The bit of the same port that decides where the bit is inverted; None if none does."""
        options = dict(_OPTION.findall(f" {self.words}"))
        return int(options["ctrlbit"]) if "ctrlbit" in options else None

    def __str__(self) -> str:
        return f"mutant {self.number}, {self.place}: {self.port}[{self.bit}] of {self.cell} {KINDS[self.kind]}"


def base_name(module: str) -> str:
    r"""Return the name of a module without its parameters or path: $paramod\fifo\N=s32'8, fifo$top.a are fifo."""
    if of_instance := _OF_INSTANCE.fullmatch(module):
        return of_instance[1]
    parts = module.split("\\")
    return parts[1] if parts[0].startswith("$paramod") and len(parts) > 1 else module


def read(lines: Sequence[str], modules: Mapping[str, Any], n: int) -> list[Mutant]:
    """Return the first mutants of a list of Yosys' that change logic, at most ``n``.

    modules : the netlist without mutants, in the form of Yosys' JSON

    What leads a probe to the top is no logic of the design.
    """
    mutants: list[Mutant] = []
    unread = {name: _unread_bits(module) for name, module in modules.items()}
    for line in lines:
        options = dict(_OPTION.findall(line))
        module = options["module"]
        if options["port"].startswith(PROBE):
            continue
        cell = modules[module]["cells"][options["cell"]]
        bit = cell["connections"][options["port"]][int(options["portbit"])]
        if not _is_logic(bit, options["mode"], unread[module]) or _is_missing(cell, options["port"], bit):
            continue
        words = line.partition(" -mode ")[2].partition(" -src ")[0].partition(" -wire ")[0]
        place = _NUMBER_OF_FILE.sub("", options.get("src") or module)
        mutants.append(
            Mutant(
                len(mutants) + 1, module, options["cell"], options["port"], int(options["portbit"]), options["mode"],
                place, f"-mode {words}",
            )
        )  # fmt: skip
        if len(mutants) == n:
            break
    return mutants


def _is_logic(bit: Any, kind: str, unread: frozenset[int]) -> bool:
    """Tell whether a change of a bit can matter: it is no X, does not get its own constant level, and is read."""
    return bit not in ("x", "z") and (kind, bit) not in (("const0", "0"), ("const1", "1")) and bit not in unread


def _is_missing(cell: Mapping[str, Any], port: str, bit: Any) -> bool:
    """Tell whether a cell is the read port of a memory, and this constant says that it has no such reset or enable.

    Yosys refuses a netlist in which such a bit is not constant.
    """
    if cell["type"] not in ("$memrd", "$memrd_v2") or bit not in ("0", "1"):
        return False
    has_clock = int(cell["parameters"]["CLK_ENABLE"], 2) == 1
    return port in ("ARST", "SRST") or (not has_clock and port in ("CLK", "EN"))


def _unread_bits(module: Mapping[str, Any]) -> frozenset[int]:
    """Return the bits of a module that no cell reads and that leave it at no port."""
    driven: set[Any] = set()
    read_bits: set[Any] = set()
    for cell in module["cells"].values():
        for port, bits in cell["connections"].items():
            (read_bits if cell["port_directions"][port] == "input" else driven).update(bits)
    for port in module["ports"].values():
        if port["direction"] != "input":
            read_bits.update(port["bits"])
    return frozenset(driven - read_bits)
