"""Mesh's bench: requests in, replies out, and the golden model in lockstep."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from draupnir.cocotb_tests.lib.bench import ChipBench
from draupnir.golden.recipes import prepare
from mesh_chip.chip import Model


class Bench(ChipBench):
    """Sender, receiver, and a monitor of the replies."""

    periods = MappingProxyType({"lnk": 14})

    def __init__(self, dut: Any) -> None:
        super().__init__(dut, Model())
        self.i = self.sender("i", rng=self.rng)
        self.o = self.receiver("o", rng=self.rng)
        self.replies = self.monitor("o")
        self.hold((self.i, self.o))

    async def prepare(self) -> None:
        self.o.start()
        self.replies.start()
        await super().prepare()


class Played(ChipBench):
    """A bench in which a recipe does everything, the first reset too."""

    periods = MappingProxyType({"lnk": 14})

    def __init__(self, dut: Any, recipe: str) -> None:
        super().__init__(dut, Model())
        self.stimulus, self.contents = prepare(self.chip, recipe, self.session.seed)
        self.hold(())

    def initial(self) -> Mapping[str, np.ndarray]:
        return self.contents

    async def prepare(self) -> None:
        """Nothing: the recipe begins."""
