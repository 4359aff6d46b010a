"""ODIN's event level on planes is its plain neuron: for 64 neurons side by side, whatever they contain.

The event level holds one bit of all neurons in a plane, and computes with gates (``emulator/odin/planes``). A word of a
plane has 64 neurons, so 64 plain neurons are compared with one word. All four words are computed by the same gates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import SimpleNamespace
from typing import Any

from draupnir.emulator.declare import Word
from draupnir.emulator.odin import izh, lif
from draupnir.emulator.odin.layout import IZH, LIF, NEUR_EVENT, NEURONS, SYN_WEIGHT
from draupnir.emulator.odin.planes import izh as izh_planes
from draupnir.emulator.odin.planes import lif as lif_planes
from draupnir.emulator.odin.planes.record import N_WORDS, PLANES, WORD_BITS
from draupnir.tools.proofs import words
from draupnir.tools.proofs.claim import Law, Pairs, Unknowns
from draupnir.tools.proofs.heap import UnknownArray
from draupnir.tools.proofs.kernels import Kernels
from draupnir.tools.proofs.logic import KERNEL_BITS, Bits, Truth

SELECT = LIF["lif_izh_sel"].lsb
DISABLE = LIF["neur_disable"].lsb
UNKNOWN: dict[str, tuple[int, ...]] = {  # planes beside those of the memory
    "v_up": (),
    "v_down": (),
    "burst_end": (),
    "spike": (),
    "weight": (SYN_WEIGHT.width,),
}


def _names() -> dict[str, int]:
    """All unknown planes, a word of each."""
    planes = [f"neurons[{b}]" for b in range(NEURONS.width)]
    planes += [f"{name}[{b}]" for name, shape in UNKNOWN.items() for b in range(*(shape or (1,)))]
    return dict.fromkeys(planes, WORD_BITS)


def _record(unknowns: Unknowns) -> SimpleNamespace:
    """The event level's record: its first words are unknown, and all others are 0."""
    record = SimpleNamespace(vectors=1)
    for name, shape, _ in PLANES:
        if len(shape) < 2:
            places: Iterable[Any] = product(*map(range, shape), range(N_WORDS)) if shape else range(N_WORDS)
            setattr(record, name, UnknownArray(dict.fromkeys(places, 0)))
    for b in range(NEURONS.width):
        record.neurons[b, 0] = unknowns[f"neurons[{b}]"]
    for name, size in UNKNOWN.items():
        plane = getattr(record, name)
        for b in range(*(size or (1,))):
            plane[(b, 0) if size else 0] = unknowns[f"{name}[{b}]"]
    return record


def _lane(planes: Sequence[Bits], n: int) -> Bits:
    """The bits of one neuron in planes, side by side."""
    return planes[0].logic.concat([plane.slice(n, 1) for plane in planes])


@dataclass(frozen=True)
class Comparison64:
    """One event for 64 neurons, on planes and by the plain kernel.

    word : the model's memory word; is_lif : 1 for LIF neurons, 0 for Izhikevich neurons
    level : takes the event on the planes of a record
    plain : returns the results of the model's kernel for neuron n, by the names of its fields
    """

    word: Word
    is_lif: int
    level: Callable[[Kernels, SimpleNamespace, Unknowns], None]
    plain: Callable[[Kernels, Unknowns, Bits, int], Mapping[str, Any]]

    def questions(self, kernels: Kernels, unknowns: Unknowns) -> list[Pairs]:
        """All that the event changes, by both ways, neuron by neuron."""
        record = _record(unknowns)
        self.level(kernels, record, unknowns)
        return [self._of_neuron(kernels, unknowns, record, n) for n in range(WORD_BITS)]

    def _of_neuron(self, kernels: Kernels, unknowns: Unknowns, record: SimpleNamespace, n: int) -> Pairs:
        """Word, flags and spike of one neuron. A neuron of the other model must not change, and its spike is 0."""
        old = _lane([unknowns[f"neurons[{b}]"] for b in range(NEURONS.width)], n)
        results = {name: kernels.bits(each) for name, each in self.plain(kernels, unknowns, old, n).items()}
        is_own = old.slice(SELECT, 1).equals(old.logic.number(self.is_lif, 1))
        new_word = _lane([kernels.bits(record.neurons[b, 0]) for b in range(NEURONS.width)], n)
        pairs = {"word": (is_own.choose(self._stored(old, results), old), new_word)}
        for name in ("v_up", "v_down"):
            flag = is_own.choose(results[name].slice(0, 1), unknowns[f"{name}[0]"].slice(n, 1))
            pairs[name] = (flag, kernels.bits(getattr(record, name)[0]).slice(n, 1))
        spike = {name: NEUR_EVENT[name].width for name in ("spike", "spk_ref", "isi_ref") if name in results}
        for name, width in spike.items():
            pairs[name] = self._of_spike(kernels, record, old, results[name].slice(0, width), name, is_own, n)
        return {f"{name} of neuron {n}": pair for name, pair in pairs.items()}

    def _stored(self, old: Bits, results: Mapping[str, Bits]) -> Bits:
        """The memory word in which the results are stored."""
        parts, lsb = [], 0
        for field in sorted(words.states(self.word), key=lambda field: field.lsb):
            if field.lsb > lsb:
                parts.append(old.slice(lsb, field.lsb - lsb))
            parts.append(results[field.name].slice(0, field.width))
            lsb = field.lsb + field.width
        return old.logic.concat([*parts, old.slice(lsb, old.width - lsb)])

    def _of_spike(
        self, kernels: Kernels, record: SimpleNamespace, old: Bits, result: Bits, name: str, is_own: Truth, n: int
    ) -> tuple[Bits, Bits]:
        """A part of a spike by both ways; a disabled neuron spikes only inside."""
        plane, nothing = getattr(record, name), old.logic.number(0, result.width)
        if name == "spike":
            result = old.slice(DISABLE, 1).is_true().choose(nothing, result)
        places = [0] if name == "spike" else [(b, 0) for b in range(result.width)]
        on_planes = _lane([kernels.bits(plane[place]) for place in places], n)
        return is_own.choose(result, nothing), is_own.choose(on_planes, nothing)


