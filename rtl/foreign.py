"""Compare somebody else's Verilog with a chip's declaration, before a simulator starts.

``read`` finds the top module, its pins and its memories in any folder of Verilog or SystemVerilog, or in the files of a
list. Only the module tree of the top matters; a testbench beside it need not even be readable. Verilog-2005 sources are
compiled as Verilog-2005, because keywords of SystemVerilog are ordinary names there (ODIN has a signal ``priority``).
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
_MOST_PARAMETERS = 8  # in a message, at most
_REMEDIES = {
    "include": " (-I DIR names a folder to look in)",
    "macro": " (-D NAME=VALUE defines one)",
    "syntax": "",
}
_FROM_INCLUDED = " (the included files may define them; if not, -D NAME=VALUE defines one)"
_FROM_LIST = "a list of files, --rtl FILE.f, can name sources in other folders"


class NotTheChip(InputError):
    """The sources differ from the declaration.

    differences : the differences; reasons : other causes why the sources cannot be used
    in_brief : True if ``summary`` describes the differences well enough, so that the message does not list them
    """

    def __init__(
        self, summary: str, differences: list[DesignDifference], reasons: Iterable[str] = (), in_brief: bool = False
    ) -> None:
        texts = [] if in_brief else map(str, differences)
        super().__init__(f"{summary}{'; ' if in_brief and reasons else '' if in_brief else ': '}"
                         f"{'; '.join([*reasons, *texts])}")  # fmt: skip
        self.differences = differences


@dataclass(frozen=True)
class Candidate:
    """The comparison of a module with the declaration.

    mistakes : texts on the mistakes in its files
    absent : texts on the modules and other things that its files need and that nothing defines
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
        """Texts that say why the module cannot be compiled."""
        return self.mistakes + self.absent


def read(place: Path, chip: Chip, top: str | None = None, options: SourceOptions | None = None) -> Design:
    """Return the design that claims to be ``chip``.

    place : a folder of sources, or a list of files (``draupnir.rtl.filelist``)
    top : the name of the top module; None for the one that the list names, or the one whose ports are the declared pins
    options : macros, more folders, modules to leave empty, and parameters

    Raises InputError if there is no such module or more than one, and if a module, macro or file is missing. Raises
    NotTheChip if the ports or memories differ from the declaration.
    """
    sources = sources_of(place, options or SourceOptions())
    library = _library(sources, chip)
    outsides = outside.parse(sources.options.memories)
    name = top or sources.top or (closest.closest(library, chip) if outsides else _choose(library, chip, place))
    if name not in library.files:
        raise InputError(f"{place}: no module {name!r}; there are {_list_of(library.files)}{_refusals(library)}")
    parameters = _parameters(library, chip, name, sources.options)
    _check_fit(parameters, library.parameters(name))
    description = _description(library, name)
    if outsides:
        library = _library(sources, chip, [outside.write(chip, name, library.ports(name), parameters, outsides)])
        name, parameters = outside.TOP, {}
    candidate = _compare(library, chip, name)
    if candidate.differences:
        summary = f"{place}: module {description} is not {chip.name}{_hint(library, chip, name)}"
        raise NotTheChip(summary, candidate.differences, candidate.reasons)
    if candidate.reasons:
        raise InputError(f"{place}: module {description}: {'; '.join(candidate.reasons)}")
    return Design(
        name,
        candidate.files,
        candidate.memories,
        candidate.pins,
        tuple(dict.fromkeys((*sources.includes, *library.included(candidate.files)))),
        library.language(candidate.files),
        _structure(candidate.tree.instances, candidate.tree.arrays, candidate.memories),
        sources.options,
        _data(library, candidate, sources),
        parameters,
        candidate.probes,
    )


@dataclass(frozen=True)
class Sources:
    """The files of a design, before any of them is read.

    place : their folder or list; messages begin with it
    folder : the folder of the files, or of the list
    paths : the files, in the order of compilation
    includes : the files that they may include
    options : the options of the user and of the list
    top : the top module that the list names, or ""
    """

    place: Path
    folder: Path
    paths: tuple[Path, ...]
    includes: tuple[Path, ...]
    options: SourceOptions
    top: str = ""


def sources_of(place: Path, options: SourceOptions) -> Sources:
    """Return the files of a folder or of a list. Raises InputError if there are none, or if one does not exist."""
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
    file_list = filelist.read(place, options.from_working_folder)
    folders = (*options.include_folders, *file_list.include_folders)
    # The user's macros come last, because a later macro replaces an earlier one with the same name.
    own = {setting.partition("=")[0] for setting in options.settings}
    more = [setting for setting in file_list.settings if setting.partition("=")[0] not in own]
    options = replace(
        options,
        defines=(*file_list.defines, *options.defines),
        include_folders=folders,
        settings=(*more, *options.settings),
    )
    headers = [path for folder in folders for path in sorted(folder.iterdir()) if path.suffix in _INCLUDED]
    return Sources(place, place.parent, tuple(file_list.sources), tuple(headers), options, file_list.top)


