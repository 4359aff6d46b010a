"""Somebody else's Verilog, held against a chip's declaration before a simulator starts.

``read`` finds the top module, its pins and its memories in any folder of Verilog or SystemVerilog, or in what a list of
files names. Only what lies in the tree of the top matters: a testbench that nobody can read does not. Verilog-2005 is
compiled as such, since SystemVerilog's keywords are ordinary names there (ODIN names a signal ``priority``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.rtl import datafiles, filelist, outside, settings, stubs
from draupnir.rtl.design import Design, SourceOptions, source_files
from draupnir.rtl.differences import DesignDifference, compare_pins, find_memories, find_probes, likeness, shape
from draupnir.rtl.hierarchy import Array, Instance, Tree
from draupnir.rtl.library import Library

_INCLUDED = (".vh", ".svh", ".h", ".inc")
_ALIKE = 0.5  # of a declaration, which a module must have to be more than one of many
_MOST_PARAMETERS = 8  # that a message lists
_REMEDIES = {
    "include": " (-I DIR names a folder to look in)",
    "macro": " (-D NAME=VALUE defines one)",
    "syntax": "",
}


class NotTheChip(InputError):
    """The sources differ from the declaration; ``differences`` lists how, ``reasons`` what else stands in the way."""

    def __init__(self, what: str, differences: list[DesignDifference], reasons: Iterable[str] = ()) -> None:
        super().__init__(f"{what}: {'; '.join([*reasons, *map(str, differences)])}")
        self.differences = differences


@dataclass(frozen=True)
class Candidate:
    """A module, compared with the declaration.

    reasons : why the module cannot be compiled, in words
    """

    module: str
    tree: Tree
    files: tuple[Path, ...]
    pins: dict[str, str]
    memories: dict[str, str]
    differences: list[DesignDifference]
    reasons: list[str]
    probes: dict[str, str]


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
    name = top or found.top or (_closest(library, chip) if outsides else _chosen(library, chip, place))
    if name not in library.files:
        raise InputError(f"{place}: no module {name!r}; there are {_listed(library.files)}{_refusals(library)}")
    parameters = _parameters(library, chip, name, found.options)
    _check_fit(parameters, library.parameters(name))
    if outsides:
        library = _library(found, chip, [outside.write(chip, name, library.ports(name), parameters, outsides)])
        name, parameters = outside.TOP, {}
    candidate = _compare(library, chip, name)
    if candidate.differences:
        what = f"{place}: module {_described(library, candidate)} is not {chip.name}"
        raise NotTheChip(what, candidate.differences, candidate.reasons)
    if candidate.reasons:
        raise InputError(f"{place}: module {_described(library, candidate)}: {'; '.join(candidate.reasons)}")
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
    reasons: list[str] = []
    for kind, remedy in _REMEDIES.items():
        of_kind = {problem.what: problem for problem in reversed(problems) if problem.kind == kind}
        if of_kind and (kind != "syntax" or not reasons):  # else they follow from what is missing
            reasons.append(", ".join(map(str, reversed(of_kind.values()))) + remedy)
    if tree.undefined:
        listed = ", ".join(f"{module} ({where})" for module, where in tree.undefined.items())
        remedy = " ".join(f"--stub {module}" for module in tree.undefined)
        reasons.append(f"modules not defined: {listed} ({remedy} puts empty ones in their places)")
    ports = library.ports(name)
    if interfaces := [port.name for port in ports if port.direction == "interface"]:
        reasons.append(
            f"ports that are interfaces: {', '.join(interfaces)} (a module around it, whose ports are their signals, "
            "can be the top: name it with --top)"
        )
    pins, differences = compare_pins(chip, [port for port in ports if port.name not in interfaces])
    memories, memory_differences = find_memories(chip, tree.arrays)
    probes, probe_differences = find_probes(chip, lambda path: library.width_of(name, path))
    differences += probe_differences
    if problems:  # the widths and depths are not those that are meant
        differences, memory_differences = [d for d in differences if d.kind != "width"], []
    return Candidate(name, tree, files, pins, memories, differences + memory_differences, reasons, probes)


def _chosen(library: Library, chip: Chip, place: Path) -> str:
    """The module that matches; else the complaint names the closest."""
    if not library.files:
        raise InputError(f"{place}: no module found{_refusals(library)}")
    matching = [name for name in library.files if not compare_pins(chip, library.ports(name))[1]]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise InputError(
            f"{place}: {len(matching)} modules have {chip.name}'s pins, name the top: {', '.join(sorted(matching))}"
        )
    closest = _compare(library, chip, _closest(library, chip))
    what = f"{place}: no module has {chip.name}'s pins; the closest is {_described(library, closest)}"
    raise NotTheChip(what, closest.differences, closest.reasons)


def _closest(library: Library, chip: Chip) -> str:
    """The module that has most of the declaration; if none has half, the one of those at the top that has most."""
    trees = {name: library.tree(name) for name in library.files}
    alike = {name: likeness(chip, library.ports(name), tree.arrays) for name, tree in trees.items()}
    designs = {name for name in trees if library.ports(name)}  # a testbench has no ports
    parts = {instance.module for name in designs for instance in trees[name].instances[1:]}

    def rank(name: str) -> tuple[bool, float, int, str]:
        return name in designs - parts, round(alike[name], 1), len(trees[name].instances), name

    strong = [name for name in alike if alike[name] >= _ALIKE]
    return max(strong, key=lambda name: (alike[name], rank(name))) if strong else max(alike, key=rank)


def _described(library: Library, candidate: Candidate) -> str:
    """A module with its file and its parameters' values."""
    parameters = candidate.tree.instances[0].parameters if candidate.tree.instances else {}
    shown = [f"{name}={value}" for name, value in parameters.items()]
    shown = shown if len(shown) <= _MOST_PARAMETERS else [*shown[:_MOST_PARAMETERS], "..."]
    details = [library.label(library.files[candidate.module]), *shown]
    return f"{candidate.module} ({', '.join(details)})"


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
        raise InputError(
            f"{found.place}: memory images that are not there: {', '.join(missing)}; "
            "they are looked for in the folders of the sources, and with -I DIR in DIR"
        )
    return files


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
