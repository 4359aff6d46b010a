"""ReckOn's golden model: all pins and all state at every clock."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import decode, encode, from_limbs
from draupnir.emulator.declare import Reg
from draupnir.emulator.kernel.arith import signed
from draupnir.emulator.kernel.jit import plain
from draupnir.emulator.model import ClockLevel, RowLoop
from draupnir.emulator.reckon import clock, controller, seeds, stretch
from draupnir.emulator.reckon.layout import (
    CHIP,
    N_OUT,
    N_WEIGHTS,
    NEURONS,
    PAIR,
    PROB_BITS,
    PROG,
    U_BITS,
    WINP,
    WOUT,
    WREC,
    EvtState,
    N,
    State,
)
from draupnir.emulator.reckon.learning import group
from draupnir.emulator.reckon.phases.lanes import new_lanes
from draupnir.emulator.reckon.port import PORT
from draupnir.emulator.reckon.srams import Mems
from draupnir.emulator.speeds.drive import driver

WIRES = (  # wires whose signed values several clocks use
    Reg("oneur_sum", U_BITS, 0, (N_OUT,), "Potentials plus the weights that the memory shows."),
    Reg("oneur_err", U_BITS, 0, (N_OUT,), "Errors of the output neurons."),
    Reg("ls_h", 21, 0, (N_WEIGHTS,), "Learning signals times pseudo-derivatives."),
    Reg("sixteenths", 5, 0, (N_WEIGHTS,), "Sixteenths of an update that multiplicative regularisation leaves."),
    Reg("add_winp", PROB_BITS, 0, (N_WEIGHTS,), "Additive regularisation, input weights."),
    Reg("add_wrec", PROB_BITS, 0, (N_WEIGHTS,), "Additive regularisation, recurrent weights."),
)
COUNTERS = (
    Reg("n_synaptic_operations", 63, meaning="Weights that were added to a potential."),
    Reg("n_recurrent_spikes", 63, meaning="Spikes that were found at the ends of timesteps."),
)
SEEDS = encode(PROG, **{f.name: 1 for f in PROG if f.name.startswith("seed")})


class Model(ClockLevel):
    """ReckOn, clock by clock. ``ClockLevel`` has the methods that run it.

    A reset does not change the network's parameters, the seeds, the counters and the memories' output registers.
    """

    chip = CHIP
    counters = (*WIRES, *COUNTERS)
    stretches_rows = True
    gates = {"SPI_EN_CONF": ("spi_en_conf",)}  # noqa: RUF012
    run_rows = staticmethod(driver(CHIP, clock, stretch, n_pins_args=1))

    def __init__(self, seed: int | None = None, stretch: bool = True) -> None:
        super().__init__(seed, stretch)
        self._state_before = int(State.IDLE)  # before the last call of drive
        self._lanes = new_lanes()  # only stretches use these

    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        self._state_before = int(self.registers[0].state)
        self.row_loop().run(inputs, clk, out)

    def row_loop(self) -> RowLoop:
        return RowLoop(self.run_rows, (), (self.stretch, *self.kernel_state()))

    def kernel_state(self) -> tuple[np.record, np.ndarray, Mems]:
        """Return the state in the form that kernels take: the record, the same record as a flat array, the memories."""
        flat = self.registers.view(np.ndarray).view(np.int64)
        winp, wrec, wout = (self.memories[memory.name].view(np.uint8) for memory in (WINP, WREC, WOUT))
        inp_rows, rec_rows = winp.reshape(N, N).view(np.int8), wrec.reshape(N, N).view(np.int8)
        neurons = self.memories[NEURONS.name]
        return self.registers[0], flat, Mems(neurons, winp, wrec, wout, inp_rows, rec_rows, self._lanes)

    @property
    def outputs(self) -> int:
        return int(clock.outputs(self.registers[0]))

    def registers_written(self) -> None:
        """Start all random numbers at the seeds in the registers."""
        seeds.program(self.registers[0], SEEDS)

    # --- The present activity in words ---

    def context(self) -> list[str]:
        """Return a line each for the controllers, their counters, and the neurons that they work on."""
        r = self.registers[0]
        now, evt = self._state_name(), EvtState(int(r.state_evt)).name
        error = ", timing error" if r.timing_error else ""
        lines = [*self.holding_still(), f"cycle {r.cycle}, controller {now}, event controller {evt}{error}"]
        activity = self._activity()
        if activity:
            lines.append(activity)
        e = plain(controller.evt)(r)
        p = plain(group.wires)(r, e)
        if e.cs or p.neur_cs:
            lines += self._pair_lines(int(p.neur_addr if p.neur_cs else e.addr))
        lines.append("output neurons: " + " ".join(str(signed(int(u), U_BITS)) for u in r.oneur_u))
        if r.spi_cnt:
            lines.append(f"SPI: bit {r.spi_cnt} of a transaction, address field {PORT.header_fields(int(r.spi_addr))}")
        return lines

    def activity(self) -> str | None:
        """Return the state that the chip entered in the last call of ``drive`` with one clock, or None."""
        r = self.registers[0]
        return None if r.state == self._state_before else f"cycle {r.cycle}: {self._state_name()} {self._activity()}"

    def _state_name(self) -> str:
        number = int(self.registers[0].state)
        return next((state.name for state in State if state == number), f"{number}, which is no state")

    def _activity(self) -> str:
        r = self.registers[0]
        parts = []
        if r.state_evt != EvtState.WAIT:
            kinds = [name for name, on in zip(("input", "recurrent"), plain(controller.evt)(r)[:2], strict=True) if on]
            parts.append(f"events: neuron {r.neur256_cnt} ({' and '.join(kinds) or 'none'}), count {r.neur128x2_cnt}")
        if r.state == State.STEP:
            parts.append(f"step {r.neur_step_cnt}")
        if r.state == State.EPROP:
            part = "post-synaptic" if r.buf16_post else f"pre-synaptic {r.e_pre >> 1}"
            parts.append(f"e-prop: group {r.e_post_msb}, {part}, neuron {group.post_of(r)}")
        return "; ".join(parts)

    def _pair_lines(self, addr: int) -> list[str]:
        fields = decode(PAIR, from_limbs(self.memories[NEURONS.name][addr]))
        dirty = self.registers[0].neur_dirty[2 * addr : 2 * addr + 2]
        return [f"neurons {2 * addr}, {2 * addr + 1} (dirty {dirty[0]}, {dirty[1]}): {fields}"]
