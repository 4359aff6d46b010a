"""A site that the tests build, and the options with which `make docs` builds it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[3]
OPTIONS = ("-q", "-W", "-n", "--keep-going", "-c", "tools/docs")


class Site(NamedTuple):
    """The folder of a site, and all that Sphinx has to say about it."""

    folder: Path
    messages: str
