"""What the READMEs show works as shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from draupnir.emulator import chips
from draupnir.tools.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]


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
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "{'MISO': 0, 'AERIN_ACK': 0, 'AEROUT_ADDR': 3, 'AEROUT_REQ': 1}"
    assert shown[0] in code


def test_every_command_that_the_readme_shows_exists() -> None:
    shown = set(re.findall(r"draupnir (\w+) ", (ROOT / "README.md").read_text()))
    assert shown - {"chips"} and shown <= set(COMMANDS)


def test_the_readme_counts_the_recordings() -> None:
    rows = re.findall(r"\(emulator/(\w+)/README\.md\) \|.*\| (\d+) \|\n", (ROOT / "README.md").read_text())
    assert {chip: int(n) for chip, n in rows} == {
        chip: len(list((ROOT / "golden" / chip).glob("*/case.toml"))) for chip in chips.names()
    }


@pytest.mark.parametrize("readme", sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("[a-z]*/**/README.md")))
def test_links_lead_somewhere(readme: str) -> None:
    path = ROOT / readme
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / link).exists(), f"{readme} links to {link}"