def _weight(unknowns: Unknowns, n: int) -> Bits:
    return _lane([unknowns[f"weight[{b}]"] for b in range(SYN_WEIGHT.width)], n).resized(KERNEL_BITS)


def _flag(unknowns: Unknowns, name: str) -> Bits:
    return unknowns[name].resized(KERNEL_BITS)


# --- Both models --------------------------------------------------------------------------------------------------


def _lif_stimulus(kernels: Kernels, unknowns: Unknowns, word: Bits, n: int) -> Mapping[str, Any]:
    event = (_weight(unknowns, n), _flag(unknowns, "syn_sign"), 1, 0)
    results: Mapping[str, Any] = kernels.call(lif.update, words.limbs(word), *event)._asdict()
    return results


def _lif_time_reference(kernels: Kernels, unknowns: Unknowns, word: Bits, n: int) -> Mapping[str, Any]:
    results: Mapping[str, Any] = kernels.call(lif.update, words.limbs(word), 0, 0, 1, 1)._asdict()
    return results


def _burst_end(unknowns: Unknowns, n: int) -> Bits:
    return unknowns["burst_end[0]"].slice(n, 1).resized(KERNEL_BITS)


def _izh_stimulus(kernels: Kernels, unknowns: Unknowns, word: Bits, n: int) -> Mapping[str, Any]:
    event = (_weight(unknowns, n), _flag(unknowns, "syn_sign"), 1, 0, _burst_end(unknowns, n))
    return words.izh_results(kernels.call(izh.update, words.limbs(word), *event))


def _izh_time_reference(kernels: Kernels, unknowns: Unknowns, word: Bits, n: int) -> Mapping[str, Any]:
    event = (0, 0, 1, 1, _burst_end(unknowns, n))
    return words.izh_results(kernels.call(izh.update, words.limbs(word), *event))


def _stimulate_lif(kernels: Kernels, record: SimpleNamespace, unknowns: Unknowns) -> None:
    kernels.call(lif_planes.stimulate_lif, record, _flag(unknowns, "syn_sign"))


def _leak_lif(kernels: Kernels, record: SimpleNamespace, unknowns: Unknowns) -> None:
    kernels.call(lif_planes.leak_lif, record)


def _stimulate_izh(kernels: Kernels, record: SimpleNamespace, unknowns: Unknowns) -> None:
    kernels.call(izh_planes.stimulate_izh, record, _flag(unknowns, "syn_sign"))


def _step_izh(kernels: Kernels, record: SimpleNamespace, unknowns: Unknowns) -> None:
    kernels.call(izh_planes.step_izh, record)


LAWS = (
    Law(
        "lif-event",
        "64 LIF neurons on planes, after a synaptic event, are 64 plain ones",
        {**_names(), "syn_sign": 1},
        Comparison64(LIF, 1, _stimulate_lif, _lif_stimulus).questions,
    ),
    Law(
        "lif-tref",
        "64 LIF neurons on planes, after a time reference, are 64 plain ones",
        _names(),
        Comparison64(LIF, 1, _leak_lif, _lif_time_reference).questions,
    ),
    Law(
        "izh-event",
        "64 Izhikevich neurons on planes, after a synaptic event, are 64 plain ones",
        {**_names(), "syn_sign": 1},
        Comparison64(IZH, 0, _stimulate_izh, _izh_stimulus).questions,
    ),
    Law(
        "izh-tref",
        "64 Izhikevich neurons on planes, after a time reference, are 64 plain ones",
        _names(),
        Comparison64(IZH, 0, _step_izh, _izh_time_reference).questions,
    ),
)
