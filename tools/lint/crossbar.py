"""Rules that ODIN and tinyODIN share. Both have a crossbar of synapses, and potentials without a decay of their own."""

from __future__ import annotations

from collections.abc import Callable

from draupnir.emulator.configuration import Configuration
from draupnir.tools.lint.findings import Rule
from draupnir.tools.lint.network import Broken, Mask, each, gate, register, some

MaskOf = Callable[[Configuration], Mask]
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
WITHOUT_EXCITATION = "No synapse excites a neuron that integrates and fires, though others are excited."
NEVER_WITHOUT_VIRTUAL = "synapses excite others and none of these: only virtual events can make them spike"


def no_neuron(enabled: MaskOf) -> Rule:
    """The rule that at least one neuron is enabled.

    enabled : takes a configuration, and returns a mask of the neurons that are enabled, (neurons,) bool
    """

    def find(configuration: Configuration) -> Broken:
        if not enabled(configuration).any():
            yield "neurons", "none is enabled, so none spikes", "[[neurons]] with an index"

    return Rule("no-neuron", "No neuron is enabled.", find, silences=True)


def disabled_with_synapses(enabled: MaskOf, stimulating: MaskOf) -> Rule:
    """The rule that no synapse leads to a disabled neuron.

    enabled : as for ``no_neuron``; stimulating : returns a mask of the synapses that stimulate, (pre, post) bool

    A disabled neuron that only has synapses onto others is not a finding, because its number is that of an input.
    """
    message = "disabled, or not configured, though synapses lead to them{}: their spikes stay inside"
    right = "[[neurons]] with these indices, or no synapses onto them"

    def find(configuration: Configuration) -> Broken:
        disabled, synapses = ~enabled(configuration), stimulating(configuration)
        onto, out = some(synapses, 0), some(synapses, 1)
        yield from each(
            (
                (disabled & onto & ~out, message.format(""), right),
                (disabled & onto & out, message.format(" and from them"), right),
            )
        )

    about = "Synapses lead to neurons whose spikes stay inside."
    return Rule("disabled-neuron-with-synapses", about, find, silences=True)


def zero_threshold(at_threshold: MaskOf) -> Rule:
    """The rule that no neuron is at its threshold at rest.

    at_threshold : returns a mask of the enabled neurons that are, (neurons,) bool
    """
    message = "0, as a threshold is that is not given: such a neuron spikes at each event that reaches it"

    def find(configuration: Configuration) -> Broken:
        yield from each([(at_threshold(configuration), message, "a thr above 0")], "thr")

    about = "A neuron is at its threshold at rest, and spikes at each event."
    return Rule("zero-threshold", about, find, keeps_going=True)
