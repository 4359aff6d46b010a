"""Elaborate the modules of a folder of Verilog with pyslang, and return the ports and the tree of each."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pyslang import ast

from draupnir.emulator.errors import InputError
from draupnir.rtl import plain
from draupnir.rtl.design import Language, literal
from draupnir.rtl.hierarchy import MOST_INSTANCES, Array, Instance, ModulePort, Tree
from draupnir.rtl.slang import Parser, Problem, SlangSource, connections, enclosing

_DIRECTIONS = {
    ast.ArgumentDirection.In: "in",
    ast.ArgumentDirection.Out: "out",
    ast.ArgumentDirection.InOut: "inout",
    ast.ArgumentDirection.Ref: "ref",
}
_SIGNALS = (ast.SymbolKind.Variable, ast.SymbolKind.Net)
_OPENED = (ast.SymbolKind.GenerateBlock, ast.SymbolKind.InstanceArray, ast.SymbolKind.GenerateBlockArray)
_UNNAMED = re.compile(r"\bgenblk\d+")
_PACKAGE = re.compile(r"\b(\w+)\s*::")
_READ_FILE = re.compile(r"\$readmem[hb]")
_DEFINE = re.compile(r"^[ \t]*`define[ \t]+(\w+)", re.MULTILINE)


class Library:
    """All sources of a design.

    directory : messages name files relative to it
    paths : the sources, in the order of compilation
    settings : parameters of a top that do not have their defaults
    files : module -> the file that defines it; the first one if there are several
    headers : files with macros only that the others need and do not include; a list of files names them first
    """

    def __init__(
        self,
        directory: Path,
        paths: Sequence[Path],
        defines: Sequence[str],
        folders: Sequence[str],
        may_include: Iterable[Path] = (),
        settings: Mapping[str, int | str] | None = None,
    ) -> None:
        self._settings = settings or {}
        self._parser = Parser(directory, defines, folders)
        self.unreadable: dict[Path, str] = {}
        self.headers: tuple[Path, ...] = ()
        self.sources = self._read(paths)
        if self._missing_macros():
            defining = _files_of_macros({**self.sources, **self._read(may_include)})
            while more := sorted(
                {defining[name] for name in self._missing_macros() & defining.keys()} - {*self.headers}
            ):
                self.headers = (*self.headers, *more)
                self.sources = self._read(paths)
        self.files: dict[str, Path] = {}
        self._others: dict[str, Path] = {}  # interfaces, packages, primitives
        for path, source in self.sources.items():
            for kind, name in source.definitions:
                (self.files if kind == "ModuleDeclaration" else self._others).setdefault(name, path)

    def problems(self, paths: Iterable[Path]) -> list[Problem]:
        """Return the mistakes in these files; a mistake in an included file appears once."""
        return list(
            dict.fromkeys(problem for path in paths if path in self.sources for problem in self.sources[path].problems)
        )

    def ports(self, module: str) -> list[ModulePort]:
        """Return the ports of a module, in order."""
        port_list = self._tops[module].body.portList if module in self._tops else ()
        return [_port(port) for port in port_list if port.name]

    def parameters(self, module: str) -> dict[str, int | str]:
        """Return name -> value of the parameters of a module that a user can set, with the module as a top."""
        values = {p.name: _value(p) for p in _settable(self._tops[module])} if module in self._tops else {}
        return {name: value.strip('"') if isinstance(value, str) else value for name, value in values.items()}

    @cached_property
    def at_defaults(self) -> Library:
        """Return the same sources with all parameters at their defaults."""
        other = copy.copy(self)
        other.__dict__.pop("_tops", None)
        other._settings = {}
        return other

    def tree(self, top: str) -> Tree:
        """Return all instances and memories below a module, and the modules that no source defines."""
        tree = Tree()
        if top in self._tops:
            for symbol in _below(self._tops[top]):
                self._add(tree, symbol, len(self._tops[top].hierarchicalPath) + 1)
        return tree

    @cached_property
    def at_the_top(self) -> list[str]:
        """Return the modules with ports that no module with ports instantiates, in alphabetical order."""
        designs = [name for name in self.files if self.ports(name)]
        parts = {instance for name in designs for instance in self._instantiated_in.get(name, ())}
        return sorted(set(designs) - parts)

    def width_of(self, top: str, path: str) -> int | None:
        """Return the number of bits of a register or wire at a path below a module; None if there is none."""
        if top not in self._tops:
            return None
        symbol = self._tops[top].body.lookupName(path) or _signals_in_unnamed_blocks(self._tops[top], path).get(path)
        if symbol is None or symbol.kind not in _SIGNALS:
            return None
        return int(symbol.type.bitWidth) if symbol.type.isIntegral else None

    def data_files(self, top: str) -> dict[str, str]:
        """Return the files that fill memories below a module ($readmemh, $readmemb) -> their places in the source."""
        files: dict[str, str] = {}
        for symbol in _below(self._tops[top]) if top in self._tops else ():
            if symbol.kind is ast.SymbolKind.ProceduralBlock:
                for name, location in _read_files(symbol):
                    files.setdefault(name, self._parser.place_of(location))
        return files

    def compiled(self, tree: Tree) -> tuple[Path, ...]:
        """Return the files that define the parts of a tree: headers, then packages in the order of their use, then
        all others by name.
        """
        names = {instance.module for instance in tree.instances}
        paths = {path for name in names if (path := self.files.get(name) or self._others.get(name))}
        packages: dict[Path, None] = {}
        for path in sorted(paths):
            self._add_packages(path, packages, ())
        return (*self.headers, *packages, *(path for path in self.sources if path in paths - packages.keys()))

    def included(self, paths: Iterable[Path]) -> tuple[Path, ...]:
        """Return the files that these files include."""
        paths_of_files = [path for each in paths if each in self.sources for path in self.sources[each].included]
        return tuple(dict.fromkeys(path for path in paths_of_files if path.is_file()))

    def undefined_packages(self, paths: Iterable[Path]) -> dict[str, str]:
        """Return package -> place of its first import, for packages that these files import and no source defines."""
        packages: dict[str, str] = {}
        for path in paths:
            for name, location in self.sources[path].imported if path in self.sources else ():
                if name not in self._others and name not in packages:
                    packages[name] = self._parser.place_of(location)
        return packages

    def unknown_ports(self, top: str) -> dict[str, str]:
        """Return "module.port" -> place, for ports that instances below a module connect and their modules lack."""
        ports: dict[str, str] = {}
        for symbol in _below(self._tops[top]) if top in self._tops else ():
            if symbol.kind is ast.SymbolKind.Instance and symbol.syntax is not None:
                names = {port.name for port in symbol.body.portList}
                for name, location in connections(symbol.syntax):
                    if name not in names:
                        ports.setdefault(f"{symbol.definition.name}.{name}", self._parser.place_of(location))
        return ports

    def plain_text(self, module: str) -> str | None:
        """Return the text of the file that defines a module, if the file is Verilog-2005 without mistakes."""
        source = self.sources.get(self.files[module]) if module in self.files else None
        return source.text if source and not source.problems and not source.systemverilog else None

    def elaborated(self, top: str) -> Tree:
        """Return the tree below a module: with pyverilog if all of it is plain Verilog-2005, else with pyslang."""
        whole = {name: value for name, value in self._settings.items() if isinstance(value, int)}
        try:
            if len(whole) < len(self._settings):
                return self.tree(top)
            return plain.tree(plain.Modules(self.plain_text), top, whole)
        except plain.NotPlain:
            return self.tree(top)

    def language(self, paths: Iterable[Path]) -> Language:
        """Return the language in which all these files can be compiled. Raises InputError if there is none."""
        sources = [self.sources[path] for path in paths if path in self.sources]
        new = [source for source in sources if source.systemverilog]
        old = [source for source in sources if source.old_names]
        if new and old:
            files = [self._parser.label(str(group[0].path)) for group in (new, old)]
            raise InputError(f"{files[0]} is SystemVerilog, and {files[1]} uses one of its keywords as a name")
        is_new = new or (not old and any(source.path.suffix == ".sv" for source in sources))
        return "systemverilog" if is_new else "verilog-2005"

    def label(self, path: Path) -> str:
        """Return the name that messages use for a file."""
        return self._parser.label(str(path))

    @cached_property
    def instantiated(self) -> frozenset[str]:
        """Return the names of all modules that other modules instantiate."""
        return frozenset(name for source in self.sources.values() for name, _ in source.instantiations)

    @cached_property
    def used_as_interface(self) -> frozenset[str]:
        """Return the names of the interfaces of all ports."""
        return frozenset(name for source in self.sources.values() for name in source.port_interfaces)

    @cached_property
    def _instantiated_in(self) -> dict[str, set[str]]:
        """Return module -> the modules that it instantiates, also in generate blocks."""
        modules: dict[str, set[str]] = {}
        for source in self.sources.values():
            for name, node in source.instantiations:
                modules.setdefault(enclosing(node), set()).add(name)
        return modules

    @cached_property
    def _tops(self) -> dict[str, Any]:
        """Return every module, elaborated as a top."""
        settings = [f"{name}={literal(value)}" for name, value in self._settings.items()]
        self._compilation = self._parser.compilation(list(self.sources.values()), set(self.files), settings)
        return {instance.name: instance for instance in self._compilation.getRoot().topInstances}

    def _read(self, paths: Iterable[Path]) -> dict[Path, SlangSource]:
        """Return each file that can be read, after the headers."""
        sources = {}
        for path in paths:
            try:
                sources[path] = self._parser.read(path, [header for header in self.headers if header != path])
            except OSError as error:
                self.unreadable[path] = error.strerror or str(error)
        return sources

    def _missing_macros(self) -> set[str]:
        """Return the macros that the sources use and that nothing defines."""
        return {problem.subject for problem in self.problems(self.sources) if problem.kind == "macro"}

    def _add_packages(self, path: Path, packages: dict[Path, None], waiting: tuple[Path, ...]) -> None:
        """Add the files of the packages that a file uses; a package comes after the packages that it uses."""
        text = self.sources[path].text
        for name in dict.fromkeys(_PACKAGE.findall(text)) if "::" in text else ():
            package = self._others.get(name)
            if package and package != path and package not in waiting:
                self._add_packages(package, packages, (*waiting, path))
                packages.setdefault(package)

    def _add(self, tree: Tree, symbol: Any, skipped: int) -> None:
        """Add a symbol to a tree; the first ``skipped`` characters of its path are the top's."""
        path = symbol.hierarchicalPath[skipped:]
        kind = symbol.kind
        if kind is ast.SymbolKind.Instance:
            own = {p.name: _value(p) for p in _settable(symbol)}
            tree.instances.append(Instance(path, symbol.definition.name, own))
        elif kind is ast.SymbolKind.PrimitiveInstance and symbol.primitiveType.name in self._others:
            tree.instances.append(Instance(path, symbol.primitiveType.name, {}))
        elif kind is ast.SymbolKind.UninstantiatedDef:
            if symbol.definitionName not in tree.undefined:
                tree.undefined[symbol.definitionName] = self._parser.place_of(symbol.location)
        elif kind is ast.SymbolKind.Variable and symbol.type.kind is ast.SymbolKind.FixedSizeUnpackedArrayType:
            tree.arrays.extend(_arrays(path, symbol.type))


