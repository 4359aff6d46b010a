"""Cases stand alone: their descriptions and their files are checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from draupnir.emulator.errors import InputError
from draupnir.golden import case

RECORDED = {"kind": "recorded", "repository": "a/b", "commit": "12ab", "simulator": 'sim "7"\n'}


def folder(tmp_path: Path, name: str = "sums") -> Path:
    case_folder = tmp_path / "toy" / name
    case_folder.mkdir(parents=True)
    for file in ("wave.fst", "ram.hex", "ram.before.hex", "notes.txt"):
        (case_folder / file).write_text(file)
    return case_folder


def test_a_case_survives(tmp_path: Path) -> None:
    case_folder = folder(tmp_path)
    new_case = case.write(case_folder, "toy", "Sums wrap.", RECORDED, "draupnir record toy", 7)
    assert case.load(case_folder) == new_case
    assert (new_case.name, new_case.seed, dict(new_case.source)) == ("sums", 7, RECORDED)
    assert set(new_case.sha256) == {"wave.fst", "ram.hex", "ram.before.hex"}
    assert new_case.before == {"ram": case_folder / "ram.before.hex"}
    assert new_case.after == {"ram": case_folder / "ram.hex"}
    case.verify(new_case)


def test_a_case_without_seed(tmp_path: Path) -> None:
    assert case.write(folder(tmp_path), "toy", "Why.", {"kind": "by hand"}).seed is None
    assert case.load(tmp_path / "toy" / "sums").seed is None


def test_cases_are_discovered_in_order(tmp_path: Path) -> None:
    for name in ("b", "a"):
        case.write(folder(tmp_path, name), "toy", "Why.", {"kind": "by hand"})
    (tmp_path / "toy" / "no_case").mkdir()
    assert [c.name for c in case.discover(tmp_path / "toy")] == ["a", "b"]
    assert case.discover(tmp_path / "odin") == []


@pytest.mark.parametrize("file", ["wave.fst", "ram.hex"])
def test_a_changed_or_missing_file_is_found(tmp_path: Path, file: str) -> None:
    new_case = case.write(folder(tmp_path), "toy", "Why.", {"kind": "by hand"})
    (new_case.folder / file).write_text("changed")
    with pytest.raises(
        InputError, match=f"{file}: changed since it was described: sha256 {case.digest(new_case.folder / file)}"
    ):
        case.verify(new_case)
    (new_case.folder / file).unlink()
    with pytest.raises(InputError, match=f"{file}: missing; case.toml names it"):
        case.verify(new_case)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('chip = "toy"\n', "", "chip is missing"),
        ('why = "Why."', 'why = ""', "why is empty"),
        ('why = "Why."', "why = 3", "why is 3; str is needed"),
        ("[source]", "extra = 1\n[source]", "unknown key 'extra'"),
        ('kind = "recorded"', 'kind = "guessed"', "source.kind is 'guessed'; one of recorded, printed, by hand, model"),
        ('commit = "12ab"\n', "", "source.commit is missing; a source of kind 'recorded' has it"),
        ('"wave.fst" = ', '"other.fst" = ', "no wave.fst among its files"),
        ('chip = "toy"', "chip = ", "not TOML"),
    ],
)
def test_a_wrong_description_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    case_folder = folder(tmp_path)
    case.write(case_folder, "toy", "Why.", RECORDED)
    text = (case_folder / "case.toml").read_text()
    assert old in text
    (case_folder / "case.toml").write_text(text.replace(old, new).replace("[source]\nextra = 1", "[source]"))
    with pytest.raises(InputError) as caught:
        case.load(case_folder)
    assert str(caught.value).startswith(f"{case_folder / 'case.toml'}: {message}")


def test_a_wrong_description_is_not_written(tmp_path: Path) -> None:
    case_folder = folder(tmp_path)
    with pytest.raises(InputError, match=r"source\.paper is missing"):
        case.write(case_folder, "toy", "Why.", {"kind": "printed"})
    assert not (case_folder / "case.toml").exists()


def test_no_case_at_all(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"case\.toml: No such file"):
        case.load(tmp_path)
