"""A bench in which a golden recipe moves all pins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from draupnir.cocotb_tests.lib.bench import ChipBench
from draupnir.golden.recipes import prepare
from draupnir.golden.stimulus import Stimulus


class RecipeBench(ChipBench):
    """A bench in which a recipe does everything, the first reset and the configuration too.

    model : the golden model; recipe : the name of one of its chip's recipes
    stimulus : what the recipe does on the pins, for ``play``
    """

    def __init__(self, dut: Any, model: Any, recipe: str) -> None:
        super().__init__(dut, model)
        stimulus, self._contents = prepare(self.chip, recipe, self.session.seed)
        assert isinstance(stimulus, Stimulus)
        self.stimulus = stimulus
        self.hold(())

    def initial(self) -> Mapping[str, np.ndarray]:
        return self._contents

    async def prepare(self) -> None:
        """Do nothing, because the recipe begins with a reset."""
