"""Recipes for the pins: output bus, ticks, SPI, resets, and handshakes that break the rules."""

from __future__ import annotations

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming
from draupnir.golden.ranges import Range
from draupnir.golden.recipes.reckon import HostTraffic, ReckonRecipe
from draupnir.golden.recipes.reckon_contents import BASE, Network
from draupnir.golden.recipes.reckon_samples import Samples

_SMALL = Network(n_inp=(8, 14), n_rec=(10, 16))

# All registers, with ranges in which the network is small and goes on spiking.
_ANY: dict[str, Range] = {
    name: span
    for name, span in BASE.items()
    if name not in ("SPI_LOCAL_TICK", "SPI_ERROR_HALT", "SPI_CYCLES_PER_TICK", "SPI_GET_TAR_REQ_OUT")
} | {
    "SPI_DO_EPROP": (0, 7),
    "SPI_RST_MODE": (0, 1),
    "SPI_REGUL_MODE": (0, 7),
    "SPI_REGUL_W": (0, 3),
    "SPI_EN_STOCH_ROUND": (0, 1),
    "SPI_REGRESSION": (0, 1),
    "SPI_SINGLE_LABEL": (0, 1),
    "SPI_NO_OUT_ACT": (0, 1),
    "SPI_SEND_PER_TIMESTEP": (0, 1),
    "SPI_SEND_LABEL_ONLY": (0, 1),
    "SPI_NOISE_EN": (0, 1),
    "SPI_FORCE_TRACES": (0, 1),
    "SPI_ALPHA_CONF": (0, 0xFFFFFFFF),
    "SPI_H_0": (-16, 15),
    "SPI_NUM_INP_NEUR": (0, 20),
    "SPI_NUM_REC_NEUR": (0, 20),
    "SPI_NUM_OUT_NEUR": (0, 15),
    "SPI_TIMING_MODE": (0, 1),
}
_SOME_EVENTS = Samples(steps=(4, 10), patience=4000)

TIME_RECIPES = {
    "out_modes": ReckonRecipe(
        "The output bus sends label or potentials, once a sample or at each timestep, under back pressure.",
        n_cycles=18_000,
        registers={"SPI_SEND_PER_TIMESTEP": (0, 1), "SPI_SEND_LABEL_ONLY": (0, 1)},
        network=_SMALL,
        receiver=ReceiverTiming(latency=Clocks(0, 20, 0.05, 50, 400), hold=Clocks(0, 20)),
        host=HostTraffic(
            {"config": 1},
            gap=Clocks(500, 1500),
            retune={"SPI_SEND_PER_TIMESTEP": (0, 1), "SPI_SEND_LABEL_ONLY": (0, 1), "SPI_NUM_OUT_NEUR": (1, 15)},
        ),
    ),
    "local_tick": ReckonRecipe(
        "Local ticks, which cannot begin a sample: the count stands still in state IDLE unless it is 1.",
        n_cycles=18_000,
        registers={"SPI_LOCAL_TICK": 0, "SPI_CYCLES_PER_TICK": (400, 1200)},
        network=_SMALL,
        samples=Samples(steps=(6, 12), patience=2000),
        host=HostTraffic(
            {"config": 1},
            gap=Clocks(300, 1500),
            retune={"SPI_LOCAL_TICK": (0, 1), "SPI_CYCLES_PER_TICK": (1, 1500)},
        ),
    ),
    "timing_error": ReckonRecipe(
        "Ticks that come too early, in every state, are told by TIMING_ERROR_RDY and otherwise lost, or end the sweep.",
        registers={"SPI_TIMING_MODE": (0, 1), "SPI_ERROR_HALT": 0},
        network=_SMALL,
        samples=Samples(hasty=0.4, restless=0.5, patience=3000),
        host=HostTraffic({"reset": 1, "config": 2}, gap=Clocks(800, 3000), retune={"SPI_TIMING_MODE": (0, 1)}),
    ),
    "timing_halt": ReckonRecipe(
        "With SPI_ERROR_HALT a timing error holds the controller in state IDLE until a reset; the sweep goes on.",
        registers={"SPI_TIMING_MODE": (0, 1), "SPI_ERROR_HALT": 1},
        network=_SMALL,
        samples=Samples(hasty=0.15, patience=1500),
        host=HostTraffic({"reset": 2, "config": 1}, gap=Clocks(1500, 3000), retune={"SPI_ERROR_HALT": (0, 1)}),
    ),
    "events_at_ticks": ReckonRecipe(
        "Input events taken in the clock of a tick are lost; those of neurons that are not there wait for ever.",
        network=_SMALL,
        samples=Samples(events=(8, 16), restless=1.0, beyond=0.1, pause=Clocks(0, 3)),
        sender=SenderTiming(gap=Clocks(0, 1), setup=Clocks(0, 0), req_hold=Clocks(0, 0)),
    ),
}

