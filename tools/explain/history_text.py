"""A history in words, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from draupnir.tools.explain.history import History
from draupnir.tools.explain.visits import SynapseTurn, Visit

MOST = 8  # sources, and changes of a weight, that are named


def lines(history: History) -> Iterator[tuple[str, str]]:
    """Yield the explanation for people: pairs of a name and a text."""
    subject, own = history.subject, history.own
    clocks = history.n_cycles if history.cycle is None else min(history.n_cycles, history.cycle + 1)
    spikes = "" if subject.threshold is None else f"{sum(visit.spikes for visit in own)} spike(s) and "
    yield f"{subject.name} of {history.chip}", f"{subject.kind}; {spikes}{len(own)} event(s) in {clocks:,} clocks"
    spike = history.spike()
    yield from _silence(history) if spike is None else _spike(history, spike)
    yield from _sources(history)
    if history.pre is not None:
        yield from _synapses(history)


def _spike(history: History, spike: Visit) -> Iterator[tuple[str, str]]:
    subject, trigger, cause, own = history.subject, history.trigger(), history.cause(), history.own
    first = own.index(cause[0])
    begin = "the start"
    if first:
        earlier = own[first - 1]
        begin = f"{'its spike' if earlier.spikes else f'the {earlier.event}'} in clock {earlier.cycle:,}"
    yield (
        "spikes in",
        f"{_when(spike)}, at a potential of {subject.potential_before(spike)}; its threshold is {subject.threshold}",
    )
    if trigger is None:
        yield "because of", "its potential, which was at the threshold or above it before any event"
    else:
        place = "" if trigger is spike else f", in clock {trigger.cycle:,}"
        yield "because of", f"{trigger.event}{trigger.detail}{place}"
    yield "after", f"{len(cause) - 1} event(s) since {begin}"


def _silence(history: History) -> Iterator[tuple[str, str]]:
    subject, peak = history.subject, history.peak()
    if subject.silence:
        yield "is silent", f"because {subject.silence}"
    elif peak is None:
        yield "is silent", "because no event reaches it"
    else:
        visit, potential = peak
        order = "before" if visit.ends_timestep else "after"
        place = f"{potential} in {_when(visit)}, {order} {visit.event}{visit.detail}"
        if subject.threshold is None:
            yield "highest", place
        else:
            yield "is silent", f"because its threshold is {subject.threshold}, and its highest potential {place}"


def _when(visit: Visit) -> str:
    """The clock of a visit, and its timestep if it has one."""
    return f"clock {visit.cycle:,}" + (f", {visit.moment}" if visit.moment else "")


def _sources(history: History) -> Iterator[tuple[str, str]]:
    totals = history.sums()
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


# --- Synapses -----------------------------------------------------------------------------------------------------


def _synapses(history: History) -> Iterator[tuple[str, str]]:
    turns = history.turns()
    for name, some in turns.items():
        yield from _synapse(history, name, some)
    if not turns:
        why = f", because {history.subject.rest}" if history.subject.rest else ""
        name = f"synapse {history.pre} -> {history.neuron}"
        yield name, f"no event writes it{why}, so its weight stays as it is configured"


def _synapse(history: History, name: str, some: Sequence[tuple[Visit, SynapseTurn]]) -> Iterator[tuple[str, str]]:
    """Yield what becomes of a synapse: its weight, the last changes, and the reasons for which it stays."""
    changes = [(visit, turn) for visit, turn in some if turn.changes]
    first, last = weights(history, some[0][1])[0], weights(history, some[-1][1])[1]
    unit = "" if history.subject.weight_unit == "LSB" else f" {history.subject.weight_unit}"
    yield name, f"weight {first}{unit} at first, {last} at last; {len(some)} event(s) may change it, {len(changes)} do"
    reasons = Counter(turn.why for _, turn in some if turn.why and not turn.changes)
    for why, n in reasons.most_common(MOST):
        yield "stays", f"in {n} event(s), because {why}"
    for visit, turn in (changes or ([] if reasons else list(some)))[-MOST:]:
        weight, next_weight = weights(history, turn)
        why = turn.why or _neuron_at(history, visit)
        yield f"clock {visit.cycle:,}", f"{weight} -> {next_weight} at {visit.moment or visit.event}: {why}"


def weights(history: History, turn: SynapseTurn) -> tuple[int, int]:
    """Return the weight before and after a turn of a synapse."""
    return turn.fields_before[history.subject.weight], turn.fields_after[history.subject.weight]


def _neuron_at(history: History, visit: Visit) -> str:
    """Return what the synapse learns by: the neuron's state before a visit, and the thresholds of its plasticity."""
    earlier = [own.state_after for own in history.own if own.cycle < visit.cycle and own.state_after]
    fields = earlier[-1] if earlier else next((own.state_before for own in history.own if own.state_before), {})
    state = [f"{name} {fields[name]}" for name in history.subject.learns_by if name in fields]
    thresholds = [f"{name} {content}" for name, content in history.subject.levels.items()]
    return ", ".join(state) + (f" ({', '.join(thresholds)})" if thresholds else "")


def as_json(history: History) -> dict[str, Any]:
    """The history for JSON."""
    spike = history.spike()
    return {
        "chip": history.chip,
        "neuron": history.neuron,
        "pre": history.pre,
        "kind": history.subject.kind,
        "parameters": dict(history.subject.parameters),
        "n_cycles": history.n_cycles,
        "n_spikes": sum(visit.spikes for visit in history.own),
        "spike": spike.cycle if spike else None,
        "sums": {event: {"change": total, "events": n} for event, (total, n) in history.sums().items()},
        "visits": [asdict(visit) for visit in history.visits],
    }
