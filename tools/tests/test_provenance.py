"""Provenance: a git checkout is named by remote and commit, anything else by its contents."""

from __future__ import annotations

import json
import platform
import re
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from draupnir.tools.cli import cli
from draupnir.tools.report.provenance import command_line, origin, provenance


@pytest.fixture
def checkout(tmp_path):
    def git(*words):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        return subprocess.run(
            ["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout

    (tmp_path / "a.v").write_text("module a; endmodule\n")
    git("init", "-q")
    git("add", "a.v")
    git("commit", "-q", "-m", "a")
    git("remote", "add", "origin", "https://example.org/chip.git")
    return tmp_path, git("rev-parse", "HEAD").strip()


def test_a_clean_checkout_is_named_by_remote_and_commit(checkout):
    folder, commit = checkout
    source = provenance(folder, [folder / "a.v"])
    assert source == {"repository": "https://example.org/chip.git", "commit": commit}


def test_a_given_name_goes_before_the_remote(checkout):
    folder, commit = checkout
    assert provenance(folder, [folder / "a.v"], "chip") == {"repository": "chip", "commit": commit}


def test_changed_sources_are_named_by_their_contents(checkout):
    folder, commit = checkout
    (folder / "a.v").write_text("module a; wire w; endmodule\n")
    commit_text = provenance(folder, [folder / "a.v"])["commit"]
    assert commit_text.startswith("sha256 ") and commit not in commit_text


def test_a_remote_on_this_machine_is_not_told(checkout):
    folder, _ = checkout
    subprocess.run(["git", "remote", "set-url", "origin", "/home/somebody/chip"], cwd=folder, check=True)
    assert provenance(folder, [folder / "a.v"])["repository"] == folder.name


def test_a_folder_without_git_is_named_by_its_contents(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "a.v").write_text("a")
    (tmp_path / "b.v").write_text("b")
    files = [tmp_path / "b.v", tmp_path / "a.v"]
    source = provenance(tmp_path, files)
    assert source["repository"] == tmp_path.name
    assert source == provenance(tmp_path, files[::-1])
    (tmp_path / "b.v").write_text("c")
    assert source != provenance(tmp_path, files)


def test_a_report_says_what_it_takes_to_make_it_again(checkout, monkeypatch):
    folder, commit = checkout
    report_origin = origin([7], folder, [folder / "a.v"], command="draupnir regress odin")
    rows = dict(report_origin.rows())
    assert (rows["command"], rows["seed"], rows["sources: folder"]) == ("draupnir regress odin", "7", str(folder))
    assert (rows["sources: commit"], rows["python"]) == (commit, platform.python_version())
    assert {"draupnir", "numpy", "numba", "verilator", "icarus"} <= set(report_origin.versions)
    assert datetime.fromisoformat(rows["date"]).tzinfo is not None
    assert json.loads(json.dumps(report_origin.as_json()))["seeds"] == [7]


def test_our_own_checkout_is_named_and_a_change_in_it_is_said(checkout, monkeypatch):
    folder, commit = checkout
    monkeypatch.setattr("draupnir.tools.report.provenance.ROOT", folder)
    assert origin().commit == commit
    (folder / "a.v").write_text("changed")
    assert origin().commit == f"{commit}, with changes"


def test_this_checkout_is_found():
    if not (Path(__file__).resolve().parents[2] / ".git").exists():
        pytest.skip("this is no checkout")
    assert re.fullmatch(r"[0-9a-f]{40}(, with changes)?", origin().commit)


def test_the_command_line_is_told_as_it_was_given():
    commands = []

    @cli.command("told")
    def command():
        commands.append(command_line())

    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(cli), "get_command", lambda *_: command)
            assert CliRunner().invoke(cli, ["told"]).exit_code == 0
    finally:
        cli.commands.pop("told")
    assert commands == ["draupnir told"]
    assert command_line() == ""
