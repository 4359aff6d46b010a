"""Modules of a folder of Verilog-2005, and the tree of instances below one of them, with pyverilog.

Only what a comparison with a declaration needs is evaluated: parameters, port widths, memories, instances and generate
blocks.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from emulator.errors import InputError
from rtl import toolchain
from rtl.verilog_syntax import ParseError, VerilogParser, ast

SUFFIXES = (".v", ".sv")
_MOST_INSTANCES = 100_000  # a tree that recurses for ever ends here
_BINARY = {
    ast.Plus: int.__add__,
    ast.Minus: int.__sub__,
    ast.Times: int.__mul__,
    ast.Divide: lambda a, b: int(a / b) if b else 0,
    ast.Mod: lambda a, b: a - b * int(a / b) if b else 0,
    ast.Power: lambda a, b: a**b if b >= 0 else 0,
    ast.Sll: int.__lshift__,
    ast.Srl: int.__rshift__,
    ast.LessThan: int.__lt__,
    ast.LessEq: int.__le__,
    ast.GreaterThan: int.__gt__,
    ast.GreaterEq: int.__ge__,
    ast.Eq: int.__eq__,
    ast.NotEq: int.__ne__,
    ast.And: int.__and__,
    ast.Or: int.__or__,
    ast.Xor: int.__xor__,
    ast.Land: lambda a, b: int(bool(a and b)),
    ast.Lor: lambda a, b: int(bool(a or b)),
}
_UNARY = {ast.Uminus: int.__neg__, ast.Uplus: int.__pos__, ast.Ulnot: lambda a: int(not a), ast.Unot: int.__invert__}
_ATTRIBUTE = re.compile(r"\(\*(?!\s*\)).*?\*\)", re.DOTALL)  # pyverilog knows (* ... *) in few places; not @(*)
_BASES = {"b": 2, "o": 8, "d": 10, "h": 16}


@dataclass(frozen=True)
class Port:
    """A port of a module; ``width`` in bits, with the parameters at their defaults."""

    name: str
    direction: str
    width: int


@dataclass(frozen=True)
class Array:
    """A memory in the tree: its path below the top, and its shape."""

    path: str
    depth: int
    width: int


@dataclass(frozen=True)
class Instance:
    """An instance in the tree: path below the top ("" is the top itself), module, and its parameters' values."""

    path: str
    module: str
    parameters: dict[str, int]


@dataclass(frozen=True)
class Sources:
    """What was found in a folder.

    modules : by name, with the file of each in ``files``
    refused : file -> why it could not be read
    """

    modules: dict[str, ast.ModuleDef]
    files: dict[str, Path]
    refused: dict[Path, str]


class Unknown(Exception):
    """An expression whose value is not a constant that is evaluated here."""


