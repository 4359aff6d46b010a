"""The report on the 20 behaviours: one picture, one page, and the files with which a reader runs each of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from draupnir.golden.files import filling
from draupnir.golden.recipes.odin_behaviours import BURST_STEP, SPIKE_STEP, STEP, Behaviour
from draupnir.tools.experiments.izhikevich.criteria import CRITERIA
from draupnir.tools.experiments.izhikevich.differences import DIFFERENCES
from draupnir.tools.experiments.izhikevich.exhibit import Exhibit
from draupnir.tools.experiments.izhikevich.picture import gallery
from draupnir.tools.report import pages, plots
from draupnir.tools.report.pages import PageLink
from draupnir.tools.report.provenance import Origin

TITLE = "The 20 behaviours of Izhikevich on ODIN's neuron"
PICTURE = "gallery.png"
MEANING = (
    "The layout is that of figure 1 in Izhikevich's paper of 2004: the potential above, the input below. A time step"
    f" ends with a time reference. Here it is {SPIKE_STEP} clocks long, and {BURST_STEP:,} where there are bursts; on"
    " your chip it is as long as you choose. The input is the sum of the weights that arrive in a time step:"
    f" {STEP} LSB are one step of the potential, which has 4 bits."
)
HEADER = ("", "behaviour", "ODIN's neuron", "criterion", "difference from Izhikevich's model", "files")


def write(out: Path, exhibits: Sequence[Exhibit], origin: Origin) -> list[Path]:
    """Write picture, page, and each behaviour's TOML and events into folder ``out``. Returns the paths, the page last.

    The files appear when all of them are complete.
    """
    with filling(out) as temporary:
        for behaviour, _, _ in exhibits:
            shutil.copyfile(behaviour.toml, temporary / _toml(behaviour))
            (temporary / _csv(behaviour)).write_text(events_text(behaviour))
        plots.save(gallery(exhibits), temporary / PICTURE)
        parts = [
            pages.verdict(_holds(exhibits), figures(exhibits)["behaviours"]),
            pages.picture_part(temporary / PICTURE, MEANING, roomy=True),
            pages.table(HEADER, _rows(exhibits), roomy=True),
            pages.text("Run one of them", _command(exhibits[0].behaviour)),
        ]
        names = sorted(path.name for path in temporary.iterdir())
        (temporary / pages.PAGE).write_text(pages.page(TITLE, parts, origin), encoding="utf-8")
    return [*(out / name for name in names), out / pages.PAGE]


def _toml(behaviour: Behaviour) -> str:
    return f"{behaviour.file_name}.toml"


def _csv(behaviour: Behaviour) -> str:
    return f"{behaviour.file_name}.csv"


def events_text(behaviour: Behaviour) -> str:
    """The events of a behaviour as a file for ``draupnir run``."""
    return "".join(
        f"{line}\n" for line in ("cycle,addr", *(f"{cycle},{addr:#x}" for cycle, addr in behaviour.events()))
    )


def _command(behaviour: Behaviour) -> str:
    return f"draupnir run odin --config {_toml(behaviour)} --events {_csv(behaviour)} -o spikes.csv"


def _rows(exhibits: Sequence[Exhibit]) -> Iterator[Sequence[pages.Cell]]:
    for exhibit in exhibits:
        behaviour = exhibit.behaviour
        criterion = " ".join((CRITERIA[behaviour.letter].__doc__ or "").split())
        links = [PageLink("neuron", _toml(behaviour)), PageLink("events", _csv(behaviour))]
        yield behaviour.letter, behaviour.name, exhibit.text, criterion, DIFFERENCES[behaviour.letter], links


# --- Other forms ------------------------------------------------------------------------------------------------


def _holds(exhibits: Sequence[Exhibit]) -> bool:
    return all(exhibit.finding is not None for exhibit in exhibits)


def figures(exhibits: Sequence[Exhibit]) -> dict[str, str]:
    """The results in words: name and text."""
    n_shown = sum(exhibit.finding is not None for exhibit in exhibits)
    texts = {f"{exhibit.behaviour.letter} {exhibit.behaviour.name}": exhibit.text for exhibit in exhibits}
    return {"behaviours": f"{n_shown} of {len(exhibits)} meet their criterion", **texts}


def as_object(exhibits: Sequence[Exhibit], files: Sequence[Path]) -> dict[str, Any]:
    """The results as an object for JSON; the times of spikes are in time steps."""
    behaviours = [
        {"letter": b.letter, "name": b.name, "holds": finding is not None, "finding": finding, "spikes": r.spikes}
        for b, r, finding in exhibits
    ]
    return {"holds": _holds(exhibits), "behaviours": behaviours, "files": [str(path) for path in files]}


def markdown(exhibits: Sequence[Exhibit], folder: str) -> str:
    """The table of docs/izhikevich.md; folder : the path from that page to the TOMLs"""
    lines = ["| behaviour | ODIN's neuron | where it differs from Izhikevich's model |", "| --- | --- | --- |"]
    for exhibit in exhibits:
        behaviour = exhibit.behaviour
        link = f"[{behaviour.letter} {behaviour.name}]({folder}/{_toml(behaviour)})"
        lines.append(f"| {link} | {exhibit.text} | {DIFFERENCES[behaviour.letter]} |")
    return "".join(f"{line}\n" for line in lines)
