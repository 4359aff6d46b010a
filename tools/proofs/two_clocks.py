"""Processes with two clocks, which Yosys refuses although simulators run them.

A block such as ``always @(posedge clk, posedge rst) if (en) q <= d;`` names the edge of a reset that it does not read.
It acts at both edges, and no flip-flop of Yosys does. Here it acts at the first one, and its flip-flop has an attribute
with the others, which ``clocked.ClockedModule`` reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

ALSO_AT = "also_at"  # "posedge NAME", several side by side
_BLOCK = re.compile(r"\balways\s*@\s*\(([^()]*edge[^()]*edge[^()]*)\)(.*?)(?=\balways\b|\bendmodule\b|\Z)", re.DOTALL)
_PROCESS = re.compile(r"^  process .*?^  end$\n", re.DOTALL | re.MULTILINE)
# A cell that inverts a signal of one bit: Yosys makes one of `if (!rst_n)`, and the process then reads its output.
_INVERTER = re.compile(
    r"^  cell \$(?:logic_)?not \S+$\n(?:^    parameter .*$\n)*^    connect \\A (\S+)$\n^    connect \\Y (\S+)$", re.M
)
_ALWAYS = re.compile(rf'(\(\* {ALSO_AT} = "([^"]*)" \*\)(?:\s*\(\*.*?\*\))*\s*always @\()([^)]*)\)')
_EDGE = re.compile(r"^    sync (posedge|negedge) (\S+)$\n(?:^      .*$\n)*", re.MULTILINE)


def has_two_clocks(verilog: str) -> bool:
    """Return True if a source has a block that reads at most one of the signals whose edges it names."""
    return any(_unread(edges, body) for edges, body in _BLOCK.findall(verilog))


def _unread(edges: str, body: str) -> bool:
    names = re.findall(r"edge\s+(\w+)", edges)
    return sum(re.search(rf"\b{name}\b", body) is None for name in names) > 1


def with_first_clock(design: str) -> str:
    """Return a design in Yosys' own form (RTLIL) in which each process has one clock, and an attribute with others."""
    inverted = {output: signal for signal, output in _INVERTER.findall(design)}
    return _PROCESS.sub(lambda process: _with_first_clock(process[0], inverted), design)


def _with_first_clock(process: str, inverted: Mapping[str, str]) -> str:
    edges = list(_EDGE.finditer(process))
    if len(edges) < 2:
        return process
    words = process[: edges[0].start()].split()
    names = {*words, *(inverted[word] for word in words if word in inverted)}
    others = [edge for edge in edges if edge[2] not in names][1:]
    for edge in reversed(others):
        process = process[: edge.start()] + process[edge.end() :]
    edges_of_others = " ".join(f"{edge[1]} {edge[2].lstrip(chr(92))}" for edge in others)
    return f'  attribute \\{ALSO_AT} "{edges_of_others}"\n{process}' if others else process


def with_all_clocks(verilog: str) -> str:
    """Return Verilog that Yosys wrote of such a design; its blocks act at the edges in the attribute, too."""

    def block(match: re.Match[str]) -> str:
        words = match[2].split()
        edges = [f"{edge} {name}" for edge, name in zip(words[::2], words[1::2], strict=True)]
        return f"{match[1]}{', '.join([match[3], *edges])})"

    return _ALWAYS.sub(block, verilog)