def _files_of_macros(sources: Mapping[Path, SlangSource]) -> dict[str, Path]:
    """Return macro -> the file that defines it, for files with macros only; a macro of two such files is not there."""
    files: dict[str, set[Path]] = {}
    for path, source in sources.items():
        if source.is_empty:
            for name in _DEFINE.findall(path.read_text(errors="replace")):
                files.setdefault(name, set()).add(path)
    return {name: paths.pop() for name, paths in files.items() if len(paths) == 1}


def _below(instance: Any) -> Iterator[Any]:
    """Yield an instance and all symbols below it, also those in generate blocks and in arrays of instances."""
    n_instances = 0
    pending = [instance]
    while pending and n_instances < MOST_INSTANCES:
        symbol = pending.pop()
        yield symbol
        kind = symbol.kind
        if kind is ast.SymbolKind.Instance:
            n_instances += 1
            pending += reversed(list(symbol.body))
        elif kind in _OPENED and not (kind is ast.SymbolKind.GenerateBlock and symbol.isUninstantiated):
            pending += reversed(list(symbol))


def _signals_in_unnamed_blocks(instance: Any, path: str) -> Mapping[str, Any]:
    """Return the path below an instance -> symbol, of all signals; none if the path names no unnamed generate block.

    Names such as genblk1 are no names in the language, so slang does not look them up.
    """
    if not _UNNAMED.search(path):
        return {}
    skipped = len(instance.hierarchicalPath) + 1
    signals = (symbol for symbol in _below(instance) if symbol.kind in _SIGNALS)
    return {symbol.hierarchicalPath[skipped:]: symbol for symbol in signals}


