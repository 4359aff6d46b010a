"""Options that several commands have: whose RTL, with which parameters, and which memory goes with which file."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.rtl import filelist
from draupnir.rtl.design import Design, SourceOptions
from draupnir.rtl.initial import KINDS, MOST_SEED, Initial, Kind
from draupnir.tools.terminal.arguments import sizes

SWITCH = {"yes": True, "no": False}
_PLACE = click.Path(path_type=Path)
_DEFINE = re.compile(r"([A-Za-z_]\w*)(=.*)?")
_RTL_OPTIONS = (
    click.option("--top", metavar="MODULE", help="The top module in DIR, if it cannot be told by its ports."),
    click.option("-D", "defines", metavar="NAME[=V]", multiple=True, help="With --rtl: a macro; may be repeated."),
    click.option(
        "-I",
        "include_folders",
        metavar="DIR",
        type=_PLACE,
        multiple=True,
        help="With --rtl: look for included files and memory images in DIR, too.",
    ),
    click.option(
        "--stub", "stubs", metavar="MODULE", multiple=True, help="With --rtl: an empty module in place of MODULE."
    ),
    click.option(
        "--memory",
        "memories",
        metavar="MEM=PORTS",
        multiple=True,
        help="With --rtl: a memory outside of the top, MEM=addr:A,q:Q,d:D,we:WE,cs:CS by the names of its ports.",
    ),
    click.option(
        "--set",
        "settings",
        metavar="NAME=N",
        multiple=True,
        help="A size of the chip, or a parameter of the top with --rtl.",
    ),
)

_FILE_LIST = click.option(
    "-f", "file_list", metavar="FILE.f", type=_PLACE, help="A list of files, its paths from the working folder."
)


@dataclass(frozen=True)
class Rtl:
    """Whose RTL a command takes: somebody else's, or ours where there is none.

    place, top, options : as ``draupnir.rtl.foreign.read`` takes them
    """

    place: Path | None
    top: str | None = None
    options: SourceOptions = field(default_factory=SourceOptions)

    def __str__(self) -> str:
        return str(self.place or "our RTL")

    @property
    def folder(self) -> Path | None:
        """The folder in which the sources are, or their list is; None for ours."""
        is_list = self.place is not None and self.place.suffix in filelist.SUFFIXES and not self.place.is_dir()
        return self.place.parent if self.place and is_list else self.place

    @property
    def settings(self) -> tuple[str, ...]:
        """The parameters that are set, each as NAME=N."""
        return self.options.settings

    def sources(self) -> list[Path]:
        """All files of Verilog in the folder, or in the list; none of ours."""
        if self.place is None:
            return []
        from draupnir.rtl import foreign  # needs pyslang and pyverilog

        return list(foreign.sources_of(self.place, self.options).paths)

    def words(self) -> list[str]:
        """The options of a command line that takes the same RTL."""
        words = ["-f" if self.options.from_working_folder else "--rtl", str(self.place)] if self.place else []
        words += ["--top", self.top] if self.top else []
        words += [word for define in self.options.defines for word in ("-D", define)]
        words += [word for folder in self.options.include_folders for word in ("-I", str(folder))]
        words += [word for stub in self.options.stubs for word in ("--stub", stub)]
        words += [word for memory in self.options.memories for word in ("--memory", memory)]
        return words + [word for setting in self.settings for word in ("--set", setting)]

    def elsewhere(self, sizes: Mapping[str, int] | None = None) -> str:
        """The options of a command line that takes the same RTL on anybody's machine, in a folder DIR.

        sizes : of the chip, where they are not among the options already
        """
        assert self.place is not None
        place = Path("DIR") if self.place.is_dir() else Path("DIR") / self.place.name
        settings = (*(f"{name}={size}" for name, size in (sizes or {}).items()), *self.settings)
        return shlex.join(replace(self, place=place, options=replace(self.options, settings=settings)).words())

    def declared(self, chip: str) -> Chip:
        """The chip, of the sizes that are set. Raises InputError for what is set of our RTL and is no size."""
        chosen, others = sizes(chip, self.settings)
        if others and self.place is None:
            known = ", ".join(map(str, chips.parameters(chip))) or "none to choose"
            raise InputError(f"--set {others[0]}: only with --rtl; it is no size of {chip}, which has {known}")
        return chips.declaration(chip, chosen)

    def design(self, chip: Chip, scratch: Path) -> Design:
        """The design of a chip of these sizes; ours is emitted below ``scratch``. Raises InputError."""
        if self.place is not None:
            from draupnir.rtl import foreign  # needs pyslang and pyverilog

            options = replace(self.options, settings=sizes(chip.name, self.settings)[1])
            return foreign.read(self.place, chip, self.top, options)
        from draupnir.rtl import emit  # needs Amaranth

        return emit.design(chip.name, scratch / "rtl", **chip.sizes)


def rtl_options(
    what: str = "A folder of Verilog, or a list of its files (.f); without it, our RTL.",
) -> Callable[..., Callable[..., None]]:
    """Give a command the options of somebody else's RTL, as its argument ``rtl``, an ``Rtl``.

    what : the help of ``--rtl``
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def command(
            rtl: Path | None,
            file_list: Path | None,
            top: str | None,
            defines: tuple[str, ...],
            include_folders: tuple[Path, ...],
            stubs: tuple[str, ...],
            memories: tuple[str, ...],
            settings: tuple[str, ...],
            **words: Any,
        ) -> None:
            if rtl and file_list:
                raise InputError(f"-f {file_list}: not with --rtl {rtl}; one of the two says where the sources are")
            options = SourceOptions(
                tuple(map(_define, defines)),
                include_folders,
                stubs,
                settings,
                memories,
                from_working_folder=bool(file_list),
            )
            chosen = Rtl(rtl or file_list, top, options)
            refused = replace(chosen, options=replace(options, settings=()))
            if chosen.place is None and (alone := refused.words()):
                raise InputError(f"{' '.join(alone[:2])}: only with --rtl; our RTL has one top and needs nothing else")
            function(rtl=chosen, **words)

        for option in (
            *reversed(_RTL_OPTIONS),
            _FILE_LIST,
            click.option("--rtl", metavar="DIR", type=_PLACE, help=what),
        ):
            command = option(command)
        return command

    return decorate


