"""The messages between the runner, outside the simulator, and a bench inside it."""

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

    folder : the folder for the test's files
    simulator : "verilator", "icarus", or the name of another simulator in lower case
    random_start : True if registers start at random, so that nothing is compared before the end of the first reset
    memories : declared name -> path of its array below the simulator's top; a bench looks for those that are missing
    sizes : the sizes of the chip, if it has any
    probes : declared probe -> its path below the simulator's top, for those that exist; None if that is not known
    check : True to compare the design with the model; False to run only the drivers, which measures the comparison's
        cost
    naive : True to read two pins at each clock in Python, as a simple bench would, which measures the cost of that
    times : the factor by which random and repeated parts of tests are longer than usual, to measure speeds
    reproduce : the command that runs this test again, with a waveform
    test_file : the file of a test that is not one of Draupnir's
    noted : True if the runner reads the bench's notes
    chip : the name of the chip; "" if it is not known
    look_every, look_from : compare the memories after every nth clock, from a clock on; 0 compares them only at the end
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
        """Return the session of this simulator: the runner's, or one with defaults if the runner has not started it.

        By default the test's files are in the folder in which the simulator runs, and the seed is cocotb's.
        """
        if text := os.environ.get(_VARIABLE):
            return cls(**json.loads(text))
        simulator = cocotb.SIM_NAME.split()[0].lower()
        return cls(os.getcwd(), simulator, cocotb.RANDOM_SEED, noted=False)

    def environment(self) -> dict[str, str]:
        """Return the environment variables that make this the simulator's session."""
        return {_VARIABLE: json.dumps(asdict(self))}

    def note(self, **notes: Any) -> None:
        """Add to the notes for the runner; JSON only. Without a runner it does nothing."""
        if not self.noted:
            return
        old_notes = self.notes()
        with replacing(Path(self.folder) / _NOTES) as temporary:
            temporary.write_text(json.dumps(old_notes | notes))

    def notes(self) -> dict[str, Any]:
        """Return all notes so far."""
        path = Path(self.folder) / _NOTES
        return json.loads(path.read_text()) if path.is_file() else {}
