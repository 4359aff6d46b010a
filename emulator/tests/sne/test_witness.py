"""Two roads to one result: an engine at clock level, and a layer in NumPy that knows no clock."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from draupnir.emulator.codec import encode
from draupnir.emulator.sne.chip import Model
from draupnir.emulator.sne.layout import ALL_GROUPS, BOUND, PARAMETER, SLICE, EventOp, LayerKind
from draupnir.emulator.tests.sne import event_words
from draupnir.emulator.tests.sne.witness import LEFT, SIDE, TOP, NumpyLayer, Settings

SETTINGS = (
    Settings(),
    Settings(vrest=-9, vth=6, tref=0, davth=15, tscale=0),
    Settings(vrest=5, vth=9, tscale=7),
    Settings(vrest=-9, vth=-20, tref=0, davth=15, tscale=0),
)
SPARSE = 0.15  # of the weights of a dense layer; if too many neurons spike, the original never ends the event
TO_ENGINE, TO_MEMORY = 0xFFFF, 1 << 24 | 128


def configuration(settings: Settings, layer: LayerKind) -> dict[str, int]:
    places = [(encode(BOUND, xid=int(x), yid=int(y)), int(-x & 7), int(-y & 7)) for x, y in zip(LEFT, TOP, strict=True)]
    last = encode(BOUND, xid=SIDE - 1, yid=SIDE - 1)
    return {
        "cfg_filter_lbound_i": sum(low << 32 * g for g, (low, _, _) in enumerate(places)),
        "cfg_filter_ubound_i": sum(low + last << 32 * g for g, (low, _, _) in enumerate(places)),
        "cfg_x_offset_i": sum(x << 3 * g for g, (_, x, _) in enumerate(places)),
        "cfg_y_offset_i": sum(y << 3 * g for g, (_, _, y) in enumerate(places)),
        "cfg_filter_en_i": ALL_GROUPS,
        "cfg_addr_step_i": 1,
        "cfg_addr_end_i": SIDE * SIDE - 1,
        "cfg_parameter_i": encode(PARAMETER, **settings._asdict()),
        "cfg_slice_i": encode(SLICE, layer=int(layer)),
    }


def load(model: Model, kernels: np.ndarray) -> None:
    """Write kernels into the memories; kernels : (256, 3, 3), -8..7"""
    nibbles = kernels.reshape(256, 9) & 15
    for cid, weights in enumerate(nibbles.tolist()):
        model.memories["weight_mem"][cid % 4, cid // 4, 0] = sum(w << 4 * i for i, w in enumerate(weights[1:]))
        model.memories["weight_sram_o"][cid // 8, 0] |= weights[0] << 4 * (7 - cid % 8)


def weight_words(weights: np.ndarray) -> list[int]:
    """Return the words of weights, (64, 16): for each neuron those of groups 8 to 15, then those of groups 0 to 7."""
    return [
        sum((w & 15) << 4 * i for i, w in enumerate(half)) for row in weights.tolist() for half in (row[8:], row[:8])
    ]


def by_group(triples: list[tuple[int, int, int]]) -> dict[int, list[tuple[int, int]]]:
    spikes = defaultdict(list)
    for g, x, y in triples:
        spikes[g].append((x, y))
    return spikes


@pytest.mark.parametrize(
    ("layer", "settings"),
    [
        *((layer, settings) for layer in (LayerKind.OPT_CONV, LayerKind.DEFAULT) for settings in SETTINGS),
        *((LayerKind.FC, settings) for settings in SETTINGS[:3]),
    ],
)
def test_spikes_and_states_are_those_of_the_layer(layer: LayerKind, settings: Settings) -> None:
    rng = np.random.default_rng(int(layer))
    model, witness = Model(), NumpyLayer(settings)
    kernels = rng.integers(-5, 8, (256, 3, 3))
    load(model, kernels)
    pins, n_spikes = configuration(settings, layer), 0
    model.reset()
    for time in np.cumsum(rng.integers(0, 60, 3 if layer == LayerKind.FC else 6)).tolist():
        words, expected = [TO_ENGINE, int(EventOp.TIME) << 28 | time], []
        witness.time = time
        for _ in range(2 if layer == LayerKind.FC else 8):
            x, y, cid = (int(each) for each in rng.integers((26, 26, 256)))
            spike = int(EventOp.SPIKE) << 28 | cid << 16 | y << 8 | x
            if layer == LayerKind.FC:
                weights = rng.integers(-8, 8, (64, 16)) * (rng.random((64, 16)) < SPARSE)
                words += [int(EventOp.SYNCH) << 28, spike, int(EventOp.EOP) << 28, TO_MEMORY, *weight_words(weights)]
                words.append(TO_ENGINE)
                expected += witness.weighted(weights)
            else:
                words.append(spike)
                expected += (witness.around if layer else witness.everywhere)(x, y, kernels[cid])
        out = event_words.run(model, pins, [*words, int(EventOp.EOP) << 28]).words
        spikes = [(int(word) & 255, int(word) >> 8 & 255) for word in out if word >> 28 == EventOp.SPIKE]
        n_spikes += len(spikes)
        assert sorted(spikes) == sorted((x, y) for _, x, y in expected)
        if layer != LayerKind.FC:  # where border neurons are heard, too, so that places belong to several groups
            assert_each_group_keeps_its_order(spikes, expected)
    assert n_spikes > 20
    assert np.array_equal(event_words.states(model, layer == LayerKind.OPT_CONV), state_words(witness))


def assert_each_group_keeps_its_order(spikes: list[tuple[int, int]], triples: list[tuple[int, int, int]]) -> None:
    queues = by_group(triples)
    for place in spikes:
        owners = [g for g, queue in queues.items() if queue and queue[0] == place]
        assert owners, f"no group has {place} next"
        queues[owners[0]].pop(0)


def state_words(witness: NumpyLayer) -> np.ndarray:
    vmem, avth, tlupd, tlspk = witness.state & 255
    return vmem << 24 | avth << 16 | tlupd << 8 | tlspk
