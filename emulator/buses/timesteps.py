"""The pins by which a host leads a chip from timestep to timestep, beside the bus on which it sends events.

Nobody can drive them who does not know the algorithm; so there is no side in software that knows the pins alone.
"""

from __future__ import annotations

from draupnir.emulator.declare import BusKind, Role

TIMESTEPS = BusKind(
    "timesteps",
    "A timestep ends and the next begins at each tick; the chip says when it is ready for one.",
    ("leader", "led"),
    (
        Role("tick", "leader", "Its rising edge ends a timestep."),
        Role("ready", "led", "The next tick may come."),
        Role("levels", "leader", "What holds for the timesteps to come, a pin each.", width=None),
    ),
    clocked=False,
)
