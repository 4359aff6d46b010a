"""Read the tree below a module of plain Verilog-2005 with pyverilog.

This reader is strict: it evaluates integers of at most 32 bits, generate blocks and plain instances. For everything
else it raises ``NotPlain``, and ``draupnir.rtl.slang`` reads the source. A test compares the two readers.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from draupnir.rtl.hierarchy import MOST_INSTANCES, Array, Instance, ModulePort, Tree, join
from draupnir.rtl.verilog_syntax import ParseError, VerilogParser, ast

_BINARY = {
    ast.Plus: int.__add__,
    ast.Minus: int.__sub__,
    ast.Times: int.__mul__,
    ast.Divide: lambda a, b: int(a / b) if b else None,
    ast.Mod: lambda a, b: a - b * int(a / b) if b else None,
    ast.Power: lambda a, b: a**b if 0 <= b < 32 else None,
    ast.Sll: lambda a, b: a << b if 0 <= b < 32 else None,
    ast.Srl: lambda a, b: a >> b if 0 <= b < 32 and a >= 0 else None,
    ast.LessThan: int.__lt__,
    ast.LessEq: int.__le__,
    ast.GreaterThan: int.__gt__,
    ast.GreaterEq: int.__ge__,
    ast.Eq: int.__eq__,
    ast.NotEq: int.__ne__,
    ast.Land: lambda a, b: int(bool(a and b)),
    ast.Lor: lambda a, b: int(bool(a or b)),
}
_UNARY = {ast.Uminus: int.__neg__, ast.Uplus: int.__pos__, ast.Ulnot: lambda a: int(not a)}
_ATTRIBUTE = re.compile(r"\(\*(?!\s*\)).*?\*\)", re.DOTALL)  # pyverilog knows (* ... *) in few places; not @(*)
_WITHOUT_INSTANCES = (ast.Always, ast.Assign, ast.Initial, ast.Function, ast.Task, ast.Pragma)
_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_INT_BITS = 32
_BASES = {"b": 2, "o": 8, "d": 10, "h": 16}


class _Sized(int):
    """The value of a literal with a size or a base. No expression here computes with it: its width would count."""


class NotPlain(Exception):
    """The source has a construct that this reader does not evaluate."""


class Modules:
    """The modules of a design; each is parsed at its first use.

    text_of : module's name -> text of its file after the preprocessor; None if it is not plain Verilog-2005
    """

    def __init__(self, text_of: Callable[[str], str | None]) -> None:
        self._text_of = text_of
        self._parsed: dict[str, dict[str, ast.ModuleDef]] = {}

    def __getitem__(self, name: str) -> ast.ModuleDef:
        """The module's syntax tree. Raises NotPlain."""
        text = self._text_of(name)
        if text is None:
            raise NotPlain(f"module {name}")
        if text not in self._parsed:
            self._parsed[text] = {_bare(module.name): module for module in parse(text)}
        if name not in self._parsed[text]:
            raise NotPlain(f"module {name}")
        return self._parsed[text][name]


def parse(text: str) -> list[ast.ModuleDef]:
    """Return the modules of a text after the preprocessor. Raises NotPlain if pyverilog refuses the text."""
    ascii_text = re.sub(r"[^\x00-\x7f]", "?", text.replace("\r", ""))
    plain = _ATTRIBUTE.sub("", ascii_text) + "\n"
    parser = _parser()
    parser.lexer.reset_lineno()
    try:
        definitions = parser.parse(plain).description.definitions
    except (ParseError, AttributeError, TypeError, ValueError) as e:
        raise NotPlain(str(e).strip()) from e
    return [module for module in definitions if isinstance(module, ast.ModuleDef)]


@cache
def _parser() -> VerilogParser:
    """Return the only parser, for all files, since it takes seconds to make its tables."""
    with tempfile.TemporaryDirectory() as tables:
        return VerilogParser(outputdir=tables, debug=False)


def ports(modules: Modules, name: str, settings: Mapping[str, int] | None = None) -> list[ModulePort]:
    """Return a module's ports, in order; settings : the parameters that are not at defaults. Raises NotPlain."""
    module = modules[name]
    env = _parameters(module, settings or {})
    directed = {}
    for item in _declarations(module):
        direction = {ast.Input: "in", ast.Output: "out", ast.Inout: "inout"}.get(type(item))
        if direction:
            directed[_bare(item.name)] = ModulePort(_bare(item.name), direction, _width(item.width, env))
    names = [_bare(getattr(port, "first", port).name) for port in module.portlist.ports] if module.portlist else []
    if not set(names) <= set(directed):
        raise NotPlain("a port that is no name of its own")
    return [directed[name] for name in names]


