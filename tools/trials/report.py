"""The report of a trial: one page that needs no network, its pictures, and the same figures as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from draupnir.golden.files import filling
from draupnir.tools.mapping.mapper import WeightPair, mapper_of
from draupnir.tools.mapping.plan import Mapped
from draupnir.tools.report import pages, plots, schema
from draupnir.tools.report.provenance import Origin
from draupnir.tools.trials import study as studies
from draupnir.tools.trials.figures import TrialFigures
from draupnir.tools.trials.pictures import pictures
from draupnir.tools.trials.study import Study

JSON = "report.json"
NAMED = 12  # neurons that are named one by one


def write(
    folder: Path, mapped: Mapped, figures: TrialFigures, study: Study, megahertz: float | None, origin: Origin
) -> Path:
    """Write report.html, its pictures and report.json. Returns the page."""
    mapper = mapper_of(mapped.chip)
    weights = mapper.weights(mapped)
    all_pictures = pictures(figures, study, weights, mapper.energy)
    rows = dict([*figures.rows(mapper.energy, megahertz), *_notes(mapped)])
    content = {"chip": mapped.chip, **figures.as_json(), "study": studies.as_json(study, mapped)}
    content |= {"weights": {name: _loss(pair) for name, pair in weights.items()}, "origin": origin.as_json()}
    with filling(folder) as temporary:
        for name, picture in all_pictures.items():
            plots.save(picture.figure, temporary / f"{name.replace(' ', '_')}.png")
        parts = [
            pages.paragraph(study.losses.sentence(mapped.chip), "lead"),
            pages.words(rows),
            pages.heading("populations"),
            pages.table(HEADER, list(_populations(study, mapper.potential_range))),
            pages.heading("weights"),
            pages.table(WEIGHTS, [_weights(name, pair) for name, pair in weights.items()]),
            *(
                pages.picture_part(temporary / f"{name.replace(' ', '_')}.png", one.meaning)
                for name, one in all_pictures.items()
            ),
        ]
        title = f"{figures.n:,} samples on {mapped.chip}"
        (temporary / pages.PAGE).write_text(pages.page(title, parts, origin), encoding="utf-8")
        (temporary / JSON).write_text(schema.text("run samples", content) + "\n", encoding="utf-8")
    return folder / pages.PAGE


HEADER = ("population", "neurons", "spikes a sample, float", "chip", "silent", "always", "potentials", "of the width")


def _populations(study: Study, ends: tuple[int, int]) -> Iterator[list[str]]:
    """A row for each population that spikes; ends : those of a potential on the chip"""
    for name, figures in study.neurons.items():
        row = [name, f"{len(figures.on_chip):,}", f"{figures.in_float.sum() / study.n:.1f}"]
        row.append(f"{figures.on_chip.sum() / study.n:.1f}")
        row += [_names(name, figures.silent().tolist()), _names(name, study.always(name).tolist())]
        if figures.lowest is None or figures.highest is None:
            yield [*row, "", ""]
        else:
            low, high = int(figures.lowest.min()), int(figures.highest.max())
            share = max(low / ends[0] if ends[0] else 0, high / ends[1])
            yield [*row, f"{low:,} to {high:,}", f"{100 * share:.0f} %"]


def _names(name: str, neurons: list[int]) -> str:
    """Neurons by name, those that are too many as a number."""
    names = ", ".join(f"{name}:{neuron}" for neuron in neurons[:NAMED])
    return names + (f" and {len(neurons) - NAMED} more" if len(neurons) > NAMED else "")


WEIGHTS = ("weights to", "weights", "become 0", "at an end", "mean error, LSB")


def _loss(pair: WeightPair) -> dict[str, Any]:
    """The fate of the weights when they are rounded."""
    at_end = (pair.on_chip == pair.low) | (pair.on_chip == pair.high)
    return {
        "n": len(pair.on_chip),
        "n_zeros": int((pair.on_chip == 0).sum()),
        "n_at_an_end": int(at_end.sum()),
        "mean_error": float(abs(pair.on_chip - pair.in_float).mean()) if len(pair.on_chip) else 0.0,
    }


def _weights(name: str, pair: WeightPair) -> list[str]:
    loss = _loss(pair)
    return [name, *(f"{loss[key]:,}" for key in ("n", "n_zeros", "n_at_an_end")), f"{loss['mean_error']:.2f}"]


def _notes(mapped: Mapped) -> Iterator[tuple[str, str]]:
    for i, note in enumerate(mapped.notes, start=1):
        yield f"note {i}", note
