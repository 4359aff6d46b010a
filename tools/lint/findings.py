"""Findings in a configuration: what is allowed, and yet hardly meant.

Each finding has a name, a place, and what would be right; a chip's rules are a part of its ``ChipPackage``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TypeGuard

from draupnir.emulator import chips
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.errors import InputError
from draupnir.emulator.package import Part
from draupnir.tools.compile.toml.source import closest


@dataclass(frozen=True)
class Finding:
    """One thing that is hardly meant.

    name : its rule's; place : register, words or synapses, in the words of the TOML
    message : what is so, and its effect; right : what to write instead
    """

    name: str
    place: str
    message: str
    right: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}; right is {self.right} ({self.name})"

    def listed(self) -> dict[str, str]:
        """The finding for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Rule:
    """A rule of a chip.

    name : in kebab-case; meaning : one sentence for people
    find : the places, messages and remedies of what breaks it
    silences : it can be why no spike comes out; keeps_going : it can be why a run does not come to rest
    """

    name: str
    meaning: str
    find: Callable[[Configuration], Iterable[tuple[str, str, str]]]
    silences: bool = False
    keeps_going: bool = False


def _is_rules(found: object) -> TypeGuard[tuple[Rule, ...]]:
    return isinstance(found, tuple) and all(isinstance(rule, Rule) for rule in found)


RULES: Part[tuple[Rule, ...]] = Part("lint", "rules", "nothing is found in it", _is_rules, "a tuple of Rule")


def rules(chip: str) -> tuple[Rule, ...]:
    """A chip's rules; none if nobody has written any. Raises InputError for a chip that there is not."""
    return RULES.of(chips.package(chip)) or ()


def lint(configuration: Configuration, allowed: Sequence[str] = ()) -> list[Finding]:
    """All that is found in a configuration, in the order of the chip's rules.

    allowed : names of rules that are left out
    Raises InputError for a name that is no rule of the chip.
    """
    declared = rules(configuration.chip.name)
    names = [rule.name for rule in declared]
    for name in allowed:
        if name not in names:
            right = closest(name, names) if names else f"{configuration.chip.name} has no rules"
            raise InputError(f"--allow {name}: no such finding: {right}")
    return list(_findings(configuration, [rule for rule in declared if rule.name not in allowed]))


def likely(findings: Iterable[Finding], chip: str, silent: bool, restless: bool) -> list[str]:
    """Names of what was found that can be why no spike came out (silent), or why a run did not end (restless)."""
    found = {finding.name for finding in findings}
    causes = [rule for rule in rules(chip) if rule.name in found]
    return [rule.name for rule in causes if (silent and rule.silences) or (restless and rule.keeps_going)]


def _findings(configuration: Configuration, some: Sequence[Rule]) -> Iterator[Finding]:
    for rule in some:
        for place, message, right in rule.find(configuration):
            yield Finding(rule.name, place, message, right)


def table() -> str:
    """All rules of all chips, as a table in Markdown: a line for each name, chip by chip."""
    lines = ["| chip | finding | |", "| --- | --- | --- |"]
    for chip in chips.names():
        lines += [f"| {chip} | `{rule.name}` | {rule.meaning} |" for rule in rules(chip)]
    return "\n".join(lines) + "\n"
