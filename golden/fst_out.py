"""Write FST files: scopes, variables, tables of names, and changes in the order of time.

Writer: libfst through pylibfst (https://github.com/mschlaegl/pylibfst).
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pylibfst

from draupnir.emulator.errors import InputError
from draupnir.golden.files import replacing
from draupnir.golden.fst import check_blocks

_MOST_BITS = 63  # of a level that the library takes as a number
_HEADER = 1024  # bytes, more than the header has
_lib, _ffi = pylibfst.lib, pylibfst.ffi
DIRECTIONS = {"in": _lib.FST_VD_INPUT, "out": _lib.FST_VD_OUTPUT, "": _lib.FST_VD_IMPLICIT}


class FstVariable(NamedTuple):
    """A variable of a file: its handle, and its width in bits, 0 for a variable that holds text."""

    handle: int
    width: int


class FstChange(NamedTuple):
    """A change of a variable.

    time : in picoseconds, never less than that of the change before
    level : 0..2**width - 1, or the text of a variable that holds text
    known_bits : the mask of the bits that are not X
    """

    time: int
    variable: FstVariable
    level: int | str
    known_bits: int


class FstFile:
    """A file that is being written; ``writing`` makes one."""

    def __init__(self, context: object) -> None:
        self._context = context
        self._scopes: tuple[str, ...] = ()
        self._tables: dict[tuple[str, int], int] = {}

    def variable(
        self,
        scopes: Sequence[str],
        name: str,
        width: int,
        direction: str = "",
        alias: FstVariable | None = None,
        table: int = 0,
    ) -> FstVariable:
        """Declare a variable of bits, or one that holds text if its width is 0.

        direction : "in", "out", or "" for neither; table : from ``names``
        alias : a variable with the same levels; the new one then needs no changes of its own
        """
        self._enter(tuple(scopes))
        if table:
            _lib.fstWriterEmitEnumTableRef(self._context, table)
        kind = _lib.FST_VT_VCD_WIRE if width else _lib.FST_VT_GEN_STRING
        text = name if width <= 1 else f"{name} [{width - 1}:0]"
        same = alias.handle if alias else 0
        handle = _lib.fstWriterCreateVar(self._context, kind, DIRECTIONS[direction], width, text.encode(), same)
        return FstVariable(handle, width)

    def names(self, title: str, width: int, names: Mapping[int, str]) -> int:
        """Return a table with names of levels, which viewers show in place of numbers; the same table is made once."""
        key = title, width
        if key not in self._tables:
            levels = [_ffi.new("char[]", format(level, f"0{width}b").encode()) for level in names]
            literals = [_ffi.new("char[]", name.encode()) for name in names.values()]
            arrays = (_ffi.new("const char *[]", texts) for texts in (literals, levels))
            table = _lib.fstWriterCreateEnumTable(self._context, f"{title}_{width}".encode(), len(names), 0, *arrays)
            self._tables[key] = table
        return self._tables[key]

    def end_declarations(self) -> None:
        """End the declarations."""
        self._enter(())

    def emit(self, changes: Iterable[FstChange]) -> None:
        """Write changes, in the order of time."""
        context, now = self._context, -1
        for time, (handle, width), level, known_bits in changes:
            if time != now:
                _lib.fstWriterEmitTimeChange(context, time)
                now = time
            if isinstance(level, str):
                text = level.encode()
                _lib.fstWriterEmitVariableLengthValueChange(context, handle, text, len(text))
            elif width <= _MOST_BITS and known_bits == (1 << width) - 1:
                _lib.fstWriterEmitValueChange64(context, handle, width, level)
            else:
                bits = ("01"[level >> b & 1] if known_bits >> b & 1 else "x" for b in reversed(range(width)))
                _lib.fstWriterEmitValueChange(context, handle, "".join(bits).encode())

    def _enter(self, scopes: tuple[str, ...]) -> None:
        """Make these the present scopes, the outermost first."""
        n_same = 0
        while n_same < min(len(scopes), len(self._scopes)) and scopes[n_same] == self._scopes[n_same]:
            n_same += 1
        for _ in self._scopes[n_same:]:
            _lib.fstWriterSetUpscope(self._context)
        for scope in scopes[n_same:]:
            _lib.fstWriterSetScope(self._context, _lib.FST_ST_VCD_MODULE, scope.encode(), _ffi.NULL)
        self._scopes = scopes


@contextmanager
def writing(path: Path) -> Iterator[FstFile]:
    """Open a file whose times are in picoseconds. It appears when the block ends, and not after an exception.

    Raises OSError if it cannot be written whole.
    """
    with replacing(path) as temporary:
        yield from _open(temporary, path)


@contextmanager
def writing_at(temporary: Path, path: Path) -> Iterator[FstFile]:
    """Write a file at a temporary path that the caller renames; path : its name in messages."""
    yield from _open(temporary, path)


def _open(temporary: Path, path: Path) -> Iterator[FstFile]:
    temporary.write_bytes(bytes(_HEADER))  # the library ends the process where there is no room for this much
    context = _lib.fstWriterCreate(str(temporary).encode(), 1)
    if context == _ffi.NULL:
        raise OSError(f"{path}: cannot be written")
    try:
        _lib.fstWriterSetTimescaleFromString(context, b"1ps")
        _lib.fstWriterSetVersion(context, b"draupnir")
        file = FstFile(context)
        yield file
        file.end_declarations()
    finally:
        _lib.fstWriterClose(context)
    _check_whole(temporary, path)


def _check_whole(temporary: Path, path: Path) -> None:
    """Raise OSError, for ``path``, if the file is not complete: the library does not say that a write failed."""
    try:
        check_blocks(temporary)
        if not temporary.stat().st_size:
            raise InputError(f"{temporary}: empty")
    except InputError as error:
        raise OSError(errno.ENOSPC, "could not be written whole; there may be no space left", str(path)) from error
