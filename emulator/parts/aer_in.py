"""The synchroniser of AERIN_REQ that ODIN and tinyODIN have in common: two flip-flops.

Source: controller.v of both.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.jit import kernel


@kernel
def synchronise(r: np.record, clocks_high: int) -> None:
    """Set both flip-flops as they are after AERIN_REQ was high for the last ``clocks_high`` clocks, and low before."""
    r.aerin_req_sync_int = int(clocks_high >= 1)
    r.aerin_req_sync = int(clocks_high >= 2)
