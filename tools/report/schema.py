"""The JSON of all commands. Each object begins with the name and the version of its schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from draupnir.golden.files import replacing

VERSION = 1
VERSIONS = {"regress": 2, "replay": 2}  # the commands whose object has changed since version 1


def versioned(command: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """The object of a command, with the name and version of its schema first.

    command : for instance "run" or "config check"
    """
    return {"schema": f"draupnir.{command.replace(' ', '.')}", "version": VERSIONS.get(command, VERSION), **content}


def text(command: str, content: Mapping[str, Any]) -> str:
    """The object as text, indented, without a line feed at the end."""
    return json.dumps(versioned(command, content), indent=2)


def write(path: Path, command: str, content: Mapping[str, Any]) -> None:
    """Write the object into a file, which is complete or not there; its folder is made if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_text(text(command, content) + "\n")


def echo(command: str, content: Mapping[str, Any]) -> None:
    """Print the object on stdout."""
    click.echo(text(command, content))
