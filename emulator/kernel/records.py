"""The type of a record that kernels take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def record_type(fields: Sequence[tuple[Any, ...]]) -> np.dtype[Any]:
    """Return the type of a record with these fields, as NumPy describes them.

    Each field lies at a multiple of its own size, as a C compiler places it. A GPU then loads whole numbers; from a
    record that promises nothing it loads one byte after the other.
    """
    return np.dtype((np.record, np.dtype(list(fields), align=True)))
