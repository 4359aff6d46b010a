"""Which error gives which exit status, and one line."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest

from draupnir.emulator.errors import InputError
from draupnir.tools.terminal import errors


def _raiser(error: BaseException) -> Callable[[], None]:
    def run() -> None:
        raise error

    return run


def test_an_end_without_error_holds() -> None:
    assert errors.exit_status(lambda: None) == 0


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (InputError("pin RST: not in the waveform"), 2, "error: pin RST: not in the waveform\n"),
        (InputError("two\n  lines"), 2, "error: two lines\n"),
        (click.UsageError("--a needs --b"), 2, "error: --a needs --b\n"),
        (FileNotFoundError(2, "No such file or directory", "x.fst"), 2, "error: x.fst: No such file or directory\n"),
        (OSError(28, "No space left on device"), 2, "error: No space left on device\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (click.Abort(), 130, "interrupted\n"),
        (errors.DifferenceFound(), 1, ""),
        (click.exceptions.Exit(1), 1, ""),
        (click.exceptions.Exit(0), 0, ""),
    ],
)
def test_each_end_has_its_status_and_at_most_one_line(
    error: BaseException, status: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert errors.exit_status(_raiser(error)) == status
    assert capsys.readouterr() == ("", line)


def test_a_file_that_is_a_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert errors.exit_status(lambda: tmp_path.read_text()) == 2
    assert capsys.readouterr().err == f"error: {tmp_path}: Is a directory\n"


def test_a_defect_of_our_own_is_neither_a_difference_nor_the_inputs_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert errors.exit_status(_raiser(ZeroDivisionError("ours"))) == 70
    assert "Traceback" in capsys.readouterr().err
