"""Broken rules, one line each, and the error that has all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from draupnir.emulator.errors import InputError


@dataclass(frozen=True)
class Violation:
    """One broken rule.

    rule : its name, in kebab-case; place : the node, edge or file
    message : index and value, and the limit; right : what would be right, "" if the message says it
    """

    rule: str
    place: str
    message: str
    right: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f"; right is {self.right}" if self.right else "")


class BrokenRules(InputError):
    """A network that breaks rules. ``violations`` has all of them; the message is one line."""

    def __init__(self, source: str, violations: Sequence[Violation]):
        super().__init__("; ".join(f"{source}: {violation}" for violation in violations))
        self.violations = tuple(violations)
        self.lines = tuple(f"{source}: {violation}" for violation in violations)


class Broken(Exception):
    """One broken rule, where the work on a node cannot go on. The caller collects it."""

    def __init__(self, violation: Violation):
        super().__init__(str(violation))
        self.violation = violation
