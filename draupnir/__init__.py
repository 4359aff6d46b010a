"""Draupnir: clock-level hardware emulation of digital neuromorphic chips.

The package itself is the library: ``chips``, ``chip``, ``model``, ``load_config``, ``pack``, ``run``,
``run_many``, ``replay``, ``regress``, ``record``, ``emit`` and ``compare``, with ``Configuration``, ``Environment``,
``Run``, ``ManyRuns``, ``SourceOptions`` and ``InputError``. ``draupnir.api`` documents each of them. All other names
may change without notice. A module is imported only when it is used, so that a command starts quickly.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from draupnir.api import (
        Configuration,
        Environment,
        InputError,
        ManyRuns,
        Run,
        SourceOptions,
        chip,
        chips,
        compare,
        emit,
        load_config,
        model,
        pack,
        record,
        regress,
        replay,
        run,
        run_many,
    )

    __version__: str

__all__ = [
    "Configuration",
    "Environment",
    "InputError",
    "ManyRuns",
    "Run",
    "SourceOptions",
    "__version__",
    "chip",
    "chips",
    "compare",
    "emit",
    "load_config",
    "model",
    "pack",
    "record",
    "regress",
    "replay",
    "run",
    "run_many",
]


if not TYPE_CHECKING:  # with a __getattr__ a type checker would accept any name

    def __getattr__(name: str) -> object:
        if name == "__version__":
            from importlib.metadata import version

            return version("draupnir")
        if name in __all__:
            from draupnir import api

            return getattr(api, name)
        raise AttributeError(f"module 'draupnir' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
