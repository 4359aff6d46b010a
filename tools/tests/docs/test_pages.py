"""The pages for newcomers show what their commands print, and every command that any page shows has its options."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from draupnir.tools.cli import cli
from draupnir.tools.tests.docs.sites import ROOT
from draupnir.tools.tests.test_examples import CUT, assert_shows
from draupnir.tools.tests.test_readme import PAGES

PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
FENCE = re.compile(r"^```([\w{}]*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
# Each command of these pages runs here.
RAN = ("docs/start.md", "docs/guides/rtl.md", "docs/guides/fpga.md", "docs/proof.md", "docs/replay.md")
NEW = (*RAN, "docs/guides/trained.md", "docs/guides/student.md")
MARKED = (*NEW, "docs/learning.md", "docs/waves.md", "docs/notebooks.md", "docs/exact.md", "docs/cluster.md")


def steps_of(page: str) -> list[tuple[str, list[str]]]:
    """The commands in all console blocks of a page, each with the lines that it prints."""
    steps = [step for block in CONSOLE.findall((ROOT / page).read_text()) for step in block.split("$ ")[1:]]
    return [(step.split("\n")[0], step.split("\n")[1:-1]) for step in steps]


def need_solvers(page: str) -> None:
    """Skip the page on proofs if there are no solvers."""
    for package in ("bitwuzla", "z3") if page == "docs/proof.md" else ():
        pytest.importorskip(package, reason="needs the extra [prove]: pip install 'draupnir[prove]'")


def output_of(command: str) -> list[str]:
    """The lines on stdout of a command: of draupnir, or a program of the system."""
    words = shlex.split(command)
    if words[0] == "draupnir":
        result = CliRunner().invoke(cli, words[1:])
        assert result.exit_code == (1 if "mismatch at" in result.stdout else 0), result.output
        return result.stdout.splitlines()
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.icarus
@pytest.mark.parametrize("page", RAN)
def test_a_page_shows_what_its_commands_print(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "icarus" in (ROOT / page).read_text() and shutil.which("iverilog") is None:
        pytest.skip("needs Icarus Verilog (iverilog)")
    need_solvers(page)
    for folder in ("examples", "golden"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    steps = steps_of(page)
    assert steps
    for command, lines in steps:
        output = [line.rstrip() for line in output_of(command)]
        if lines or output:
            assert_shows(command, lines, output)


def test_the_guide_on_networks_shows_what_the_page_on_mapping_shows() -> None:
    """The commands of that page run in tools/tests/test_examples.py."""
    text = (ROOT / "docs/mapping.md").read_text()
    for command, lines in steps_of("docs/guides/trained.md"):
        block = "\n".join([f"$ {command}", *(line for line in lines if line != CUT)])
        assert f"{block}\n" in text


@pytest.mark.parametrize("page", ["docs/start.md", "docs/guides/student.md", "docs/proof.md"])
def test_a_page_s_python_prints_its_comments(
    page: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    need_solvers(page)
    monkeypatch.chdir(ROOT)
    blocks = PYTHON.findall((ROOT / page).read_text())
    names: dict[str, object] = {}
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), names)
        comments = re.findall(r"^print\(.*?\)  # (.*)$", block, re.MULTILINE)
        assert capsys.readouterr().out.splitlines() == comments


@pytest.mark.parametrize("page", MARKED)
def test_a_block_of_a_page_is_run_or_marked_as_shell(page: str) -> None:
    """The form of a block tells whether a test runs it: ``console`` and ``python`` yes, ``sh`` and ``py`` no."""
    kinds = {kind for kind, _ in FENCE.findall((ROOT / page).read_text())}
    assert kinds <= {"console", "python", "sh", "py", "{words}"}


def commands_shown(text: str) -> list[list[str]]:
    """The words of each call of draupnir in a page's blocks and code spans, up to a comment or an ellipsis."""
    spans = [*re.findall(r"`((?:\.venv/bin/)?draupnir [^`\n]*)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))]
    blocks = "\n".join(block for kind, block in FENCE.findall(text) if kind != "python").replace("\\\n", " ")
    lines = re.findall(r"^\s*(?:\$ )?((?:\.venv/bin/)?draupnir \w[^\n]*)", blocks, re.MULTILINE)
    calls = [re.split(r" (?:#|&&|\||>) |\.\.\.", call)[0] for call in (*spans, *lines)]
    return [shlex.split(call)[1:] for call in calls]


def unknown_options(words: list[str]) -> list[str]:
    """The words that begin like an option, and that the command which they name does not have."""
    command: click.Command | None = cli
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        command = command.get_command(click.Context(command), rest.pop(0))
    if command is None:
        return words[:1]
    names = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}
    options = [word.split("=")[0] for word in rest if re.match(r"--?[a-zA-Z]", word)]
    return [option for option in options if option not in names and option[:2] not in names]


@pytest.mark.parametrize("page", [page for page in PAGES if "draupnir " in (ROOT / page).read_text()])
def test_every_option_that_a_page_shows_exists(page: str) -> None:
    calls = commands_shown((ROOT / page).read_text())
    assert [(words, unknown) for words in calls if (unknown := unknown_options(words))] == []


def test_an_option_that_does_not_exist_is_found() -> None:
    (words,) = commands_shown("```sh\n$ draupnir replay odin x.vcd --nothing 3  # why\n```\n")
    assert unknown_options(words) == ["--nothing"]
    assert unknown_options(["config", "pack", "odin", "-o", "x"]) == []
    assert unknown_options(["nothing"]) == ["nothing"]
