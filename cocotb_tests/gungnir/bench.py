"""Gungnir's bench: ODIN's, with e-prop on."""

from __future__ import annotations

from collections.abc import Mapping

from draupnir.cocotb_tests.odin import bench as odin
from draupnir.emulator.codec import encode
from draupnir.emulator.gungnir.chip import Model
from draupnir.emulator.gungnir.layout import LIF
from draupnir.emulator.gungnir.port import PORT

LIMIT = odin.LIMIT
ENABLE = "SPI_EPROP_EN"


class Bench(odin.Bench):
    """The bench of Gungnir, see ``CrossbarBench``. A test can turn e-prop off by the register SPI_EPROP_EN."""

    model_of = Model
    silent = encode(LIF, lif_izh_sel=1, thr=255, neur_disable=1)  # This neuron never spikes.
    port = PORT
    too_long = ("bist_all", "learn_all")
    always: Mapping[str, int] = {ENABLE: 1}

    async def prepare(self) -> None:
        await super().prepare()
        await self.write_register(ENABLE, self.registers.get(ENABLE, 0))  # The last reset has turned it off.