def tree(modules: Modules, top: str, settings: Mapping[str, int] | None = None) -> Tree:
    """Return all instances and memories below ``top``; settings : its parameters that do not have their defaults.

    Raises NotPlain.
    """
    tree = Tree()
    pending: list[tuple[str, str, Mapping[str, int]]] = [("", top, settings or {})]
    while pending:
        path, name, overrides = pending.pop(0)
        module = modules[name]
        if len(tree.instances) >= MOST_INSTANCES:
            raise NotPlain("a tree without an end")
        env = _parameters(module, overrides)
        own = {p.name: env[p.name] for p in _declarations(module) if type(p) is ast.Parameter}
        tree.instances.append(Instance(path, name, own))
        for scope, item, local in _elaborated(module.items, env, path):
            if isinstance(item, ast.InstanceList):
                pending += _instances(modules, scope, item, local)
            elif isinstance(item, ast.Variable) and item.dimensions:
                tree.arrays.extend(_array(join(scope, _simple(item.name)), item, local))
    return tree


def _instances(
    modules: Modules, scope: str, item: ast.InstanceList, env: dict[str, int]
) -> Iterator[tuple[str, str, dict[str, int]]]:
    """Yield (path, module, parameters) of each instance of a list."""
    for instance in item.instances:
        if instance.array is not None:
            raise NotPlain("an array of instances")
        overrides = _overrides(modules[_bare(item.module)], instance.parameterlist, env)
        yield join(scope, _simple(instance.name)), _bare(item.module), overrides


def _declarations(module: ast.ModuleDef) -> Iterator[ast.Node]:
    """Parameters, ports and signals of a module, in the order of the source."""
    for declaration in module.paramlist.params if module.paramlist else ():
        yield from getattr(declaration, "list", (declaration,))
    for port in module.portlist.ports if module.portlist else ():
        yield getattr(port, "first", port)
    for item in module.items:
        if isinstance(item, ast.Decl):
            yield from item.list


def _parameters(module: ast.ModuleDef, overrides: Mapping[str, int]) -> dict[str, int]:
    """Values of a module's parameters and local parameters, some of them overridden."""
    env: dict[str, int] = {}
    for item in _declarations(module):
        if isinstance(item, ast.Parameter):
            if item.width is not None or item.signed:
                raise NotPlain("a parameter with a type")
            overridden = item.name in overrides and type(item) is ast.Parameter
            env[item.name] = overrides[item.name] if overridden else evaluate(item.value, env)
    return env


def _overrides(module: ast.ModuleDef, arguments: tuple, env: dict[str, int]) -> dict[str, int]:
    """Parameter values of an instance, by name, from arguments by name or by position."""
    names = [item.name for item in _declarations(module) if type(item) is ast.Parameter]
    by_name = any(argument.paramname for argument in arguments)
    if not by_name and len(arguments) > len(names):
        raise NotPlain("more parameters than the module has")
    places = [None] * len(arguments) if by_name else names
    pairs = zip(places, arguments, strict=False)
    return {argument.paramname or place: evaluate(argument.argname, env) for place, argument in pairs}


def _elaborated(items: tuple, env: dict[str, int], scope: str) -> Iterator[tuple[str, ast.Node, dict[str, int]]]:
    """Instance lists and variables, generate blocks unrolled: (scope, item, values in that scope)."""
    n_constructs = 0  # which give their names to generate blocks that have none: genblk1, genblk2, ...
    for item in _opened(items):
        if isinstance(item, ast.Decl):
            yield from ((scope, item_declared, env) for item_declared in item.list)
        elif isinstance(item, ast.IfStatement):
            n_constructs += 1
            yield from _chosen_block(item, env, scope, f"genblk{n_constructs}")
        elif isinstance(item, ast.ForStatement):
            n_constructs += 1
            yield from _unrolled(item, env, scope, f"genblk{n_constructs}")
        elif isinstance(item, ast.InstanceList):
            yield scope, item, env
        elif not isinstance(item, _WITHOUT_INSTANCES):
            raise NotPlain(type(item).__name__)


def _opened(items: tuple) -> Iterator[ast.Node]:
    """Items, those between ``generate`` and ``endgenerate`` among them."""
    for item in items:
        if isinstance(item, ast.GenerateStatement):
            yield from _opened(item.items)
        else:
            yield item


def _chosen_block(
    item: ast.IfStatement, env: dict[str, int], scope: str, default: str
) -> Iterator[tuple[str, ast.Node, dict[str, int]]]:
    """Return the block that a condition chooses. A block that is only another condition has no scope of its own."""
    block = item.true_statement if evaluate(item.cond, env) else item.false_statement
    if isinstance(block, ast.IfStatement):
        yield from _chosen_block(block, env, scope, default)
    elif block:
        yield from _block(block, env, scope, default, "")


