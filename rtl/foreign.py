"""Somebody else's Verilog, held against a chip's declaration before a simulator starts.

``read`` finds the top module, its pins and its memories in any folder of Verilog or SystemVerilog, or in what a list of
files names. Only what lies in the tree of the top matters: a testbench that nobody can read does not. Verilog-2005 is
compiled as such, since SystemVerilog's keywords are ordinary names there (ODIN names a signal ``priority``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.rtl import closest, datafiles, filelist, outside, proposal, settings, stubs
from draupnir.rtl.design import Design, SourceOptions, source_files
from draupnir.rtl.differences import DesignDifference, compare_pins, find_memories, find_probes, shape
from draupnir.rtl.hierarchy import Array, Instance, ModulePort, Tree
from draupnir.rtl.library import Library
from draupnir.rtl.slang import Problem

_INCLUDED = (".vh", ".svh", ".h", ".inc")
_MOST_PARAMETERS = 8  # that a message lists
_REMEDIES = {
    "include": " (-I DIR names a folder to look in)",
    "macro": " (-D NAME=VALUE defines one)",
    "syntax": "",
}
_FROM_INCLUDED = " (the included files may define them; if not, -D NAME=VALUE defines one)"
_FROM_LIST = "a list of files, --rtl FILE.f, can name sources in other folders"


class NotTheChip(InputError):
    """The sources differ from the declaration; ``differences`` lists how, ``reasons`` what else stands in the way.

    in_brief : ``what`` says enough of the differences, and the message does not list them
    """

    def __init__(
        self, what: str, differences: list[DesignDifference], reasons: Iterable[str] = (), in_brief: bool = False
    ) -> None:
        listed = [] if in_brief else map(str, differences)
        super().__init__(f"{what}{'; ' if in_brief and reasons else '' if in_brief else ': '}"
                         f"{'; '.join([*reasons, *listed])}")  # fmt: skip
        self.differences = differences


@dataclass(frozen=True)
class Candidate:
    """A module, compared with the declaration.

    mistakes : what is wrong with its files, in words
    absent : what they need and nothing defines, in words
    """

    module: str
    tree: Tree
    files: tuple[Path, ...]
    pins: dict[str, str]
    memories: dict[str, str]
    differences: list[DesignDifference]
    mistakes: list[str]
    absent: list[str]
    probes: dict[str, str]

    @property
    def reasons(self) -> list[str]:
        """Why the module cannot be compiled."""
        return self.mistakes + self.absent


def read(place: Path, chip: Chip, top: str | None = None, options: SourceOptions | None = None) -> Design:
    """The design that claims to be ``chip``.

    place : a folder of sources, or a list of files (``draupnir.rtl.filelist``)
    top : name of the top module; without it, the one that the list names, or the one whose ports are the declared pins
    options : macros, further folders, modules to leave empty, and parameters
    Raises InputError if there is no such module or more than one, or if something that it needs is missing: modules,
    macros, files. Raises NotTheChip if its ports or memories differ from the declaration.
    """
    found = sources_of(place, options or SourceOptions())
    library = _library(found, chip)
    outsides = outside.parse(found.options.memories)
    name = top or found.top or (closest.closest(library, chip) if outsides else _chosen(library, chip, place))
    if name not in library.files:
        raise InputError(f"{place}: no module {name!r}; there are {_listed(library.files)}{_refusals(library)}")
    parameters = _parameters(library, chip, name, found.options)
    _check_fit(parameters, library.parameters(name))
    shown = _described(library, name)
    if outsides:
        library = _library(found, chip, [outside.write(chip, name, library.ports(name), parameters, outsides)])
        name, parameters = outside.TOP, {}
    candidate = _compare(library, chip, name)
    if candidate.differences:
        what = f"{place}: module {shown} is not {chip.name}{_meant(library, chip, name)}"
        raise NotTheChip(what, candidate.differences, candidate.reasons)
    if candidate.reasons:
        raise InputError(f"{place}: module {shown}: {'; '.join(candidate.reasons)}")
    return Design(
        name,
        candidate.files,
        candidate.memories,
        candidate.pins,
        tuple(dict.fromkeys((*found.includes, *library.included(candidate.files)))),
        library.language(candidate.files),
        _structure(candidate.tree.instances, candidate.tree.arrays, candidate.memories),
        found.options,
        _data(library, candidate, found),
        parameters,
        candidate.probes,
    )


@dataclass(frozen=True)
class Sources:
    """The files of a design, before any of them is read.

    place : the folder or list that names them; messages begin with it
    folder : in which they are, or in which their list is
    paths : in the order in which they are compiled
    includes : files that they may include
    options : the user's, and the list's beside them
    top : the top module that the list names, or ""
    """

    place: Path
    folder: Path
    paths: tuple[Path, ...]
    includes: tuple[Path, ...]
    options: SourceOptions
    top: str = ""


def sources_of(place: Path, options: SourceOptions) -> Sources:
    """The files of a folder, or of a list. Raises InputError if there are none, or a list names what is not there."""
    for folder in options.include_folders:
        if not folder.is_dir():
            raise InputError(f"-I {folder}: not a folder")
    if place.is_dir():
        paths = source_files(place)
        if not paths:
            raise InputError(f"{place}: no .v or .sv file in this folder or below")
        return Sources(place, place, tuple(paths), include_files(place), options)
    if place.suffix not in filelist.SUFFIXES:
        suffixes = ", ".join(filelist.SUFFIXES)
        raise InputError(f"{place}: not a folder, and no list of files ({suffixes}); give the folder of the sources")
    listed = filelist.read(place, options.from_working_folder)
    folders = (*options.include_folders, *listed.include_folders)
    # What the user says holds: a macro that stands later replaces one of the same name.
    own = {setting.partition("=")[0] for setting in options.settings}
    more = [setting for setting in listed.settings if setting.partition("=")[0] not in own]
    options = replace(
        options,
        defines=(*listed.defines, *options.defines),
        include_folders=folders,
        settings=(*more, *options.settings),
    )
    headers = [path for folder in folders for path in sorted(folder.iterdir()) if path.suffix in _INCLUDED]
    return Sources(place, place.parent, tuple(listed.sources), tuple(headers), options, listed.top)


def include_files(directory: Path) -> tuple[Path, ...]:
    """Files below a folder that sources may include."""
    return tuple(sorted(path for path in directory.rglob("*") if path.suffix in _INCLUDED and path.is_file()))


def _parameters(library: Library, chip: Chip, top: str, options: SourceOptions) -> dict[str, int | str]:
    """The parameters of the top that are set: the user's, and those that are called like one of the chip's sizes.

    Raises InputError for one that the user sets and that there is not, or cannot be so.
    """
    chosen = settings.parse(options.settings)
    if not chosen and not chip.sizes:
        return {}
    known = library.at_defaults.parameters(top)
    settings.check(top, chosen, known)
    return {**{name: size for name, size in chip.sizes.items() if name in known}, **chosen}


def _library(found: Sources, chip: Chip, more: Sequence[Path] = ()) -> Library:
    """The sources, and more files of ours, read. Raises InputError for a stub that nothing needs."""
    options = found.options
    folders = sorted({str(path.parent) for path in (*found.paths, *found.includes)})
    folders = [*dict.fromkeys([*map(str, options.include_folders), *folders])]

    def library(paths: Sequence[Path]) -> Library:
        values = {**chip.sizes, **settings.parse(options.settings)}
        return Library(found.folder, paths, options.defines, folders, found.includes, values)

    read_once = library([*found.paths, *more])
    if not options.stubs:
        return read_once
    replaced = stubs.replaced(read_once, options.stubs)
    return library(
        [stubs.write(read_once, options.stubs), *(path for path in (*found.paths, *more) if path not in replaced)]
    )


def _check_fit(wanted: Mapping[str, int | str], got: Mapping[str, int | str]) -> None:
    """Raise InputError for a parameter that could not take a value, for instance since it has fewer bits."""
    for name, value in wanted.items():
        if got[name] != value:
            raise InputError(f"--set {name}={value}: the source makes {got[name]} of it; the parameter cannot hold it")


def _compare(library: Library, chip: Chip, name: str) -> Candidate:
    """A module held against the declaration, and all that is wrong with the sources that it needs."""
    tree = library.elaborated(name)
    files = library.compiled(tree)
    problems = library.problems(files)
    absent = _absent(library, name, tree, files)
    ports = library.ports(name)
    if interfaces := [port.name for port in ports if port.direction == "interface"]:
        absent.append(
            f"ports that are interfaces: {', '.join(interfaces)} (a module around it, whose ports are their signals, "
            "can be the top: name it with --top)"
        )
    pins, differences = compare_pins(chip, [port for port in ports if port.name not in interfaces])
    memories, memory_differences = find_memories(chip, tree.arrays)
    probes, probe_differences = find_probes(chip, lambda path: library.width_of(name, path))
    differences += probe_differences
    if problems:  # the widths and depths are not those that are meant
        differences, memory_differences = [d for d in differences if d.kind != "width"], []
    differences = _with_proposals(chip, ports, differences, memory_differences)
    return Candidate(name, tree, files, pins, memories, differences, _mistakes(problems), absent, probes)


def _mistakes(problems: list[Problem]) -> list[str]:
    """All that is wrong with some files, what is of a kind together, and what mends it."""
    found: list[str] = []
    for kind, remedy in _REMEDIES.items():
        of_kind = {problem.what: problem for problem in reversed(problems) if problem.kind == kind}
        if of_kind and (kind != "syntax" or not found):  # else they follow from what is missing
            follows = kind == "macro" and found
            found.append(", ".join(map(str, reversed(of_kind.values()))) + (_FROM_INCLUDED if follows else remedy))
    return found


def _absent(library: Library, top: str, tree: Tree, files: tuple[Path, ...]) -> list[str]:
    """The modules, interfaces, packages and ports that nothing defines, and what mends it."""
    found = []
    interfaces = {name: where for name, where in tree.undefined.items() if name in library.used_as_interface}
    modules = {name: where for name, where in tree.undefined.items() if name not in interfaces}
    if modules:
        remedy = " ".join(f"--stub {module}" for module in modules)
        found.append(
            f"modules not defined: {_placed(modules)} ({_FROM_LIST}; {remedy} puts empty ones in their places)"
        )
    if not library.problems(files) and (unknown := library.unknown_ports(top)):
        found.append(f"ports that are connected and that their modules lack: {_placed(unknown)}")
    for kind, names in (("interfaces", interfaces), ("packages", library.undefined_packages(files))):
        if names:
            found.append(f"{kind} not defined: {_placed(names)} ({_FROM_LIST})")
    return found


def _placed(names: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({where})" for name, where in names.items())


def _with_proposals(
    chip: Chip, ports: list[ModulePort], pins: list[DesignDifference], memories: list[DesignDifference]
) -> list[DesignDifference]:
    """The differences of pins and memories; a missing memory says at which of the ports it seems to be, if at any.

    Ports that are so explained are not listed as too many.
    """
    missing = [chip.memory(difference.name) for difference in memories if difference.kind == "missing memory"]
    extra = {difference.name for difference in pins if difference.kind == "extra port"}
    spare = [port for port in ports if port.name in extra]
    proposed = proposal.proposals(missing, spare)
    explained = {name for found in proposed.values() for name in found.values()}
    near = {name: f"{proposal.option(name, found)} puts it there, if these are its ports"
            for name, found in proposed.items()}  # fmt: skip
    for memory in missing:
        if memory.name not in near and proposal.has_data_ports(memory, spare):
            near[memory.name] = f"--memory {memory.name}=addr:A,q:Q,d:D,we:WE,cs:CS puts it at ports of the top"
    hinted = [replace(d, near=near[d.name]) if d.name in near else d for d in memories]
    return [d for d in pins if d.kind != "extra port" or d.name not in explained] + hinted


def _chosen(library: Library, chip: Chip, place: Path) -> str:
    """The module that matches; else the complaint names the closest."""
    if not library.files:
        raise InputError(f"{place}: no module found{_refusals(library)}")
    names = closest.matching(library, chip)
    if len(names) == 1:
        return names[0]
    if names:
        raise InputError(f"{place}: {len(names)} modules have {chip.name}'s pins, name the top: {', '.join(names)}")
    best = _compare(library, chip, closest.closest(library, chip))
    described, meant = _described(library, best.module), _meant(library, chip, best.module)
    if meant or closest.likeness_of(library, chip, best.module) >= closest.ALIKE:
        what = f"{place}: no module has {chip.name}'s pins; the closest is {described}{meant}"
        raise NotTheChip(what, best.differences, best.reasons)
    memories = None if best.mistakes else best.memories
    brief = closest.in_brief(library, chip, best.module, best.pins, memories)
    what = f"{place}: no module comes close to {chip.name}; the closest is {described}: {brief}"
    raise NotTheChip(what, best.differences, best.mistakes, in_brief=True)


def _meant(library: Library, chip: Chip, module: str) -> str:
    """The other chip whose pins a module has, in words, if there is one."""
    other = closest.other_chip(library.ports(module), chip)
    return f", which has all pins of the chip {other}: name that chip if it is meant" if other else ""


def _described(library: Library, module: str) -> str:
    """A module with its file and its parameters' values."""
    shown = [f"{name}={value}" for name, value in library.parameters(module).items()]
    shown = shown if len(shown) <= _MOST_PARAMETERS else [*shown[:_MOST_PARAMETERS], "..."]
    return f"{module} ({', '.join([library.label(library.files[module]), *shown])})"