def include_files(directory: Path) -> tuple[Path, ...]:
    """Return the files below a folder that sources may include."""
    return tuple(sorted(path for path in directory.rglob("*") if path.suffix in _INCLUDED and path.is_file()))


def _parameters(library: Library, chip: Chip, top: str, options: SourceOptions) -> dict[str, int | str]:
    """Return the values of parameters of the top: those of the user, and those with the name of a size of the chip.

    Raises InputError for a parameter of the user that does not exist, or that cannot have this value.
    """
    user_settings = settings.parse(options.settings)
    if not user_settings and not chip.sizes:
        return {}
    parameter_names = library.at_defaults.parameters(top)
    settings.check(top, user_settings, parameter_names)
    return {**{name: size for name, size in chip.sizes.items() if name in parameter_names}, **user_settings}


def _library(sources: Sources, chip: Chip, more: Sequence[Path] = ()) -> Library:
    """Read the sources, and additional files of ours. Raises InputError for a stub that nothing needs."""
    options = sources.options
    folders = sorted({str(path.parent) for path in (*sources.paths, *sources.includes)})
    folders = [*dict.fromkeys([*map(str, options.include_folders), *folders])]

    def library(paths: Sequence[Path]) -> Library:
        values = {**chip.sizes, **settings.parse(options.settings)}
        return Library(sources.folder, paths, options.defines, folders, sources.includes, values)

    read_once = library([*sources.paths, *more])
    if not options.stubs:
        return read_once
    replaced = stubs.replaced(read_once, options.stubs)
    return library(
        [stubs.write(read_once, options.stubs), *(path for path in (*sources.paths, *more) if path not in replaced)]
    )


def _check_fit(settings_of_user: Mapping[str, int | str], values: Mapping[str, int | str]) -> None:
    """Raise InputError for a parameter that cannot hold its value, for instance because it has fewer bits."""
    for name, value in settings_of_user.items():
        if values[name] != value:
            raise InputError(
                f"--set {name}={value}: the source makes {values[name]} of it; the parameter cannot hold it"
            )


def _compare(library: Library, chip: Chip, name: str) -> Candidate:
    """Compare a module with the declaration, and collect all mistakes in the sources that it needs."""
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
    """Return texts on all mistakes in some files, grouped by kind, with a remedy for each kind."""
    texts: list[str] = []
    for kind, remedy in _REMEDIES.items():
        of_kind = {problem.subject: problem for problem in reversed(problems) if problem.kind == kind}
        if of_kind and (kind != "syntax" or not texts):  # else they follow from what is missing
            follows = kind == "macro" and texts
            texts.append(", ".join(map(str, reversed(of_kind.values()))) + (_FROM_INCLUDED if follows else remedy))
    return texts


def _absent(library: Library, top: str, tree: Tree, files: tuple[Path, ...]) -> list[str]:
    """Return texts on the modules, interfaces, packages and ports that nothing defines, with a remedy for each."""
    texts = []
    interfaces = {name: place for name, place in tree.undefined.items() if name in library.used_as_interface}
    modules = {name: place for name, place in tree.undefined.items() if name not in interfaces}
    if modules:
        remedy = " ".join(f"--stub {module}" for module in modules)
        texts.append(
            f"modules not defined: {_with_places(modules)} ({_FROM_LIST}; {remedy} puts empty ones in their places)"
        )
    if not library.problems(files) and (unknown := library.unknown_ports(top)):
        texts.append(f"ports that are connected and that their modules lack: {_with_places(unknown)}")
    for kind, names in (("interfaces", interfaces), ("packages", library.undefined_packages(files))):
        if names:
            texts.append(f"{kind} not defined: {_with_places(names)} ({_FROM_LIST})")
    return texts


