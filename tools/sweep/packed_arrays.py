"""Arrays as text, so that JSON can hold the results of a job."""

from __future__ import annotations

import base64
import io
import zlib

import numpy as np


def pack(array: np.ndarray) -> str:
    """Return an array as text."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return base64.b64encode(zlib.compress(file.getvalue(), 1)).decode()


def unpack(text: str) -> np.ndarray:
    """Return the array that ``pack`` has turned into a text."""
    return np.load(io.BytesIO(zlib.decompress(base64.b64decode(text))), allow_pickle=False)  # type: ignore[no-any-return]
