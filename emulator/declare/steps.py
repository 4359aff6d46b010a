"""The steps of one side of a bus: the levels that it drives, and how long they stay.

A side in software is a *script*, a generator of steps. A step says which levels the side drives and when the step ends:
after a number of clocks, or when the other side shows a level, whichever comes first. The code that moves the pins
carries the steps out: a golden recipe does so clock by clock, a cocotb driver waits, and the wrapper of the benches is
in Verilog. So a script is the only place in software that knows the protocol.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import NamedTuple


class Step(NamedTuple):
    """Levels that a side drives for a while.

    levels : role -> level, for every role that the side drives
    end : (role, level) of the other side; the step ends at the first clock edge at which the role has this level; None:
        no level ends it
    clocks : the step ends after this number of clocks at the latest, 0 or more; None: there is no limit
    debt : a message that says what the other side has still to do while the step waits, "" for none; " since cycle N"
        is put after it

    A step of 0 clocks does not take place. Any other lasts for at least one clock edge.
    """

    levels: Mapping[str, int]
    end: tuple[str, int] | None = None
    clocks: int | None = None
    debt: str = ""


Script = Generator[Step, bool, None]
"""The steps of a side, one after the other.

After each step the script receives True if the step's ``end`` has ended it, else False. A script draws a random number
only when the step begins that needs it.
"""


def next_step(script: Script, met: bool) -> Step | None:
    """The next step of a script, or None at its end.

    met : True if the ``end`` of the step before has ended it
    """
    try:
        return script.send(met)
    except StopIteration:
        return None


def clock_by_clock(script: Script) -> Generator[Step, bool, None]:
    """The step that is active in each clock. The generator never ends: after the script the last levels stay.

    After each clock it receives True if the step's ``end`` is true at the edge of this clock. A script without any step
    drives no levels.
    """
    step, last_step = next(script, None), Step({})
    while step is not None:
        last_step, clocks, met = step, 0, False
        while not met and clocks != step.clocks:
            met = (yield step) and step.end is not None
            clocks += 1
        step = next_step(script, met)
    while True:
        yield Step(last_step.levels)