def _with_places(names: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({place})" for name, place in names.items())


def _with_proposals(
    chip: Chip, ports: list[ModulePort], pins: list[DesignDifference], memories: list[DesignDifference]
) -> list[DesignDifference]:
    """Return the differences of pins and memories, with proposals for the ports of a missing memory.

    Such ports are then not in the list as extra ports.
    """
    absent_memories = [chip.memory(difference.name) for difference in memories if difference.kind == "missing memory"]
    extra = {difference.name for difference in pins if difference.kind == "extra port"}
    spare = [port for port in ports if port.name in extra]
    proposed = proposal.proposals(absent_memories, spare)
    explained = {name for ports_by_role in proposed.values() for name in ports_by_role.values()}
    near = {name: f"{proposal.option(name, ports_by_role)} puts it there, if these are its ports"
            for name, ports_by_role in proposed.items()}  # fmt: skip
    for memory in absent_memories:
        if memory.name not in near and proposal.has_data_ports(memory, spare):
            near[memory.name] = f"--memory {memory.name}=addr:A,q:Q,d:D,we:WE,cs:CS puts it at ports of the top"
    hinted = [replace(d, near=near[d.name]) if d.name in near else d for d in memories]
    return [d for d in pins if d.kind != "extra port" or d.name not in explained] + hinted


def _choose(library: Library, chip: Chip, place: Path) -> str:
    """Return the module that matches. Raises NotTheChip with the closest one if none matches."""
    if not library.files:
        raise InputError(f"{place}: no module found{_refusals(library)}")
    names = closest.matching(library, chip)
    if len(names) == 1:
        return names[0]
    if names:
        raise InputError(f"{place}: {len(names)} modules have {chip.name}'s pins, name the top: {', '.join(names)}")
    best = _compare(library, chip, closest.closest(library, chip))
    described, meant = _description(library, best.module), _hint(library, chip, best.module)
    if meant or closest.likeness_of(library, chip, best.module) >= closest.ALIKE:
        summary = f"{place}: no module has {chip.name}'s pins; the closest is {described}{meant}"
        raise NotTheChip(summary, best.differences, best.reasons)
    memories = None if best.mistakes else best.memories
    brief = closest.in_brief(library, chip, best.module, best.pins, memories)
    summary = f"{place}: no module comes close to {chip.name}; the closest is {described}: {brief}"
    raise NotTheChip(summary, best.differences, best.mistakes, in_brief=True)


def _hint(library: Library, chip: Chip, module: str) -> str:
    """Return a text on the other chip whose pins a module has, or ""."""
    other = closest.other_chip(library.ports(module), chip)
    return f", which has all pins of the chip {other}: name that chip if it is meant" if other else ""


def _description(library: Library, module: str) -> str:
    """Return a text with a module, its file, and the values of its parameters."""
    values = [f"{name}={value}" for name, value in library.parameters(module).items()]
    values = values if len(values) <= _MOST_PARAMETERS else [*values[:_MOST_PARAMETERS], "..."]
    return f"{module} ({', '.join([library.label(library.files[module]), *values])})"


def _refusals(library: Library) -> str:
    """Return the end of a message: the first file that could not be read, or ""."""
    for path, reason in library.unreadable.items():
        return f"; {library.label(path)} could not be read: {reason}"
    problems = library.problems(library.sources)
    return f"; {problems[0]}" if problems else ""


def _list_of(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _data(library: Library, candidate: Candidate, sources: Sources) -> dict[str, Path]:
    """Return the memory images that the sources read. Raises InputError if one does not exist."""
    places = library.data_files(candidate.module)
    folders = [
        sources.folder,
        *sources.options.include_folders,
        *dict.fromkeys(path.parent for path in candidate.files),
    ]
    files, absent = datafiles.find(places, folders, sources.options.include_folders)
    if absent:
        text = ", ".join(f"{name} ({places[name]})" for name in absent)
        mend = _where_images_are(absent, library.parameters(candidate.module))
        raise InputError(f"{sources.place}: memory images that are not there: {text}; {mend}")
    return files


def _where_images_are(image_names: list[str], parameters: Mapping[str, int | str]) -> str:
    """Return a text on the folders of memory images, and on the parameters of the top that name them."""
    absolute = [name for name in image_names if PurePath(name).is_absolute()]
    hints = []
    if len(absolute) < len(image_names):
        hints.append("they are looked for in the folders of the sources, and with -I DIR in DIR")
    if absolute:
        hints.append(f"{absolute[0]} is an absolute path, which is looked for as it is")
    for parameter, text in parameters.items():
        if text and isinstance(text, str) and any(name.startswith(text) for name in image_names):
            right = "FILE" if text in image_names else f"DIR{'/' * text.endswith('/')}"
            hints.append(f"--set {parameter}={right} names another place; it is {text}")
    return "; ".join(hints)


def _structure(instances: list[Instance], arrays: list[Array], memories: dict[str, str]) -> str:
    """Return the module tree as text: one line for each instance with its parameters, then the memories."""
    names = {path: name for name, path in memories.items()}
    lines = []
    for instance in sorted(instances, key=lambda i: i.path):
        depth = len(instance.path.split(".")) if instance.path else 0
        values = ", ".join(f"{name}={value}" for name, value in instance.parameters.items())
        own = instance.path.rsplit(".", 1)[-1]
        lines.append("  " * depth + f"{own + ': ' if own else ''}{instance.module}{f' ({values})' if values else ''}")
    for array in arrays:
        lines.append(f"memory {array.path}: {shape(array)}{' = ' + names[array.path] if array.path in names else ''}")
    return "\n".join(lines)
