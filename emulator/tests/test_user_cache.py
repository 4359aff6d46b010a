"""A folder of the user's cache is made where it can be written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from draupnir.emulator import user_cache


def test_a_folder_is_made_with_all_above_it(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "kernels"
    assert user_cache.writable(folder) == folder
    assert folder.is_dir()
    assert user_cache.writable(folder) == folder


def test_a_folder_in_the_place_of_a_file_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    assert user_cache.writable(tmp_path / "cache" / "kernels") is None


def test_a_folder_that_is_read_only_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda folder, mode: mode != os.W_OK)  # root may write everywhere
    assert user_cache.writable(tmp_path) is None


def test_folders_lie_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_cache.path("kernels") == tmp_path / "draupnir" / "kernels"
