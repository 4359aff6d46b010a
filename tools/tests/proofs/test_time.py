"""The solver's limit is CPU time, so that a busy machine proves as much as an idle one."""

import time

import bitwuzla
from bitwuzla import Kind

from draupnir.tools.proofs import questions
from draupnir.tools.proofs.logic import Logic

SECONDS = 0.5
PRODUCT = 3_037_000_493 * 3_037_000_507  # of two primes


def factors(logic: Logic, seconds: float) -> bitwuzla.Bitwuzla:
    """A question that takes minutes: are there two factors?"""
    solver = questions.new_bitwuzla(logic, seconds)
    one, other = (logic.unknown(name, 32).resized(64) for name in ("one", "other"))
    solver.assert_formula(one.apply(Kind.BV_MUL, other).equals(logic.number(PRODUCT, 64)).term)
    for factor in (one, other):
        solver.assert_formula(logic.number(1, 64).compare(Kind.BV_ULT, factor).term)
    return solver


def test_the_limit_is_cpu_time():
    begin = time.thread_time()
    assert questions.check(factors(Logic(), SECONDS), SECONDS) == bitwuzla.Result.UNKNOWN
    assert time.thread_time() - begin > 0.9 * SECONDS


def test_the_solver_is_asked_again_if_it_has_had_no_processor():
    """A tenth of the time for each call of the solver, as if nine other programs were running."""
    begin = time.thread_time()
    assert questions.check(factors(Logic(), SECONDS / 10), SECONDS) == bitwuzla.Result.UNKNOWN
    assert time.thread_time() - begin > 0.9 * SECONDS


def test_an_answer_ends_the_question():
    logic = Logic()
    solver = questions.new_bitwuzla(logic, SECONDS)
    solver.assert_formula(logic.unknown("bit", 1).is_true().term)
    assert questions.check(solver, SECONDS) == bitwuzla.Result.SAT
