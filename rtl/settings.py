"""Read the user's parameters of a top module: ``NAME=N``, with an integer, or with text if the source has text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from draupnir.emulator.errors import InputError

_SETTING = re.compile(r"([A-Za-z_][\w$]*)=(.+)", re.DOTALL)
_SIZED = re.compile(r"\d*'[sS]?([bBoOdDhH])([0-9a-fA-F_]+)")
_BASES = {"b": 2, "o": 8, "d": 10, "h": 16}


def parse(settings: Iterable[str]) -> dict[str, int | str]:
    """Return name -> value. Raises InputError for another form, or for a name that occurs twice."""
    values: dict[str, int | str] = {}
    for setting in settings:
        match = _SETTING.fullmatch(setting)
        if match is None:
            raise InputError(f"--set {setting}: right is NAME=N, for instance --set DEPTH=256")
        if match.group(1) in values:
            raise InputError(f"--set {setting}: {match.group(1)} is given twice")
        value = _value(match.group(2))
        if isinstance(value, str) and re.search(r'["\\\n]', value):
            raise InputError(f"--set {setting!r}: right is text without quotes, backslashes and new lines")
        values[match.group(1)] = value
    return values


def check(module: str, values: Mapping[str, int | str], defaults: Mapping[str, int | str]) -> None:
    """Raise InputError for a value that a module's parameter cannot have.

    values : the user's values; defaults : name -> default value of each of the module's parameters
    """
    for name, value in values.items():
        if name not in defaults:
            raise InputError(f"--set {name}={value}: module {module} has {', '.join(defaults) or 'no parameters'}")
        if isinstance(defaults[name], int) and isinstance(value, str):
            raise InputError(f"--set {name}={value}: right is a whole number; it is {defaults[name]} by default")
        if isinstance(defaults[name], str) and isinstance(value, int):
            raise InputError(
                f"--set {name}={value}: right is text, which looks so: --set '{name}=\"{value}\"'; it is "
                f"{defaults[name]} by default"
            )


def _value(text: str) -> int | str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    if sized := _SIZED.fullmatch(text):
        digits, base = sized.group(2).replace("_", ""), _BASES[sized.group(1).lower()]
        return int(digits, base) if all(int(digit, 16) < base for digit in digits) else text
    try:
        return int(text.replace("_", ""), 10 if text.lstrip("-").isdecimal() else 0)
    except ValueError:
        return text
