"""A save file for GTKWave, with which a waveform opens in groups, with names, colours and curves.

A line with @ and a number in hexadecimal sets how the next signals are drawn; its bits are those of GTKWave's
``analyzer.h``. States are drawn by the table of names in the FST file, for which GTKWave wants them as binary numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from draupnir.golden.waves.groups import SignalGroup, groups_of
from draupnir.golden.waves.signals import ANY, DIFFERS, RTL, SignalLook, SignalTable, WaveSignal

SUFFIX = ".gtkw"
_HEX, _DECIMAL, _BINARY, _RIGHT, _BLANK, _SIGNED, _CLOSED = 0x2, 0x4, 0x8, 0x20, 0x200, 0x400, 0x400000
_STEP, _STRETCH, _FULL_SCALE, _ENUM = 0x8000, 0x20000, 0x80000, 0x100000000
_BEGIN, _END, _COLLAPSED = 0x800000, 0x1000000, 0x1000
_LOOKS = {
    SignalLook.BIT: _BINARY | _RIGHT,
    SignalLook.HEX: _HEX | _RIGHT,
    SignalLook.UNSIGNED: _DECIMAL | _RIGHT,
    SignalLook.SIGNED: _DECIMAL | _RIGHT | _SIGNED,
    SignalLook.NAMES: _ENUM | _BINARY | _RIGHT,
    SignalLook.TEXT: _BINARY | _RIGHT,
}
_RED, _ORANGE, _YELLOW = 1, 2, 3
_COLOURS = {SignalTable.DIFFERENCES: _RED, SignalTable.RECORDED: _ORANGE}
_CURVE_ROWS = 2  # empty rows into which a curve grows
_PIXELS, _PIXELS_A_MARK = 1000, 200  # of the part with the waves, and of the unit of a zoom


def text(
    chip: str, signals: Sequence[WaveSignal], wave_name: str, span: tuple[int, int], marker: int | None = None
) -> str:
    """Return the save file.

    wave_name : the name of the waveform, which is in the same folder
    span : the times in picoseconds between which the file opens; marker : the time of the first difference
    """
    zoom = -math.log2(max(1, (span[1] - span[0]) * _PIXELS_A_MARK / _PIXELS))
    markers = "-1" if marker is None else str(marker)
    lines = [
        "[*] A save file for GTKWave, written by draupnir",
        f'[dumpfile] "{wave_name}"',
        f"[timestart] {span[0]}",
        "[size] 1500 1000",
        f"*{zoom:.6f} {markers} {markers}{' -1' * 25}",
        *([] if marker is None else ["[markername] Afirst difference"]),
        "[sst_width] 200",
        "[signals_width] 330",
    ]
    for group in groups_of(signals):
        lines += _group(chip, group)
    return "\n".join(lines) + "\n"


def name_of(chip: str, signal: WaveSignal) -> str:
    """Return the name by which GTKWave knows a signal."""
    name = ".".join((chip, *signal.path))
    return name if signal.width <= 1 else f"{name}[{signal.width - 1}:0]"


def _group(chip: str, group: SignalGroup) -> Iterator[str]:
    closed = 0 if group.is_open else _CLOSED
    yield f"@{_BEGIN | _BLANK | closed:x}"
    yield f"-{group.title}"
    for signal in group.signals:
        yield from _signal(chip, signal)
    yield f"@{_END | _BLANK | (closed and closed | _COLLAPSED):x}"
    yield f"-{group.title}"


def _signal(chip: str, signal: WaveSignal) -> Iterator[str]:
    colour = _YELLOW if signal.look == SignalLook.NAMES else _COLOURS.get(signal.table)
    if colour is not None:
        yield f"[color] {colour}"
    yield f"@{_LOOKS[signal.look] | (_STEP | _FULL_SCALE if signal.is_analog else 0):x}"
    alias = _alias(signal)
    yield f"+{{{alias}}} {name_of(chip, signal)}" if alias else name_of(chip, signal)
    if signal.is_analog:
        for _ in range(_CURVE_ROWS):
            yield f"@{_STRETCH:x}"
            yield "-"


def _alias(signal: WaveSignal) -> str:
    """Return the name that is shown in place of a signal's own, "" for none; GTKWave shows names without scopes."""
    if signal.table == SignalTable.RECORDED:
        return f"{signal.name} of the {RTL}"
    return "a pin differs" if signal.path == (DIFFERS, ANY) else ""


def path_of(wave: Path) -> Path:
    """Return the path of the save file of a waveform."""
    return wave.with_suffix(SUFFIX)
