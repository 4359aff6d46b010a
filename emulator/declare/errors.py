"""What is wrong with a declaration."""


class DeclarationError(ValueError):
    """A declaration contradicts itself."""


def unique(owner: str, kind: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise DeclarationError(f"{owner}: {kind} {name!r} is declared twice; each name must be unique")
