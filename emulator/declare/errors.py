"""The error that a wrong declaration raises."""


class DeclarationError(ValueError):
    """A declaration contradicts itself."""


def unique(owner: str, kind: str, names: list[str]) -> None:
    """Raise DeclarationError if a name stands twice in a list."""
    for name in names:
        if names.count(name) > 1:
            raise DeclarationError(f"{owner}: {kind} {name!r} is declared twice; each name must be unique")


def check_copies(owner: str, copies: int | None) -> None:
    """Raise DeclarationError for a number of copies that is not at least 1."""
    if copies is not None and copies < 1:
        raise DeclarationError(f"{owner}: copies {copies}; right is at least 1, or None for what is not an array")
