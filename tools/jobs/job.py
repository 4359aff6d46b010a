"""A job: one call of a function whose result depends on its arguments alone, and the outcome of such a call.

So a job can run on any machine, in any order and as often as it takes. Its key stands for its result: a hash of the
function's name, of its arguments, and of the sources of Draupnir. A job whose result depends on other files has their
hashes among its arguments.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from draupnir.emulator import chips

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("emulator", "golden", "rtl", "cocotb_tests", "tools")
# done: the function returned; refused: it raised InputError; defect: it raised another exception; late: the time limit
# ended it; died: its process ended, time after time.
Kind = Literal["done", "refused", "defect", "late", "died"]


@dataclass(frozen=True)
class PureJob:
    """A job.

    name : its name for people, not empty
    function : "module:function"; it takes the arguments by name, and returns what JSON can hold
    arguments : the arguments, of what JSON can hold
    """

    name: str
    function: str
    arguments: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The key of the job's result: 64 hexadecimal digits."""
        text = json.dumps([self.function, self.arguments, product_hash()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class PureJobOutcome:
    """The outcome of a job.

    result : what the function returned; None unless ``kind`` is "done"
    text : the reason why there is no result; "" if there is one
    seconds : wall time; worker : host and number of the process. Neither belongs to the result
    """

    job: PureJob
    kind: Kind
    result: Any = None
    text: str = ""
    seconds: float = field(default=0.0, compare=False)
    worker: str = field(default="", compare=False)

    def __str__(self) -> str:
        """Return the job's name and what became of it."""
        return f"{self.job.name}: {'done' if self.kind == 'done' else self.text}"


def digest(outcomes: Iterable[PureJobOutcome]) -> str:
    """Return a hash of all results: 64 hexadecimal digits. It does not depend on their order, time or machine."""
    rows = sorted((one.job.key, one.kind, json.dumps(one.result, sort_keys=True)) for one in outcomes)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


@cache
def product_hash() -> str:
    """Return a hash of Draupnir's sources, without their tests."""
    return _hash_of(path for room in ROOMS for path in _python(ROOT / room))


def chip_hash(chip: str) -> str:
    """Return a hash of the sources of the package that offers a chip, or "" if that is Draupnir itself."""
    top = chips.package(chip).declaration.partition(":")[0].partition(".")[0]
    spec = find_spec(top)
    folders = list(spec.submodule_search_locations or ()) if spec and top != "draupnir" else []
    return _hash_of(path for folder in folders for path in _python(Path(folder))) if folders else ""


def file_hash(paths: Iterable[Path]) -> str:
    """Return a hash of files: of their names without folders, and of their contents, in the order of the names."""
    return _hash_of(sorted(paths, key=lambda path: (path.name, str(path))))


def _python(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*.py")) if "tests" not in path.relative_to(folder).parts)


def _hash_of(paths: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        whole.update(f"{path.name} {len(content)}\n".encode() + content)
    return whole.hexdigest()
