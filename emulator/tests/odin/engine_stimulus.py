"""A short event-level run with whole events and single clocks, and a digest of all its results.

As a program it prints the digest, so that a process with other Numba settings can be compared with this one.
"""

from __future__ import annotations

import hashlib

import numpy as np

from draupnir.emulator.odin.events import engine
from draupnir.emulator.odin.layout import EVENTS
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.tests.odin.populations import Journey, Population

EVENT = {event.name: event for event in EVENTS}
SENT = (
    EVENT["spike"].encode(pre_neur=3),
    EVENT["tref_all"].encode(),
    EVENT["virtual"].encode(neur=9, weight=7),
    EVENT["bist"].encode(neur=3),
    EVENT["spike"].encode(pre_neur=200),
    EVENT["synapse"].encode(pre_neur=3, post_neur=17),
    EVENT["spike"].encode(pre_neur=3),
)


def digest(n_events: int = len(SENT)) -> str:
    """Return the sha256 of spikes, cycles, statistics, memories and registers."""
    model = Journey(5, []).model()
    Population(5, lif=0.5, disabled=0.5, quiet=True, single=True).put(model)
    model.registers[0].spi_open_loop = 1
    model.registers[0].spi_sdsp_on_syn_stim = 1
    run = engine.run(model, np.array(SENT[:n_events]), Environment(ack_delay=3), 10**6)
    assert run.done and run.statistics.n_sweeps >= 2
    sums = hashlib.sha256(repr(run.statistics).encode())
    for part in (run.cycles, run.addrs, *model.memories.values(), model.registers):
        sums.update(part.tobytes())
    return sums.hexdigest()


if __name__ == "__main__":
    print(digest())
