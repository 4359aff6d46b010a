"""Processes with two clocks, which Yosys refuses although simulators run them.

A block such as ``always @(posedge clk, posedge rst) if (en) q <= d;`` names the edge of a reset that it does not read.
It acts at both edges, and no flip-flop of Yosys does. Here it acts at the first one, and its flip-flop has an attribute
with the others, which ``clocked.ClockedModule`` reads.
"""

from __future__ import annotations

import re

ALSO_AT = "also_at"  # "posedge NAME", several side by side
_BLOCK = re.compile(r"\balways\s*@\s*\(([^()]*edge[^()]*edge[^()]*)\)(.*?)(?=\balways\b|\bendmodule\b|\Z)", re.DOTALL)
_PROCESS = re.compile(r"^  process .*?^  end$\n", re.DOTALL | re.MULTILINE)
_EDGE = re.compile(r"^    sync (posedge|negedge) (\S+)$\n(?:^      .*$\n)*", re.MULTILINE)


def has_two_clocks(verilog: str) -> bool:
    """Return True if a source has a block that reads at most one of the signals whose edges it names."""
    return any(_unread(edges, body) for edges, body in _BLOCK.findall(verilog))


def _unread(edges: str, body: str) -> bool:
    names = re.findall(r"edge\s+(\w+)", edges)
    return sum(re.search(rf"\b{name}\b", body) is None for name in names) > 1


def with_first_clock(design: str) -> str:
    """Return a design in Yosys' own form (RTLIL) in which each process has one clock, and an attribute with others."""
    return _PROCESS.sub(lambda process: _with_first_clock(process[0]), design)


def _with_first_clock(process: str) -> str:
    edges = list(_EDGE.finditer(process))
    if len(edges) < 2:
        return process
    words = set(process[: edges[0].start()].split())
    others = [edge for edge in edges if edge[2] not in words][1:]
    for edge in reversed(others):
        process = process[: edge.start()] + process[edge.end() :]
    names = " ".join(f"{edge[1]} {edge[2].lstrip(chr(92))}" for edge in others)
    return f'  attribute \\{ALSO_AT} "{names}"\n{process}' if others else process
