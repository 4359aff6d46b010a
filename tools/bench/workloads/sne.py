"""SNE's workloads: random spikes for a convolution, for a dense layer, and for a fully connected one."""

from __future__ import annotations

from functools import partial
from itertools import islice

import numpy as np

from draupnir.emulator.codec import encode
from draupnir.emulator.sne.layer import EngineLayer, memories_of, new_contents, square
from draupnir.emulator.sne.layout import CHIP, PARAMETER, SLICE, LayerKind
from draupnir.emulator.sne.streams import StreamSides
from draupnir.emulator.trace import pack, to_rows
from draupnir.golden.recipes.sne_words import Events, events
from draupnir.tools.bench.workloads import Workload, Workloads

RESET_CLOCKS = 4
N_KERNELS = 256
MIXED = Events(spikes=(4, 12), wipes=0.0)
NEURONS = encode(PARAMETER, vth=40, tref=1, davth=8, tscale=1)
NAMES = {LayerKind.OPT_CONV: "convolution", LayerKind.DEFAULT: "dense", LayerKind.FC: "fully-connected"}


def random_spikes(kind: LayerKind, n_events: int) -> Workload:
    """Return a workload: a reset, and then words at any time at which the engine takes them.

    n_events : the number of words, headers and timesteps too, at least 1
    """
    rng = np.random.default_rng(1)
    kernels = rng.integers(-5, 8, (N_KERNELS, 3, 3))
    contents = new_contents(
        **square(), cfg_parameter_i=(NEURONS,), cfg_slice_i=(encode(SLICE, layer=kind, channel=N_KERNELS),)
    )
    layer = EngineLayer(contents, kernels)
    rows = to_rows(CHIP.input_word, [pack(CHIP.input_word, layer.pins(active)) for active in (True, False)])
    words = np.array(list(islice(events(MIXED, kind, rng), n_events)), np.int64)
    return Workload(
        CHIP,
        NAMES[kind],
        f"random spikes for a layer of kind {int(kind)}",
        memories_of(kernels),
        np.repeat(rows, RESET_CLOCKS, axis=0),
        np.full(2 * RESET_CLOCKS, CHIP.period[0], np.uint8),
        words,
        StreamSides(),
    )


WORKLOADS = Workloads(
    tuple(partial(random_spikes, kind) for kind in (LayerKind.OPT_CONV, LayerKind.DEFAULT)),
    cocotb_test="random.random_events",
)
