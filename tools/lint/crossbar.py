"""Rules that ODIN and tinyODIN share. Both have a crossbar of synapses, and potentials without a decay of their own."""

from __future__ import annotations

from collections.abc import Callable

from draupnir.emulator.configuration import Configuration
from draupnir.tools.lint.findings import Rule
from draupnir.tools.lint.network import Broken, Mask, each, gate, register

GATE, OPEN_LOOP, FROM_CONTROLLER = "SPI_GATE_ACTIVITY", "SPI_OPEN_LOOP", "SPI_AER_SRC_CTRL_nNEUR"


def gated(configuration: Configuration) -> Broken:
    yield from gate(configuration, GATE, "the network stands still and acknowledges no event")


def spikes_never_leave(configuration: Configuration) -> Broken:
    if register(configuration, FROM_CONTROLLER) and register(configuration, OPEN_LOOP):
        yield (
            f"registers.{FROM_CONTROLLER}",
            f"is 1, so what goes out comes from the scheduler; with {OPEN_LOOP} = 1 only input events get there",
            f"{FROM_CONTROLLER} = 0, or {OPEN_LOOP} = 0",
        )


GATED = Rule("gated", "SPI_GATE_ACTIVITY is 1, so the network stands still.", gated, True, True)
SPIKES_NEVER_LEAVE = Rule(
    "spikes-never-leave",
    "Output events come from the controller, and the open loop keeps the neurons' spikes from it.",
    spikes_never_leave,
    silences=True,
)
DISABLED = "Synapses lead to neurons whose spikes stay inside."
ZERO_THRESHOLD = "A neuron is at its threshold at rest, and spikes at each event."
WITHOUT_EXCITATION = "No synapse excites a neuron that integrates and fires, though others are excited."
NEVER_WITHOUT_VIRTUAL = "synapses excite others and none of these: only virtual events can make them spike"


def no_neuron(enabled: Callable[[Configuration], Mask]) -> Rule:
    """The rule that at least one neuron is enabled.

    enabled : takes a configuration, and returns a mask of the neurons that are enabled, (neurons,) bool
    """

    def find(configuration: Configuration) -> Broken:
        if not enabled(configuration).any():
            yield "neurons", "none is enabled, so none spikes", "[[neurons]] with an index"

    return Rule("no-neuron", "No neuron is enabled.", find, silences=True)


def disabled_with_synapses(disabled: Mask, onto: Mask, out: Mask) -> Broken:
    """Findings for neurons that are disabled although synapses lead to them.

    disabled, onto, out : (neurons,) bool: the neuron is disabled, synapses lead to it, synapses lead from it

    A disabled neuron that only has synapses onto others is not a finding, because its number is that of an input.
    """
    message = "disabled, or not configured, though synapses lead to them{}: their spikes stay inside"
    right = "[[neurons]] with these indices, or no synapses onto them"
    yield from each(
        (
            (disabled & onto & ~out, message.format(""), right),
            (disabled & onto & out, message.format(" and from them"), right),
        )
    )


def zero_threshold(mask: Mask) -> Broken:
    """Findings for neurons that are at their threshold at rest."""
    message = "0, as a threshold is that is not given: such a neuron spikes at each event that reaches it"
    yield from each([(mask, message, "a thr above 0")], "thr")
