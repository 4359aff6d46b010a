"""The signals of a waveform in groups, as a viewer shows them when the file opens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from draupnir.golden.waves.signals import ANY, REGISTERS, SignalLook, SignalTable, WaveSignal

MOST_WORDS = 64  # words of memories that a viewer opens with; all others are in the file only
ARRAYS, PARAMETERS = ", arrays", ", parameters"
_OVERVIEW, _PINS, _STATES, _WORD = "overview", "pins", "states", "word "
_PIN_DIFFERENCES, _PROBES, _REGISTERS = "differences of each pin", "probes", "registers of "
_ORDER = (_OVERVIEW, _PINS, _STATES, _WORD)  # of open groups


@dataclass
class SignalGroup:
    """A group of signals; is_open : False to show only its title until somebody opens it"""

    title: str
    is_open: bool
    signals: list[WaveSignal] = field(default_factory=list)


def groups_of(signals: Sequence[WaveSignal]) -> list[SignalGroup]:
    """Return signals in groups: overview, pins, states and words of memories, which are open; then all registers.

    Beside the model's outputs stand those of the source. Arrays of registers, and the parameters of a word, are in
    groups of their own, which are closed.
    """
    base = min((len(signal.scopes) for signal in signals if signal.table == SignalTable.CLOCKS), default=0)
    groups: dict[str, SignalGroup] = {}
    words: dict[str, None] = {}
    for signal in _beside(signals, base):
        title = _title(signal, base)
        if title.startswith(_WORD):
            words[title.removesuffix(PARAMETERS)] = None
            if len(words) > MOST_WORDS:
                continue
        group = groups.setdefault(title, SignalGroup(title, False))
        group.signals.append(signal)
        is_state = title.startswith(_WORD) and not title.endswith(PARAMETERS)
        group.is_open |= is_state or title in (_OVERVIEW, _PINS, _STATES)
    return sorted(groups.values(), key=_rank)


def _rank(group: SignalGroup) -> int:
    return next((i for i, title in enumerate(_ORDER) if group.is_open and group.title.startswith(title)), len(_ORDER))


def _beside(signals: Sequence[WaveSignal], base: int) -> Iterator[WaveSignal]:
    """Yield the signals, and behind each output of the model the one of the source."""
    by_path = {signal.path[1:]: signal for signal in signals if signal.table == SignalTable.RECORDED}
    for signal in signals:
        if signal.table != SignalTable.RECORDED:
            yield signal
        if signal.table == SignalTable.OUTPUTS and base and signal.path[1:] in by_path:
            yield by_path[signal.path[1:]]


def _title(signal: WaveSignal, base: int) -> str:
    """Return the title of a signal's group; base : the number of scopes above the pins"""
    below = signal.scopes[base:]
    if signal.table == SignalTable.CYCLES:
        return _OVERVIEW
    if signal.table == SignalTable.DIFFERENCES:
        return _OVERVIEW if signal.name == ANY else _PIN_DIFFERENCES
    if signal.table != SignalTable.STATE:
        return _PROBES if below else _PINS
    kind, place, *deeper = below
    if kind == REGISTERS and signal.look == SignalLook.NAMES and not deeper:
        return _STATES
    if kind == REGISTERS:
        return f"{_REGISTERS}{place}{ARRAYS if deeper or '[' in signal.name else ''}"
    return f"{_WORD}{place}{PARAMETERS if signal.is_parameter else ''}"