def _refusals(library: Library) -> str:
    """The first file that could not be read, as the tail of a complaint."""
    for path, reason in library.unreadable.items():
        return f"; {library.label(path)} could not be read: {reason}"
    problems = library.problems(library.sources)
    return f"; {problems[0]}" if problems else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _data(library: Library, candidate: Candidate, found: Sources) -> dict[str, Path]:
    """The memory images that the sources read. Raises InputError if one is nowhere."""
    wanted = library.data_files(candidate.module)
    folders = [found.folder, *found.options.include_folders, *dict.fromkeys(path.parent for path in candidate.files)]
    files, missing = datafiles.find(wanted, folders)
    if missing:
        said = ", ".join(f"{name} ({wanted[name]})" for name in missing)
        mend = _where_images_are(missing, library.parameters(candidate.module))
        raise InputError(f"{found.place}: memory images that are not there: {said}; {mend}")
    return files


def _where_images_are(missing: list[str], parameters: Mapping[str, int | str]) -> str:
    """Say where memory images are looked for, and which parameters of the top say so, with what they are now."""
    absolute = [name for name in missing if PurePath(name).is_absolute()]
    told = []
    if len(absolute) < len(missing):
        told.append("they are looked for in the folders of the sources, and with -I DIR in DIR")
    if absolute:
        told.append(f"{absolute[0]} is an absolute path, which is looked for as it is")
    for parameter, text in parameters.items():
        if text and isinstance(text, str) and any(name.startswith(text) for name in missing):
            right = "FILE" if text in missing else f"DIR{'/' * text.endswith('/')}"
            told.append(f"--set {parameter}={right} names another place; it is {text}")
    return "; ".join(told)


def _structure(instances: list[Instance], arrays: list[Array], memories: dict[str, str]) -> str:
    """The module tree as text: an instance a line with its parameters, then the memories."""
    declared = {path: name for name, path in memories.items()}
    lines = []
    for instance in sorted(instances, key=lambda i: i.path):
        depth = len(instance.path.split(".")) if instance.path else 0
        values = ", ".join(f"{name}={value}" for name, value in instance.parameters.items())
        own = instance.path.rsplit(".", 1)[-1]
        lines.append("  " * depth + f"{own + ': ' if own else ''}{instance.module}{f' ({values})' if values else ''}")
    for array in arrays:
        lines.append(
            f"memory {array.path}: {shape(array)}{' = ' + declared[array.path] if array.path in declared else ''}"
        )
    return "\n".join(lines)