def read_sources(directory: Path) -> Sources:
    """Parse every .v and .sv file below a folder; files that cannot be parsed are listed, not fatal.

    Raises InputError if there is no such folder or no such file in it.
    """
    if not directory.is_dir():
        raise InputError(f"{directory}: not a folder; give the folder that holds the Verilog sources")
    paths = sorted(path for path in directory.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    if not paths:
        raise InputError(f"{directory}: no .v or .sv file in this folder or below")
    sources = Sources({}, {}, {})
    folders = sorted({str(path.parent) for path in (*paths, *include_files(directory))})
    for path in paths:
        try:
            definitions = _parser().parse(_preprocessed(path, folders)).description.definitions
        except (ParseError, InputError) as e:
            sources.refused[path] = str(e).strip()
            continue
        for module in definitions:
            if isinstance(module, ast.ModuleDef):
                sources.modules.setdefault(module.name, module)
                sources.files.setdefault(module.name, path)
    return sources


def include_files(directory: Path) -> tuple[Path, ...]:
    """Files below a folder that sources may include."""
    return tuple(sorted(path for path in directory.rglob("*") if path.suffix in (".vh", ".svh", ".h", ".inc")))


def ports(module: ast.ModuleDef) -> list[Port]:
    """The module's ports, in order, with the parameters at their defaults."""
    env = _parameters(module, {})
    directed = {}
    for item in _declarations(module):
        direction = {ast.Input: "in", ast.Output: "out", ast.Inout: "inout"}.get(type(item))
        if direction:
            directed[item.name] = Port(item.name, direction, _width(item.width, env))
    listed = [getattr(port, "first", port).name for port in module.portlist.ports] if module.portlist else []
    return [directed[name] for name in listed if name in directed]


def tree(sources: Sources, top: str) -> tuple[list[Instance], list[Array], list[str]]:
    """All instances and memories below ``top``, and the names of modules that are nowhere defined."""
    instances: list[Instance] = []
    arrays: list[Array] = []
    missing: list[str] = []
    pending: list[tuple[str, str, dict[str, int]]] = [("", top, {})]
    while pending and len(instances) < _MOST_INSTANCES:
        path, name, given = pending.pop(0)
        module = sources.modules.get(name)
        if module is None:
            missing.append(name)
            continue
        env = _parameters(module, given)
        own = {p.name: env[p.name] for p in _declarations(module) if type(p) is ast.Parameter and p.name in env}
        instances.append(Instance(path, name, own))
        for scope, item, local in _elaborated(module.items, env, path):
            if isinstance(item, ast.InstanceList):
                for inst in item.instances:
                    overrides = _overrides(sources.modules.get(item.module), inst.parameterlist, local)
                    pending.append((_join(scope, inst.name), item.module, overrides))
            elif isinstance(item, ast.Variable) and item.dimensions and len(item.dimensions.lengths) == 1:
                arrays += _array(_join(scope, item.name), item, local)
    return instances, arrays, sorted(set(missing))


@cache
def _parser() -> VerilogParser:
    """One parser for all files: its tables take seconds to make."""
    with tempfile.TemporaryDirectory() as tables:
        return VerilogParser(outputdir=tables, debug=False)


def _preprocessed(path: Path, folders: list[str]) -> str:
    """The text after the preprocessor; whatever is not ASCII (comments, in any encoding) becomes a question mark."""
    with tempfile.TemporaryDirectory() as scratch:
        copy, expanded = Path(scratch) / "source.v", Path(scratch) / "expanded.v"
        copy.write_text(re.sub(r"[^\x00-\x7f]", "?", path.read_text(encoding="latin-1")))
        command = [str(toolchain.icarus().iverilog), "-E", "-o", str(expanded), *(f"-I{f}" for f in folders), str(copy)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            raise InputError((done.stderr.strip().splitlines() or ["the preprocessor failed"])[0])
        text = re.sub(r"[^\x00-\x7f]", "?", expanded.read_text(encoding="latin-1"))
        return _ATTRIBUTE.sub(lambda found: "\n" * found.group().count("\n"), text)


def _declarations(module: ast.ModuleDef) -> Iterator[ast.Node]:
    """Parameters, ports and signals of a module, in the order of the source."""
    for declaration in module.paramlist.params if module.paramlist else ():
        yield from getattr(declaration, "list", (declaration,))
    for port in module.portlist.ports if module.portlist else ():
        yield getattr(port, "first", port)
    for item in module.items:
        if isinstance(item, ast.Decl):
            yield from item.list


def _parameters(module: ast.ModuleDef, given: dict[str, int]) -> dict[str, int]:
    """Values of a module's parameters and local parameters, overridden by those given."""
    env: dict[str, int] = {}
    for item in _declarations(module):
        if isinstance(item, ast.Parameter):
            try:
                overridden = item.name in given and type(item) is ast.Parameter
                env[item.name] = given[item.name] if overridden else evaluate(item.value, env)
            except Unknown:
                continue
    return env


def _overrides(module: ast.ModuleDef | None, arguments: tuple, env: dict[str, int]) -> dict[str, int]:
    """Parameter values of an instance, by name, from arguments by name or by position."""
    if module is None:
        return {}
    names = [item.name for item in _declarations(module) if type(item) is ast.Parameter]
    values = {}
    for name, argument in zip(names, arguments, strict=False):
        try:
            values[argument.paramname or name] = evaluate(argument.argname, env)
        except Unknown:
            continue
    return values


def _elaborated(items: tuple, env: dict[str, int], scope: str) -> Iterator[tuple[str, ast.Node, dict[str, int]]]:
    """Instance lists and variables, generate blocks unrolled: (scope, item, values in that scope)."""
    for item in items:
        if isinstance(item, ast.Decl):
            yield from ((scope, declared, env) for declared in item.list)
        elif isinstance(item, ast.GenerateStatement):
            yield from _elaborated(item.items, env, scope)
        elif isinstance(item, ast.Block):
            yield from _elaborated(item.statements, env, _join(scope, item.scope))
        elif isinstance(item, ast.IfStatement):
            chosen = item.true_statement if _holds(item.cond, env) else item.false_statement
            yield from _elaborated((chosen,) if chosen else (), env, scope)
        elif isinstance(item, ast.ForStatement):
            yield from _unrolled(item, env, scope)
        elif isinstance(item, ast.InstanceList):
            yield scope, item, env


def _unrolled(
    loop: ast.ForStatement, env: dict[str, int], scope: str
) -> Iterator[tuple[str, ast.Node, dict[str, int]]]:
    name = loop.pre.left.var.name
    local = {**env, name: evaluate(loop.pre.right, env)}
    body = loop.statement
    for _ in range(_MOST_INSTANCES):
        if not _holds(loop.cond, local):
            return
        block = _join(scope, f"{body.scope}[{local[name]}]" if isinstance(body, ast.Block) and body.scope else None)
        yield from _elaborated(body.statements if isinstance(body, ast.Block) else (body,), local, block)
        local = {**local, name: evaluate(loop.post.right, local)}


def _holds(condition: ast.Node, env: dict[str, int]) -> bool:
    try:
        return bool(evaluate(condition, env))
    except Unknown:
        return False


def _array(path: str, item: ast.Variable, env: dict[str, int]) -> list[Array]:
    length = item.dimensions.lengths[0]
    try:
        depth = abs(evaluate(length.msb, env) - evaluate(length.lsb, env)) + 1
        return [Array(path, depth, _width(item.width, env))]
    except Unknown:
        return []


def _join(scope: str, name: str | None) -> str:
    return ".".join(part for part in (scope, name) if part)


def _width(width: ast.Width | None, env: dict[str, int]) -> int:
    """Bits of a range; 0 if it is not a constant."""
    try:
        return 1 if width is None else abs(evaluate(width.msb, env) - evaluate(width.lsb, env)) + 1
    except Unknown:
        return 0


def evaluate(node: ast.Node, env: dict[str, int]) -> int:
    """The value of a constant expression. Raises Unknown for anything else."""
    if isinstance(node, ast.Rvalue):
        return evaluate(node.var, env)
    if isinstance(node, ast.IntConst):
        return _integer(node.value)
    if isinstance(node, ast.Identifier) and node.name in env:
        return env[node.name]
    if type(node) in _BINARY:
        return int(_BINARY[type(node)](evaluate(node.left, env), evaluate(node.right, env)))
    if type(node) in _UNARY:
        return int(_UNARY[type(node)](evaluate(node.right, env)))
    if isinstance(node, ast.Cond):
        return evaluate(node.true_value if evaluate(node.cond, env) else node.false_value, env)
    if isinstance(node, ast.SystemCall) and node.syscall == "clog2":
        return max(evaluate(node.args[0], env) - 1, 0).bit_length()
    raise Unknown(str(node))


def _integer(text: str) -> int:
    """A Verilog integer: 12, 8'hff, 4'sb01_01. Raises Unknown if it has X or Z bits."""
    based = re.fullmatch(r"\s*\d*\s*'[sS]?([bodhBODH])\s*([0-9a-fA-F_]+)\s*", text)
    try:
        return int(based.group(2).replace("_", ""), _BASES[based.group(1).lower()]) if based else int(text)
    except ValueError as e:
        raise Unknown(text) from e