def _block(
    block: ast.Node, env: dict[str, int], scope: str, default: str, index: str
) -> Iterator[tuple[str, ast.Node, dict[str, int]]]:
    items = block.statements if isinstance(block, ast.Block) else (block,)
    if any(isinstance(each, ast.Parameter) for item in items for each in getattr(item, "list", ())):
        raise NotPlain("a parameter in a generate block")
    name = (block.scope if isinstance(block, ast.Block) else None) or default
    yield from _elaborated(items, env, join(scope, f"{name}{index}"))


def _unrolled(
    loop: ast.ForStatement, env: dict[str, int], scope: str, default: str
) -> Iterator[tuple[str, ast.Node, dict[str, int]]]:
    name = loop.pre.left.var.name
    local = {**env, name: evaluate(loop.pre.right, env)}
    for _ in range(MOST_INSTANCES):
        if not evaluate(loop.cond, local):
            return
        yield from _block(loop.statement, local, scope, default, f"[{local[name]}]")
        local = {**local, name: evaluate(loop.post.right, local)}
    raise NotPlain("a loop without an end")


def _array(path: str, item: ast.Variable, env: dict[str, int]) -> list[Array]:
    """Return a variable's memory, or the rows of an array of two dimensions; [] for a net or for more dimensions."""
    lengths = item.dimensions.lengths
    if type(item) is ast.Wire or len(lengths) > 2:
        return []
    if type(item) is not ast.Reg:
        raise NotPlain(f"an array of {type(item).__name__}")
    depth, width = _width(lengths[-1], env), _width(item.width, env)
    if len(lengths) == 1:
        return [Array(path, depth, width)]
    rows = range(_width(lengths[0], env)) if _begins_at_0(lengths[0], env) else ()
    return [Array(f"{path}[{row}]", depth, width) for row in rows]


def _begins_at_0(length: ast.Length, env: dict[str, int]) -> bool:
    return min(evaluate(length.msb, env), evaluate(length.lsb, env)) == 0


def _bare(name: str) -> str:
    """Return a name without the backslash of an escaped identifier."""
    return name.removeprefix("\\").rstrip()


def _simple(name: str | None) -> str:
    """Return a name that needs no escape in a path. Raises NotPlain for any other."""
    if name is None or not _SIMPLE.fullmatch(_bare(name)):
        raise NotPlain(f"the name {name}")
    return _bare(name)


def _width(width: ast.Width | ast.Length | None, env: dict[str, int]) -> int:
    """Return the number of bits or words in a range."""
    return 1 if width is None else abs(evaluate(width.msb, env) - evaluate(width.lsb, env)) + 1


def evaluate(node: ast.Node, env: dict[str, int]) -> int:
    """Return the value of a constant expression of plain integers. Raises NotPlain for anything else."""
    value: int | None = None
    if isinstance(node, ast.Rvalue):
        return evaluate(node.var, env)
    if isinstance(node, ast.IntConst):
        value = int(node.value) if node.value.isdecimal() else _based(node.value)
    elif isinstance(node, ast.Identifier) and node.scope is None and node.name in env:
        return env[node.name]
    elif type(node) in _BINARY:
        value = _BINARY[type(node)](_operand(node.left, env), _operand(node.right, env))
    elif type(node) in _UNARY:
        value = _UNARY[type(node)](_operand(node.right, env))
    elif isinstance(node, ast.Cond):
        return evaluate(node.true_value if evaluate(node.cond, env) else node.false_value, env)
    elif isinstance(node, ast.SystemCall) and node.syscall == "clog2":
        n = _operand(node.args[0], env)
        value = (n - 1).bit_length() if n > 0 else None
    if value is None or not -(1 << _INT_BITS - 1) <= value < 1 << _INT_BITS - 1:
        raise NotPlain(type(node).__name__)
    return value if isinstance(value, _Sized) else int(value)


def _operand(node: ast.Node, env: dict[str, int]) -> int:
    value = evaluate(node, env)
    if isinstance(value, _Sized):
        raise NotPlain("a number with a size in an expression")
    return value


def _based(text: str) -> int | None:
    """Return the value of an unsigned literal with a base (8'hff); None for any other literal."""
    based = re.fullmatch(r"\s*(\d*)\s*'([bodhBODH])\s*([0-9a-fA-F_]+)\s*", text)
    if based is None:
        return None
    bits = int(based.group(1) or _INT_BITS)
    value = int(based.group(3).replace("_", ""), _BASES[based.group(2).lower()])
    return _Sized(value) if value < 1 << bits else None
