"""A design with all its mutants in one netlist, by Yosys' command ``mutate``.

The netlist has an input with the number of the mutant that is switched on; with 0 it is the design itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from amaranth.back import rtlil

from draupnir.emulator.declare import Chip, Pin
from draupnir.emulator.errors import InputError
from draupnir.rtl import emit, kept
from draupnir.rtl.design import Design, SourceOptions
from draupnir.rtl.fpga import tools
from draupnir.tools.mutants import visible
from draupnir.tools.mutants.initial import with_initial
from draupnir.tools.mutants.mutant import Mutant, base_name, read
from draupnir.tools.mutants.probes import port_of, with_probes
from draupnir.tools.proofs import sources
from draupnir.tools.proofs.two_clocks import with_all_clocks, with_first_clock

PORT = "draupnir_mutant"
NUMBER_BITS = 12
MOST = (1 << NUMBER_BITS) - 1  # mutants in one netlist
_PACKAGE = Path(emit.__file__).parents[1]
_NO_LOGIC = "*/t:$meminit* */t:$scopeinfo %u */t:$print %u */t:$check %u"  # cells
_NO_INSTANCES = "*/t:$* %i"
_SPARE = 4  # Yosys lists so many times the mutants, since some change no logic
_LOGIC = "logic.il"
_FLATTEN = "setattr -mod -unset top; flatten; write_json flat.json"


@dataclass(frozen=True)
class Source:
    """A design before it has mutants. design : top, memories and pins; files: only somebody's Verilog has any"""

    chip: Chip
    design: Design
    is_ours: bool


@dataclass(frozen=True)
class MutatedDesign:
    """A netlist with mutants.

    design : the Verilog, with the input PORT
    modules : each module, in the form of Yosys' JSON
    flat : each module with all that it has instances of
    """

    design: Design
    mutants: Sequence[Mutant]
    modules: Mapping[str, Any]
    _flat_file: Path

    @cached_property
    def flat(self) -> Mapping[str, Any]:
        return _defined(self._flat_file)

    @property
    def top(self) -> Mapping[str, Any]:
        """The whole netlist as one module."""
        content: Mapping[str, Any] = self.flat[self.design.top]
        return content


def with_port(chip: Chip) -> Chip:
    """Return a chip whose last input pin is the number of the mutant."""
    return replace(chip, pins=(*chip.pins, Pin(PORT, "in", NUMBER_BITS, "control", "number of the mutant")))


