"""The token controller: a core goes through all axons of all neurons at each tick.

Source: TokenController.v.
"""

from amaranth import DomainRenamer, Module, Mux, ResetSignal, Signal
from amaranth.hdl import Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.ranc.layout import State
from draupnir.emulator.ranc.sizes import Sizes
from draupnir.rtl.lib.sram import Sram

STATE_BITS = 4


class TokenController(wiring.Component):
    """The state machine of a core. All outputs are registers, which change at the rise.

    tick : 1 starts an idle core
    spikes, synapses : of each axon in this tick, and of the present neuron
    fires : 1 if the neuron's potential has reached its threshold
    full : 1 lets a neuron that fires wait
    scheduler_set, scheduler_clr : go to the next tick, and clear the present one
    busy : 1 unless the core is idle
    csram_addr, csram_write : the present neuron, and 1 if it is written at the next fall
    instruction : the weight of the present axon
    spike_out : 1 sends the packet of the neuron
    reg_en, next_neuron, write_current_potential : ``en``, ``first`` and ``no_weight`` of the neuron block
    error : 1 if a tick has come while the core was busy

    number : of the core; see ``Core``

    A reset comes first, and the state machine then does what it does without one. So the registers are in the domain
    ``unreset``.
    """

    def __init__(self, s: Sizes, number: int = 0) -> None:
        self._sizes, self._number = s, number
        super().__init__(
            {
                "tick": In(1),
                "spikes": In(s.n_axons),
                "synapses": In(s.n_axons),
                "fires": In(1),
                "full": In(1),
                "busy": Out(1),
                "csram_addr": Out(s.neuron_width),
                "instruction": Out(s.instruction_width),
                **dict.fromkeys(("scheduler_set", "scheduler_clr", "csram_write", "spike_out"), Out(1)),
                **dict.fromkeys(("reg_en", "next_neuron", "write_current_potential", "error"), Out(1)),
            }
        )
        self._state = Signal(STATE_BITS, name="state")
        self._row_count = Signal(s.axon_width + 1, reset_less=True)
        self._receives = Signal()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        in_axons = self._state == State.SPIKE_IN
        m.d.fall += self._row_count.eq(Mux(in_axons, self._row_count + 1, 0))
        m.d.comb += [
            self._receives.eq((self.spikes & self.synapses).bit_select(self._row_count, 1)),
            self.busy.eq(self._state != State.IDLE),
        ]
        self._read_instruction(m, in_axons)
        with m.If(ResetSignal()):
            m.d.unreset += [self.scheduler_clr.eq(0), self._state.eq(State.IDLE), self.error.eq(0)]
        with m.If(self.busy & self.tick & ~self.error):
            m.d.unreset += self.error.eq(1)
        self._step(m)
        return m

    def _read_instruction(self, m: Module, in_axons: Value) -> None:
        """Read the instruction of the present axon; the register of the memory is the one of the original."""
        s = self._sizes
        instructions = Sram(s.n_axons, s.instruction_width, written_bits=range(0), copy=self._number)
        m.submodules.neuron_instructions = DomainRenamer("unreset")(instructions)
        m.d.comb += [
            instructions.control.addr.eq(self._row_count),
            instructions.control.cs.eq(in_axons | (self._state == State.FIRST_AXON) & self._receives),
            self.instruction.eq(instructions.r_word),
        ]

    def _step(self, m: Module) -> None:
        """The state machine."""
        unreset = m.d.unreset
        with m.Switch(self._state):
            with m.Case(State.IDLE):
                unreset += self.scheduler_clr.eq(0)
                with m.If(self.tick):
                    unreset += self._state.eq(State.SET_SCHED_INIT_CSRAM)
            with m.Case(State.SET_SCHED_INIT_CSRAM):
                unreset += [self.scheduler_set.eq(1), self.csram_addr.eq(0), self._state.eq(State.FIRST_AXON)]
            with m.Case(State.FIRST_AXON):
                unreset += [self.scheduler_set.eq(0), self.reg_en.eq(1), self.next_neuron.eq(1)]
                unreset += self._state.eq(State.SPIKE_IN)
                with m.If(~self._receives):
                    unreset += self.write_current_potential.eq(1)
            with m.Case(State.SPIKE_IN):
                unreset += [self.next_neuron.eq(0), self.write_current_potential.eq(0), self.reg_en.eq(self._receives)]
                with m.If(self._row_count == self._sizes.n_axons - 1):
                    unreset += self._state.eq(State.WRITE_CSRAM)
                with m.Else():
                    unreset += self._state.eq(State.SPIKE_IN)  # also in a reset
            with m.Case(State.WRITE_CSRAM):
                self._write(m)
            with m.Case(State.NEURON_CHECK):
                self._check(m)
            with m.Case(State.CLR_SCHED):
                unreset += [self.scheduler_clr.eq(1), self._state.eq(State.IDLE)]
            with m.Default():
                unreset += self._state.eq(State.IDLE)

    def _write(self, m: Module) -> None:
        """Write the neuron; one that fires waits here while there is no place for its packet."""
        waits = self.fires & self.full
        m.d.unreset += [self.reg_en.eq(0), self.spike_out.eq(self.fires & ~self.full)]
        with m.If(waits):
            m.d.unreset += self._state.eq(State.WRITE_CSRAM)  # also in a reset
        with m.Else():
            m.d.unreset += [self.csram_write.eq(1), self._state.eq(State.NEURON_CHECK)]

    def _check(self, m: Module) -> None:
        """Go to the next neuron, or end the tick."""
        m.d.unreset += [self.spike_out.eq(0), self.csram_write.eq(0)]
        with m.If(self.csram_addr == self._sizes.n_neurons - 1):
            m.d.unreset += self._state.eq(State.CLR_SCHED)
        with m.Else():
            m.d.unreset += [self.csram_addr.eq(self.csram_addr + 1), self._state.eq(State.FIRST_AXON)]
