"""The tests' own chips, which are installed as long as a test lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint

import pytest

from draupnir.emulator import chips


@contextmanager
def offered(monkeypatch: pytest.MonkeyPatch, **packages: str) -> Iterator[None]:
    """Let only these chips be installed; packages : name of a chip -> the place of its package, "module:attribute"."""
    offers = {name: [EntryPoint(name, place, chips.GROUP)] for name, place in packages.items()}
    with monkeypatch.context() as patch:
        patch.setattr(chips, "_offers", lambda: offers)
        for cached in (chips.names, chips.package):
            cached.cache_clear()
        yield
    for cached in (chips.names, chips.package):
        cached.cache_clear()
