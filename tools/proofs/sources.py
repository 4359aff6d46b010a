"""A combinational module's netlist, from somebody's Verilog or from a component of our own RTL, by Yosys."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from draupnir.emulator.errors import InputError
from draupnir.rtl import emit
from draupnir.rtl.design import Design, literal
from draupnir.rtl.fpga import tools
from draupnir.tools.proofs.claim import Module, Original, Ours
from draupnir.tools.proofs.two_clocks import has_two_clocks, with_first_clock

OURS = "leaf"  # the name of a component of ours in Verilog
INCLUDES = "include"
# Zeros as the first contents of a memory, word by word. A proof holds for any contents, and Yosys needs long for these.
_FIRST_WORDS = re.compile(r"^ *initial begin\n(?: *\w+\[\d+\] = \d+'[bdh]0+;\n)+ *end\n", re.MULTILINE)


def flat_netlist(module: Module, design: Design | None, folder: Path) -> Mapping[str, Any]:
    """Return the flat netlist of a module, in the form of Yosys' JSON.

    design : the sources that an ``Original`` is in, None for ours
    folder : an empty folder for files

    Raises InputError if there is no such module, and with Yosys' message for sources that it cannot read.
    """
    if isinstance(module, Ours):
        path = emit.write_verilog(module.make(), OURS, folder)
        return of_verilog(Design(OURS, (path,)), OURS, {}, folder / "flat")
    assert isinstance(module, Original) and design is not None
    return of_verilog(design, module.name, module.settings, folder)


def of_verilog(
    design: Design, top: str, settings: Mapping[str, int | str], folder: Path, formal: bool = False
) -> Mapping[str, Any]:
    """Return the flat netlist of a module in a design's sources.

    settings : parameters of the module; formal : True for sources with statements such as ``cover``

    Raises InputError if there is no such module.
    """
    if not any(re.search(rf"\bmodule\s+{top}\b", path.read_text(errors="replace")) for path in design.files):
        raise InputError(f"--rtl: no module {top} in its files; right is --of with other parts")
    # No opt_clean: a register that nothing reads is part of the state, too. No ROM: it is not state.
    commands = "proc -norom; flatten; memory_collect; write_json netlist.json"
    script = reading(design, top, settings, folder, formal)
    if any(has_two_clocks(path.read_text(errors="replace")) for path in design.files):
        tools.must("yosys", ["-q", "-p", f"{script}; write_rtlil ./design.il"], folder)
        processes = folder / "design.il"
        processes.write_text(with_first_clock(processes.read_text()))
        script = f"read_rtlil ./{processes.name}"
    tools.must("yosys", ["-q", "-p", f"{script}; {commands}"], folder)
    modules: dict[str, Any] = json.loads((folder / "netlist.json").read_text())["modules"]
    # A module with other parameters has another name.
    (flat,) = (module for module in modules.values() if int(module["attributes"].get("top", "0"), 2))
    content: Mapping[str, Any] = flat
    return content


def reading(design: Design, top: str, settings: Mapping[str, int | str], folder: Path, formal: bool = False) -> str:
    """Return Yosys' commands that read a design's sources, and choose a top; the sources are copied into a folder."""
    names = _copied(design, folder)
    parameters = "".join(f" -chparam {name} {literal(content)}" for name, content in settings.items())
    words = ["-sv"] if design.language == "systemverilog" else []
    words += ["-formal"] if formal else []
    words += [f"-D{define}" for define in design.options.defines] + [f"-I{INCLUDES}"]
    files = "".join(f"read_verilog {' '.join(words)} {name}; " for name in names)
    return f"{files}hierarchy -top {top}{parameters}"


def copy_name(i: int, path: Path) -> str:
    """Return the name of the copy of a design's file number ``i``, which Yosys writes as a cell's source."""
    return f"{i}_{path.name}"


def _copied(design: Design, folder: Path) -> list[str]:
    """Copy all files to where Yosys in WebAssembly sees them; return the names of the sources."""
    (folder / INCLUDES).mkdir(parents=True, exist_ok=True)
    for path in design.includes:
        shutil.copyfile(path, folder / INCLUDES / path.name)
    names = [copy_name(i, path) for i, path in enumerate(design.files)]
    for path, name in zip(design.files, names, strict=True):
        (folder / name).write_text(_FIRST_WORDS.sub("", path.read_text(errors="replace")))
    return names
