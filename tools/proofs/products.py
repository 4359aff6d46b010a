"""Products of unknown integers: at first an unknown function with laws of multiplication, which is quick to prove with.

Where model and RTL multiply the same operands, the function has the same results, whichever they are. Each law holds of
every product, so what is proved with them alone is proved. A solver that finds contents of which a result is not the
product is told this product, and asked again (``questions.Solver``); so nothing is assumed.

A product is one of 64 bits, of which a narrower multiplier has the lower bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bitwuzla import Kind

from draupnir.tools.proofs.logic import BITWUZLA, Bits, Logic, Truth

PRODUCT_BITS = 64
LOWEST, HIGHEST = -(1 << (PRODUCT_BITS - 1)), (1 << (PRODUCT_BITS - 1)) - 1
MOST_STEPS = 12  # into a formula, to find its bounds
Bounds = tuple[int, int]


class Products:
    """All products of one proof.

    operands : number of a product's formula -> the product and its operands
    laws : number of a product's formula -> conditions that hold of it
    """

    def __init__(self, logic: Logic) -> None:
        self.logic = logic
        sort = logic.terms.mk_bv_sort(PRODUCT_BITS)
        self._function = logic.terms.mk_const(logic.terms.mk_fun_sort([sort, sort], sort), "product")
        self.operands: dict[int, tuple[Bits, Bits, Bits]] = {}
        self.laws: dict[int, list[Any]] = {}

    def product(self, one: Bits, other: Bits) -> Bits:
        """Return the product of two vectors of 64 bits, which wraps; for another solver than Bitwuzla a plain one."""
        if self.logic.solver != BITWUZLA:
            return one.apply(Kind.BV_MUL, other)
        one, other = self._operand(one), self._operand(other)
        if one.term.is_value() and other.term.is_value():
            return one.apply(Kind.BV_MUL, other)
        result = self._apply(one, other)
        if result.term.id() not in self.operands:
            self._add(result, one, other)
        return result

    def _apply(self, one: Bits, other: Bits) -> Bits:
        term = self.logic.terms.mk_term(Kind.APPLY, [self._function, one.term, other.term])
        return self.logic.of_term(term, PRODUCT_BITS)

    def _operand(self, bits: Bits) -> Bits:
        """Return a product instead of its lower bits with their sign, if no more bits can be set."""
        term = bits.term
        if term.kind() != Kind.BV_SIGN_EXTEND or term[0].kind() != Kind.BV_EXTRACT:
            return bits
        product = term[0][0]
        high, low = term[0].indices()
        if low or product.id() not in self.operands or bits_of(self.bounds(product)) > high + 1:
            return bits
        return self.logic.of_term(product, PRODUCT_BITS)

    # --- Laws

    def _add(self, result: Bits, one: Bits, other: Bits) -> None:
        self.operands[result.term.id()] = result, one, other
        self.laws[result.term.id()] = [law.term for law in self._new_laws(result, one, other)]

    def _new_laws(self, result: Bits, one: Bits, other: Bits) -> Iterator[Any]:
        logic, zero = self.logic, self.logic.number(0, PRODUCT_BITS)
        for operand in (one, other):
            if operand.term.is_value():
                yield result.equals(one.apply(Kind.BV_MUL, other))
            yield logic.truth(Kind.OR, (operand.is_true(), result.equals(zero)))
        n_bits = bits_of(self.bounds(result.term))
        if n_bits < PRODUCT_BITS:
            yield result.equals(result.slice(0, n_bits).resized(PRODUCT_BITS, signed=True))
            negative, *signs = (each.compare(Kind.BV_SLT, zero) for each in (result, one, other))
            factors = logic.every([one.is_true(), other.is_true()])
            yield _both_or_none(negative, logic.every([factors, logic.truth(Kind.XOR, signs)]))
        for inner, last in ((one, other), (other, one)):
            if inner.term.id() in self.operands:  # (a b) c = (a c) b
                _, first, second = self.operands[inner.term.id()]
                other_order = self._apply(self._apply(first, last), second)
                yield result.equals(other_order)

    # --- Bounds

    def bounds(self, term: Any, steps: int = MOST_STEPS) -> Bounds:
        """Return a lowest and a highest number that a vector has, as a signed one."""
        width = term.sort().bv_size()
        widest = -(1 << (width - 1)), (1 << (width - 1)) - 1
        limits = self._bounds(term, steps - 1) if steps else None
        return widest if limits is None or limits[0] < widest[0] or limits[1] > widest[1] else limits

    def _bounds(self, term: Any, steps: int) -> Bounds | None:
        kind = term.kind()
        if term.is_value():
            number, width = int(term.value(2), 2), term.sort().bv_size()
            number -= (number >> (width - 1)) << width
            return number, number
        if term.id() in self.operands:
            _, one, other = self.operands[term.id()]
            return _corners(self.bounds(one.term, steps), self.bounds(other.term, steps))
        if kind == Kind.BV_ZERO_EXTEND:
            low, high = self.bounds(term[0], steps)
            return (low, high) if low >= 0 else (0, (1 << term[0].sort().bv_size()) - 1)
        if kind == Kind.BV_SIGN_EXTEND:
            return self.bounds(term[0], steps)
        if kind == Kind.BV_CONCAT and term[0].is_value() and not int(term[0].value(2), 2):
            return 0, (1 << sum(part.sort().bv_size() for part in term.children()[1:])) - 1
        if kind == Kind.ITE:
            (low, high), (other_low, other_high) = (self.bounds(each, steps) for each in (term[1], term[2]))
            return min(low, other_low), max(high, other_high)
        return self._bounds_of_operator(kind, term, steps)

    def _bounds_of_operator(self, kind: Kind, term: Any, steps: int) -> Bounds | None:
        if kind not in (Kind.BV_ADD, Kind.BV_SUB, Kind.BV_XOR, Kind.BV_AND) or term.num_children() != 2:
            return None
        (low, high), (other_low, other_high) = (self.bounds(each, steps) for each in (term[0], term[1]))
        if kind == Kind.BV_ADD:
            return low + other_low, high + other_high
        if kind == Kind.BV_SUB:
            return low - other_high, high - other_low
        if low < 0 or other_low < 0:
            return (0, max(high if low >= 0 else 0, other_high)) if kind == Kind.BV_AND and other_low >= 0 else None
        return 0, min(high, other_high) if kind == Kind.BV_AND else (1 << max(high, other_high).bit_length()) - 1


def products_of(logic: Logic) -> Products:
    """Return the products of a proof."""
    if logic.products is None:
        logic.products = Products(logic)
    products: Products = logic.products
    return products


def _both_or_none(one: Truth, other: Truth) -> Truth:
    """Tell whether two conditions are both true or both false."""
    return one.logic.truth(Kind.EQUAL, (one, other))


def _corners(one: Bounds, other: Bounds) -> Bounds | None:
    corners = [a * b for a in one for b in other]
    low, high = min(corners), max(corners)
    return None if low < LOWEST or high > HIGHEST else (low, high)


def bits_of(bounds: Bounds) -> int:
    """Return how many bits all numbers within bounds need, with their sign."""
    low, high = bounds
    return 1 + max(high.bit_length() if high >= 0 else 0, (~low).bit_length() if low < 0 else 0)
