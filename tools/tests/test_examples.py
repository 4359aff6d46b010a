"""The examples: each page shows what its commands print, and its network is one that nothing is found in."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest
from click.testing import CliRunner

from draupnir.emulator import chips
from draupnir.tools.cli import cli
from draupnir.tools.compile import packed
from draupnir.tools.lint.findings import lint
from draupnir.tools.tests.simulators import python_with

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ".venv/bin/draupnir "
CUT = "..."
# The others have no example.
WITH_EVENTS = [name for name in chips.names() if chips.package(name).engine or chips.package(name).layers]


def steps(page: str, number: int = 0) -> list[tuple[str, list[str]]]:
    """The commands of a page's block of that number, each with the lines that it prints."""
    block = page.split("```\n")[1 + 2 * number]
    return [(step.split("\n")[0], step.split("\n")[1:-1]) for step in block.split("$ ")[1:]]


def printed(command: str) -> list[str]:
    if command.startswith("cat "):
        return Path(command.removeprefix("cat ")).read_text().splitlines()
    result = CliRunner().invoke(cli, command.removeprefix(PROGRAM).split())
    assert (result.exit_code, result.stderr) == (0, ""), command
    return [line.rstrip() for line in result.stdout.splitlines()]


NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")
NEAR = 0.05  # of a number


def is_shown(pattern: str, line: str) -> bool:
    """Compare words: how wide a table's columns are, the speed in one of its lines tells."""
    pattern, line = " ".join(pattern.split()), " ".join(line.split())
    return line.startswith(pattern.removesuffix(CUT)) if pattern.endswith(CUT) else line == pattern


def is_nearly_shown(pattern: str, line: str) -> bool:
    """Compare words, and numbers nearly: floating point trains another network on another kind of processor."""
    numbers, here = ([float(n.replace(",", "")) for n in NUMBER.findall(text)] for text in (pattern, line))
    has_words = is_shown(NUMBER.sub("#", pattern), NUMBER.sub("#", line))
    return has_words and np.allclose(here[: len(numbers)], numbers, rtol=NEAR, atol=1)


def assert_shows(
    command: str, lines: list[str], output: list[str], shows: Callable[[str, str], bool] = is_shown
) -> None:
    """Hold a page's lines to the output of a command: all of it, or its beginning if the page cuts it off."""
    if lines[-1] == CUT:
        lines = lines[:-1]
        output = output[: len(lines)]
    assert len(lines) == len(output)
    assert all(map(shows, lines, output)), (command, lines, output)


