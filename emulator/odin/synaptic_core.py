"""Signs and SDSP: ODIN's synaptic core beyond what keeps the synapses (``emulator/crossbar/synaptic_core.py``).

Source: ODIN doc v0.1, 3.1, 3.2; synaptic_core.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar.controller import SynMem
from draupnir.emulator.crossbar.synaptic_core import programmed
from draupnir.emulator.kernel.bits import bit, field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin import sdsp
from draupnir.emulator.odin.layout import CHIP, SYN_ADDR

ADDR = positions(SYN_ADDR)
SIGNS_PER_WORD = CHIP.register("SPI_SYN_SIGN").width


@kernel
def syn_sign(r: np.record, syn: SynMem) -> int:
    """Sign of the pre-synaptic neuron whose row is addressed (row 0 if none is): 1 inhibitory."""
    pre = field(syn.addr, ADDR.pre)
    return bit(r.spi_syn_sign[pre // SIGNS_PER_WORD], pre % SIGNS_PER_WORD)


@kernel
def wdata(r: np.record, syn: SynMem, pre_en: int, bist_ref: int) -> int:
    """SYNARRAY_WDATA: the word read, with a byte from the SPI if the gate is closed, else after SDSP.

    pre_en : 8 bits, the synapses that are updated; bist_ref : 1 by bistability
    """
    if r.spi_gate_activity_sync:
        return programmed(r)
    word = r.synarray_rdata
    if pre_en == 0:
        return word
    group = field(syn.addr, ADDR.post_group)
    return sdsp.word_next(word, pre_en, r.spi_update_unmapped_syn, bist_ref, r.neur_v_up[group], r.neur_v_down[group])
