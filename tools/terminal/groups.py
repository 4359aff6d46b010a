"""Groups of options that a command receives as one object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import wraps
from typing import Any

Command = Callable[..., None]
Decorator = Callable[[Command], Command]


def grouped(kind: type[Any], options: Sequence[Decorator], argument: str) -> Decorator:
    """Return a decorator that adds options to a command, which receives them as one argument.

    kind : a dataclass with a field for each option; argument : the name of the command's argument
    """
    names = [field.name for field in fields(kind)]

    def add(function: Command) -> Command:
        @wraps(function)
        def command(**words: Any) -> None:
            function(**{argument: kind(**{name: words.pop(name) for name in names})}, **words)

        with_options: Command = command
        for option in reversed(options):
            with_options = option(with_options)
        return with_options

    return add
