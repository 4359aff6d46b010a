"""A command file for Surfer, with which a waveform opens in groups, with formats, colours and curves.

Surfer has a state file, too, but its form changes from version to version, and that of a command file is documented.
Surfer shows the names in the FST file by itself, so no translator is needed. Arrays of registers are not in the file,
because versions of Surfer name their elements differently; they are in the tree of scopes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from draupnir.golden.waves.groups import groups_of
from draupnir.golden.waves.signals import SignalLook, SignalTable, WaveSignal

SUFFIX = ".sucl"
_FORMATS = {SignalLook.SIGNED: "Signed", SignalLook.UNSIGNED: "Unsigned", SignalLook.HEX: "Hexadecimal"}
_COLOURS = {SignalTable.DIFFERENCES: "Red", SignalTable.RECORDED: "Orange"}
_DIGITS = "abcdefghijklmnop"  # Surfer names an item by its number in hexadecimal, with letters for the digits


def text(chip: str, signals: Sequence[WaveSignal], marker: int | None = None) -> str:
    """Return the command file; marker : the time of the first difference in picoseconds"""
    items: list[WaveSignal | None] = []
    lines = []
    for group in groups_of(signals):
        open_signals = [signal for signal in group.signals if group.is_open and "[" not in signal.name]
        if open_signals:
            lines += [
                f"divider_add {group.title}",
                *(f"variable_add {name_of(chip, signal)}" for signal in open_signals),
            ]
            items += [None, *open_signals]
    for number, signal in enumerate(items):
        commands = list(_looks(signal)) if signal else []
        if commands:
            lines += [f"item_focus {_item(number, len(items))}", *commands, "item_unfocus"]
    if marker is not None:
        lines += [f"cursor_set {marker}", "marker_set first_difference"]
    return "\n".join([*lines, "zoom_fit"]) + "\n"


def name_of(chip: str, signal: WaveSignal) -> str:
    """Return the name by which Surfer knows a signal."""
    return ".".join((chip, *signal.path))


def _looks(signal: WaveSignal) -> Iterator[str]:
    if signal.look in _FORMATS:
        yield f"item_set_format {_FORMATS[signal.look]}"
    if signal.table in _COLOURS:
        yield f"item_set_color {_COLOURS[signal.table]}"
    if signal.is_analog:
        yield "item_set_height 3"
        yield "item_set_analog step"


def _item(number: int, n_items: int) -> str:
    """Return the name of an item: as many letters as the number of items needs."""
    n_digits = len(f"{n_items:x}")
    return "".join(_DIGITS[int(digit, 16)] for digit in f"{number:0{n_digits}x}")


def path_of(wave: Path) -> Path:
    """Return the path of the command file of a waveform."""
    return wave.with_suffix(SUFFIX)
