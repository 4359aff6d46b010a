"""All of it, for several seeds: digits and cues by one rule each, and sequences by both, by ODIN, and by ReckOn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from draupnir.tools.experiments.sequences.baselines import OdinBaseline, ReckOnBaseline
from draupnir.tools.experiments.sequences.cues import CueLearner, CueTask
from draupnir.tools.experiments.sequences.majority import MajorityTask, MajorityTrainer
from draupnir.tools.experiments.sequences.results import TaskResults


@dataclass
class LearningResults:
    """The results of each task, one for each seed.

    digits : ten neurons learn digits by SDSP; cues : two neurons learn cue accumulation by e-prop
    both, odin, reckon : the sequences of digits on Gungnir, on ODIN alone and on ReckOn alone
    """

    digits: list[TaskResults] = field(default_factory=list)
    cues: list[TaskResults] = field(default_factory=list)
    both: list[TaskResults] = field(default_factory=list)
    odin: list[TaskResults] = field(default_factory=list)
    reckon: list[TaskResults] = field(default_factory=list)


@dataclass(frozen=True)
class LearningExperiment:
    """The experiment for one seed.

    sequences : the task for ODIN's family and ReckOn; cues : the task for e-prop alone
    reckon_epochs : how often ReckOn sees the training sequences
    """

    sequences: MajorityTask
    cues: CueTask
    reckon_epochs: int = 6

    @property
    def n_samples(self) -> int:
        """The number of images, sequences and cue samples that the chips see."""
        n_train, n_test = self.sequences.n_train, self.sequences.n_test
        n_cues = len(self.cues.samples.train) * self.cues.epochs + len(self.cues.samples.test)
        return self.sequences.n_images + (2 + self.reckon_epochs) * n_train + 3 * n_test + n_cues

    def run(self, results: LearningResults, advance: Callable[[int], None] = lambda n: None) -> None:
        """Run all tasks, and add their results. ``advance`` is called with 1 after each sample."""
        results.cues.append(CueLearner(self.cues).run(advance))
        trainer = MajorityTrainer(self.sequences)
        results.digits.append(trainer.learn_digits(advance))
        odin = OdinBaseline(trainer)  # It takes the weights of the ten neurons, and then goes its own way.
        results.both.append(trainer.learn_sequences(advance))
        results.odin.append(odin.learn_sequences(advance))
        results.reckon.append(ReckOnBaseline(self.sequences, self.reckon_epochs).learn_sequences(advance))


def experiments(seeds: Sequence[int], n_sequences: int, n_images: int | None = None) -> list[LearningExperiment]:
    """The experiment for each seed, with three test sequences for five of the training; n_images : None for all"""
    images = {} if n_images is None else {"n_images": n_images}
    n_test = max(3 * n_sequences // 5, 1)
    return [LearningExperiment(MajorityTask(seed, n_sequences, n_test, **images), CueTask(seed)) for seed in seeds]
