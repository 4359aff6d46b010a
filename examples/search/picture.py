"""Draw what a search of `digits.py` found.

python examples/search/picture.py build/search/search.json search.png
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.tools.report import plots


@plots.styled
def draw(content: dict[str, Any], path: Path) -> None:
    """Draw the accuracy of each trial, the best so far, and the accuracies on test images."""
    scores = np.array(content["search"]) * 100
    figure = plots.new_figure(9, 3.4)
    trials, tests = figure.subplots(1, 2, width_ratios=(2, 1))
    trials.plot(scores, ".", markersize=2, alpha=0.5, label="a trial")
    trials.plot(np.maximum.accumulate(scores), label="the best so far")
    trials.set(
        xlabel="trial",
        ylabel="validation images named rightly, %",
        title=f"Trials, {content['images']:,} training images each",
    )
    trials.legend(loc="lower right")
    names = {"demo": "demo's\nparameters", "search": "the search's\nparameters"}
    for place, name in enumerate(names):
        percent = np.array(content["test"][name]) * 100
        tests.plot(np.full(len(percent), place), percent, "o")
        tests.annotate(f"{percent.mean():.1f}", (place + 0.1, percent.mean()))
    tests.set(xticks=range(len(names)), xlim=(-0.5, 1.6), ylabel="test images named rightly, %")
    tests.set_xticklabels(list(names.values()))
    tests.set_title("1,437 images, five seeds")
    best, demo = (np.mean(content["test"][name]) * 100 for name in ("search", "demo"))
    word = "beats" if best > demo else "does not beat"
    figure.suptitle(f"A search of {len(scores):,} trainings {word} the demonstration: {best:.1f} against {demo:.1f} %")
    plots.save(figure, path)


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
