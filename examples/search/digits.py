"""Search for parameters of SDSP with which ODIN learns handwritten digits best: Optuna asks, many chips answer.

    pip install 'draupnir[search]'
    python examples/search/digits.py -o build/search --trials 1000

The images for training are split once: the search trains on some of them, and judges by the validation images, which it
never trains on. The best trials are trained again on all images for fitting. The winner alone, and the parameters that
`draupnir demo digits` has, then see the test images, once.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna

import draupnir
from draupnir.tools.experiments.digits.experiment import CALCIUM_MAX, WEIGHT_MAX, DigitsExperiment

SEED = 1  # of the split, of the search, and of the order of images in it
N_FIT, N_VALIDATION, N_JUDGED = 1076, 360, 120  # a trial on fewer images is judged by fewer, too
LEFT_OUT = 0.2  # of the images of an experiment, which are for its own test
SLOT = 100_000  # clocks for an image that is shown without a lesson, more than any takes
BATCH, N_FINAL, SEEDS = 32, 20, range(1, 6)


@dataclass(frozen=True)
class Trained:
    """Chips after their training; experiments : the parameters of each"""

    experiments: Sequence[DigitsExperiment]
    runs: draupnir.ManyRuns


def n_images(n: int) -> int:
    """Return the size of an experiment that trains on n images."""
    return int(n / (1 - LEFT_OUT))


def suggested(trial: Any, n: int) -> DigitsExperiment:
    """Return parameters that Optuna suggests, for training on n images."""
    thr = trial.suggest_int("thr", 50, 127)
    return DigitsExperiment(
        seed=SEED,
        n_images=n_images(n),
        thr=thr,
        thr_test=trial.suggest_int("thr_test", 20, 127),
        thetamem=min(trial.suggest_int("thetamem", WEIGHT_MAX + 1, 100), thr - 5 * WEIGHT_MAX),
        ca_theta1=trial.suggest_int("ca_theta1", 1, CALCIUM_MAX - 1),
        ca_theta2=CALCIUM_MAX,
        ca_theta3=trial.suggest_int("ca_theta3", 2, CALCIUM_MAX),
        n_wrong=trial.suggest_int("n_wrong", 0, 5),
        n_right=trial.suggest_int("n_right", 0, CALCIUM_MAX),
        part=trial.suggest_float("part", 0.02, 1.0),
        part_right=trial.suggest_float("part_right", 0.02, 1.0),
        shrink=trial.suggest_float("shrink", 0.02, 1.0),
        weight=trial.suggest_int("weight", 0, 7),
    )


def base() -> draupnir.Configuration:
    """Return ODIN as the experiment configures it; what differs from chip to chip are changes."""
    start = DigitsExperiment().configuration()
    chip = draupnir.chip("odin").declared
    registers = {name: (n,) if isinstance(n, int) else tuple(n) for name, n in start.registers.items()}
    return draupnir.Configuration(chip, registers, {"neurons": start.neurons, "synapses": start.synapses})


def trained(experiments: Sequence[DigitsExperiment]) -> Trained:
    """Train a chip for each experiment, on all cores."""
    changes = [
        {"neurons": words(one.neurons(train=True)), "synapses[0-255][0-9].syn_weight": one.weight}
        for one in experiments
    ]
    lessons = [np.concatenate([one.events(int(image)) for image in one.train_images]) for one in experiments]
    return Trained(experiments, draupnir.run_many(base(), events=lessons, changes=changes, keep_states=True))


def words(neurons: np.ndarray) -> np.ndarray:
    """Return the neurons' words as integers."""
    limbs = neurons.astype(object)
    return sum(limbs[:, i] << 32 * i for i in range(limbs.shape[1]))  # type: ignore[return-value]


def accuracy(chips: Trained, images: Sequence[int]) -> np.ndarray:
    """Return the share of images that each chip names rightly. Learning is off; each image has its own clocks."""
    assert chips.runs.states is not None
    first = chips.runs.states.registers["cycle"]
    shown = []
    for start, one in zip(first.tolist(), chips.experiments, strict=True):
        parts = [np.array(one.presentation(int(image), train=False)) for image in images]
        clocks = [np.full(len(part), start + 10 + SLOT * slot) for slot, part in enumerate(parts)]
        shown.append(np.column_stack([np.concatenate(clocks), np.concatenate(parts)]))
    changes = [{"neurons": words(one.neurons(train=False))} for one in chips.experiments]
    tested = draupnir.run_many(chips.runs, events=shown, changes=changes)
    scores = []
    for run, one in enumerate(chips.experiments):
        spikes = tested.spikes_of(run)
        slots = (spikes["cycle"] - first[run] - 10) // SLOT
        answers = [one.predict(spikes["out"][slots == slot]) for slot in range(len(images))]
        scores.append(np.mean([answer == one.label(int(image)) for answer, image in zip(answers, images, strict=True)]))
    return np.array(scores)


def search(n_trials: int, minutes: float, n_fit: int, validation: Sequence[int]) -> tuple[optuna.Study, float]:
    """Ask for trials in batches, train a chip for each, and tell the accuracies. Returns the study and its seconds."""
    sampler = optuna.samplers.TPESampler(seed=SEED, n_startup_trials=60, multivariate=True, constant_liar=True)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    start = time.monotonic()
    while len(study.trials) < n_trials and time.monotonic() - start < 60 * minutes:
        trials = [study.ask() for _ in range(min(BATCH, n_trials - len(study.trials)))]
        scores = accuracy(trained([suggested(trial, n_fit) for trial in trials]), validation)
        for trial, score in zip(trials, scores.tolist(), strict=True):
            study.tell(trial, score)
        print(f"{len(study.trials)} trials, {time.monotonic() - start:.0f} s, best {study.best_value:.3f}", flush=True)
    return study, time.monotonic() - start


def report(study: optuna.Study, seconds: float, n_fit: int, validation: Sequence[int]) -> dict[str, Any]:
    """Train the best trials again on all images for fitting, choose one, and test it and the default ones once."""
    ranked = sorted(study.trials, key=lambda trial: -(trial.value or 0))[:N_FINAL]
    finalists = [suggested(trial, N_FIT) for trial in ranked]
    scores = accuracy(trained(finalists), validation)
    winner = finalists[int(scores.argmax())]
    tests = {}
    for name, one in (("search", winner), ("demo", DigitsExperiment())):
        seeded = [replace(one, seed=seed, n_images=1797) for seed in SEEDS]
        test_images = one.digits.test.tolist()
        tests[name] = accuracy(trained(seeded), test_images).tolist()
    return {
        "trials": len(study.trials),
        "images": n_fit,
        "seconds": seconds,
        "search": [trial.value for trial in study.trials],
        "validation": scores.tolist(),
        "winner": asdict(winner),
        "test": tests,
    }


def main() -> None:
    """Search, and write what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=Path("build/search"))
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--images", type=int, default=N_FIT, help="training images of a trial")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no batch after so many minutes")
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    all_training = np.random.default_rng([SEED, 0]).permutation(DigitsExperiment().digits.train)
    n_judged = N_VALIDATION if options.images == N_FIT else N_JUDGED
    validation = all_training[-N_VALIDATION:].tolist()
    study, seconds = search(options.trials, options.minutes, options.images, validation[:n_judged])
    content = report(study, seconds, options.images, validation)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "search.json").write_text(json.dumps(content, indent=2) + "\n")
    print(json.dumps(content["test"]), json.dumps(content["winner"]))


if __name__ == "__main__":
    main()
