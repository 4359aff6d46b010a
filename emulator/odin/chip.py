"""ODIN's golden model: all pins and all state at every clock."""

from __future__ import annotations

import numpy as np

from emulator import state
from emulator.codec import decode, from_limbs
from emulator.declare import Reg
from emulator.odin import clock
from emulator.odin.drive import drive
from emulator.odin.layout import CHIP, NEURONS, SCHED_EVENT, SYN, SYN_ADDR, SYNAPSES, VIRTS, M, State
from emulator.trace import pack

COUNTERS = (
    Reg("inputs", CHIP.input_word.width, meaning="Input pins as they are, packed."),
    Reg("cycle", 63, meaning="Rising clock edges so far."),
    Reg("burst_clean", 1, meaning="The burst FIFOs have been reset and not used since."),
    Reg("n_burst_lost", 63, meaning="Words pushed past the end of a burst FIFO."),
    Reg("n_burst_undefined", 63, meaning="Words popped from past the end of a burst FIFO."),
)
FROM_AERIN = (State.TREF, State.BIST, State.SYNAPSE, State.PUSH)
FROM_SCHEDULER = (State.POP_NEUR, State.POP_VIRT)
FROM_SPI = (State.W_NEUR, State.R_NEUR, State.W_SYN, State.R_SYN)


