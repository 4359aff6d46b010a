"""The pins with which a host leads a chip from timestep to timestep. The host sends its events on another bus.

Only a host that knows the algorithm can drive these pins, so this kind has no side in software.
"""

from __future__ import annotations

from draupnir.emulator.declare import BusKind, Role

TIMESTEPS = BusKind(
    "timesteps",
    "At each tick a timestep ends and the next one begins; the chip shows when it is ready for a tick.",
    ("leader", "led"),
    (
        Role("tick", "leader", "Its rising edge ends a timestep."),
        Role("ready", "led", "The next tick may come."),
        Role("levels", "leader", "Settings for the next timesteps, one pin for each.", width=None),
    ),
    clocked=False,
)
