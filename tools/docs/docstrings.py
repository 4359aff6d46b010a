"""Our docstrings as the lists that Sphinx knows: a line `name : what it is` becomes an entry of a list."""

from __future__ import annotations

import re
from typing import Any

ENTRY = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*) : (.*)$")


def convert(_app: Any, _kind: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    """Rewrite the lines of a docstring in place, as Sphinx's event autodoc-process-docstring asks for."""
    lines[:] = entries_as_lists(lines)


def entries_as_lists(lines: list[str]) -> list[str]:
    """Return the lines with each run of entries as a definition list of reStructuredText.

    An entry may go on in lines that are indented. A line after it that is not begins a new paragraph.
    """
    result: list[str] = []
    in_entry = False
    for line in lines:
        entry = ENTRY.match(line)
        if entry:
            names = ", ".join(f"``{name}``" for name in entry[1].split(", "))
            result += [*([] if in_entry or not result else [""]), names, f"    {entry[2]}"]
            in_entry = True
        elif in_entry and line.startswith("    "):
            result.append(line)
        else:
            result += [*([""] if in_entry and line else []), line]
            in_entry = False
    return result


def convert_help(_app: Any, _context: Any, lines: list[str]) -> None:
    """Show the lines of a command's help whose breaks count, its examples, as code. Rewrites them in place."""
    result: list[str] = []
    for line in lines:
        is_example, follows = line.startswith("| "), bool(result) and result[-1].startswith("    ")
        if is_example and not follows:
            result += ["", ".. code-block:: text", ""]
        result.append(f"    {line[2:].removeprefix('Example: ').strip()}" if is_example else line)
    lines[:] = result


def convert_options(_app: Any, _context: Any, lines: list[str]) -> None:
    """Show the default of an option that is a path as a user would write it. Rewrites the lines in place."""
    lines[:] = [re.sub(r"PosixPath\('(.*?)'\)", r"'\1'", line) for line in lines]
