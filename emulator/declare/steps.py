"""The steps of a side of a bus: levels that it drives, and how long they stay.

A side in software is a *script*, a generator of steps. A step says which levels the side drives and when it ends:
after a number of clocks, or when the other side shows a level, whichever comes first. Whoever moves the pins carries
the steps out: a golden recipe clock by clock, a cocotb driver by waiting, the wrapper of the benches in Verilog. So a
script is the only place in software that knows the protocol.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import NamedTuple


class Step(NamedTuple):
    """Levels that a side drives for a while.

    levels : role -> level, of every role that the side drives
    until : (role, level) of the other side: the step ends at the first clock edge that finds it so; None: never
    clocks : the step ends after so many clocks, 0 or more, at the latest; None: there is no limit
    owed : what the other side owes while the step waits for it, "" for nothing; ends before "since cycle"

    A step of 0 clocks does not take place. Any other lasts for at least one clock edge.
    """

    levels: Mapping[str, int]
    until: tuple[str, int] | None = None
    clocks: int | None = None
    owed: str = ""


Script = Generator[Step, bool, None]
"""The steps of a side, one after the other.

A script is sent, after each step, whether the step's ``until`` came true. What it draws from a generator of random
numbers, it draws at the moment at which the step begins that needs it.
"""


def following(script: Script, met: bool) -> Step | None:
    """The step after one that has ended, or None where the script ends; met : whether its ``until`` came true."""
    try:
        return script.send(met)
    except StopIteration:
        return None


def clock_by_clock(script: Script) -> Generator[Step, bool, None]:
    """The step that holds in each clock, for ever: where the script has ended, its last levels stay.

    It is sent, after each clock, whether that clock's edge has found the step's ``until`` to be true. A script without
    any step is one whose levels are none.
    """
    step, last = next(script, None), Step({})
    while step is not None:
        last, clocks, met = step, 0, False
        while not met and clocks != step.clocks:
            met = (yield step) and step.until is not None
            clocks += 1
        step = following(script, met)
    while True:
        yield Step(last.levels)