@pytest.fixture(params=WITH_EVENTS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_page_shows_what_its_commands_print(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    examples = steps((ROOT / "examples" / name / "README.md").read_text())
    commands = [command.split()[1:3] for command, _ in examples if command.startswith(PROGRAM)]
    assert [words for words in commands if words[0] != "explain"] == [
        ["config", "check"],
        ["run", name],
        ["config", "pack"],
    ]
    for command, lines in examples:
        assert_shows(command, lines, printed(command))


def test_the_page_on_networks_explains_a_neuron(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    blocks = [part for part in (ROOT / "docs/network.md").read_text().split("```\n") if part.startswith("$ ")]
    assert len(blocks) == 2
    for block in blocks:
        ((command, lines),) = steps(f"```\n{block}```\n")
        assert_shows(command, lines, printed(command))
    assert Path("neuron.png").is_file()


def test_the_page_on_mapping_shows_what_its_commands_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = steps((ROOT / "docs" / "mapping.md").read_text())
    assert [command.split()[1] for command, _ in examples[1:]] == ["map", "config", "run", "run", "host", "explain"]
    assert examples[0][0] == "python examples/mapping/digits.py"
    run_path(str(ROOT / "examples/mapping/digits.py"))
    for command, lines in examples[1:]:
        result = CliRunner().invoke(cli, command.split()[1:])
        assert result.exit_code == 0, result.output
        assert_shows(command, lines, result.stdout.splitlines(), is_nearly_shown)
    assert Path("spikes.csv").read_text().count("\n") > 1
    assert Path("build/report/report.html").is_file() and Path("neuron.png").is_file()


def training_section() -> str:
    """The section on training of the page on mapping."""
    return (ROOT / "docs" / "mapping.md").read_text().split("## Training with the chip in the loop\n")[1]


def test_the_section_on_training_shows_what_its_commands_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="needs the extra [train]: pip install 'draupnir[train]'")
    monkeypatch.chdir(tmp_path)
    examples = steps(training_section())
    assert [command.split()[1] for command, _ in examples[1:]] == ["map", "train", "run"]
    monkeypatch.setattr("sys.argv", examples[0][0].split()[1:])
    run_path(str(ROOT / "examples/mapping/untrained.py"))
    for command, lines in examples[1:]:
        result = CliRunner().invoke(cli, command.split()[1:])
        assert result.exit_code == 0, result.output
        assert_shows(command, lines, result.stdout.splitlines())
    right = int(re.findall(r"right +(\d+) of 360", result.stdout)[0])
    assert right >= 340
    exec(compile(training_section().split("```python\n")[1].split("```")[0], "docs/mapping.md", "exec"), {})
    assert Path("build/own/plan.json").is_file()


def test_the_page_on_events_shows_what_its_commands_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    blocks = (ROOT / "docs" / "events.md").read_text().split("```\n$ ")[1:]
    examples = [step for block in blocks for step in steps(f"```\n$ {block.split('```')[0]}```\n")]
    for command, lines in examples:
        words = command.split()
        if words[0] == "python":
            monkeypatch.setattr("sys.argv", words[1:])
            run_path(str(ROOT / words[1]))
            continue
        result = CliRunner().invoke(cli, words[1:])
        assert result.exit_code == 0, result.output
        assert_shows(command, lines, result.stdout.splitlines())
    assert [command.split()[1] for command, _ in examples].count("convert") == 4
    assert all(len(Path(name).read_text().splitlines()) > 1 for name in ("spikes.csv", "output.csv", "labels.csv"))


def test_a_network_of_snntorch_comes_to_the_chip_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version of PyTorch trains another network, so only its numbers may differ from the page."""
    python = python_with("snntorch")
    monkeypatch.chdir(tmp_path)
    examples = steps((ROOT / "docs" / "mapping.md").read_text(), 1)
    assert [command.split()[1] for command, _ in examples[1:]] == ["map", "run", "host"]
    assert examples[0][0] == "python examples/mapping/snntorch_digits.py"
    subprocess.run([python, str(ROOT / "examples/mapping/snntorch_digits.py")], check=True)
    outputs = []
    for command, lines in examples[1:]:
        result = CliRunner().invoke(cli, command.split()[1:])
        assert result.exit_code == 0, result.output
        outputs.append(result.stdout)
        names = [line.split("  ")[0] for line in lines if line != CUT]
        assert [line.split("  ")[0] for line in result.stdout.splitlines()][: len(names)] == names
    assert "float reference equal to the recording in 397 of 397 samples" in outputs[0]
    assert len(Path("digit_spikes.csv").read_text().splitlines()) > 20


def test_nothing_is_found_in_an_example(name: str) -> None:
    assert lint(packed.read(ROOT / "examples" / name / "net.toml", name)) == []


def test_the_readme_s_table_is_true_for_every_chip() -> None:
    table = (ROOT / "README.md").read_text().partition("## What you can do with it")[2].partition("###")[0]
    files = re.findall(r"examples/odin/[\w.]+", table)
    assert len(files) >= 6 and "net.toml`" not in table.replace("examples/odin/net.toml", "")
    for name in WITH_EVENTS:
        assert all((ROOT / file.replace("odin", name)).is_file() for file in files)
        (recipe,) = re.findall(r"--recipe (\w+)", table)
        recorded_chip = chips.package(name).extends or name  # a chip that extends another has that one's recordings
        assert (ROOT / "golden" / recorded_chip / recipe / "case.toml").is_file()
