"""An explanation of a neuron in a sample: its story, its causes, and both for people and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from draupnir.tools.explain.causes import Turn
from draupnir.tools.mapping.answers import NO_LABEL
from draupnir.tools.mapping.story import Story


@dataclass(frozen=True)
class Explanation:
    """The story of a neuron, and its causes.

    name : the neuron's, such as hidden:42; neuron : its number on the chip; n_in_float : its spikes in floating point
    label, right : the sample's label on the chip, and the right one, None if nobody has said
    exciter, inhibitor : name, sum in LSB and number of the strongest source, None if there is none
    turns : the smallest changes that turn the neuron
    """

    chip: str
    sample: int
    name: str
    neuron: int
    story: Story
    n_in_float: int
    label: int
    right: int | None
    exciter: tuple[str, int, int] | None
    inhibitor: tuple[str, int, int] | None
    turns: tuple[Turn, ...]


def lines(explanation: Explanation) -> list[tuple[str, str]]:
    """The explanation for people: pairs of a name and a text."""
    story, peak = explanation.story, explanation.story.peak()
    label = "none" if explanation.label == NO_LABEL else str(explanation.label)
    right = "" if explanation.right is None else f", right is {explanation.right}"
    changes = [total for total, _ in story.sums().values()]
    n_inputs = sum(n for _, n in story.sums().values())
    up, down = sum(total for total in changes if total > 0), sum(total for total in changes if total < 0)
    spikes = f"{story.n_spikes} spike(s), {explanation.n_in_float} in floating point"
    texts = [
        (f"sample {explanation.sample}", f"label {label}{right}"),
        (explanation.name, f"{spikes}; it is neuron {explanation.neuron} of {explanation.chip}"),
        ("threshold", f"{story.threshold} LSB"),
        ("inputs", f"{n_inputs} spikes: {up:+d} {down:+d} LSB"),
    ]
    if peak:
        texts.append(("peak", f"{peak.potential} LSB in timestep {peak.timestep}, after {peak.source}"))
    for name, source in (("excited most by", explanation.exciter), ("inhibited most by", explanation.inhibitor)):
        if source:
            texts.append((name, f"{source[0]}: {source[1]:+d} LSB in {source[2]} spike(s)"))
    consequence = "would spike with" if story.n_spikes == 0 else "would be silent with"
    return [*texts, *((consequence, str(turn)) for turn in explanation.turns)]


def as_json(explanation: Explanation) -> dict[str, Any]:
    """The explanation for JSON."""
    story = explanation.story
    return {
        "chip": explanation.chip,
        "sample": explanation.sample,
        "label": explanation.label,
        "right": explanation.right,
        "neuron": explanation.name,
        "number": explanation.neuron,
        "n_spikes": story.n_spikes,
        "n_spikes_in_float": explanation.n_in_float,
        "threshold": story.threshold,
        "turns": [{"source": turn.source, "now": turn.now, "then": turn.then} for turn in explanation.turns],
        "steps": [
            {name: getattr(step, name) for name in ("timestep", "source", "change", "potential", "spikes")}
            for step in story.steps
        ],
    }
