"""The part of the wrapper that carries out the steps of a bus's sender, for any kind of bus, in Verilog-2005."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from draupnir.emulator.declare import Chip, Field, Memory, Pin, Step, WiredBus, Word

CONTROLS = ("steps", "n", "busy", "done", "since")  # the controls of each bus into the chip: see lib.player
N_STEPS = 256  # the largest number of steps in a list
STEPS_OF_AN_ITEM = 4  # the largest number of steps for an item in our kinds of bus; Python carries out longer ones

_PLAYER = """
    // What BusSender does, step by step, with each of the first {n} steps.
    reg [{msb}:0] {steps} [0:{last}];
    reg [31:0] {n}, {done};
    reg [63:0] {since};
    reg {busy};

    initial {busy} = 0;
    always begin : {block}
        reg {pins_range}step_pins;
        reg {seen_range}step_mask;
        reg {seen_range}step_level;
        reg [31:0] step_clocks;
        reg step_met;
        while ({busy} !== 1) @(draupnir_watched);
        for ({done} = 0; {done} < {n}; {done} = {done} + 1) begin
            {{step_pins, step_mask, step_level, step_clocks}} = {steps}[{done}];
            {driven} <= step_pins;
            {since} = $time;
            if (step_clocks != 0) {clocks}
            else {awaited}
        end
        {busy} = 0;
    end
"""
_AT_ANY_TIME = """begin
                if (({seen} & step_mask) === step_level) {one_clock}
                else while (({seen} & step_mask) !== step_level) @(draupnir_watched);
            end"""
# This waits as ChipClock.before_edge does, until the picosecond before the edge, and then until the middle after it.
_AT_EDGES = """begin
                step_met = 0;
                while (!step_met) begin
                    if ({phase} < 2 * {half} - 1) #(2 * {half} - 1 - {phase});
                    step_met = ({seen} & step_mask) === step_level;
                    {one_clock}
                end
            end"""
_PHASE = "(($time - draupnir_started + {half}) % (2 * {half}))"  # time since the clock's last edge
# This waits as ChipClock.cycles does: for n edges, and then for half the time to the next one that the chip uses.
_WAIT = "#({n} * 2 * {half} + {half} / {n_edges} - {phase});"


def players(chip: Chip) -> list[WiredBus]:
    """Return the buses into the chip that have senders in software."""
    return [bus for bus in chip.wired_buses if bus.kind.sender is not None and not bus.chip_sends]


def control_name(bus: WiredBus, name: str) -> str:
    """Return the name in the Verilog of one of a bus's CONTROLS."""
    return f"draupnir_{bus.name}_{name}"


def step_memory(bus: WiredBus) -> Memory:
    """Return the declaration of the array with a player's steps."""
    return Memory(control_name(bus, "steps"), N_STEPS, _step_word(bus).width, ())


class StepCode:
    """The code of a bus's steps for its player. It is made once for each bus: a long test plays many thousand steps."""

    def __init__(self, bus: WiredBus) -> None:
        self._bus, word = bus, _step_word(bus)
        chip_roles, driven = bus.driven_roles(by_chip=True), bus.driven_roles(by_chip=False)
        self._driven = {role: (lsb, bus.high(role)) for role, lsb in _lsbs(bus, driven, word["pins"].lsb).items()}
        self._level = _lsbs(bus, chip_roles, word["level"].lsb)
        self._mask = {role: bus.high(role) << lsb for role, lsb in _lsbs(bus, chip_roles, word["mask"].lsb).items()}

    def encode(self, step: Step) -> int:
        """Return a step as one integer: the levels that it drives, and either clocks or the level that it waits for.

        Raises ValueError for a level that does not fit its role.
        """
        code = step.clocks or 0
        if step.end is not None:
            role, level = step.end
            code |= self._mask[role] | self._bus.fitting(role, level) << self._level[role]
        for role, level in step.levels.items():
            lsb, high = self._driven[role]
            code |= (level if 0 <= level <= high else self._bus.fitting(role, level)) << lsb
        return code


def _lsbs(bus: WiredBus, roles: Iterable[str], first: int) -> dict[str, int]:
    """Return role -> its lowest bit, for roles whose pins stand side by side from bit ``first`` on."""
    lsbs = {}
    for role in roles:
        lsbs[role] = first
        first += bus.width(role)
    return lsbs


def _step_word(bus: WiredBus) -> Word:
    """Return the fields of a step."""
    driven, chip_width = (sum(pin.width for pin in _pins(bus, by_chip)) for by_chip in (False, True))
    widths = (("clocks", 32), ("level", chip_width), ("mask", chip_width), ("pins", driven))
    lsbs = accumulate((width for _, width in widths), initial=0)
    fields = tuple(Field(name, lsb, width, "") for (name, width), lsb in zip(widths, lsbs, strict=False))
    return Word("step", sum(width for _, width in widths), fields)


def _pins(bus: WiredBus, by_chip: bool) -> tuple[Pin, ...]:
    return tuple(pin for role in bus.driven_roles(by_chip) for pin in bus.pins[role])


def verilog(bus: WiredBus, half: str, n_edges: int) -> str:
    """Return the Verilog of a bus's player.

    half : the module's variable with half a period of the clock
    n_edges : the edges in a period of this clock that the chip uses, 1 or 2
    """
    steps = step_memory(bus)
    driven, chip_pins = (together(pin.name for pin in reversed(_pins(bus, by_chip))) for by_chip in (False, True))
    phase = _PHASE.format(half=half)
    wait = _WAIT.format(n="{n}", half=half, n_edges=n_edges, phase=phase)
    awaited = (_AT_EDGES if bus.kind.clocked else _AT_ANY_TIME).format(
        seen=chip_pins, half=half, phase=phase, one_clock=wait.format(n=1)
    )
    return _PLAYER.format(
        **{name: control_name(bus, name) for name in CONTROLS},
        block=f"draupnir_{bus.name}",
        msb=steps.width - 1,
        last=steps.depth - 1,
        pins_range=bit_range(_step_word(bus)["pins"].width),
        seen_range=bit_range(_step_word(bus)["mask"].width),
        driven=driven,
        clocks=wait.format(n="step_clocks"),
        awaited=awaited,
    )


def together(names: Iterable[str]) -> str:
    """Return Verilog's concatenation of some vectors; the first one is in the highest bits."""
    return f"{{{', '.join(names)}}}"


def bit_range(width: int) -> str:
    """Return the range in a vector's declaration; "" for a single bit."""
    return f"[{width - 1}:0] " if width > 1 else ""
