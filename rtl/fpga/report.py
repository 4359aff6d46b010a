"""The report of place and route: how much of the device does the design use, and how fast can its clocks be?"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

# nextpnr's name of a cell -> the usual name. Other cells are in the report only if the design uses them.
LOGIC, FLIP_FLOPS, BLOCK_RAM = "logic cells", "flip-flops", "block RAMs"
_NAMES = {
    "TRELLIS_COMB": LOGIC,
    "TRELLIS_FF": FLIP_FLOPS,
    "DP16KD": BLOCK_RAM,
    "TRELLIS_RAMW": "distributed RAMs",
    "TRELLIS_IO": "pins",
    "EHXPLLL": "PLLs",
    "DCCA": "clock nets",
    "ICESTORM_LC": LOGIC,
    "ICESTORM_RAM": BLOCK_RAM,
    "ICESTORM_SPRAM": "SPRAMs",
    "ICESTORM_PLL": "PLLs",
    "SB_GB": "clock nets",
    "SB_IO": "pins",
}


@dataclass(frozen=True)
class Usage:
    """The number of used cells of a kind, and the number that the device has."""

    kind: str
    used: int
    available: int

    @property
    def fits(self) -> bool:
        return self.used <= self.available

    def __str__(self) -> str:
        return f"{self.kind} {self.used:,} of {self.available:,}"


@dataclass(frozen=True)
class Clock:
    """A clock net, with the frequency that it can have and the one that it must have, in MHz."""

    net: str
    achieved: float
    wanted: float

    @property
    def met(self) -> bool:
        return self.achieved >= self.wanted

    def __str__(self) -> str:
        return f"{self.net} {self.achieved:.2f} MHz of {self.wanted:.2f} MHz"


@dataclass(frozen=True)
class RoutedReport:
    """The report on a routed design; ``usage`` lists the kinds of cells that it uses."""

    usage: tuple[Usage, ...]
    clocks: tuple[Clock, ...]

    def n_used(self, kind: str) -> int:
        return sum(each.used for each in self.usage if each.kind == kind)

    def clock(self, net: str) -> Clock | None:
        """Return the clock whose net's name contains ``net``; None if there is none."""
        return next((clock for clock in self.clocks if net in clock.net), None)


def read(path: Path) -> RoutedReport:
    """Read a file that nextpnr has written with --report."""
    table = json.loads(path.read_text())
    usage = (_usage(kind, each["used"], each["available"]) for kind, each in table["utilization"].items())
    clocks = (Clock(_net(net), each["achieved"], each["constraint"]) for net, each in table["fmax"].items())
    return RoutedReport(tuple(each for each in usage if each.used), tuple(clocks))


def of_log(log: str) -> tuple[Usage, ...]:
    """Return the use of the device from nextpnr's log. The log has it even if the design does not fit."""
    rows = re.findall(r"^Info:\s+(\w+):\s*(\d+)/\s*(\d+)\s+\d+%", log, re.MULTILINE)
    return tuple(_usage(kind, int(used), int(available)) for kind, used, available in rows if int(used))


def _usage(kind: str, used: int, available: int) -> Usage:
    return Usage(_NAMES.get(kind, kind), used, available)


def _net(name: str) -> str:
    """Return a net's name without the prefix that nextpnr gives to nets on the global network."""
    name = name.removeprefix("$glbnet$")
    return re.sub(r"\$(?:TRELLIS_IO_IN|SB_IO_IN.*|glb_clk|2)$", "", name)
