"""Read lists of source files (``.f``) for simulators: the files to compile, the macros and the folders.

A list names files and these options: ``+incdir+DIR``, ``-I DIR``, ``+define+NAME=VALUE``, ``-D NAME=VALUE``,
``-v FILE`` and ``-y DIR`` (files that are compiled only if a module in them is needed), ``+libext+.v+.sv``,
``-f LIST`` and ``-F LIST`` (further lists), ``--top MODULE`` and ``-GNAME=VALUE``. Options that only concern a
simulator's warnings, traces or speed are ignored. ``//``, ``#`` and ``/* */`` are comments, and ``$NAME``,
``${NAME}`` and ``$(NAME)`` are environment variables.

A relative path in a list leads from one of two folders: the folder of the list, and the folder in which the command
runs. In the list of ``--rtl``, and in a list of ``-F``, the list's own folder comes first, as with a simulator's
``-F``. In a list of ``-f`` the working folder comes first, as with a simulator's ``-f``.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from draupnir.emulator.errors import InputError

SUFFIXES = (".f", ".fl", ".flist", ".vc", ".scr")
_COMMENT = re.compile(r"/\*.*?\*/|(?:(?<=\s)|^)//[^\n]*|^[ \t]*#[^\n]*", re.DOTALL | re.MULTILINE)
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\}|\((\w+)\))")
_PARAMETER = re.compile(r"(?:-G|-pvalue\+|-g)([A-Za-z_]\w*=.*)")
_TOP = ("--top-module", "--top", "-top", "-s")
# Options of simulators whose argument is the next word, and which do not concern the design.
_PASSED_OVER_WITH_ARGUMENT = ("-l", "-o", "-work", "-timescale", "--timescale", "-L", "-CFLAGS", "-LDFLAGS", "--Mdir",
                              "--prefix", "-Mdir", "-j", "-sverilog_ext", "-ntb_opts", "-libname")  # fmt: skip


@dataclass
class FileList:
    """The contents of a list of files.

    files : the files to compile, in order
    library_files : the files that are compiled only if a module in them is needed
    top : the top module, "" if the list does not name it
    settings : parameters of the top, each as NAME=VALUE
    """

    files: list[Path] = field(default_factory=list)
    library_files: list[Path] = field(default_factory=list)
    include_folders: list[Path] = field(default_factory=list)
    defines: list[str] = field(default_factory=list)
    top: str = ""
    settings: list[str] = field(default_factory=list)
    _library_folders: list[Path] = field(default_factory=list)
    _suffixes: list[str] = field(default_factory=list)

    @property
    def sources(self) -> list[Path]:
        """All files, each once: first the files to compile, then those of libraries."""
        folders = [path for folder in self._library_folders for path in sorted(folder.iterdir())]
        suffixes = self._suffixes or [".v", ".sv"]
        library_sources = [path for path in folders if path.suffix in suffixes and path.is_file()]
        return list(dict.fromkeys([*self.files, *self.library_files, *library_sources]))


def read(path: Path, from_working_folder: bool = False) -> FileList:
    """Read a list and all lists that it names.

    from_working_folder : True if relative paths lead from the working folder first, False if from the list's own folder

    Raises InputError, with list and line, for a file that does not exist, and for a word that is not understood.
    """
    file_list = FileList()
    _read(path, from_working_folder, file_list, ())
    if not file_list.sources:
        raise InputError(f"{path}: the list names no source file")
    return file_list


def _read(path: Path, from_working_folder: bool, file_list: FileList, outer: tuple[Path, ...]) -> None:
    resolved = path.resolve()
    if resolved in outer:
        raise InputError(f"{path}: the list names itself")
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: the list of files cannot be read: {reason}") from error
    folders = [path.parent, Path()]
    words = _Words(path, text, folders[::-1] if from_working_folder else folders)
    for word in words:
        if word in ("-f", "-F"):
            _read(words.path(words.argument(word), "list of files"), word == "-f", file_list, (*outer, resolved))
        else:
            _take(word, words, file_list)


def _take(word: str, words: _Words, file_list: FileList) -> None:
    """Add the content of one word, and of its argument if it has one, to a list."""
    if word.startswith("+incdir+"):
        file_list.include_folders += [words.path(part, "folder") for part in word.split("+")[2:] if part]
    elif word.startswith("+define+"):
        file_list.defines += [_define(part) for part in word.split("+")[2:] if part]
    elif word.startswith("+libext+"):
        file_list._suffixes += [part for part in word.split("+")[2:] if part]
    elif word.startswith("-I"):
        file_list.include_folders.append(words.path(word[2:] or words.argument(word), "folder"))
    elif word.startswith("-D"):
        file_list.defines.append(_define(word[2:] or words.argument(word)))
    elif word == "-y":
        file_list._library_folders.append(words.path(words.argument(word), "folder"))
    elif word == "-v":
        file_list.library_files.append(words.path(words.argument(word), "file"))
    elif word in _TOP:
        file_list.top = words.argument(word)
    elif parameter := _PARAMETER.fullmatch(word):
        file_list.settings.append(parameter.group(1))
    elif word in _PASSED_OVER_WITH_ARGUMENT:
        words.argument(word)
    elif not word.startswith(("-", "+")):
        file_list.files.append(words.path(word, "file"))


def _define(text: str) -> str:
    """Return a macro as NAME=VALUE. As in simulators, a macro without a value gets 1."""
    return text if "=" in text else f"{text}=1"


class _Words:
    """The words of a list, one after the other; ``path`` finds the file or folder that a word names."""

    def __init__(self, path: Path, text: str, folders: list[Path]) -> None:
        self._path, self._folders = path, folders
        self._line = 0
        plain = _COMMENT.sub(lambda comment: "\n" * comment.group().count("\n"), text)
        self._words = iter([(n, word) for n, line in enumerate(plain.split("\n"), 1) for word in self._split(n, line)])

    def __iter__(self) -> _Words:
        return self

    def __next__(self) -> str:
        self._line, word = next(self._words)
        return _VARIABLE.sub(self._variable, word)

    def argument(self, option: str) -> str:
        """Return the word after an option. Raises InputError if the list ends there."""
        for word in self:
            return word
        raise self._wrong(f"{option}: its argument is missing")

    def path(self, text: str, kind: str) -> Path:
        """Return the file, folder or list of files that a word names. Raises InputError if there is none."""
        for folder in self._folders:
            path = folder / text
            if path.is_dir() if kind == "folder" else path.is_file():
                return path
        raise self._wrong(f"{text}: no such {kind}")

    def _split(self, line: int, text: str) -> list[str]:
        try:
            return shlex.split(text)
        except ValueError as error:
            raise InputError(f"{self._path}:{line}: {str(error).lower()}") from error

    def _variable(self, match: re.Match[str]) -> str:
        name = match.group(1) or match.group(2) or match.group(3)
        if name not in os.environ:
            raise self._wrong(f"${name}: no environment variable of this name is set")
        return os.environ[name]

    def _wrong(self, problem: str) -> InputError:
        return InputError(f"{self._path}:{self._line}: {problem}")
