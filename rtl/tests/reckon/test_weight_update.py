import random
from typing import Any

from draupnir.emulator.reckon.layout import N_WEIGHTS
from draupnir.rtl.reckon.weight_update import WeightUpdate
from draupnir.rtl.tests.reckon import naive
from draupnir.rtl.tests.simulate import evaluate


def _word(numbers: list[int], bits: int) -> int:
    return sum((number & (1 << bits) - 1) << bits * n for n, number in enumerate(numbers))


def _cases(n: int) -> list[dict[str, Any]]:
    """Return random words. Some gains and traces are at their ends, where bit 31 of a product is not its sign."""
    rng, cases = random.Random(5), []
    for _ in range(n):
        wide = rng.random() < 0.5
        cases.append(
            {
                "learning_signal": [
                    rng.choice([-32768, 32767, rng.randrange(-32768, 32768)]) for _ in range(N_WEIGHTS)
                ],
                "h": [rng.choice([-16, 0, 15, rng.randrange(-16, 16)]) for _ in range(N_WEIGHTS)],
                "trace": rng.choice([0, 1, 4095, rng.randrange(4096)]),
                "share": [rng.choice([0, 1, 16, rng.randrange(17)]) for _ in range(N_WEIGHTS)],
                "excess": [rng.choice([0, 4095, rng.randrange(4096)]) for _ in range(N_WEIGHTS)],
                "penalises": rng.randrange(2),
                "learns": rng.random() < 0.8,
                "k_p": rng.randrange(32) if wide else 0,
                "k_r": rng.randrange(32) if wide else 4,
                "lr_p": rng.randrange(32) if wide else 0,
                "lr_r": rng.randrange(32) if wide else 0,
                "rnd": [rng.getrandbits(32) >> rng.randrange(32) for _ in range(N_WEIGHTS)],
                "w": [rng.randrange(-128, 128) for _ in range(N_WEIGHTS)],
                "clears": 1 << rng.randrange(N_WEIGHTS) if rng.random() < 0.3 else 0,
            }
        )
    return cases


def _row(case: dict[str, Any]) -> dict[str, int]:
    gains = [ls * h for ls, h in zip(case["learning_signal"], case["h"], strict=True)]
    row = {name: case[name] for name in ("trace", "penalises", "learns", "k_p", "k_r", "lr_p", "lr_r", "clears")}
    row |= {"gain": _word(gains, 21), "share": _word(case["share"], 5), "excess": _word(case["excess"], 12)}
    return row | {"rnd": _word(case["rnd"], 32), "w": _word(case["w"], 8)}


def _expected(case: dict[str, Any]) -> list[int | None]:
    """Return each weight that is written, and None for the others."""
    weights: list[int | None] = []
    for n in range(N_WEIGHTS):
        penalty = (case["excess"][n] << case["k_p"] & 0xFFFFFFFF) >> case["k_r"] if case["penalises"] else 0
        learning_signal = case["learning_signal"][n] if case["learns"] else 0
        prob = naive.prob_win(learning_signal, case["trace"], case["h"][n], penalty, case["share"][n])
        mask, w_out = naive.stoch_update(prob, 32, case["lr_p"], case["lr_r"], case["rnd"][n], case["w"][n])
        weights.append((0 if case["clears"] >> n & 1 else w_out) if mask else None)
    return weights


def test_words_are_updated_as_in_the_original() -> None:
    update = WeightUpdate()
    cases = _cases(150)
    rows = [{**_row(case), "cs": 1, "we": 1} for case in cases]
    answers = evaluate(update, rows, lambda ctx: (ctx.get(update.w_lanes), ctx.get(update.w_next.as_value())))
    for case, (lanes, w_next) in zip(cases, answers, strict=True):
        for n, expected in enumerate(_expected(case)):
            assert lanes >> n & 1 == (expected is not None)
            assert expected is None or naive.signed(w_next >> 8 * n, 8) == expected


def test_nothing_is_written_but_in_the_clock_that_writes() -> None:
    update = WeightUpdate()
    rows = [{**_row(case), "cs": cs, "we": we} for case in _cases(5) for cs, we in ((0, 0), (0, 1), (1, 0))]
    assert not any(evaluate(update, rows, lambda ctx: ctx.get(update.w_lanes)))
