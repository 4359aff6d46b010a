"""The conventions that NIR leaves open, and a network's author has to say: timestep, reset and decay."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reset(StrEnum):
    """The fate of a potential after a spike.

    zero : v becomes v_reset at once
    subtract : the threshold is taken from v at once
    subtract-after-leak : it is taken from v in the next timestep, after the leak (snnTorch's default)
    """

    ZERO = "zero"
    SUBTRACT = "subtract"
    SUBTRACT_AFTER_LEAK = "subtract-after-leak"


class Decay(StrEnum):
    """The share of a potential that is left after a timestep.

    euler : 1 - dt / tau (snnTorch, Norse, SpikingJelly); exponential : exp(-dt / tau) (Sinabs, Rockpool)
    """

    EULER = "euler"
    EXPONENTIAL = "exponential"


@dataclass(frozen=True)
class Conventions:
    """One reading of a network. dt : the timestep in the unit of its time constants, seconds for NIR"""

    dt: float
    reset: Reset
    decay: Decay = Decay.EULER

    def __str__(self) -> str:
        text = f"--dt {self.dt:g} --reset {self.reset}"
        return text if self.decay is Decay.EULER else f"{text} --decay {self.decay}"
