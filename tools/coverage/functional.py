"""Functional coverage: in which bins of its groups a chip's golden model is, over golden cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.golden import regress
from draupnir.golden.case import Case
from draupnir.golden.compare.device import loaded_model
from draupnir.tools.coverage.contents import Contents
from draupnir.tools.coverage.groups import BinGroup, groups
from draupnir.tools.coverage.sampling import Sampler

PIECE = 2048  # rows between two looks at the memories
_MOST_BINS = 8  # of a group that are printed

Bins = Mapping[BinGroup, np.ndarray]  # the counts of a group's bins, one dimension for each axis


def count(chip: Chip, cases: Sequence[Case]) -> Bins:
    """Run cases on the golden model, and count. The cases hold, so the model is what was recorded.

    Raises InputError for a chip whose model cannot be sampled; see ``Sampler``.
    """
    sampler, contents = Sampler(chip, groups(chip), chips.model(chip.name, chip.sizes)), Contents(chip)
    for one in cases:
        trace, memories = regress.inputs_of(chip, one)
        model: Any = loaded_model(chip, memories)
        contents.begin(model.memories, model.registers[0])
        for first in range(0, len(trace), PIECE):
            part = slice(first, first + PIECE)
            sampler.run(model, trace.inputs[part], trace.clk[part])
            contents.look(model.memories, model.registers[0])
    return {**sampler.of_group(), **contents.of_group}


def all_groups(chip: Chip) -> list[BinGroup]:
    """Return the groups that ``count`` counts, in the same order."""
    return [*groups(chip), *Contents(chip).of_group]


def total(parts: Iterable[Bins]) -> Bins:
    """Add up the counts of the groups that are the same."""
    bins: dict[BinGroup, np.ndarray] = {}
    for part in parts:
        for group, counts in part.items():
            bins[group] = bins[group] + counts if group in bins else counts
    return bins


def lines(bins: Bins) -> Iterator[str]:
    """Yield the groups with empty bins, and the sum."""
    for group, counts in bins.items():
        empty = _empty(group, counts)
        if empty:
            names = [" x ".join(names) for names in empty[:_MOST_BINS]]
            more = f", and {len(empty) - _MOST_BINS} more" if len(empty) > _MOST_BINS else ""
            yield f"{group.name}: {group.size - len(empty)} of {group.size} bins; empty: {', '.join(names)}{more}"
    n_hit, n_all = (sum(n) for n in zip(*((np.count_nonzero(c), c.size) for c in bins.values()), strict=True))
    yield f"functional: {n_hit:,} of {n_all:,} bins in {len(bins)} groups"


def as_object(bins: Bins) -> list[dict[str, Any]]:
    """Return the groups as an object for JSON."""
    return [
        {
            "group": group.name,
            "hit": int(np.count_nonzero(counts)),
            "of": group.size,
            "empty": [list(names) for names in _empty(group, counts)],
        }
        for group, counts in bins.items()
    ]


def _empty(group: BinGroup, counts: np.ndarray) -> list[tuple[str, ...]]:
    """Return the names of the bins that were never hit."""
    return [names for names, n in zip(group.bin_names(), counts.reshape(-1), strict=True) if not n]


def database(bins: Bins, title: str) -> dict[str, Any]:
    """Return the bins in the form of cocotb-coverage's YAML, which its ``merge_coverage`` reads.

    Source: cocotb-coverage 2.0, ``CoverageDB.export_to_yaml``.
    """
    points = {f"{title}.{group.name}": _cover_point(group, counts) for group, counts in bins.items()}
    n_hit, n_all = (sum(point[key] for point in points.values()) for key in ("coverage", "size"))
    kind = "<class 'cocotb_coverage.coverage.CoverItem'>"
    return {
        title: {"type": kind, "size": n_all, "coverage": n_hit, "cover_percentage": _percent(n_hit, n_all)}
    } | points


def _cover_point(group: BinGroup, counts: np.ndarray) -> dict[str, Any]:
    n_hit, name = int(np.count_nonzero(counts)), "CoverPoint" if len(group.axes) == 1 else "CoverCross"
    names = [names[0] if len(names) == 1 else str(names) for names in group.bin_names()]
    return {
        "type": f"<class 'cocotb_coverage.coverage.{name}'>",
        "size": group.size,
        "coverage": n_hit,
        "cover_percentage": _percent(n_hit, group.size),
        "weight": 1,
        "at_least": 1,
        "bins:_hits": dict(zip(names, map(int, counts.reshape(-1)), strict=True)),
    }


def _percent(n_hit: int, n_all: int) -> float:
    return round(100 * n_hit / n_all, 2) if n_all else 100.0