SPI_RECIPES = {
    "spi_memories": ReckonRecipe(
        "Transfers of several words to and from all four memories and the output neurons, in CONFIG and in IDLE.",
        n_cycles=20_000,
        network=_SMALL,
        samples=Samples(steps=(3, 6)),
        host=HostTraffic({"session": 1}, gap=Clocks(20, 300), session=(2, 6), block=(1, 9)),
    ),
    "spi_program": ReckonRecipe(
        "A network whose registers and memories are all written by SPI, slowly, and then run.",
        n_cycles=26_000,
        network=Network(n_inp=6, n_rec=10, n_out=2, winp=(20, 120)),
        program=True,
        host=HostTraffic({"session": 1}, gap=Clocks(2000, 4000), quick=None, half=Clocks(1, 1, 0.01, 2, 6)),
    ),
    "spi_blocks": ReckonRecipe(
        "Long transfers to and from all memories in mid-timestep, while the network sweeps and learns.",
        n_cycles=18_000,
        network=_SMALL,
        samples=_SOME_EVENTS,
        host=HostTraffic(
            {"restless_session": 5, "session": 2, "flags": 2, "stray": 1},
            gap=Clocks(5, 300),
            half=Clocks(1, 2),
            block=(4, 24),
            session=(1, 3),
        ),
    ),
    "spi_long": ReckonRecipe(
        "A transfer of 4,095 words, the most that an address field can announce, while the chip's own ticks go on.",
        n_cycles=42_000,
        registers={"SPI_LOCAL_TICK": 0},
        network=_SMALL,
        samples=Samples(steps=(3, 6), patience=2000),
        host=HostTraffic(
            {"long_transfer": 1, "config": 3},
            gap=Clocks(600, 1200),
            quick=Clocks(20, 40),
            retune={"SPI_LOCAL_TICK": (0, 1), "SPI_CYCLES_PER_TICK": (4200, 6000)},
        ),
        clock_enable=Clocks(100, 900),
    ),
    "spi_registers": ReckonRecipe(
        "Every register rewritten at any value while the network runs.",
        n_cycles=20_000,
        network=_SMALL,
        samples=_SOME_EVENTS,
        host=HostTraffic(
            {"config": 8, "reset": 0.3},
            gap=Clocks(50, 900),
            retune={name: span for name, span in _ANY.items() if name not in ("SPI_REGRESSION", "SPI_NUM_OUT_NEUR")},
        ),
    ),
    "spi_register_bits": ReckonRecipe(
        "Every bit of every register is written 1 and then 0: no bit of a register is stuck, or taken for another one.",
        n_cycles=12_000,
        network=_SMALL,
        host=HostTraffic({"bits": 1}, gap=Clocks(1000, 2500)),
    ),
    "spi_near_misses": ReckonRecipe(
        "An address that differs from a register's in one bit, of address or code, leaves the register alone.",
        n_cycles=24_000,
        registers={"SPI_NOISE_EN": 1, "SPI_REGUL_MODE": 0b010, "SPI_REGUL_W": 3, "SPI_ALPHA_CONF": 0xFFFFFFFF},
        network=_SMALL,
        samples=_SOME_EVENTS,
        host=HostTraffic({"near_miss": 1}, gap=Clocks(1, 4), quick=Clocks(12, 24)),
    ),
    "spi_while_running": ReckonRecipe(
        "Transfers without SPI_EN_CONF do nothing, with it they take the memories from a network that runs; odd "
        "headers, and pauses anywhere.",
        n_cycles=20_000,
        network=_SMALL,
        samples=_SOME_EVENTS,
        host=HostTraffic(
            {"stray": 4, "restless_session": 3, "odd": 3, "pause": 2, "flags": 3, "session": 1},
            gap=Clocks(10, 500),
            half=Clocks(1, 4),
        ),
    ),
    "spi_headers": ReckonRecipe(
        "A header without data fields leaves its request at 1, a block of words goes to one register, and in learning "
        "the dirty bits of the first two neurons count for all others.",
        n_cycles=16_000,
        network=_SMALL,
        samples=_SOME_EVENTS,
        host=HostTraffic(
            {"bare_header": 5, "repeat": 3, "first_flags": 4, "session": 2},
            gap=Clocks(50, 500),
            half=Clocks(1, 3),
            retune={"SPI_KAPPA": (0x60, 0x7F), "SPI_THR_H_0": (0, 500), "SPI_LR_P_WINP": (8, 12)},
            block=(2, 4),
        ),
    ),
}

