"""Processes with two clocks, which Yosys refuses although simulators run them.

A block such as ``always @(posedge clk, posedge rst) if (en) q <= d;`` names the edge of a reset that it does not read.
It acts at both edges, and no flip-flop does. Here it acts at the first one alone. A netlist without mutants is compared
with all cases, so a design in which the other edge matters is refused there.
"""

from __future__ import annotations

import re

_PROCESS = re.compile(r"^  process .*?^  end$\n", re.DOTALL | re.MULTILINE)
_EDGE = re.compile(r"^    sync (?:posedge|negedge) (\S+)$\n(?:^      .*$\n)*", re.MULTILINE)


def with_one_clock(text: str) -> str:
    """Return a design in Yosys' own form (RTLIL) in which each process acts at one edge that it does not read."""
    return _PROCESS.sub(lambda process: _with_one_clock(process[0]), text)


def _with_one_clock(process: str) -> str:
    edges = list(_EDGE.finditer(process))
    if len(edges) < 2:
        return process
    words = set(process[: edges[0].start()].split())
    clocks = [edge for edge in edges if edge[1] not in words]
    for edge in reversed(clocks[1:]):
        process = process[: edge.start()] + process[edge.end() :]
    return process
