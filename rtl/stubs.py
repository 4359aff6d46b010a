"""Write empty modules in place of modules that no source defines, such as a vendor's logic analyser.

An empty module has the ports that its instances connect, all of them inputs. So it drives nothing: the outputs of the
real module stay undriven, which means unknown in Icarus and 0 in Verilator.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import Any

from pyslang import syntax

from draupnir.emulator.errors import InputError
from draupnir.rtl.library import Library

FILE = "draupnir_stubs.v"


def write(library: Library, names: tuple[str, ...]) -> Path:
    """Write an empty module for each name, and return the file. It exists until the end of this process.

    Raises InputError for a name that nothing instantiates.
    """
    for name in names:
        if name not in library.instantiated:
            raise InputError(f"--stub {name}: no source instantiates a module of this name")
    folder = Path(tempfile.mkdtemp(prefix="draupnir-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / FILE).write_text("".join(_module(library, name) for name in dict.fromkeys(names)))
    return folder / FILE


def replaced(library: Library, names: tuple[str, ...]) -> set[Path]:
    """Return the files that define only modules to be replaced.

    Raises InputError for a file that defines both a module to be replaced and other modules.
    """
    files = set()
    for path, source in library.sources.items():
        defined = {name for _, name in source.definitions}
        if stubbed := defined & set(names):
            if others := defined - set(names):
                raise InputError(
                    f"--stub {min(stubbed)}: {library.label(path)} defines {', '.join(sorted(others))}, too; only a "
                    "module that is alone in its file, or not defined, can be replaced"
                )
            files.add(path)
    return files


def _module(library: Library, name: str) -> str:
    """Return the empty module's text, with every port and parameter that an instance has by name or by position."""
    ports: dict[str, None] = {}
    parameters: dict[str, None] = {}
    n_ports = n_parameters = 0
    for source in library.sources.values():
        for module, node in source.instantiations:
            if module != name:
                continue
            by_name, n = _arguments(node.parameters.parameters if node.parameters else ())
            parameters.update(dict.fromkeys(by_name))
            n_parameters = max(n_parameters, n)
            for instance in _nodes(node.instances):
                by_name, n = _arguments(instance.connections)
                ports.update(dict.fromkeys(by_name))
                n_ports = max(n_ports, n)
    all_ports = [*ports, *(f"draupnir_port_{i}" for i in range(len(ports), n_ports))]
    settable = [*parameters, *(f"draupnir_parameter_{i}" for i in range(len(parameters), n_parameters))]
    lines = [f"module {_identifier(name)} ({', '.join(map(_identifier, all_ports))});"]
    lines += [f"    parameter {_identifier(parameter)} = 0;" for parameter in settable]
    lines += [f"    input {_identifier(port)};" for port in all_ports]
    return "\n".join((*lines, "endmodule\n\n"))


def _arguments(arguments: Any) -> tuple[list[str], int]:
    """Return the names in a list of connections or parameters, and the number of entries without a name."""
    nodes = _nodes(arguments)
    names = [node.name.valueText for node in nodes if hasattr(node, "name")]
    kinds = (syntax.SyntaxKind.OrderedPortConnection, syntax.SyntaxKind.OrderedParamAssignment,
             syntax.SyntaxKind.EmptyPortConnection)  # fmt: skip
    return names, sum(node.kind in kinds for node in nodes)


def _nodes(items: Any) -> list[Any]:
    """Return the syntax nodes of a list, without the commas between them."""
    return [item for item in items if isinstance(item, syntax.SyntaxNode)]


def _identifier(name: str) -> str:
    """Return a name for Verilog: a name with other characters needs a backslash before it and a space after it."""
    return name if name.replace("_", "a").replace("$", "a").isalnum() and not name[0].isdigit() else f"\\{name} "
