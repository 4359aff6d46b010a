"""The bridge's README says what rtl/bridge/protocol.py declares."""

from pathlib import Path

from rtl.bridge.protocol import EXCHANGES, Command
from tools.bridge_tables import MARK, markdown

README = Path(__file__).parents[2] / "rtl" / "bridge" / "README.md"


def test_the_readme_holds_the_declared_protocol() -> None:
    text = README.read_text()
    again = "README.write_text(text[: text.index(MARK)] + markdown())"
    assert text[text.index(MARK) :] == markdown(), f"remake it: {again}"


def test_every_command_is_declared() -> None:
    assert [exchange.command for exchange in EXCHANGES] == list(Command)