ABUSE_RECIPES = {
    "reset_in_flight": ReckonRecipe(
        "Resets at any moment: in every state, in a handshake, in a transfer; what is not reset survives.",
        n_cycles=20_000,
        network=_SMALL,
        samples=Samples(steps=(3, 8), patience=3000),
        receiver=ReceiverTiming(latency=Clocks(0, 3, 0.1, 20, 200)),
        host=HostTraffic(
            {"reset": 6, "cut": 3, "transfer_in_reset": 1, "glitch_reset": 2, "bare_reset": 3},
            gap=Clocks(1, 2500, 0.2, 1, 60),
            reset_clocks=Clocks(1, 5),
        ),
    ),
    "silly_handshakes": ReckonRecipe(
        "REQ dropped before ACK, addresses changed in mid-handshake, ACK without REQ: events are lost or doubled.",
        registers={"SPI_SEND_PER_TIMESTEP": 1, "SPI_SEND_LABEL_ONLY": 0, "SPI_SINGLE_LABEL": 0},
        network=_SMALL,
        samples=Samples(patience=2500, stray_target=0.2, restless=0.5),
        sender=SenderTiming(
            early=0.3, early_after=Clocks(0, 4), change=0.3, change_after=Clocks(0, 4), impatient=0.3
        ),
        receiver=ReceiverTiming(pulse=0.3, glitch=Clocks(0, 100), glitch_clocks=Clocks(1, 4, 0.1, 5, 40)),
    ),
    "silly_samples": ReckonRecipe(
        "SAMPLE that falls in mid-timestep, also during learning, TARGET_VALID and INFER_ACC that flicker, ticks of "
        "one clock, and ticks in IDLE.",
        n_cycles=18_000,
        network=_SMALL,
        samples=Samples(
            flicker=0.3, abandon=0.1, hasty=0.1, restless=0.5, idle_ticks=0.7, patience=2500,
            tick=Clocks(1, 1, 0.3, 2, 300),
        ),
    ),
    "abandoned_learning": ReckonRecipe(
        "SAMPLE that falls during learning: the chip learns the timestep again and again, until SAMPLE is back or a "
        "reset comes.",
        n_cycles=12_000,
        network=_SMALL,
        samples=Samples(abandon=0.8, teach=(0, 1), patience=1200),
    ),
    "targets_unasked": ReckonRecipe(
        "Target data in any state is counted: too many or too few leave the chip waiting, or learning from old ones.",
        n_cycles=18_000,
        registers={"SPI_REGRESSION": 1, "SPI_SINGLE_LABEL": (0, 1), "SPI_GET_TAR_REQ_OUT": 1},
        network=_SMALL,
        samples=Samples(stray_target=0.15, patience=1500),
        host=HostTraffic(
            {"config": 1},
            gap=Clocks(1500, 4000),
            retune={"SPI_REGRESSION": (0, 1), "SPI_NUM_OUT_NEUR": (0, 5), "SPI_GET_TAR_REQ_OUT": (0, 1)},
        ),
    ),
    "everything": ReckonRecipe(
        "All of it at once: any register, any abuse, resets.",
        n_cycles=30_000,
        registers=_ANY | {"SPI_TIMING_MODE": 0},
        network=_SMALL,
        samples=Samples(
            steps=(2, 8), hasty=0.05, restless=0.3, flicker=0.1, abandon=0.03, stray_target=0.05, idle_ticks=0.2,
            beyond=0.1, patience=3000,
        ),
        sender=SenderTiming(early=0.05, change=0.05, impatient=0.05, gap=Clocks(0, 6, 0.05, 10, 100)),
        receiver=ReceiverTiming(latency=Clocks(0, 5, 0.05, 20, 200), pulse=0.05, glitch=Clocks(0, 1500)),
        host=HostTraffic(
            {
                "config": 6, "session": 2, "restless_session": 1, "stray": 1, "odd": 1, "pause": 1, "flags": 1,
                "reset": 1, "cut": 0.5, "bare_reset": 0.5, "glitch_reset": 0.3,
            },
            gap=Clocks(20, 900),
            half=Clocks(1, 3),
            retune=_ANY | {"SPI_LOCAL_TICK": (0, 1), "SPI_CYCLES_PER_TICK": (1, 900), "SPI_ERROR_HALT": (0, 1)},
        ),
    ),
    "unconfigured": ReckonRecipe(
        "No register is written but SPI_EN_CONF: those without a reset value are undefined in the Verilog, here 0.",
        network=Network(n_inp=16, n_rec=16, n_out=16, winp=(60, 127)),
        samples=Samples(steps=(2, 4), events=(1, 3)),
        configured=False,
        undefined=True,
    ),
    "unreset": ReckonRecipe(
        "Without a reset, undefined in the Verilog, here from zeros, also in registers that a reset would set to 1.",
        network=_SMALL,
        samples=_SOME_EVENTS,
        reset=False,
        undefined=True,
    ),
}  # fmt: skip

INTERFACE_RECIPES = TIME_RECIPES | SPI_RECIPES | ABUSE_RECIPES