def _define(text: str) -> str:
    """A macro as every tool takes it, NAME=VALUE; without a value it is 1. Raises InputError."""
    define = _DEFINE.fullmatch(text)
    if define is None:
        raise InputError(f"-D {text}: right is NAME or NAME=VALUE, for instance -D DEPTH=256")
    return text if define.group(2) else f"{text}=1"


def initial(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options ``--initial`` and ``--seed`` of a command that simulates."""
    how = "How registers and memories start. Default: unknown (X) in Icarus, zero elsewhere."
    kind = click.option("--initial", type=click.Choice(KINDS), help=how)
    seed = click.option(
        "--seed", metavar="N", type=click.IntRange(1, MOST_SEED), help="Of --initial random; default: 1."
    )
    return kind(seed(command))


def initial_values(kind: Kind | None, seed: int | None, simulator: str) -> Initial:
    """Return what ``--initial`` and ``--seed`` mean in a simulator. Raises InputError if they do not go together."""
    if kind == "unknown" and simulator != "icarus":
        raise InputError(f"--initial unknown: only with --sim icarus; {simulator} knows 0 and 1 only")
    if seed is not None and kind != "random":
        raise InputError(f"--seed {seed}: only with --initial random; nothing else here is random")
    return Initial(kind or ("unknown" if simulator == "icarus" else "zero"), seed or 1)


def images(option: str, given: tuple[str, ...]) -> dict[str, Path]:
    """The files of a repeated option MEM=FILE, by memory. Raises InputError for another form, or one given twice."""
    files: dict[str, Path] = {}
    for text in given:
        name, equals, file = text.partition("=")
        if not (name and equals and file):
            raise InputError(f"{option} {text}: MEM=FILE is needed, for instance {option} neurons=neurons.hex")
        if name in files:
            raise InputError(f"{option} {text}: {name} is given twice")
        files[name] = Path(file)
    return files


def parameters(chip: str, settings: tuple[str, ...]) -> dict[str, Any]:
    """Keyword arguments of our RTL's top, from NAME=N. Raises InputError for a name or a content that there is not."""
    from draupnir.rtl import emit  # needs Amaranth

    known = inspect.signature(emit.our_chip(chip).make).parameters
    found: dict[str, Any] = {}
    for setting in settings:
        name, equals, content = setting.partition("=")
        if not equals or name not in known:
            raise InputError(f"--set {setting}: right is NAME=N, and {chip} has {', '.join(known)}")
        if name in found:
            raise InputError(f"--set {setting}: {name} is given twice")
        found[name] = _content(setting, content, isinstance(known[name].default, bool))
    return found


def _content(setting: str, content: str, switch: bool) -> int | bool:
    if switch:
        if content not in SWITCH:
            raise InputError(f"--set {setting}: right is yes or no")
        return SWITCH[content]
    if not content.isdecimal():
        raise InputError(f"--set {setting}: right is a number")
    return int(content)
