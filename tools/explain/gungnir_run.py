"""The histories of Gungnir's neurons: a synapse has a fraction in a memory of its own, and learns by e-prop, too."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import decode
from draupnir.emulator.crossbar.synaptic_core import synapse
from draupnir.emulator.gungnir import controller
from draupnir.emulator.gungnir.layout import ERROR, ERRORS_IN_REG, FRACTION, State
from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.jit import kernel
from draupnir.tools.explain import crossbar_visits as crossbar
from draupnir.tools.explain.crossbar_run import CrossbarExplainer
from draupnir.tools.explain.part import Explainer
from draupnir.tools.explain.visits import SynapseTurn

SIXTEENTHS = "sixteenths"  # a weight with its fraction
ERROR_BITS = ERROR.width
ERROR_MASK = (1 << ERROR_BITS) - 1


@kernel
def _note(r: np.record, memories: tuple[np.ndarray, ...], addr: int, neuron: int) -> tuple[int, int, int]:
    """The fraction of a synapse, the trace of its row, and the ERROR word of its neuron."""
    error = r.errors[neuron // ERRORS_IN_REG] >> ERROR_BITS * (neuron % ERRORS_IN_REG) & ERROR_MASK
    return synapse(wide(memories[0][addr, 0]), neuron), controller.trace(r), error


class GungnirWatcher(crossbar.NeuronWatcher):
    """A neuron of Gungnir that is watched. Weights are in sixteenths."""

    note = staticmethod(_note)
    reads_synapse = (*crossbar.READ_SYNAPSE, State.FEEDBACK.name)
    weight, weight_unit = SIXTEENTHS, SIXTEENTHS
    learns_by = (*crossbar.NeuronWatcher.learns_by, "signal", "fired")

    def _turn(self, columns: list[int], name: str) -> SynapseTurn:
        fields_before, fields_after = (
            self._fields(columns[nibble], columns[fraction])
            for nibble, fraction in (
                (crossbar.BEFORE, crossbar.NOTED_BEFORE),
                (crossbar.AFTER, crossbar.NOTED_AFTER),
            )
        )
        if columns[crossbar.STATE] != State.LEARN:
            return SynapseTurn(name, fields_before, fields_after)
        fields = decode(ERROR, columns[crossbar.ERROR])
        trace, error = columns[crossbar.TRACE], fields["magnitude"] * (-1 if fields["minus"] else 1)
        shift = int(self._model.registers[0].spi_learn_shift)
        why = f"trace {trace} x error {error} / 2^{shift} is {trace * error / (1 << shift):g} sixteenth(s)"
        return SynapseTurn(name, fields_before, fields_after, why, {"trace": trace, "error": error})

    def _fields(self, content: int, fraction: int) -> dict[str, int]:
        fields = decode(self._entry, content)
        fraction = FRACTION.take(fraction)
        return {**fields, FRACTION.name: fraction, SIXTEENTHS: fields[crossbar.WEIGHT] << FRACTION.width | fraction}


EXPLAINER: Explainer = CrossbarExplainer(GungnirWatcher)
