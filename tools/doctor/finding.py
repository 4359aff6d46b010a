"""One line of what ``draupnir doctor`` says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["ok", "absent", "fault"]


@dataclass(frozen=True)
class Health:
    """The health of one part.

    part : its name, for instance "Icarus Verilog"
    state : "absent" for a part that only some commands need, "fault" for one that must be mended
    text : its version and place, or what is wrong
    remedy : what to do; "" if nothing is to be done
    """

    part: str
    state: State
    text: str
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON has them."""
        return asdict(self)
