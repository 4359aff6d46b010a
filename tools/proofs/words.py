"""A neuron's memory word in proofs: as limbs for a kernel, as the ports of the original, and as a port of our RTL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from draupnir.emulator.declare import Field, Word
from draupnir.emulator.declare.words import LIMB_BITS
from draupnir.emulator.odin.izh import IzhNext
from draupnir.rtl.lib.views import state_span
from draupnir.tools.proofs.claim import ModuleOutput
from draupnir.tools.proofs.logic import KERNEL_BITS, Bits


def limbs(word: Bits) -> list[Bits]:
    """Return a word as a kernel has it: limbs of 32 bits, each an integer."""
    return [word.slice(lsb, LIMB_BITS).resized(KERNEL_BITS) for lsb in range(0, word.width, LIMB_BITS)]


def states(word: Word) -> list[Field]:
    """Return the fields that an event changes."""
    return [field for field in word if field.kind == "state"]


def original_inputs(word: Word, content: Bits, absent: str = "") -> Mapping[str, Bits]:
    """Return the content of the ports param_* and state_* of an original's neuron; it has no port for ``absent``."""
    fields = [field for field in word if field.kind in ("state", "parameter") and field.name != absent]
    prefix = {"state": "state", "parameter": "param"}
    return {f"{prefix[field.kind]}_{field.name}": content.slice(field.lsb, field.width) for field in fields}


def original_outputs(word: Word) -> Mapping[str, ModuleOutput]:
    """Return the places of the state's fields at the ports state_*_next of an original's neuron."""
    return {field.name: ModuleOutput(f"state_{field.name}_next", 0, field.width) for field in states(word)}


def our_outputs(word: Word) -> Mapping[str, ModuleOutput]:
    """Return the places of the state's fields at the port state_next of our neuron (``views.state_of``)."""
    start, _ = state_span(word)
    return {field.name: ModuleOutput("state_next", field.lsb - start, field.width) for field in states(word)}


def izh_results(new_state: IzhNext) -> Mapping[str, Any]:
    """Return the results of ODIN's Izhikevich kernel by name: the state's fields, the flags, and the spike."""
    states: list[Any] = [new_state.inputs, new_state.membrane, new_state.locks, new_state.adapt]
    results = {name: content for state in states for name, content in state._asdict().items()}
    return results | {name: getattr(new_state, name) for name in ("v_up", "v_down", "spike", "spk_ref", "isi_ref")}
