from draupnir.emulator.codec import encode
from draupnir.emulator.tinyodin.layout import LIF
from draupnir.rtl.tests.simulate import evaluate
from draupnir.rtl.tinyodin.lif import LifNeuron

EDGES = (-2048, -2047, -129, -128, -127, -9, -8, -1, 0, 1, 6, 7, 8, 126, 127, 128, 2039, 2040, 2041, 2046, 2047)
LEAKS = (0, 1, 7, 126, 127)
THRESHOLDS = (0, 1, 7, 127, 2047, 2048, 4095)
WEIGHTS = range(-8, 8)


def spiking(potential: int, thr: int) -> tuple[int, int]:
    """Return the potential after the comparison, and 1 if the neuron spikes."""
    return (0, 1) if potential >= thr else (potential, 0)


def update(neuron: dict[str, int], **stimulus: int) -> dict[str, int]:
    return {"neuron": encode(LIF, **neuron), **stimulus}


def answers(rows: list[dict[str, int]]) -> list[tuple[int, int]]:
    lif = LifNeuron()
    return evaluate(lif, rows, lambda ctx: (ctx.get(lif.core_next), ctx.get(lif.spike)))


def test_weights_move_the_potential_and_saturate() -> None:
    rows, expected = [], []
    for core in EDGES:
        for thr in THRESHOLDS:
            for weight in WEIGHTS:
                rows.append(update({"core": core, "thr": thr, "leak_str": 99}, event=1, weight=weight))
                expected.append(spiking(max(-2048, min(2047, core + weight)), thr))
    assert answers(rows) == expected


def test_leakage_stops_at_zero_from_either_side() -> None:
    rows, expected = [], []
    for core in EDGES:
        for thr in THRESHOLDS:
            for leak in LEAKS:
                rows.append(update({"core": core, "thr": thr, "leak_str": leak}, event=1, tref=1, weight=-8))
                expected.append(spiking(min(0, core + leak) if core < 0 else max(0, core - leak), thr))
    assert answers(rows) == expected


def test_without_an_event_only_the_threshold_is_compared() -> None:
    rows = [update({"core": core, "thr": thr, "leak_str": 5}, tref=1, weight=7) for core in EDGES for thr in THRESHOLDS]
    assert answers(rows) == [spiking(core, thr) for core in EDGES for thr in THRESHOLDS]
