"""Provenance: a git checkout is named by remote and commit, anything else by its contents."""

from __future__ import annotations

import subprocess

import pytest

from tools.provenance import provenance


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
    found = provenance(folder, [folder / "a.v"])
    assert found == {"repository": "https://example.org/chip.git", "commit": commit}


def test_a_given_name_goes_before_the_remote(checkout):
    folder, commit = checkout
    assert provenance(folder, [folder / "a.v"], "chip") == {"repository": "chip", "commit": commit}


def test_changed_sources_are_named_by_their_contents(checkout):
    folder, commit = checkout
    (folder / "a.v").write_text("module a; wire w; endmodule\n")
    found = provenance(folder, [folder / "a.v"])["commit"]
    assert found.startswith("sha256 ") and commit not in found


def test_a_remote_on_this_machine_is_not_told(checkout):
    folder, _ = checkout
    subprocess.run(["git", "remote", "set-url", "origin", "/home/somebody/chip"], cwd=folder, check=True)
    assert provenance(folder, [folder / "a.v"])["repository"] == folder.name


def test_a_folder_without_git_is_named_by_its_contents(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "a.v").write_text("a")
    (tmp_path / "b.v").write_text("b")
    files = [tmp_path / "b.v", tmp_path / "a.v"]
    found = provenance(tmp_path, files)
    assert found["repository"] == tmp_path.name
    assert found == provenance(tmp_path, files[::-1])
    (tmp_path / "b.v").write_text("c")
    assert found != provenance(tmp_path, files)
