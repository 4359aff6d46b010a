"""The tables in each chip's README are those of its declaration."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import chips
from tools.tables import markdown

EMULATOR = Path(chips.__file__).parent


@pytest.mark.parametrize("name", chips.names())
def test_readme_tables_are_generated(name: str) -> None:
    readme = (EMULATOR / name / "README.md").read_text()
    between = readme.split("<!-- tables -->\n")[1].split("<!-- /tables -->")[0]
    assert between == markdown(chips.declaration(name)), f"remake them: draupnir chips {name} --markdown"
