"""The words between the runner, outside the simulator, and a bench inside it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cocotb

from draupnir.golden.files import replacing

_VARIABLE = "DRAUPNIR_SESSION"
_NOTES = "notes.json"


@dataclass(frozen=True)
class Session:
    """One test in one simulator.

    folder : where the test leaves its files
    simulator : "verilator", "icarus", or another one's own name in lower case
    random_start : registers start at random, so that nothing holds before the end of the first reset
    memories : declared name -> path of its array below the simulator's top; a bench looks for those that are missing
    sizes : those of the chip, where it has any to choose
    probes : declared probe -> its path below the simulator's top, of those that are there; None: not known
    check : hold the model against the design; without, only the drivers run (to measure what checking costs)
    naive : read two pins at each clock in Python, as a first bench of one's own would (to measure what that costs)
    times : how much longer than usual the tests' random and repeated parts are (to measure speeds)
    reproduce : the command that runs this very test again, with a waveform
    test_file : the file that the test is in, for a test that is not one of Draupnir's
    noted : the runner reads what the bench notes
    chip : the chip's name; "" where nobody has told it
    look_every, look_from : compare the memories every so many clocks, from a clock on; 0 compares them at the end only
    """

    folder: str
    simulator: str
    seed: int
    random_start: bool = False
    memories: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    probes: Mapping[str, str] | None = None
    check: bool = True
    naive: bool = False
    times: int = 1
    reproduce: str = ""
    test_file: str = ""
    noted: bool = True
    look_every: int = 0
    look_from: int = 0
    chip: str = ""

    @classmethod
    def here(cls) -> Session:
        """The session of this simulator: the runner's, or, in a simulation that somebody else has started, defaults.

        By default the test leaves its files in the folder in which the simulator runs, and the seed is cocotb's.
        """
        if text := os.environ.get(_VARIABLE):
            return cls(**json.loads(text))
        simulator = cocotb.SIM_NAME.split()[0].lower()
        return cls(os.getcwd(), simulator, cocotb.RANDOM_SEED, noted=False)

    def environment(self) -> dict[str, str]:
        """The environment that makes this the simulator's session."""
        return {_VARIABLE: json.dumps(asdict(self))}

    def note(self, **notes: Any) -> None:
        """Add to the notes for the runner; JSON only. Without a runner it does nothing."""
        if not self.noted:
            return
        old_notes = self.notes()
        with replacing(Path(self.folder) / _NOTES) as temporary:
            temporary.write_text(json.dumps(old_notes | notes))

    def notes(self) -> dict[str, Any]:
        """All notes so far."""
        path = Path(self.folder) / _NOTES
        return json.loads(path.read_text()) if path.is_file() else {}
