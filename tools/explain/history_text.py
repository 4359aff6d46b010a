"""A history in words, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from draupnir.tools.explain.history import (
    DISABLE,
    PLASTICITY,
    POTENTIAL,
    THRESHOLD,
    WEIGHT,
    History,
    potential_after,
    potential_before,
    sums,
)
from draupnir.tools.explain.visits import Visit

MOST = 8  # sources, and changes of a weight, that are named


def lines(history: History) -> Iterator[tuple[str, str]]:
    """Yield the explanation for people: pairs of a name and a text."""
    n_spikes = sum(visit.spikes for visit in history.own)
    clocks = history.n_cycles if history.cycle is None else min(history.n_cycles, history.cycle + 1)
    title = f"neuron {history.neuron} of {history.chip}"
    yield title, f"{history.word}; {n_spikes} spike(s) and {len(history.own)} event(s) in {clocks:,} clocks"
    spike = history.spike()
    yield from _silence(history) if spike is None else _spike(history, spike)
    yield from _sources(history)
    if history.pre is not None:
        yield from _synapse(history, history.pre)


def _spike(history: History, spike: Visit) -> Iterator[tuple[str, str]]:
    threshold = history.parameters[THRESHOLD]
    weight = f", with weight {spike.stimulus[WEIGHT]}" if spike.stimulus else ""
    cause = history.cause()
    own = history.own
    first = own.index(cause[0])
    begin = f"its spike in clock {own[first - 1].cycle:,}" if first else "the start"
    yield (
        "spikes in",
        f"clock {spike.cycle:,}, at a potential of {potential_before(spike)}; its threshold is {threshold}",
    )
    yield "because of", f"{spike.event}{weight}"
    yield "after", f"{len(cause) - 1} event(s) since {begin}"


def _silence(history: History) -> Iterator[tuple[str, str]]:
    peak = history.peak()
    if history.parameters.get(DISABLE):
        yield "is silent", f"because {DISABLE} is 1: its spikes stay inside"
    elif peak is None:
        yield "is silent", "because no event reaches it"
    else:
        text = f"{potential_after(peak)} in clock {peak.cycle:,}, after {peak.event}"
        yield "is silent", f"because its threshold is {history.parameters[THRESHOLD]}, and its highest potential {text}"


def _sources(history: History) -> Iterator[tuple[str, str]]:
    totals = sums(history.cause())
    for name, sign in (("raised by", 1), ("lowered by", -1)):
        some = sorted((event for event in totals if sign * totals[event][0] > 0), key=lambda e: -sign * totals[e][0])
        for event in some[:MOST]:
            total, n = totals[event]
            yield name, f"{event}: {total:+d} in {n} event(s)"
        if len(some) > MOST:
            rest = sum(totals[event][0] for event in some[MOST:])
            yield name, f"{len(some) - MOST} others: {rest:+d}"
    unmoved = [n for total, n in totals.values() if total == 0]
    if unmoved:
        yield "not moved by", f"{len(unmoved)} source(s), with {sum(unmoved)} event(s)"


def _synapse(history: History, pre: int) -> Iterator[tuple[str, str]]:
    name, writes = f"synapse {pre} -> {history.neuron}", history.writes
    if not writes:
        yield name, "no event writes it, so its weight stays as it is configured"
        return
    changes = [visit for visit in writes if visit.synapse and visit.synapse[0] != visit.synapse[1]]
    first, last = weights(writes[0])[0], weights(writes[-1])[1]
    yield name, f"weight {first} at first, {last} at last; {len(writes)} event(s) write it, {len(changes)} change it"
    for visit in (changes or writes)[-MOST:]:
        weight, next_weight = weights(visit)
        yield f"clock {visit.cycle:,}", f"{weight} -> {next_weight} at {visit.event}: {_neuron_at(history, visit)}"


def weights(visit: Visit) -> tuple[int, int]:
    """Return the weight before and after a visit that writes the synapse."""
    assert visit.synapse is not None
    return visit.synapse[0][WEIGHT], visit.synapse[1][WEIGHT]


def _neuron_at(history: History, visit: Visit) -> str:
    """Return what the synapse learns by: the neuron's state before a visit, and the thresholds of its plasticity."""
    earlier = [own.state_after for own in history.own if own.cycle < visit.cycle and own.state_after]
    fields = earlier[-1] if earlier else next((own.state_before for own in history.own if own.state_before), {})
    state = [f"{name} {fields[name]}" for name in (POTENTIAL, "calcium") if name in fields]
    thresholds = [f"{name} {content}" for name, content in history.parameters.items() if name.startswith(PLASTICITY)]
    return ", ".join(state) + (f" ({', '.join(thresholds)})" if thresholds else "")


def as_json(history: History) -> dict[str, Any]:
    """The history for JSON."""
    spike = history.spike()
    return {
        "chip": history.chip,
        "neuron": history.neuron,
        "pre": history.pre,
        "word": history.word,
        "parameters": dict(history.parameters),
        "n_cycles": history.n_cycles,
        "n_spikes": sum(visit.spikes for visit in history.own),
        "spike": spike.cycle if spike else None,
        "sums": {event: {"change": total, "events": n} for event, (total, n) in sums(history.cause()).items()},
        "visits": [asdict(visit) for visit in history.visits],
    }
