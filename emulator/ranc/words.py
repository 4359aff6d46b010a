"""The words of RANC's memories, for any sizes. Source: Core.v, SchedulerSRAM.v, TokenController.v."""

from __future__ import annotations

from dataclasses import replace

from draupnir.emulator.declare import Field, Word
from draupnir.emulator.ranc.sizes import Sizes


def neuron_word(s: Sizes) -> Word:
    """The word of a neuron in CSRAM. Weight 0 has the highest bits of the weights."""
    p, w, t = s.potential_width, s.weight_width, s.threshold_width
    rows: list[tuple[str, int, str, str, bool]] = [
        ("tick", s.tick_width, "Ticks from the next one until a spike acts at its target.", "ticks", False),
        ("axon", s.axon_width, "Axon of the target.", "", False),
        ("dy", s.dy_width, "Distance of the target core to the north.", "cores", True),
        ("dx", s.dx_width, "Distance of the target core to the east.", "cores", True),
        (
            "reset_mode",
            s.reset_mode_width,
            "0 sets a potential, 1 subtracts a threshold, others give 0.",
            "",
            False,
        ),
        ("negative_threshold", t, "A potential below it is reset, without a spike.", "", True),
        ("positive_threshold", t, "A potential of at least this gives a spike and is reset.", "", True),
        ("leak", s.leak_width, "Added to the potential once a tick.", "", True),
        *((f"weight_{i}", w, f"Weight of axons with instruction {i}.", "", True) for i in reversed(range(s.n_weights))),
        ("reset_potential", p, "Potential after a spike in mode 0; its negative below the other threshold.", "", True),
        ("current_potential", p, "Potential.", "", True),
        ("connections", s.n_axons, "Synapses, one bit for each axon.", "", False),
    ]
    fields, lsb = [], 0
    for name, width, meaning, unit, is_signed in rows:
        kind = "state" if name == "current_potential" else "parameter"
        field = Field(name, lsb, width, meaning, unit, is_signed, kind)  # type: ignore[arg-type]
        fields.append(replace(field, curve=kind == "state"))
        lsb += width
    return Word("neuron", lsb, tuple(fields), "Core.v")


def instruction_word(s: Sizes) -> Word:
    """The word of an axon: the weight that its spikes take."""
    width = s.instruction_width
    meaning = "Weight that the axon's spikes take in each neuron."
    return Word("instruction", width, (Field("weight", 0, width, meaning, kind="parameter"),), "TokenController.v")


def spikes_word(s: Sizes) -> Word:
    """The word of a tick in a scheduler: a bit for each axon."""
    meaning = "Spikes of the axons in this tick."
    return Word("spikes", s.n_axons, (Field("axons", 0, s.n_axons, meaning, kind="state"),), "SchedulerSRAM.v")
