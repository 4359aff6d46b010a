"""A combinational module's netlist, from somebody's Verilog or from a component of our own RTL, by Yosys."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from draupnir.emulator.errors import InputError
from draupnir.rtl import datafiles, emit
from draupnir.rtl.design import Design, literal
from draupnir.rtl.fpga import tools
from draupnir.tools.proofs.claim import Module, Original, Ours
from draupnir.tools.proofs.two_clocks import has_two_clocks, with_first_clock

OURS = "leaf"  # the name of a component of ours in Verilog
INCLUDES = "include"
_SLANG = "--threads 1 --keep-hierarchy --ignore-assertions"  # there are no threads in WebAssembly
_SLANG_RESETS = "proc; opt_clean; opt_dff -nodffe -nosdff"  # a reset becomes one in place of a load of a constant
# Zeros as the first contents of a memory, word by word. A proof holds for any contents, and Yosys needs long for these.
_FIRST_WORDS = re.compile(r"^ *initial begin\n(?: *\w+\[\d+\] = \d+'[bdh]0+;\n)+ *end\n", re.MULTILINE)
_LOAD = re.compile(r"\$readmem[bh]\s*\([^;]*\)\s*;")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


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
    if not any(_defines(path.read_text(errors="replace"), top) for path in design.files):
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
    """Return Yosys' commands that read a design's sources, and choose a top; the sources are copied into a folder.

    SystemVerilog with statements such as ``cover`` is read by Yosys itself, and any other by its reader slang, which
    makes a module of each instance.
    """
    names = _copied(design, folder)
    if design.language == "systemverilog" and not formal:
        words = [f"-D {define}" for define in design.options.defines] + [
            f"-G {name}={literal(content)}" for name, content in settings.items()
        ]
        return f"read_slang {_SLANG} -I {INCLUDES} {' '.join(words)} --top {top} {' '.join(names)}; {_SLANG_RESETS}"
    words = ["-sv"] if design.language == "systemverilog" else []
    words += ["-formal"] if formal else []
    words += [f"-D{define}" for define in design.options.defines] + [f"-I{INCLUDES}"]
    files = "".join(f"read_verilog {' '.join(words)} {name}; " for name in names)
    # Yosys crashes if it has to read a top again whose parameters its command hierarchy has set.
    parameters = "".join(f" -set {name} {_number(content)}" for name, content in settings.items())
    return f"{files}{f'chparam{parameters} {top}; ' if parameters else ''}hierarchy -top {top}; rename -top {top}"


def _defines(text: str, top: str) -> bool:
    return re.search(rf"\bmodule\s+{top}\b", text) is not None


def copy_name(i: int, path: Path) -> str:
    """Return the name of the copy of a design's file number ``i``, which Yosys writes as a cell's source."""
    return f"{i}_{path.name}"


def _copied(design: Design, folder: Path) -> list[str]:
    """Copy all files to where Yosys in WebAssembly sees them; return the names of the sources."""
    (folder / INCLUDES).mkdir(parents=True, exist_ok=True)
    for path in design.includes:
        for name in (path.name, *_included_names(path, design)):
            (folder / INCLUDES / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / INCLUDES / name)
    datafiles.put_beside(design.data, folder)
    has_words = any(_has_words(path) for path in design.data.values())
    names = [copy_name(i, path) for i, path in enumerate(design.files)]
    for path, name in zip(design.files, names, strict=True):
        text = _FIRST_WORDS.sub("", path.read_text(errors="replace"))
        (folder / name).write_text(text if has_words else _LOAD.sub(";", text))
    return names


def _has_words(image: Path) -> bool:
    """Return True for a memory image with any word. Yosys must find the images that modules name by default, too."""
    return _COMMENT.sub("", image.read_text(errors="replace")).strip() != ""


def _included_names(path: Path, design: Design) -> list[str]:
    """Return the names that an included file has from the folders of included files."""
    folders = [folder.resolve() for folder in design.options.include_folders]
    return [str(path.resolve().relative_to(folder)) for folder in folders if path.resolve().is_relative_to(folder)]


def _number(content: int | str) -> str:
    """Return a parameter's value in Verilog; text is a number, because Yosys' command takes no text."""
    if isinstance(content, str) and content:
        return f"{8 * len(content.encode())}'h{content.encode().hex()}"
    return literal(content)
