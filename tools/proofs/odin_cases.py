"""ODIN's neurons and synapses in golden cases: which events have the inputs of a witness, and what makes them visible.

A neuron's next state is in its memory word, and its spike on the output bus. Its SDSP flags are in flip-flops: synapses
of weight 3 and 0 show them, since the flags change these to 3 and 0, 4 and 1, 2 and 0, or 4 and 0. A synaptic event
changes the neuron, too, so three neurons with the same word have the event, and two of them such a synapse.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bitwuzla import Kind

from draupnir.emulator.codec import encode
from draupnir.emulator.odin.layout import EVENTS, LIF, MAPPING
from draupnir.emulator.odin.port import PORT
from draupnir.tools.proofs.cases import CrossbarRun, LeafCase
from draupnir.tools.proofs.claim import Unknowns
from draupnir.tools.proofs.logic import Truth

PRE, PRE_0 = 200, 100  # pre-synaptic neurons; all synapses from PRE_0 are 0
NEURONS = (0, 17, 34)
WEIGHTS = {17: 3, 34: 0}  # of the synapses that show the flags
BURST = ("spk_ref", "isi_ref")
REST_OF_BURST = 8000  # clocks in which all spikes of a burst visit all neurons
_EVENTS = {event.name: event for event in EVENTS}


def _all(unknowns: Unknowns, bits: Mapping[str, int]) -> Truth:
    """Tell whether inputs of one bit, those that the part has, have these levels."""
    levels = [(unknowns[name], level) for name, level in bits.items() if name in unknowns]
    logic = levels[0][0].logic
    return logic.every([bit.equals(logic.number(level, 1)) for bit, level in levels])


def _neuron_event(is_lif: int) -> LeafCase:
    """The case of a neuron: a virtual event has any weight and sign, stimulation or time reference."""

    def is_possible(unknowns: Unknowns) -> Truth:
        word = unknowns["word"]
        levels = {LIF["lif_izh_sel"].lsb: is_lif, LIF["neur_disable"].lsb: 0}
        right = [word.slice(lsb, 1).equals(word.logic.number(level, 1)) for lsb, level in levels.items()]
        return word.logic.every([*right, _all(unknowns, {"syn_event": 1, "burst_end": 0})])

    return LeafCase(is_possible, _neuron_run)


def _neuron_run(inputs: Mapping[str, int], results: Collection[str]) -> CrossbarRun:
    if set(BURST) & set(results):
        return _burst_run(inputs)
    events: list[int] = []
    for neuron in NEURONS:
        events.append(_stimulation(inputs, neuron))
        if neuron in WEIGHTS:
            events.append(_EVENTS["synapse"].encode(pre_neur=PRE, post_neur=neuron))
    registers = {"SPI_OPEN_LOOP": 1, "SPI_SDSP_ON_SYN_STIM": 1}
    synapses = {(PRE, neuron): weight | 1 << MAPPING.lsb for neuron, weight in WEIGHTS.items()}
    return CrossbarRun(PORT, registers, dict.fromkeys(NEURONS, inputs["word"]), events, synapses)


def _burst_run(inputs: Mapping[str, int]) -> CrossbarRun:
    """The spikes of a burst come out when the scheduler gives them to the controller."""
    registers = {"SPI_BURST_TIMEREF": 1, "SPI_AER_SRC_CTRL_nNEUR": 1}
    events = [_stimulation(inputs, NEURONS[0])]
    return CrossbarRun(PORT, registers, {NEURONS[0]: inputs["word"]}, events, rest=REST_OF_BURST)


def _stimulation(inputs: Mapping[str, int], neuron: int) -> int:
    """The event with these inputs. A virtual event of zeros would be a spike, so a synapse of zeros stands for it."""
    fields = {"weight": inputs["syn_weight"], "sign": inputs["syn_sign"], "leak": inputs["time_ref"]}
    if not any(fields.values()):
        return _EVENTS["synapse"].encode(pre_neur=PRE_0, post_neur=neuron)
    return _EVENTS["virtual"].encode(neur=neuron, **fields)


# --- Plasticity ---------------------------------------------------------------------------------------------------


def _can_be_updated(unknowns: Unknowns) -> Truth:
    """No neuron has both flags. Bistability updates a synapse; a synaptic event updates it, or another one."""
    logic = unknowns["pre"].logic
    both = _all(unknowns, {"v_up": 1, "v_down": 1})
    other = _all(unknowns, {"pre": 0, "bist_ref": 1})
    return logic.truth(Kind.NOT, (logic.truth(Kind.OR, (both, other)),))


def _synapse_run(inputs: Mapping[str, int], results: Collection[str]) -> CrossbarRun:
    """A time reference sets the flags of neuron 0; then the synapse, or its neighbour, is updated."""
    flags: dict[str, int] = {"lif_izh_sel": 1, "thr": LIF["thr"].high, "ca_en": inputs["v_up"] | inputs["v_down"]}
    high = LIF["ca_theta2"].high
    flags |= {"ca_theta3": high} if inputs["v_up"] else {"ca_theta2": high, "thetamem": LIF["thetamem"].high}
    update = (
        _EVENTS["bist"].encode(neur=PRE)
        if inputs["bist_ref"]
        else _EVENTS["synapse"].encode(pre_neur=PRE, post_neur=1 - inputs["pre"])
    )
    registers = {"SPI_OPEN_LOOP": 1, "SPI_SDSP_ON_SYN_STIM": 1, "SPI_UPDATE_UNMAPPED_SYN": 1}
    events = [_EVENTS["tref"].encode(neur=0), update]
    return CrossbarRun(PORT, registers, {0: encode(LIF, **flags)}, events, {(PRE, 0): inputs["synapse"]})


LIF_CASE, IZH_CASE = _neuron_event(1), _neuron_event(0)
SDSP_CASE = LeafCase(_can_be_updated, _synapse_run)
