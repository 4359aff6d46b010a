"""What the READMEs show works as shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from draupnir.emulator import chips
from draupnir.tools.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("docs", "emulator", "rtl", "cocotb_tests", "golden", "tools", "examples")
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (*ROOT.glob("*.md"), *(page for room in ROOMS for page in (ROOT / room).rglob("*.md")))
)


def python_of(readme: str) -> str:
    block = re.search(r"```python\n(.*?)```", (ROOT / readme).read_text(), re.DOTALL)
    assert block is not None
    return block.group(1)


def test_the_readme_s_run_spikes_when_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    code = python_of("README.md")
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out == "[3 7] [ 20 553]\n"
    assert "[3 7] [ 20 553]" in code


def test_the_reading_guide_s_neuron_raises_req(capsys: pytest.CaptureFixture[str]) -> None:
    code = python_of("emulator/README.md")
    exec(compile(code, "emulator/README.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "{'MISO': 0, 'AERIN_ACK': 0, 'AEROUT_ADDR': 3, 'AEROUT_REQ': 1}"
    assert lines[0] in code


def test_the_crossbar_s_integer_network_spikes_as_its_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    code = python_of("emulator/crossbar/README.md")
    exec(compile(code, "emulator/crossbar/README.md", "exec"), {})
    assert capsys.readouterr().out == "[0 0 1] [0 2 2] [0 1 1] [0 0]\n"
    assert "# [0 0 1] [0 2 2] [0 1 1] [0 0]" in code


def test_every_command_that_the_readme_shows_exists() -> None:
    commands = {
        name
        for page in PAGES
        if "/" not in page or page.startswith("docs")
        for name in re.findall(r"draupnir (\w+) ", (ROOT / page).read_text())
    }
    assert commands - {"chips"} and commands <= set(COMMANDS)


def test_the_readme_counts_the_recordings() -> None:
    rows = re.findall(r"\(emulator/(\w+)/README\.md\) \|.*\| (\d+) \|\n", (ROOT / "README.md").read_text())
    assert {chip: int(n) for chip, n in rows} == {
        chip: sum('kind = "recorded"' in path.read_text() for path in (ROOT / "golden" / chip).glob("*/case.toml"))
        for chip in chips.names()
    }


@pytest.mark.parametrize("readme", PAGES)
def test_links_lead_somewhere(readme: str) -> None:
    path = ROOT / readme
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not link.startswith("https://"):
            assert (path.parent / link).exists(), f"{readme} links to {link}"
