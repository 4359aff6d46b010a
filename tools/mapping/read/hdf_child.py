"""A program of its own that reads an HDF5 file: argument 1 is the file, the answer goes to stdout.

A damaged file makes the HDF5 library crash, loop or ask for all memory. So a process that may die reads it. It imports
nothing of ours. The answer is a line of JSON and then the arrays' bytes, one after the other. In JSON an array is
{"dtype", "shape", "attributes"}, a group {"group": {name: ...}, "attributes"}, a text {"text"}, texts {"texts"}.
"""

from __future__ import annotations

import json
import resource
import sys
from contextlib import suppress
from typing import Any

MOST_MEMORY = 4 << 30  # bytes of address space; what a file may hold is far less
MOST_SECONDS = 60  # of computing
MOST_DEPTH, MOST_OBJECTS = 24, 20_000


class NotReadable(Exception):
    """The file has something that no network has."""


class Hdf5Tree:
    """The tree of a file, read from the root on. most_values : in all arrays together"""

    def __init__(self, h5py: Any, most_values: int):
        self.h5py, self.values_left, self.objects_left = h5py, most_values, MOST_OBJECTS
        self.arrays: list[bytes] = []

    def group(self, group: Any, depth: int = 0) -> dict[str, Any]:
        """A group with all that is in it."""
        if depth > MOST_DEPTH:
            raise NotReadable(f"groups are nested more than {MOST_DEPTH} deep")
        members = {}
        for name in group:
            self.objects_left -= 1
            if self.objects_left < 0:
                raise NotReadable(f"it has more than {MOST_OBJECTS} groups and arrays")
            if not isinstance(group.get(name, getlink=True), self.h5py.HardLink):
                raise NotReadable(f"'{name}' is a link to another place")
            member = group[name]
            if isinstance(member, self.h5py.Group):
                members[name] = self.group(member, depth + 1)
            elif isinstance(member, self.h5py.Dataset):
                members[name] = self.dataset(name, member)
        return {"group": members, "attributes": attributes(group)}

    def dataset(self, name: str, dataset: Any) -> dict[str, Any]:
        """An array of numbers, or text. Its size is looked at before it is read."""
        if dataset.external or dataset.is_virtual:
            raise NotReadable(f"'{name}' lies in another file")
        if dataset.shape is None:
            raise NotReadable(f"'{name}' is empty")
        self.values_left -= dataset.size
        if self.values_left < 0:
            raise NotReadable(f"'{name}' of shape {dataset.shape} is too large: {dataset.size:,} values")
        if self.h5py.check_string_dtype(dataset.dtype) is not None:
            texts = dataset.asstr()[()]
            return {"text": texts} if dataset.shape == () else {"texts": texts.tolist()}
        if dataset.dtype.kind not in "biuf":
            raise NotReadable(f"'{name}' holds neither numbers nor text, but {dataset.dtype}")
        array = dataset[()]
        array = array.astype(array.dtype.newbyteorder("<"))
        self.arrays.append(array.tobytes())
        return {"dtype": array.dtype.str, "shape": array.shape, "attributes": attributes(dataset)}


def attributes(holder: Any) -> dict[str, Any]:
    """The attributes that are one text or one number."""
    values = {}
    for name, value in holder.attrs.items():
        if isinstance(value, str):
            values[name] = value
        elif getattr(value, "shape", None) == () and getattr(value, "dtype", None) is not None:
            values[name] = value.item() if value.dtype.kind in "biuf" else str(value)
    return values


def read(path: str, most_values: int) -> tuple[dict[str, Any], list[bytes]]:
    """The tree of a file and its arrays, or why there is none."""
    try:
        import h5py
    except ImportError:
        return {"missing": "h5py"}, []
    tree = Hdf5Tree(h5py, most_values)
    try:
        with h5py.File(path, "r") as file:
            return tree.group(file), tree.arrays
    except NotReadable as error:
        return {"error": str(error)}, []
    except Exception as error:  # the library raises whatever it likes
        return {"broken": f"{type(error).__name__}: {error}"}, []


def answer(path: str, most_values: int) -> bytes:
    """The line of JSON and the bytes for a file."""
    head, arrays = read(path, most_values)
    return b"".join([json.dumps(head).encode(), b"\n", *arrays])


def main() -> None:
    """Answer for the file that the command line names."""
    limits = {resource.RLIMIT_AS: MOST_MEMORY, resource.RLIMIT_CPU: MOST_SECONDS, resource.RLIMIT_CORE: 0}
    for kind, limit in limits.items():
        with suppress(ValueError, OSError):  # a system that does not know it, or has a lower one
            resource.setrlimit(kind, (limit, limit))
    sys.stdout.buffer.write(answer(sys.argv[1], int(sys.argv[2])))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
