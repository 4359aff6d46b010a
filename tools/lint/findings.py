"""Findings in a configuration: settings that are allowed, but are probably a mistake.

Each finding has a name, a place, and the setting that would be right. The rules of a chip are a part of its
``ChipPackage``.
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
    """One setting that is probably a mistake.

    name : the name of its rule; place : register, words or synapses, as the TOML names them
    message : the setting and its effect; right : the setting to write instead
    """

    name: str
    place: str
    message: str
    right: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}; right is {self.right} ({self.name})"

    def as_json(self) -> dict[str, str]:
        """The finding for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Rule:
    """A rule of a chip.

    name : in kebab-case; meaning : one sentence for people
    find : takes a configuration, and returns place, message and right setting of each finding
    silences : True if it can be the reason that no spike comes out
    keeps_going : True if it can be the reason that a run does not come to rest
    """

    name: str
    meaning: str
    find: Callable[[Configuration], Iterable[tuple[str, str, str]]]
    silences: bool = False
    keeps_going: bool = False


def _is_rules(candidate: object) -> TypeGuard[tuple[Rule, ...]]:
    return isinstance(candidate, tuple) and all(isinstance(rule, Rule) for rule in candidate)


RULES: Part[tuple[Rule, ...]] = Part("lint", "rules", "nothing is found in it", _is_rules, "a tuple of Rule")


def rules(chip: str) -> tuple[Rule, ...]:
    """The rules of a chip, an empty tuple if it has none. Raises InputError for an unknown chip."""
    return RULES.load(chips.package(chip)) or ()


def lint(configuration: Configuration, allow: Sequence[str] = ()) -> list[Finding]:
    """All findings in a configuration, in the order of the chip's rules.

    allow : the names of rules to leave out
    Raises InputError for a name that is not a rule of the chip.
    """
    chip_rules = rules(configuration.chip.name)
    names = [rule.name for rule in chip_rules]
    for name in allow:
        if name not in names:
            right = closest(name, names) if names else f"{configuration.chip.name} has no rules"
            raise InputError(f"--allow {name}: no such finding: {right}")
    return list(_findings(configuration, [rule for rule in chip_rules if rule.name not in allow]))


def likely(findings: Iterable[Finding], chip: str, silent: bool, restless: bool) -> list[str]:
    """Names of the findings that can explain that no spike came out (silent), or that a run did not end (restless)."""
    names = {finding.name for finding in findings}
    causes = [rule for rule in rules(chip) if rule.name in names]
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