class Model:
    """ODIN, clock by clock.

    Before the first clock all registers and memories are 0.

    seed : give the registers that no reset touches (configuration, SDSP flags, FIFO words, ...) random contents.

    Attributes: ``registers``, an array of one record; ``memories``, by name, (depth, limbs) uint32, limb 0 least
    significant. Both may be read and written between clocks.
    """

    chip = CHIP

    def __init__(self, seed: int | None = None) -> None:
        self.registers = state.new_registers(CHIP, COUNTERS, seed)
        self.memories = {memory.name: state.new_memory(memory) for memory in CHIP.memories}
        self._state_before = int(State.WAIT)  # the last drive

    def drive(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray:
        """Run rows of packed input pins (see ``emulator.trace``).

        inputs : (n,) int64; clk : (n,) uint8. Returns (n,) int64, the output pins before each row's clock edge, packed;
        0 where the row has none.
        """
        self._state_before = int(self.registers[0].state)
        out = np.zeros(len(inputs), dtype=np.int64)
        inputs = np.ascontiguousarray(inputs, dtype=np.int64)
        clk = np.ascontiguousarray(clk, dtype=np.uint8)
        drive(self.registers[0], self.memories[NEURONS.name], self.memories[SYNAPSES.name], inputs, clk, out)
        return out

    def step(self, inputs: int) -> int:
        """One clock with these input pins; returns the output pins before the edge."""
        return int(self.drive(np.array([inputs]), np.ones(1, np.uint8))[0])

    def reset(self) -> None:
        """Hold RST for four clocks, then wait for four: more than its two flip-flops take. The other pins are at rest.

        As in the chip, configuration registers, memories and SDSP flags stay.
        """
        rst = pack(CHIP.input_word, {"RST": 1})
        self.drive(np.array([rst] * 4 + [0] * 4), np.ones(8, np.uint8))

    @property
    def outputs(self) -> int:
        """The output pins as they are now, packed."""
        return int(clock.outputs(self.registers[0]))

    def snapshot(self) -> state.Snapshot:
        return state.take(self.registers, self.memories)

    def restore(self, snapshot: state.Snapshot) -> None:
        state.put_back(snapshot, self.registers, self.memories)

    # --- What it is doing, in words ---

    def context(self) -> list[str]:
        """What the chip is doing, decoded, a line each: state, event in flight, neuron and synapse concerned."""
        r = self.registers[0]
        lines = [
            f"cycle {r.cycle}, controller {State(int(r.state)).name}, ctrl_cnt {r.ctrl_cnt}, neur_cnt {r.neur_cnt}"
            + (", waiting for the output bus" if r.aerout_ctrl_busy else ""),
            f"scheduler: main FIFO {self._n_main()} of 32 events, burst turn {r.priority}, next {self._sched_event()}",
        ]
        in_flight = self._in_flight()
        if in_flight:
            lines.append(f"event in flight: {in_flight}")
        neur, syn = self._accesses()
        if neur.cs:
            lines += self._neuron_lines(int(neur.addr))
        if syn.cs:
            lines.append(self._synapse_line(int(syn.addr)))
        if r.spi_cnt:
            lines.append(f"SPI: bit {r.spi_cnt} of a transaction, address field {r.spi_addr:#07x}")
        return lines

    def activity(self) -> str | None:
        """The event that the last call of ``drive``, of one clock, began to process, or None."""
        now = int(self.registers[0].state)
        began = now != self._state_before and now not in (State.WAIT, State.WAIT_SPIDN, State.WAIT_REQDN)
        return f"cycle {self.registers[0].cycle}: {self._in_flight()}" if began else None

    def warnings(self) -> list[str]:
        """What happened that the original's Verilog leaves undefined, counted and decoded."""
        r = self.registers[0]
        lines = []
        if r.n_burst_lost:
            lines.append(
                f"{r.n_burst_lost} burst spike(s) were pushed past the 4 words of a burst FIFO (its pointers count to"
                f" 32); {r.n_burst_undefined} of them have been read back: undefined in the Verilog, here the word at"
                " the pointer modulo 4"
            )
        return lines

    def _accesses(self):  # type: ignore[no-untyped-def]
        r = self.registers[0]
        sched = clock.scheduler.outputs(r)
        addr = self._aerin_addr()
        return clock.controller.neur_mem(r, addr, sched), clock.controller.syn_mem(r, addr, sched)

    def _aerin_addr(self) -> int:
        f = CHIP.input_word["AERIN_ADDR"]
        return int(self.registers[0].inputs) >> f.lsb & f.high

    def _n_main(self) -> int:
        r = self.registers[0]
        return 0 if r.main_empty else int(r.main_fill_cnt) + 1

    def _sched_event(self) -> str:
        sched = clock.scheduler.outputs(self.registers[0])
        if sched.empty:
            return "none"
        event = decode(SCHED_EVENT, int(sched.data_out))
        if not event["virts"]:
            return f"spike of neuron {event['addr']}"
        return f"virtual event to neuron {event['addr']} {decode(VIRTS, event['virts'])}"

    def _in_flight(self) -> str:
        r = self.registers[0]
        now = State(int(r.state))
        if now in FROM_AERIN:
            addr = self._aerin_addr()
            event = CHIP.event_of(addr)
            assert event is not None  # every address matches "other"
            return f"{now.name}: {event.name} event, AERIN_ADDR {addr:#07x} {event.decode(addr)}"
        if now in FROM_SCHEDULER:
            return f"{now.name}: {self._sched_event()}"
        if now in FROM_SPI:
            return f"{now.name}: SPI address {r.ctrl_spi_addr:#06x}, data {r.ctrl_prog_data:#06x}"
        return ""

    def _neuron_lines(self, addr: int) -> list[str]:
        content = from_limbs(self.memories[NEURONS.name][addr])
        word = NEURONS.word_of(content)
        fields = decode(word, content)
        kinds = {
            kind: ", ".join(f"{f.name} {fields[f.name]}" for f in word if f.kind == kind)
            for kind in ("state", "parameter")
        }
        return [f"neuron {addr} ({word.name}): {kinds['state']}", f"    {kinds['parameter']}"]

    def _synapse_line(self, addr: int) -> str:
        at = decode(SYN_ADDR, addr)
        fields = decode(SYN, from_limbs(self.memories[SYNAPSES.name][addr]))
        weights = " ".join(str(fields[f.name]) for f in SYN if f.name.startswith("syn_weight"))
        post = at["post_group"] << (M - SYN_ADDR["post_group"].width)
        return f"synapses {at['pre']} -> {post}..{post + 7}: weights {weights}"
