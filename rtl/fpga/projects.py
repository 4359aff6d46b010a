"""Projects for other tools: Vivado, Gowin's tools, and a FuseSoC core. We have run none of these tools.

Amaranth writes Verilog, constraints and a Tcl script for a vendor's tools. A project also has the memories' contents as
``.mem`` files, which the Verilog reads with ``$readmemh``, and ``project.json`` with its contents and its origin.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from draupnir.emulator.declare import Memory
from draupnir.emulator.errors import InputError
from draupnir.rtl import emit
from draupnir.rtl.bridge.board import title
from draupnir.rtl.bridge.protocol import buses, clocks_a_cycle
from draupnir.rtl.fpga import clocks
from draupnir.rtl.fpga.boards import Vendor, project_board
from draupnir.rtl.fpga.top import BoardTop, divider

Kind = Literal["vivado", "gowin", "fusesoc"]
NAME = "top"
ABOUT = "project.json"
NOTE = "Not run by Draupnir: there was no such tool."
_KEPT = {"vivado": ("v", "xdc", "tcl"), "gowin": ("v", "cst", "sdc", "tcl")}
_CORE = """\
CAPI=2:
# {note}
name: "::{chip}:0"
description: "{title}"
filesets:
  rtl:
    files: [{top}.v]
    file_type: verilogSource-2005
  contents:
    files: [{contents}]
    file_type: user
    copyto: .
targets:
  default: &default
    filesets: [rtl, contents]
    toplevel: {top}
  lint:
    <<: *default
    default_tool: verilator
    tools: {{verilator: {{mode: lint-only, verilator_options: [--default-language, 1364-2005]}}}}
  vivado:
    <<: *default
    default_tool: vivado
    tools: {{vivado: {{part: xc7a35ticsg324-1L}}}}
"""


def write(
    kind: Kind,
    chip: str,
    folder: Path,
    words: Mapping[str, np.ndarray],
    board: str | None = None,
    freq: float | None = None,
    origin: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> list[Path]:
    """Write a project into ``folder``, and return its files.

    words : memory -> the contents of the words that the chip has, (depth, limbs) uint32; other memories are 0
    board : the name of a board of the vendor; None for the first one
    freq : the frequency of the chip's clock in Hz; None for the board's
    origin : the origin of the request, for project.json: command, date, commit, versions

    Raises InputError for an unknown chip, board or parameter, and for a frequency that the board cannot make.
    """
    ours, declaration = emit.our_chip(chip), emit.declaration(chip, **parameters)
    texts = (
        {f"{ours.top}.v": _chip_alone(chip, folder, parameters)}
        if kind == "fusesoc"
        else _for_board(kind, chip, board, freq, parameters)
    )
    verilog = next(name for name in texts if name.endswith(".v"))
    files = {}
    for memory in declaration.memories:
        depth = len(emit.kept_words(chip, memory.name, **parameters))
        blank = np.zeros((len(memory.parts), depth, memory.n_limbs), np.uint32)
        content = words.get(memory.name, blank).reshape(blank.shape)
        for i, (part, name) in enumerate(zip(memory.parts, _file_names(memory), strict=True)):
            files[f"{name}.mem"] = _hex(content[i], memory.width)
            texts[verilog] = read_from_file(texts[verilog], ours.paths(**declaration.sizes)[part], name)
    if kind == "fusesoc":
        texts[f"{chip}.core"] = _CORE.format(
            note=NOTE, chip=chip, title=declaration.title, top=ours.top, contents=", ".join(files)
        )
    about = {"chip": chip, "project": kind, "note": NOTE, "parameters": dict(parameters), "origin": dict(origin or {})}
    files[ABOUT] = json.dumps(about, indent=2) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (texts | files).items():
        (folder / name).write_text(text)
    return [folder / name for name in texts | files]


def _file_names(memory: Memory) -> list[str]:
    """Return the name of the file of each copy of a memory, without its suffix."""
    return [memory.name] if memory.copies is None else [f"{memory.name}_{i}" for i in range(memory.copies)]


def _for_board(
    vendor: Vendor, chip: str, board_name: str | None, freq: float | None, parameters: Mapping[str, Any]
) -> dict[str, str]:
    """Return the files of the board's whole design, with the bridge at its UART."""
    board, declaration = project_board(board_name, vendor), emit.declaration(chip, **parameters)
    cycle = clocks_a_cycle(declaration)
    plan = clocks.plan(board.family, board.oscillator_hz, (freq or board.chip_freq(cycle)) * cycle)
    # This raises before there are components, because Amaranth warns of components that are not used.
    divider(plan.freq)
    buses(declaration)
    component = emit.make(chip, **parameters)
    design = BoardTop(declaration, component, board, plan, title(chip, dict(parameters)))
    files = board.make_platform().prepare(design, NAME, emit_src=False).files
    texts = {f"{NAME}.{suffix}": files[f"{NAME}.{suffix}"] for suffix in _KEPT[vendor]}
    remark = "//" if vendor == "gowin" else "#"
    for name in texts:
        mark = {"v": "//", "tcl": "#"}.get(name.rpartition(".")[2], remark)
        texts[name] = f"{mark} {NOTE}\n{texts[name]}"
    if vendor == "vivado":
        # With absolute paths, $readmemh finds the files from any folder in which Vivado runs.
        contents = " ".join(f"{name}.mem" for memory in declaration.memories for name in _file_names(memory))
        texts[f"{NAME}.tcl"] = texts[f"{NAME}.tcl"].replace("synth_design", f"read_mem {{{contents}}}\nsynth_design", 1)
    return texts


def _chip_alone(chip: str, folder: Path, parameters: Mapping[str, Any]) -> str:
    ours = emit.our_chip(chip)
    path = emit.write_verilog(emit.make(chip, **parameters), ours.top, folder)
    return f"// {NOTE}\n{path.read_text()}"


def read_from_file(verilog: str, path: str, memory: str) -> str:
    """Return the Verilog, with statements that read a memory from ``<memory>.mem`` in the place of its contents.

    path : the path of the memory's array below the chip

    Raises InputError if the array is not there exactly once.
    """
    *instances, array = path.split(".")
    start = [m.end() for m in re.finditer(rf"^module \\\S*\.?{re.escape('.'.join(instances))} ", verilog, re.MULTILINE)]
    if len(start) != 1:
        raise InputError(f"{memory}: {len(start)} modules end in {'.'.join(instances)}, and there should be one")
    end = verilog.index("endmodule", start[0])
    statements = rf"initial begin\n(?:\s*{array}\[\d+\] = [^;]+;\n)+\s*end\n"
    body, n = re.subn(statements, f'initial $readmemh("{memory}.mem", {array});\n', verilog[start[0] : end])
    if n != 1:
        raise InputError(f"{memory}: {n} initial contents in module {'.'.join(instances)}, and there should be one")
    return verilog[: start[0]] + body + verilog[end:]


def _hex(content: np.ndarray, width: int) -> str:
    """Return ``$readmemh`` text: a word in each line, most significant digit first."""
    digits = -(-width // 4)
    words = (int.from_bytes(row.astype("<u4").tobytes(), "little") for row in content)
    return "".join(f"{word:0{digits}x}\n" for word in words)
