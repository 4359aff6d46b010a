from itertools import product

from draupnir.rtl.odin.sdsp import SdspUpdate
from draupnir.rtl.tests.simulate import evaluate

# Weights 0 to 7 after one event, computed by hand from ODIN doc 3.2.
UP = [1, 2, 3, 4, 5, 6, 7, 7]
DOWN = [0, 0, 1, 2, 3, 4, 5, 6]
AWAY_FROM_MIDDLE = [0, 0, 1, 2, 5, 6, 7, 7]
STAYS = list(range(8))
UP_BUT_NOT_FROM_0 = [0, 2, 3, 4, 5, 6, 7, 7]


def _next(pre: int, bist_ref: int, v_up: int, v_down: int) -> list[int]:
    sdsp = SdspUpdate()
    fixed = {"pre": pre, "bist_ref": bist_ref, "v_up": v_up, "v_down": v_down}
    return evaluate(sdsp, [{**fixed, "weight": w} for w in range(8)], lambda ctx: ctx.get(sdsp.weight_next))


def test_conditions_move_the_weight_by_one_and_stop_at_the_ends() -> None:
    assert _next(1, 0, 1, 0) == UP
    assert _next(1, 0, 0, 1) == DOWN
    assert _next(1, 0, 0, 0) == STAYS


def test_both_conditions_raise_except_from_0() -> None:
    assert _next(1, 0, 1, 1) == UP_BUT_NOT_FROM_0


def test_bistability_drives_away_from_the_middle_whatever_the_conditions() -> None:
    for v_up, v_down in product((0, 1), repeat=2):
        assert _next(1, 1, v_up, v_down) == AWAY_FROM_MIDDLE


def test_a_synapse_without_event_stays() -> None:
    for bist_ref, v_up, v_down in product((0, 1), repeat=3):
        assert _next(0, bist_ref, v_up, v_down) == STAYS
