"""What the runner, outside the simulator, tells a bench inside it, and what the bench tells the runner."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from golden.files import replacing

_VARIABLE = "DRAUPNIR_SESSION"
_NOTES = "notes.json"


@dataclass(frozen=True)
class Session:
    """One test in one simulator.

    folder : where the test leaves its files
    memories : declared name -> path of its array below the simulator's top
    check : hold the model against the design; without, only the drivers run (to measure what checking costs)
    naive : read two pins at each clock in Python, as a first bench of one's own would (to measure what that costs)
    times : how much longer than usual the tests' random and repeated parts are (to measure speeds)
    reproduce : the command that runs this very test again, with a waveform
    """

    chip: str
    folder: str
    simulator: str
    seed: int
    memories: Mapping[str, str] = field(default_factory=dict)
    check: bool = True
    naive: bool = False
    times: int = 1
    reproduce: str = ""

    @classmethod
    def here(cls) -> Session:
        """The session of this simulator."""
        return cls(**json.loads(os.environ[_VARIABLE]))

    def environment(self) -> dict[str, str]:
        """The environment that makes this the simulator's session."""
        return {_VARIABLE: json.dumps(asdict(self))}

    def note(self, **notes: Any) -> None:
        """Add to the notes for the runner; JSON only."""
        known = self.notes()
        with replacing(Path(self.folder) / _NOTES) as temporary:
            temporary.write_text(json.dumps(known | notes))

    def notes(self) -> dict[str, Any]:
        """All notes so far."""
        path = Path(self.folder) / _NOTES
        return json.loads(path.read_text()) if path.is_file() else {}
