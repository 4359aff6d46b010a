"""Checks of the inputs and outputs of a command, before it runs.

An output must not be an input or another output, and it must be possible to write it. Two paths are the same output if
they lead to the same file: a symbolic link, a hard link and ``./x`` count as the file itself.
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from draupnir.emulator.errors import InputError
from draupnir.golden.files import temporary_name

Places = Mapping[str, Path | None]


@dataclass(frozen=True)
class _OutputPlace:
    """A path as an option gave it; ``str()`` is what the user wrote."""

    option: str
    path: Path

    def __str__(self) -> str:
        return f"{self.option}{'' if self.option.endswith('=') else ' '}{self.path}"


def check(
    inputs: Places,
    files: Places | None = None,
    folders: Places | None = None,
    names: Sequence[str] = (),
    adds_verilog: bool = False,
) -> None:
    """Refuse outputs that would overwrite an input or each other, and those that cannot be written.

    inputs, files, folders : option -> its path, None if the option is not given. For ``--save MEM=FILE`` the option is
        ``--save MEM=``. ``files`` and ``folders`` are outputs; a folder is made if it does not exist
    names : the names of the files that the command writes into each folder, if they are known
    adds_verilog : True if the command writes Verilog into the folders; they must then be separate from the sources
    The check leaves no file behind. Raises InputError, which names the option and its file.
    """
    sources, targets, folders_made = (list(_places(places)) for places in (inputs, files or {}, folders or {}))
    for number, target in enumerate(targets):
        for earlier_target in targets[:number]:
            if _is_same_file(target.path, earlier_target.path):
                raise InputError(f"{earlier_target} and {target} are the same file; each output needs its own")
        _refuse_inputs(target, sources)
        _refuse_unwritable(target)
    for folder in folders_made:
        for source in sources:
            if source.path.is_dir() and _is_same_file(folder.path, source.path):
                raise InputError(f"{folder}: it is the input {source}; an output needs a folder of its own")
            if adds_verilog and source.path.is_dir():
                _refuse_mixing(folder, source)
        _refuse_no_folder(folder)
        for name in names:
            _refuse_inputs(_OutputPlace(folder.option, folder.path / name), sources)


def _refuse_mixing(folder: _OutputPlace, source: _OutputPlace) -> None:
    """Raise InputError if Verilog in one of the folders could become part of the other, or replace a file there."""
    if _is_within(folder.path, source.path):
        raise InputError(f"{folder}: it is inside the input {source}, and our Verilog would become part of it")
    if _is_within(source.path, folder.path):
        raise InputError(f"{folder}: the input {source} is inside it, and our Verilog could replace its files")


def _places(places: Places) -> Iterator[_OutputPlace]:
    return (_OutputPlace(option, path) for option, path in places.items() if path is not None)


def _refuse_inputs(target: _OutputPlace, sources: list[_OutputPlace]) -> None:
    """Raise InputError if an output is an input, or a file of one."""
    if not target.path.exists():
        return
    for source in sources:
        if _is_same_file(target.path, source.path):
            raise InputError(f"{target}: it is the input {source}, which must not be overwritten")
        if source.path.is_dir() and _is_within(target.path, source.path):
            raise InputError(f"{target}: it is a file of the input {source}, which must not be overwritten")
        for named_file in _named_in(source.path):
            if _is_same_file(target.path, named_file):
                raise InputError(f"{target}: the input {source} names it, so it must not be overwritten")


def _is_same_file(one: Path, other: Path) -> bool:
    """True if two paths lead to the same file or folder, which need not exist. Devices never count as the same."""
    if one.exists() and other.exists():
        return (one.is_file() or one.is_dir()) and one.samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)


def _is_within(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _named_in(path: Path) -> Iterator[Path]:
    """The files that a TOML file names, relative to its own folder."""
    if path.suffix != ".toml":
        return
    try:
        tree = tomllib.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return  # the command that reads the file reports the error
    yield from (named_file for text in _texts(tree) if (named_file := path.parent / text).is_file())


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        if tree and "\0" not in tree and len(tree) < 4096:
            yield tree
    elif isinstance(tree, dict):
        for part in tree.values():
            yield from _texts(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from _texts(part)


def _refuse_unwritable(target: _OutputPlace) -> None:
    """Raise InputError if the file cannot be made or replaced at its place."""
    path = target.path
    if path.is_dir():
        raise InputError(f"{target}: it is a folder; right is a file")
    place = Path(os.path.realpath(path))
    if path.exists():
        if not os.access(path, os.W_OK):
            raise InputError(f"{target}: it cannot be written: Permission denied")
        if not path.is_file():
            return  # a device or a pipe
    if not place.parent.is_dir():
        raise InputError(f"{target}: {path.parent} is not a folder")
    probe = temporary_name(place)
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT, 0o600))
        probe.unlink()
    except OSError as error:
        raise InputError(f"{target}: it cannot be written: {error.strerror}") from error


def _refuse_no_folder(folder: _OutputPlace) -> None:
    """Raise InputError if the folder, or a file in it, cannot be made."""
    existing_parent = next(path for path in (folder.path, *folder.path.parents) if path.exists())
    if not existing_parent.is_dir():
        raise InputError(f"{folder}: {existing_parent} is not a folder")
    try:
        os.rmdir(tempfile.mkdtemp(prefix=".", suffix=".part", dir=existing_parent))
    except OSError as error:
        raise InputError(f"{folder}: it cannot be written: {error.strerror}") from error
