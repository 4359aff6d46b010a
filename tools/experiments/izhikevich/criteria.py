"""The criteria of the 20 behaviours: pure functions that say whether a response shows a behaviour, with its numbers.

Each function takes a ``Response`` with an input and at least one spike. It returns the finding in a few words, or None
if the criterion is not met. Its docstring states the criterion; the report prints it.

Source: E. M. Izhikevich, Which Model to Use for Cortical Spiking Neurons?, IEEE TNN 15(5), 2004, II.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from draupnir.tools.experiments.izhikevich.experiment import Response

WITHIN = 2.0  # time steps: spikes of one burst are at most so far apart
Groups = Sequence[Sequence[float]]


# --- Parts of a response ----------------------------------------------------------------------------------------


def bursts(r: Response) -> list[list[float]]:
    """Split the spikes into bursts: groups in which no interval is longer than ``WITHIN``."""
    groups: list[list[float]] = []
    for time in r.spikes:
        if groups and time - groups[-1][-1] <= WITHIN:
            groups[-1].append(time)
        else:
            groups.append([time])
    return groups


def intervals(steps: Sequence[int]) -> list[int]:
    """The intervals between spikes, in whole time steps."""
    return [later - earlier for earlier, later in pairwise(steps)]


def pulses(r: Response) -> list[int]:
    """The first time step of each pulse of the input: its strength is not 0 there, and was 0 in the step before."""
    return [step for step in range(1, len(r.input)) if r.input[step] and not r.input[step - 1]]


def is_regular(steps: Sequence[int], at_least: int) -> bool:
    """Tell whether there are so many spikes, with all intervals equal."""
    return len(steps) >= at_least and len(set(intervals(steps))) == 1


def _ends(r: Response) -> tuple[int, int]:
    """The first and the last time step with an input."""
    on = [step for step, lsb in enumerate(r.input) if lsb]
    return on[0], on[-1]


def is_steady(r: Response) -> bool:
    """Tell whether the input is one excitation, without a pause or a change."""
    first, last = _ends(r)
    return set(r.input[first : last + 1]) == {max(r.input)}


def _starts(groups: Groups) -> list[int]:
    return [int(group[0]) for group in groups]


def _smallest(groups: Groups) -> int:
    return min(map(len, groups))


def _part(steps: Sequence[int], first: int, end: int) -> list[int]:
    return [step for step in steps if first <= step < end]


def _sizes(groups: Groups) -> str:
    sizes = " or ".join(map(str, sorted({len(group) for group in groups})))
    return f"{len(groups)} burst{'s' if len(groups) > 1 else ''} of {sizes} spikes"


# --- A constant input -------------------------------------------------------------------------------------------


def tonic_spiking(r: Response) -> str | None:
    """The neuron spikes at least five times at equal intervals, all while a constant excitation is on."""
    if not (is_steady(r) and is_regular(r.steps, 5) and r.steps[-1] <= _ends(r)[1]):
        return None
    return f"{len(r.steps)} spikes, every {intervals(r.steps)[0]} steps"


def phasic_spiking(r: Response) -> str | None:
    """One spike within 5 time steps of the onset, and none in at least 20 further time steps of constant excitation."""
    first, last = _ends(r)
    if not is_steady(r) or len(r.steps) != 1 or not (first <= r.steps[0] < first + 5 and last - r.steps[0] >= 20):
        return None
    return f"1 spike, then silent for {last - r.steps[0]} steps"


def tonic_bursting(r: Response) -> str | None:
    """The neuron sends at least three bursts of three spikes or more at equal intervals, with pauses of at least 4 time
    steps, while a constant excitation is on."""
    groups = bursts(r)
    pauses = [later[0] - earlier[-1] for earlier, later in pairwise(groups)]
    if not is_steady(r) or not (is_regular(_starts(groups), 3) and _smallest(groups) >= 3 and min(pauses) >= 4):
        return None
    return f"{_sizes(groups)}, every {intervals(_starts(groups))[0]} steps"


def phasic_bursting(r: Response) -> str | None:
    """One burst of three spikes or more that begins within 5 time steps of the onset, and no spike in at least 20
    further time steps of constant excitation."""
    first, last = _ends(r)
    groups = bursts(r)
    silence = last - r.steps[-1]
    at_onset = len(groups) == 1 and len(groups[0]) >= 3 and first <= groups[0][0] < first + 5
    if not (is_steady(r) and at_onset and silence >= 20):
        return None
    return f"{_sizes(groups)}, then silent for {silence} steps"


def mixed_mode(r: Response) -> str | None:
    """A burst of three spikes or more at the onset of a constant excitation, and then at least three single spikes at
    equal intervals."""
    groups = bursts(r)
    singles = _starts(groups[1:])
    all_single = all(len(group) == 1 for group in groups[1:])
    if not (is_steady(r) and len(groups[0]) >= 3 and all_single and is_regular(singles, 3)):
        return None
    return f"{_sizes(groups[:1])}, then 1 every {intervals(singles)[0]} steps"


def spike_frequency_adaptation(r: Response) -> str | None:
    """The intervals grow gradually under a constant excitation: none is shorter than the one before it or more than
    twice as long, and the last is at least three times the first."""
    distances = intervals(r.steps)
    gradual = all(earlier <= later <= 2 * earlier for earlier, later in pairwise(distances))
    if not (is_steady(r) and len(distances) >= 5 and gradual):
        return None
    return f"intervals from {distances[0]} steps up to {distances[-1]}" if distances[-1] >= 3 * distances[0] else None


# --- A ramp -----------------------------------------------------------------------------------------------------


def class_1_excitable(r: Response) -> str | None:
    """The spikes become more frequent from each third of a ramp to the next. The longest interval is the first one,
    and at least five times the shortest."""
    first, last = _ends(r)
    third = (last + 1 - first) // 3
    counts = [len(_part(r.steps, first + k * third, first + (k + 1) * third)) for k in range(3)]
    distances = intervals(r.steps)
    if not (counts[0] < counts[1] < counts[2] and distances[0] == max(distances) >= 5 * min(distances)):
        return None
    return f"intervals from {distances[0]} steps down to {distances[-1]}"


def class_2_excitable(r: Response) -> str | None:
    """There is no spike while a ramp is below half of its maximum. From there on there are at least ten, and the
    longest interval is at most 1.5 times the shortest."""
    distances = intervals(r.steps)
    onset = r.input[r.steps[0]]
    if len(set(r.input)) <= 2 or onset < max(r.input) / 2 or len(distances) < 10:
        return None
    return (
        f"none below {onset} LSB, then every {distances[0]} steps" if max(distances) <= 1.5 * min(distances) else None
    )


# --- Pulses -----------------------------------------------------------------------------------------------------


def spike_latency(r: Response) -> str | None:
    """One spike, at least five time steps after the only pulse. Until then the potential stays at its highest."""
    if len(r.steps) != 1 or len(pulses(r)) != 1 or r.steps[0] - pulses(r)[0] < 5:
        return None
    pulse, spike = pulses(r)[0], r.steps[0]
    waits = set(r.rested[pulse : spike - 1]) == {max(r.stimulated)}
    return f"1 spike, {spike - pulse} steps after the pulse" if waits and max(r.stimulated) > 0 else None


def subthreshold_oscillation(r: Response) -> str | None:
    """One spike. Then, without input, at least six swings of alternating sign, none larger than the one before, down
    to 0."""
    swings = [potential for potential in r.stimulated[r.steps[0] :] if potential]
    peaks = [abs(potential) for potential in swings]
    alternates = all(earlier * later < 0 for earlier, later in pairwise(swings))
    if len(r.steps) != 1 or len(swings) < 6 or not alternates or peaks != sorted(peaks, reverse=True) or r.rested[-1]:
        return None
    return f"then {len(swings)} swings, from {peaks[0]} LSB to {peaks[-1]}"


def _pairs(r: Response) -> list[tuple[int, bool]]:
    """Each pair of pulses: the distance in time steps, and whether a spike comes within it or right after it.

    The pairs are ordered by their distance, and there are at least three; else there is no pair.
    """
    on = [step for step, lsb in enumerate(r.input) if lsb]
    pairs = list(zip(on[::2], on[1::2], strict=False))
    distances = [second - first for first, second in pairs]
    if len(pairs) < 3 or distances != sorted(set(distances)):
        return []
    return [(second - first, bool(_part(r.steps, first, second + 2))) for first, second in pairs]


def _answers(pairs: Sequence[tuple[int, bool]]) -> str:
    yes, no = ([str(distance) for distance, spikes in pairs if spikes is kind] for kind in (True, False))
    return f"spike at distance {', '.join(yes)}, none at {' and '.join(no)}"


def resonator(r: Response) -> str | None:
    """One of at least three pairs of equal pulses makes the neuron spike, and neither the closest nor the widest."""
    pairs = _pairs(r)
    answers = [spikes for _, spikes in pairs]
    return _answers(pairs) if any(answers) and not answers[0] and not answers[-1] else None


def integrator(r: Response) -> str | None:
    """Only the closest of at least three pairs of equal pulses makes the neuron spike."""
    pairs = _pairs(r)
    only_first = [spikes for _, spikes in pairs] == [True] + [False] * (len(pairs) - 1)
    return _answers(pairs) if only_first else None


# --- Inhibition -------------------------------------------------------------------------------------------------


def rebound_spike(r: Response) -> str | None:
    """There is no excitation, and no spike during the inhibition, but one within 3 time steps of its end."""
    late = _after_inhibition(r)
    if max(r.input) > 0 or len(r.steps) != 1 or not 0 < late <= 3:
        return None
    return f"1 spike, {late:.0f} step after the inhibition"


def rebound_burst(r: Response) -> str | None:
    """There is no excitation, and no spike during the inhibition, but one burst of three spikes or more within 3 time
    steps of its end."""
    late, groups = _after_inhibition(r), bursts(r)
    if max(r.input) > 0 or len(groups) != 1 or len(groups[0]) < 3 or not 0 < late <= 3:
        return None
    return f"{_sizes(groups)}, {late:.0f} step after the inhibition"


def _after_inhibition(r: Response) -> float:
    """The time from the end of the last time step with an input to the first spike."""
    return r.spikes[0] - (_ends(r)[1] + 1)


def threshold_variability(r: Response) -> str | None:
    """A pulse alone has no effect. The same pulse makes the neuron spike soon after an inhibition."""
    pulse_steps = pulses(r)
    strengths = [r.input[step] for step in pulse_steps]
    if len(strengths) != 3 or not strengths[0] == strengths[2] > 0 > strengths[1] or r.steps != [pulse_steps[2]]:
        return None
    return "pulse alone: none; after inhibition: 1 spike"


def inhibition_induced_spiking(r: Response) -> str | None:
    """There is no excitation. The neuron spikes at least five times at equal intervals, the first time during the
    inhibition, the last time at most one time step after its end."""
    first, last = _ends(r)
    if max(r.input) > 0 or not (is_regular(r.steps, 5) and first <= r.steps[0] and r.steps[-1] <= last + 2):
        return None
    return f"{len(r.steps)} spikes, every {intervals(r.steps)[0]} steps"


def inhibition_induced_bursting(r: Response) -> str | None:
    """There is no excitation. The neuron sends at least four bursts of three spikes or more at equal intervals, the
    first during the inhibition, the last at most one time step after its end."""
    first, last = _ends(r)
    groups = bursts(r)
    starts = _starts(groups)
    if max(r.input) > 0 or not (is_regular(starts, 4) and _smallest(groups) >= 3):
        return None
    regular = f"{_sizes(groups)}, every {intervals(starts)[0]} steps"
    return regular if first <= starts[0] and starts[-1] <= last + 2 else None


# --- States and after-potentials --------------------------------------------------------------------------------


def bistability(r: Response) -> str | None:
    """No spike before the first pulse, at least five at equal intervals between the pulses, and at most one within 3
    time steps of the second pulse."""
    if len(pulses(r)) != 2:
        return None
    on, off = pulses(r)
    train, late = _part(r.steps, on, off), _part(r.steps, off, off + 4)
    if not is_regular(train, 5) or train + late != r.steps or len(late) > 1:
        return None
    return f"{len(r.steps)} spikes without input, every {intervals(train)[0]} steps"


def depolarizing_after_potential(r: Response) -> str | None:
    """One spike. Then the potential stays above rest for at least four time steps without input, and ends at rest."""
    spike = r.steps[0]
    plateau = r.rested[spike:]
    n_above = next((n for n, potential in enumerate(plateau) if potential <= 0), len(plateau))
    if len(r.steps) != 1 or n_above < 4 or any(plateau[n_above:]) or any(r.input[spike + 1 :]):
        return None
    return f"then {plateau[0]} LSB above rest for {n_above} steps"


def accommodation(r: Response) -> str | None:
    """A ramp has no effect. A jump of the input to the same height makes the neuron spike."""
    top = max(r.input)
    jumps = [step for step in pulses(r) if r.input[step] == top]
    if len(pulses(r)) != 2 or jumps != pulses(r)[1:] or r.steps != jumps:
        return None
    return f"ramp to {top} LSB: none; jump to {top} LSB: 1 spike"


CRITERIA: dict[str, Callable[[Response], str | None]] = {
    "A": tonic_spiking,
    "B": phasic_spiking,
    "C": tonic_bursting,
    "D": phasic_bursting,
    "E": mixed_mode,
    "F": spike_frequency_adaptation,
    "G": class_1_excitable,
    "H": class_2_excitable,
    "I": spike_latency,
    "J": subthreshold_oscillation,
    "K": resonator,
    "L": integrator,
    "M": rebound_spike,
    "N": rebound_burst,
    "O": threshold_variability,
    "P": bistability,
    "Q": depolarizing_after_potential,
    "R": accommodation,
    "S": inhibition_induced_spiking,
    "T": inhibition_induced_bursting,
}