class Mutator:
    """Lists mutants of a design, and makes netlists with them. folder : an empty folder for files

    Raises InputError with Yosys' message for sources that it cannot read.
    """

    def __init__(self, source: Source, folder: Path) -> None:
        self.source, self._folder = source, folder
        self._logic, self.modules = self._read()

    def module_names(self) -> list[str]:
        """The names of the modules, without their parameters."""
        return sorted({base_name(module) for module in self.modules})

    def mutants(self, n: int, seed: int, names: Sequence[str] = ()) -> list[Mutant]:
        """Return mutants, at most ``n``, drawn with a seed.

        names : the modules to draw from; empty for all. Raises InputError for a module that is not there.
        """
        for name in names:
            if not self._modules_of(name):
                raise InputError(f"--of {name}: right is one of {', '.join(self.module_names())}")
        modules = [module for name in names for module in self._modules_of(name)] or list(self.modules)
        patterns = [f"{re.sub(r'[^A-Za-z0-9_.$]', '?', module)}/*" for module in modules]
        # In SystemVerilog each instance has its own module: the cells in it are mutated, and its ports are only wires.
        rest = [_NO_INSTANCES] if self.source.design.language == "systemverilog" else []
        selection = " ".join([patterns[0], *(f"{pattern} %u" for pattern in patterns[1:]), _NO_LOGIC, "%d", *rest])
        command = f"mutate -list {_SPARE * n} -seed {seed} -o mutate.txt {selection}"
        (path,) = self._yosys("list", command, ["mutate.txt"])
        return read(path.read_text().splitlines(), self.modules, n)

    def _modules_of(self, name: str) -> list[str]:
        """The modules of a name. The last part of a component's path is enough."""
        return [m for m in self.modules if base_name(m) == name or base_name(m).endswith(f".{name}")]

    def mutate(self, mutants: Sequence[Mutant]) -> MutatedDesign:
        """Return the netlist with these mutants, at most MOST, which have their positions from 1 on as numbers."""
        if len(mutants) > MOST:
            raise ValueError(f"{len(mutants)} mutants; a netlist has at most {MOST}")
        lines = [f"mutate -ctrl {PORT} {NUMBER_BITS} {i} {mutant.words}" for i, mutant in enumerate(mutants, 1)]
        names = ["mutants.v", "modules.json", "flat.json"]
        commands = f"write_verilog mutants.v; write_json modules.json; {_FLATTEN}"
        verilog, modules, flat = self._yosys("mutated", f"script mutate.txt; {commands}", names, "\n".join(lines))
        content = json.loads(modules.read_text())
        if with_initial(content["modules"], PORT):
            text = json.dumps(content)
            (verilog.parent / "initial.json").write_text(text)
            verilog, modules, flat = _run_once(verilog.parent, names, f"read_json initial.json; {commands}", [text])
        return MutatedDesign(self._of_yosys(verilog), tuple(mutants), _defined(modules), flat)

    def visible(self) -> tuple[Design, Mapping[str, Any]]:
        """Return the design without mutants, with the wire ``visible.ALL`` of all flip-flops; and it as one module."""
        with_wire = json.dumps({"modules": visible.with_states(self.modules, self.source.design.top)})
        folder = self._folder / "visible"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "visible.json").write_text(with_wire)
        script = f"read_json visible.json; write_verilog visible.v; {_FLATTEN}"
        verilog, flat = _run_once(folder, ["visible.v", "flat.json"], script, [with_wire])
        return self._of_yosys(verilog), json.loads(flat.read_text())["modules"][self.source.design.top]

    @property
    def _probes(self) -> Mapping[str, str]:
        return self.source.design.probes

    def _of_yosys(self, verilog: Path) -> Design:
        """Return the design whose Verilog Yosys wrote."""
        verilog.write_text(with_all_clocks(verilog.read_text()))
        return replace(
            self.source.design, files=(verilog,), includes=(), language="verilog-2005", data={}, parameters={},
            options=SourceOptions(), probes={name: port_of(name) for name in self._probes},
        )  # fmt: skip

    def _read(self) -> tuple[Path, Mapping[str, Any]]:
        """Read the sources; return the logic in Yosys' own form, and as JSON."""
        folder = self._folder / "logic"
        folder.mkdir(parents=True, exist_ok=True)
        text = _ours(self.source.chip) if self.source.is_ours else self._foreign(folder)
        (folder / "source.il").write_text(text)
        source = "read_rtlil source.il; proc"
        if self._probes:
            text = self._with_probes(folder, source, text)
            source = "read_json probes.json"
        script = f"{source}; opt_clean -purge; write_rtlil {_LOGIC}; write_json logic.json"
        logic, modules = _run_once(folder, [_LOGIC, "logic.json"], script, [text])
        return logic, json.loads(modules.read_text())["modules"]

    def _with_probes(self, folder: Path, source: str, text: str) -> str:
        """Write probes.json, a design whose probes are outputs of its top, and return it."""
        (path,) = _run_once(folder, ["named.json"], f"{source}; write_json named.json", [text])
        modules = json.loads(path.read_text())["modules"]
        content = json.dumps({"modules": with_probes(modules, self.source.design.top, self._probes)})
        (folder / "probes.json").write_text(content)
        return content

    def _foreign(self, folder: Path) -> str:
        """Return somebody's Verilog in Yosys' form."""
        design = self.source.design
        commands = sources.reading(design, design.top, design.parameters, folder)
        made_from = [path.read_bytes() for path in (*design.files, *design.includes)]
        (path,) = _run_once(folder, ["verilog.il"], f"{commands}; write_rtlil verilog.il", made_from)
        return with_first_clock(path.read_text())

    def _yosys(self, name: str, commands: str, names: Sequence[str], list_text: str = "") -> list[Path]:
        """Run Yosys on the logic; return the files that it writes. list_text : the content of mutate.txt"""
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        logic = self._logic.read_bytes()
        (folder / _LOGIC).write_bytes(logic)
        (folder / "mutate.txt").write_text(list_text)
        return _run_once(folder, names, f"read_rtlil {_LOGIC}; {commands}", [logic, list_text])


def _defined(file: Path) -> Mapping[str, Any]:
    """Read modules from Yosys' JSON; a bit that the source leaves undefined is 0, as in Verilator.

    Nothing depends on such a bit in the source. In a mutant something can, and a proof then needs the level that the
    replays have. The ports of memories keep theirs, which say what a memory has not got.
    """
    modules: Mapping[str, Any] = json.loads(file.read_text())["modules"]
    for module in modules.values():
        for cell in module["cells"].values():
            if not cell["type"].startswith("$mem"):
                cell["connections"] = {
                    port: ["0" if bit == "x" else bit for bit in bits] for port, bits in cell["connections"].items()
                }
    return modules


def _run_once(folder: Path, names: Sequence[str], script: str, made_from: Sequence[str | bytes]) -> list[Path]:
    """Run Yosys' commands in a folder, unless their files are kept from an earlier run; return the files."""
    paths = [folder / name for name in names]

    def make(path: Path) -> Callable[[], object]:
        return lambda: path.is_file() or tools.must("yosys", ["-q", "-p", script], folder)

    for path in paths:
        path.unlink(missing_ok=True)
    for path in paths:
        kept.put(path, (tools.find_for("yosys", [script]).version, script, path.name, *made_from), make(path))
    return paths


def _ours(chip: Chip) -> str:
    """Return our RTL of a chip in Yosys' form, in which each cell has the line of our source."""
    ours = emit.our_chip(chip.name)
    text = rtlil.convert(emit.make(chip.name, **chip.sizes), name=ours.top, emit_src=True)
    return str(text).replace(f"{_PACKAGE}/", "")
