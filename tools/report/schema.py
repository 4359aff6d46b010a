"""The JSON that commands print and write: every object begins with its schema's name and version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

VERSION = 1
VERSIONS = {"regress": 2, "replay": 2}  # of the commands whose object is another one than at first


def versioned(command: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """The object of a command, for instance "run" or "config check", with its schema's name and version in front."""
    return {"schema": f"draupnir.{command.replace(' ', '.')}", "version": VERSIONS.get(command, VERSION), **found}


def text(command: str, found: Mapping[str, Any]) -> str:
    """The object as text, indented, without a line feed at the end."""
    return json.dumps(versioned(command, found), indent=2)


def echo(command: str, found: Mapping[str, Any]) -> None:
    """Print the object on stdout."""
    click.echo(text(command, found))
