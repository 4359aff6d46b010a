"""The claims of a chip: the part of its package that says what is proved of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeGuard

from draupnir.emulator.package import Part

if TYPE_CHECKING:
    from draupnir.tools.proofs.claim import Law, Leaf
    from draupnir.tools.proofs.whole import ChipStep


def _are_claims(part: object) -> TypeGuard[Sequence[Leaf | Law | ChipStep]]:
    return isinstance(part, tuple) and all(hasattr(claim, "title") for claim in part)


PROOFS: Part[Sequence[Leaf | Law | ChipStep]] = Part(
    "proofs", "proofs", "nothing is proved of it", _are_claims, "a tuple of claim.Leaf, claim.Law and whole.ChipStep"
)