def _arrays(path: str, kind: Any) -> Iterator[Array]:
    """Yield the memory of an array; if the array has two dimensions and begins at 0, each row is a memory."""
    element = kind.elementType
    if element.isIntegral:
        yield Array(path, kind.range.width, element.bitWidth)
    elif element.kind is kind.kind and element.elementType.isIntegral and kind.range.lower == 0:
        for row in range(kind.range.width):
            yield from _arrays(f"{path}[{row}]", element)


def _port(port: Any) -> ModulePort:
    if port.kind is ast.SymbolKind.InterfacePort:
        return ModulePort(port.name, "interface", 0)
    return ModulePort(port.name, _DIRECTIONS[port.direction], port.type.bitWidth)


def _settable(instance: Any) -> list[Any]:
    """Return the parameters of an instance that a user can set."""
    return [p for p in instance.body.parameters if p.kind is ast.SymbolKind.Parameter and not p.isLocalParam]


def _value(parameter: Any) -> int | str:
    """Return a parameter's value: a number, or a text."""
    value = parameter.value
    initial = parameter.initializer
    if initial is not None and initial.isImplicitString:
        return str(value.convertToStr())
    try:
        return int(value.value)
    except (TypeError, ValueError):
        return str(value)


def _read_files(block: Any) -> list[tuple[str, Any]]:
    """Return (file, location) of each $readmemh or $readmemb in a procedural block, if the name is a constant."""
    trees: list[tuple[str, Any]] = []

    def look_at(each: Any) -> None:
        if isinstance(each, ast.CallExpression) and each.isSystemCall and _READ_FILE.fullmatch(each.subroutineName):
            name = each.arguments[0].eval(ast.EvalContext(block)) if each.arguments else None
            if name:
                trees.append((str(name.convertToStr()).strip('"'), each.sourceRange.start))

    block.body.visit(look_at)
    return trees
