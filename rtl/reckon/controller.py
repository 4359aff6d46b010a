"""The timestep-driven controller: the part of a timestep after the sweeps for its spikes, and the next one's begin.

Source: srnn.v, Global controller.
"""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import EvtState, M, State
from draupnir.rtl.reckon.buses import Config, EventSweep, Timestep


class Controller(wiring.Component):
    """Sweep (PROP) until the tick, decay (STEP), then receive a target, learn (e-prop), configure or send, if needed.

    sample, time_tick, target_valid, infer_acc : the pins
    events : the input-driven controller; it must be idle when the tick comes, or this is a timing error
    eprop_done, target_done, send_done : 1 in the last clock of what the state waits for
    got_label : 1 if a label has been received since the chip was idle
    timestep : the controller's state, for the other blocks
    leaves_for_idle : 1 if the state becomes IDLE at the next edge
    timing_error : 1 after a tick that came too early; only a reset clears it
    timing_error_rdy : the pin
    """

    config: In(Config())
    sample: In(1)
    time_tick: In(1)
    target_valid: In(1)
    infer_acc: In(1)
    events: In(EventSweep())
    eprop_done: In(1)
    target_done: In(1)
    send_done: In(1)
    got_label: In(1)
    timestep: Out(Timestep())
    leaves_for_idle: Out(1)
    timing_error_rdy: Out(1)

    def __init__(self, neur_bits: int = M) -> None:
        super().__init__()
        self._neur_bits = neur_bits
        self._sample_sync = Signal()
        self._next_state = Signal(State)
        self._timing_error = Signal()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, step = self.config, self.timestep
        self._synchronise(m)
        self._count_ticks(m)
        self._count_steps(m)
        self._choose_next_state(m)
        # The end of a target depends on pins. It stands apart from the rest, so that little logic depends on them.
        target_ends = (step.state == State.GET_TAR) & self.target_done
        next_state = self._next_state
        m.d.comb += [
            self.leaves_for_idle.eq((step.state != State.IDLE) & (next_state == State.IDLE)),
            step.sweep_starts.eq((step.state != State.PROP) & (next_state == State.PROP)),
            step.eprop_starts.eq(((step.state != State.EPROP) & (next_state == State.EPROP)) | target_ends),
        ]
        m.d.sync += step.state.eq(next_state)
        with m.If(target_ends):
            m.d.sync += step.state.eq(State.EPROP)
        with m.If(config.spi_error_halt & self._timing_error):
            m.d.sync += step.state.eq(State.IDLE)
        return m

    def _synchronise(self, m: Module) -> None:
        """Synchronise the pins, in two clocks.

        The synchroniser of TARGET_VALID stands still while nothing learns, that of TIME_TICK if ticks are local.
        """
        step, config = self.timestep, self.config
        for name, i, o in (("sample", self.sample, self._sample_sync), ("infer_acc", self.infer_acc, step.infer_acc)):
            m.submodules[name] = FFSynchronizer(i, o, reset_less=False)
        target_valid_sync_int = Signal()
        with m.If(config.spi_do_eprop.any()):
            m.d.sync += [target_valid_sync_int.eq(self.target_valid), step.target_valid.eq(target_valid_sync_int)]

    def _count_ticks(self, m: Module) -> None:
        config, step = self.config, self.timestep
        time_tick_sync_int, time_tick_sync = Signal(name="time_tick_sync_int"), Signal(name="time_tick_sync")
        time_tick_del = Signal()
        with m.If(~config.spi_local_tick):
            m.d.sync += [
                time_tick_sync_int.eq(self.time_tick),
                time_tick_sync.eq(time_tick_sync_int),
                time_tick_del.eq(time_tick_sync),
            ]
        tick_cnt = Signal(len(config.spi_cycles_per_tick), reset_less=True)
        full = Signal()
        m.d.comb += full.eq(tick_cnt == config.spi_cycles_per_tick)
        m.d.sync += tick_cnt.eq(1)
        with m.If(config.spi_local_tick & (step.state != State.IDLE) & ~full):
            m.d.sync += tick_cnt.eq(tick_cnt + 1)
        m.d.comb += step.time_tick.eq(Mux(config.spi_local_tick, full, time_tick_sync & ~time_tick_del))

        sweeps = (step.state == State.PROP) & (self.events.state != EvtState.WAIT)
        with m.If(step.time_tick & (((step.state != State.IDLE) & (step.state != State.PROP)) | sweeps)):
            m.d.sync += self._timing_error.eq(1)
        ready = (self.events.state == EvtState.WAIT) & (self.events.next_state == EvtState.WAIT)
        m.d.comb += self.timing_error_rdy.eq(
            Mux(
                config.spi_timing_mode,
                self._timing_error,
                (step.state == State.IDLE) | ((step.state == State.PROP) & ready),
            )
        )

    def _count_steps(self, m: Module) -> None:
        step = self.timestep
        neur_step_cnt = Signal(self._neur_bits, reset_less=True)
        m.d.comb += step.neur_step_cnt.eq(neur_step_cnt)
        with m.If(self._next_state != State.STEP):
            m.d.sync += neur_step_cnt.eq(0)
        with m.Elif(step.state == State.STEP):
            m.d.sync += neur_step_cnt.eq(neur_step_cnt + 1)

    def _choose_next_state(self, m: Module) -> None:
        config, step = self.config, self.timestep
        next_state = self._next_state
        m.d.comb += next_state.eq(step.state)
        with m.Switch(step.state):
            with m.Case(State.IDLE):
                with m.If(self._sample_sync & step.time_tick):
                    m.d.comb += next_state.eq(State.PROP)
            with m.Case(State.PROP):
                with m.If(step.time_tick):
                    m.d.comb += next_state.eq(State.STEP)
            with m.Case(State.STEP):
                with m.If(step.neur_step_cnt == self._last_step(m)):
                    m.d.comb += next_state.eq(State.SDONE)
            with m.Case(State.SDONE):
                with m.If(~self._sample_sync):
                    m.d.comb += next_state.eq(State.SEND)
                with m.Elif(config.spi_en_conf):
                    m.d.comb += next_state.eq(State.CONFIG)
                with m.Else():
                    self._finish_timestep(m)
            with m.Case(State.CONFIG):
                with m.If(~config.spi_en_conf):
                    self._finish_timestep(m)
            with m.Case(State.EPROP):
                with m.If(self.eprop_done & config.spi_send_per_timestep):
                    m.d.comb += next_state.eq(State.SEND)
                with m.Elif(self.eprop_done & self._sample_sync):
                    m.d.comb += next_state.eq(State.PROP)
            with m.Case(State.SEND):
                with m.If(self.send_done):
                    goes_on = config.spi_send_per_timestep & self._sample_sync
                    m.d.comb += next_state.eq(Mux(goes_on, State.PROP, State.IDLE))

    def _last_step(self, m: Module) -> Signal:
        """Return 1 in the last clock of the sweep in state STEP.

        The sweep ends at the greatest of the three numbers of neurons. If it is even, its neuron is read, not written.
        """
        config = self.config
        n = self._neur_bits
        last, inputs, recurrent = Signal(n), config.spi_num_inp_neur[:n], config.spi_num_rec_neur[:n]
        outputs = config.spi_num_out_neur
        m.d.comb += last.eq(Mux(inputs > outputs, inputs, outputs))
        with m.If((recurrent > outputs) & (recurrent > inputs)):
            m.d.comb += last.eq(recurrent)
        return last

    def _finish_timestep(self, m: Module) -> None:
        """Go on to e-prop, which may have to wait for a target, to sending, or directly to the next timestep."""
        config, next_state = self.config, self._next_state
        learns = config.spi_do_eprop.any() & (self.timestep.target_valid | config.spi_regul_mode[1:].all())
        with m.If(learns):
            has_label = config.spi_single_label & self.got_label
            m.d.comb += next_state.eq(Mux(has_label, State.EPROP, State.GET_TAR))
        with m.Else():
            m.d.comb += next_state.eq(Mux(config.spi_send_per_timestep, State.SEND, State.PROP))
