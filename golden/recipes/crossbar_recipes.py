"""The recipes that ODIN and tinyODIN share: for the SPI, for resets, and for handshakes that break the rules.

A chip has a ``Cast``: its events, its neurons, and the recipes that are different for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.declare import Memory
from draupnir.golden.ranges import Range
from draupnir.golden.recipes import crossbar
from draupnir.golden.recipes.crossbar import CrossbarRecipe, Group
from draupnir.golden.spi_host import SpiHostTraffic

R = TypeVar("R", bound=CrossbarRecipe)
Groups = tuple[Group, ...]
LONG_WAIT = (1 << 16) + 3000  # clocks


@dataclass(frozen=True)
class Cast:
    """A chip's parts in the common recipes.

    neurons : the neuron memory
    traffic, short : traffic with all kinds of event, and with those that take few clocks
    waiting : traffic with an event to all neurons, which can become one to a single neuron
    calm, lively, eager, silent, mixed : groups of neurons, which differ in how often they spike; neurons of ``silent``
        are disabled
    few : registers for a network of few neurons, in which events are short; whole : for a network of all neurons
    changing : the registers that change while the network runs, with ranges in which it goes on spiking
    gap : clocks between two changes of the configuration, in recipes in which they are rare
    otherwise : name of a recipe -> its fields that differ for this chip
    """

    neurons: Memory
    traffic: Any
    short: Any
    waiting: Any
    calm: Groups
    lively: Groups
    eager: Groups
    silent: Groups
    mixed: Groups
    changing: Mapping[str, Range]
    gap: Clocks
    otherwise: Mapping[str, Mapping[str, Any]]
    few: Mapping[str, Range] = field(default_factory=dict)
    whole: Mapping[str, Range] = field(default_factory=dict)


def recipes(cast: Cast, recipe: Callable[..., R]) -> dict[str, R]:
    """Return name -> recipe.

    recipe : a function that makes a chip's recipe, with the synapses of most of its recipes
    """
    all_recipes = {**_network(cast, recipe), **_spi(cast, recipe), **_abuse(cast, recipe), **_undefined(cast, recipe)}
    return {name: replace(r, **cast.otherwise.get(name, {})) for name, r in all_recipes.items()}


def _network(cast: Cast, recipe: Callable[..., R]) -> dict[str, R]:
    return {
        "lif_events": recipe(
            "Every kind of event on leaky integrate-and-fire neurons in closed loop: threshold, leakage, disabled "
            "neurons.",
            cast.traffic,
            registers=cast.whole,
            neurons=cast.silent,
        ),
        "open_loop": recipe(
            "SPI_OPEN_LOOP, switched while running, keeps the neurons' own spikes out of the scheduler.",
            cast.traffic,
            registers={**cast.few, "SPI_OPEN_LOOP": 1},
            neurons=cast.eager,
            host=SpiHostTraffic({"config": 1}, gap=cast.gap, retune={"SPI_OPEN_LOOP": (0, 1)}),
        ),
    }


def _spi(cast: Cast, recipe: Callable[..., R]) -> dict[str, R]:
    return {
        "spi_memories": recipe(
            "Masked writes and read-back of both memories, a byte at a time, also beyond the neuron's "
            f"{cast.neurons.width // 8} bytes.",
            cast.short,
            registers={**cast.few, "SPI_OPEN_LOOP": 1},
            neurons=cast.mixed,
            host=crossbar.TO_MEMORIES,
        ),
        "spi_while_running": recipe(
            "Memory frames without the gate do nothing, odd commands neither, and frames may pause anywhere.",
            cast.traffic,
            registers=cast.few,
            neurons=cast.mixed,
            host=crossbar.WHILE_RUNNING,
        ),
        "spi_gated": recipe(
            "The gate stays closed: every frame reaches the memories, with pauses, odd commands and double ones.",
            cast.short,
            registers={**cast.few, "SPI_GATE_ACTIVITY": 1},
            neurons=cast.mixed,
            host=crossbar.GATED,
        ),
        "spi_fast": recipe(
            "SCK faster than the clock: commands that pass between two clocks are never seen, others are seen late.",
            cast.short,
            registers=cast.few,
            neurons=cast.mixed,
            host=crossbar.FAST,
        ),
        "spi_near_misses": recipe(
            "An address that differs from a register's in one bit, of address or command, leaves the register alone.",
            cast.short,
            registers=cast.few,
            neurons=cast.lively,
            host=crossbar.NEAR_MISSES,
        ),
    }


def _abuse(cast: Cast, recipe: Callable[..., R]) -> dict[str, R]:
    return {
        "reset_in_flight": recipe(
            "Resets at any moment: in every state, in a handshake, in a frame; configuration and memories survive.",
            cast.traffic,
            neurons=cast.eager,
            receiver=crossbar.NOW_AND_THEN_SLOW,
            host=crossbar.RESETS,
        ),
        "req_dropped": recipe(
            "REQ dropped before ACK: the event is lost, or done all the same, depending on how far it came.",
            cast.traffic,
            registers=cast.whole,
            neurons=cast.calm,
            sender=crossbar.DROPS_REQ,
            host=crossbar.RESCUE,
        ),
        "address_changed": recipe(
            "An address that changes during its event: the controller looks at it again in every clock.",
            cast.traffic,
            registers=cast.whole,
            neurons=cast.calm,
            sender=crossbar.CHANGES_ADDRESS,
            host=crossbar.RESCUE,
        ),
        "long_wait": recipe(
            "An address changes during its event, and then stays: the controller waits for a count that has passed, "
            "and none of the lower 16 bits of its counter ends this.",
            cast.waiting,
            n_cycles=2 * LONG_WAIT + 10_000,
            registers={**cast.whole, "SPI_OPEN_LOOP": 1},
            neurons=cast.calm,
            sender=crossbar.CHANGES_ADDRESS_LATE,
            host=SpiHostTraffic({"reset": 1}, gap=Clocks(LONG_WAIT, LONG_WAIT)),
        ),
        "ack_glitches": recipe(
            "ACK without REQ stalls the controller in mid-event: a stalled write is repeated, and its spikes too.",
            cast.traffic,
            registers=cast.whole,
            neurons=cast.lively,
            receiver=crossbar.PULSES_ACK,
        ),
        "everything": recipe(
            "All of it at once: any neuron, any register, any abuse, resets.",
            cast.traffic,
            registers=cast.changing,
            neurons=cast.mixed,
            sender=crossbar.ANY_SENDER,
            receiver=crossbar.ANY_RECEIVER,
            host=SpiHostTraffic(crossbar.ANY_ACTIONS, retune=cast.changing, gap=crossbar.ANY_GAP),
        ),
    }


def _undefined(cast: Cast, recipe: Callable[..., R]) -> dict[str, R]:
    return {
        "unconfigured": recipe(
            "No register is ever written: undefined in the Verilog, but here all of them start at 0, and the network "
            "runs.",
            cast.short,
            neurons=cast.calm,
            configured=False,
            undefined=True,
        ),
        "unreset": recipe(
            "Without a reset, undefined in the Verilog, here from zeros: the empty main FIFO claims events.",
            cast.short,
            neurons=cast.calm,
            reset=False,
            configured=False,
            undefined=True,
        ),
    }
