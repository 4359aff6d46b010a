"""Options that several commands share: the RTL and its parameters, start values, and the files of memories."""

from __future__ import annotations

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
    click.option("--top", metavar="MODULE", help="The top module in DIR, if its ports do not show which one it is."),
    click.option("-D", "defines", metavar="NAME[=V]", multiple=True, help="With --rtl: a macro; may be repeated."),
    click.option(
        "-I",
        "include_folders",
        metavar="DIR",
        type=_PLACE,
        multiple=True,
        help="With --rtl: also look for included files and memory images in DIR.",
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
    """The RTL of a command: the user's, or ours if ``place`` is None.

    place, top, options : as for ``draupnir.rtl.foreign.read``
    """

    place: Path | None
    top: str | None = None
    options: SourceOptions = field(default_factory=SourceOptions)

    def __str__(self) -> str:
        return str(self.place or "our RTL")

    @property
    def folder(self) -> Path | None:
        """The folder of the sources, or of the list of their names; None for our RTL."""
        is_list = self.place is not None and self.place.suffix in filelist.SUFFIXES and not self.place.is_dir()
        return self.place.parent if self.place and is_list else self.place

    @property
    def settings(self) -> tuple[str, ...]:
        """The parameters that are set, each as NAME=N."""
        return self.options.settings

    def sources(self) -> list[Path]:
        """All Verilog files in the folder, or in the list; an empty list for our RTL."""
        if self.place is None:
            return []
        from draupnir.rtl import foreign  # needs pyslang and pyverilog

        return list(foreign.sources_of(self.place, self.options).paths)

    def words(self) -> list[str]:
        """The options that choose the same RTL on a command line."""
        words = ["-f" if self.options.from_working_folder else "--rtl", str(self.place)] if self.place else []
        words += ["--top", self.top] if self.top else []
        words += [word for define in self.options.defines for word in ("-D", define)]
        words += [word for folder in self.options.include_folders for word in ("-I", str(folder))]
        words += [word for stub in self.options.stubs for word in ("--stub", stub)]
        words += [word for memory in self.options.memories for word in ("--memory", memory)]
        return words + [word for setting in self.settings for word in ("--set", setting)]

    def elsewhere(self, sizes: Mapping[str, int] | None = None) -> str:
        """The options that choose the same RTL on another machine, where its folder is called DIR.

        A folder of -I inside of it keeps its place in DIR. The others are called INCLUDES, INCLUDES2 and so on.

        sizes : sizes of the chip that are not yet among the options
        """
        assert self.place is not None
        place = Path("DIR") if self.place.is_dir() else Path("DIR") / self.place.name
        settings = (*(f"{name}={size}" for name, size in (sizes or {}).items()), *self.settings)
        options = replace(self.options, settings=settings, include_folders=self._includes_elsewhere())
        return shlex.join(replace(self, place=place, options=options).words())

    def _includes_elsewhere(self) -> tuple[Path, ...]:
        assert self.place is not None
        root, folders, n_outside = (self.place if self.place.is_dir() else self.place.parent).resolve(), [], 0
        for folder in self.options.include_folders:
            if folder.resolve().is_relative_to(root):
                folders.append("DIR" / folder.resolve().relative_to(root))
            else:
                n_outside += 1
                folders.append(Path("INCLUDES" if n_outside == 1 else f"INCLUDES{n_outside}"))
        return tuple(folders)

    def declaration(self, chip: str) -> Chip:
        """The chip's declaration with these sizes. Raises InputError if a setting for our RTL is not a size."""
        chip_sizes, other_settings = sizes(chip, self.settings)
        if other_settings and self.place is None:
            size_names = ", ".join(map(str, chips.parameters(chip))) or "none to choose"
            raise InputError(
                f"--set {other_settings[0]}: only with --rtl; it is not a size of {chip}, which has {size_names}"
            )
        return chips.declaration(chip, chip_sizes)

    def design(self, chip: Chip, scratch: Path) -> Design:
        """The design of a chip with these sizes. Our RTL is written below ``scratch``.

        Raises InputError if the sources are wrong, or are not those of the chip.
        """
        if self.place is not None:
            from draupnir.rtl import foreign  # needs pyslang and pyverilog

            options = replace(self.options, settings=sizes(chip.name, self.settings)[1])
            return foreign.read(self.place, chip, self.top, options)
        from draupnir.rtl import emit  # needs Amaranth

        return emit.design(chip.name, scratch / "rtl", **chip.sizes)


def rtl_options(
    help_text: str = "A folder of Verilog, or a list of its files (.f); without it, our RTL.",
) -> Callable[..., Callable[..., None]]:
    """Add the options of an RTL to a command, which receives them as the argument ``rtl``, an ``Rtl``.

    help_text : the help text of ``--rtl``
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
                raise InputError(f"-f {file_list}: not with --rtl {rtl}; only one of the two can name the sources")
            options = SourceOptions(
                tuple(map(_define, defines)),
                include_folders,
                stubs,
                settings,
                memories,
                from_working_folder=bool(file_list),
            )
            choice = Rtl(rtl or file_list, top, options)
            without_settings = replace(choice, options=replace(options, settings=()))
            if choice.place is None and (alone := without_settings.words()):
                raise InputError(
                    f"{' '.join(alone[:2])}: only with --rtl; our RTL has one top and needs no such option"
                )
            function(rtl=choice, **words)

        for option in (
            *reversed(_RTL_OPTIONS),
            _FILE_LIST,
            click.option("--rtl", metavar="DIR", type=_PLACE, help=help_text),
        ):
            command = option(command)
        return command

    return decorate


def _define(text: str) -> str:
    """A macro as NAME=VALUE, with the value 1 if there is none. Raises InputError for another form."""
    define = _DEFINE.fullmatch(text)
    if define is None:
        raise InputError(f"-D {text}: right is NAME or NAME=VALUE, for instance -D DEPTH=256")
    return text if define.group(2) else f"{text}=1"


def initial(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options ``--initial`` and ``--seed`` to a command that simulates."""
    help_text = "Start values of registers and memories.  [default: unknown (X) in Icarus, zero elsewhere]"
    kind = click.option("--initial", type=click.Choice(KINDS), help=help_text)
    seed = click.option(
        "--seed", metavar="N", type=click.IntRange(1, MOST_SEED), help="Seed of --initial random.  [default: 1]"
    )
    return kind(seed(command))


def initial_values(kind: Kind | None, seed: int | None, simulator: str) -> Initial:
    """The start values that ``--initial`` and ``--seed`` choose in a simulator.

    seed : 1..MOST_SEED, None for 1. Raises InputError if the options contradict each other or the simulator.
    """
    if kind == "unknown" and simulator != "icarus":
        raise InputError(f"--initial unknown: only with --sim icarus; {simulator} has only 0 and 1")
    if seed is not None and kind != "random":
        raise InputError(f"--seed {seed}: only with --initial random; nothing else here is random")
    return Initial(kind or ("unknown" if simulator == "icarus" else "zero"), seed or 1)


def images(option: str, texts: tuple[str, ...]) -> dict[str, Path]:
    """The files of a repeated option MEM=FILE, by memory.

    Raises InputError for another form, and for a memory that stands twice.
    """
    files: dict[str, Path] = {}
    for text in texts:
        name, equals, file = text.partition("=")
        if not (name and equals and file):
            raise InputError(f"{option} {text}: MEM=FILE is needed, for instance {option} neurons=neurons.hex")
        if name in files:
            raise InputError(f"{option} {text}: {name} is given twice")
        files[name] = Path(file)
    return files


def parameters(chip: str, settings: tuple[str, ...]) -> dict[str, Any]:
    """Turn settings NAME=N into keyword arguments for the top of our RTL.

    Raises InputError for an unknown name, for a name that stands twice, and for a value of another kind.
    """
    from draupnir.rtl import emit  # needs Amaranth

    top_parameters = emit.parameters(chip)
    contents: dict[str, Any] = {}
    for setting in settings:
        name, equals, content = setting.partition("=")
        if not equals or name not in top_parameters:
            raise InputError(f"--set {setting}: right is NAME=N, and {chip} has {', '.join(top_parameters)}")
        if name in contents:
            raise InputError(f"--set {setting}: {name} is given twice")
        contents[name] = _content(setting, content, isinstance(top_parameters[name], bool))
    return contents


def _content(setting: str, content: str, switch: bool) -> int | bool:
    if switch:
        if content not in SWITCH:
            raise InputError(f"--set {setting}: right is yes or no")
        return SWITCH[content]
    if not content.isdecimal():
        raise InputError(f"--set {setting}: right is a number")
    return int(content)
