"""The phenomenological Izhikevich neuron: twenty firing behaviours from a 4-bit membrane and a set of locks.

Source: izh_neuron.v, izh_neuron_state.v (the documentation leaves this neuron out).
"""

from collections.abc import Callable
from types import SimpleNamespace

from amaranth import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.odin.layout import IZH, NEUR_EVENT
from draupnir.emulator.odin.neuron_words import ResonSign
from draupnir.rtl.lib.views import layout_of, shape_of, state_of
from draupnir.rtl.odin.buses import Spike
from draupnir.rtl.odin.calcium import Calcium
from draupnir.rtl.odin.izh_adapt import EffectiveThreshold
from draupnir.rtl.odin.izh_input import STEP, STIMULATION, InputAccumulator, StimulationStrength
from draupnir.rtl.odin.stimulus import STIMULUS

LONGEST_BURST = 7  # the largest number of spikes in a burst that calcium and threshold count


class IzhNeuron(wiring.Component):
    """One update of a neuron; it is combinational.

    The input moves the membrane to a ``potential``. The enabled behaviour decides whether the neuron spikes there; the
    membrane then takes the after-spike potential. Membrane and threshold are signed numbers of 4 bits, and wrap.
    """

    neuron: In(layout_of(IZH))
    stimulus: In(STIMULUS)
    state_next: Out(state_of(IZH))
    event: Out(Spike())
    v_up: Out(1)
    v_down: Out(1)

    def __init__(self, sdsp: bool = True) -> None:
        super().__init__()
        self._sdsp = sdsp
        self._step = Signal(STEP)
        self._stim = Signal(STIMULATION)
        self._threshold = Signal(shape_of(IZH["thrmod"]))
        self._potential = Signal(shape_of(IZH["core"]))
        self._hit = Signal()
        # The resonator's phase, if the potential is 0 and if it is not.
        self._sign_at_rest = Signal(shape_of(IZH["reson_sign"]))
        self._sign_else = Signal(shape_of(IZH["reson_sign"]))
        self._spike = Signal()
        self._spk_ref = Signal(shape_of(NEUR_EVENT["spk_ref"]))
        # These signals are separate from state_next, because they are also read: a simulator that orders whole words
        # would see a loop.
        self._next = SimpleNamespace(
            **{f.name: Signal(shape_of(f), name=f"{f.name}_next") for f in IZH if f.kind == "state"}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += [
            self._hit.eq(self._potential == self._threshold),
            self.event.spike.eq(self._spike),
            self.event.spk_ref.eq(self._spk_ref),
        ]
        for name, state_next in vars(self._next).items():
            m.d.comb += [state_next.eq(self.neuron[name]), self.state_next[name].eq(state_next)]
        self._connect_input(m)
        self._connect_adaptation(m)
        self._move_membrane(m)
        self._count_dapdel(m)
        self._close_locks(m)
        self._finish(m)
        if self._sdsp:
            self._connect_calcium(m)
        return m

    def _connect_input(self, m: Module) -> None:
        m.submodules.input_accumulator = accumulator = InputAccumulator()
        m.submodules.stimulation_strength = strength = StimulationStrength()
        m.d.comb += [
            accumulator.neuron.eq(self.neuron),
            accumulator.stimulus.eq(self.stimulus),
            self._step.eq(accumulator.step),
            strength.neuron.eq(self.neuron),
            strength.tref.eq(self.stimulus.tref),
            strength.step.eq(accumulator.step),
            self._stim.eq(strength.stimulation),
            self._next.inacc.eq(accumulator.inacc_next),
            self._next.stim_str.eq(strength.stim_str_next),
            self._next.stim_str_tmp.eq(strength.stim_str_tmp_next),
            self._next.stim0_prev.eq(strength.stim0_prev_next),
            self._next.inhexc_prev.eq(strength.inhexc_prev_next),
        ]

    def _connect_adaptation(self, m: Module) -> None:
        m.submodules.effective_threshold = adapt = EffectiveThreshold()
        m.d.comb += [
            adapt.neuron.eq(self.neuron),
            adapt.tref.eq(self.stimulus.tref),
            adapt.step.eq(self._step),
            adapt.spike.eq(self._spike),
            adapt.n_spikes.eq(self._burst_length()),
            self._threshold.eq(adapt.threshold),
            self._next.thrmod.eq(adapt.thrmod_next),
            self._next.thrleak_cnt.eq(adapt.thrleak_cnt_next),
        ]

    def _burst_length(self) -> Signal:
        """Return the number of spikes in a burst that would begin now; a burst of 8 counts as 7."""
        spk_ref = self._spk_ref
        return Mux(spk_ref == LONGEST_BURST, LONGEST_BURST, spk_ref + 1)

    def _move_membrane(self, m: Module) -> None:
        """Compute potential and spike for each possible step, and then select those of the step that comes.

        The step is known late in a clock; all results are then ready.
        """
        self._advance_reson_sign(m)
        excited, excited_spike = self._candidate(m, "excited", self._excite)
        inhibited, inhibited_spike = self._candidate(m, "inhibited", self._inhibit)
        unmoved, unmoved_spike = self._candidate(m, "unmoved", self._move_in_time)
        m.d.comb += [self._potential.eq(unmoved), self._spike.eq(unmoved_spike)]
        with m.If(self._step.exc):
            m.d.comb += [self._potential.eq(excited), self._spike.eq(excited_spike)]
        with m.Elif(self._step.inh):
            m.d.comb += [self._potential.eq(inhibited), self._spike.eq(inhibited_spike)]
        with m.If(~self.neuron.mixed_lock):
            m.d.comb += [self._spk_ref.eq(self.neuron.spk_ref), self.event.isi_ref.eq(self.neuron.isi_ref)]

    def _candidate(self, m: Module, name: str, move: Callable[[Module, Signal], None]) -> tuple[Signal, Signal]:
        """Return potential and spike for a membrane that moves like this."""
        n = self.neuron
        potential = Signal.like(self._potential, name=f"{name}_potential")
        spike = Signal(name=f"{name}_spike")
        waits_for_spike = n.spklat_en & (n.dapdel_cnt != 0)
        locked_at_rest = n.phasic_lock & (n.core == 0)
        m.d.comb += potential.eq(n.core)
        with m.If(~(waits_for_spike | locked_at_rest)):
            move(m, potential)
        self._decide_spike(m, potential, spike, excited=name == "excited")
        return potential, spike

    def _move_in_time(self, m: Module, potential: Signal) -> None:
        """Move the membrane at a time reference: resonator, refractoriness, after-potential, or leakage."""
        n, core = self.neuron, self.neuron.core
        with m.If(self.stimulus.tref):
            with m.If(n.reson_en):
                with m.If(n.reson_sign == ResonSign.ZERO_TO_N):
                    m.d.comb += potential.eq(core - 1)
            with m.Elif(n.refrac):
                with m.If(~n.burst_lock):
                    m.d.comb += potential.eq(core + 1)
            with m.Elif(n.acc_en):
                with m.If(~n.spkout_done):
                    m.d.comb += potential.eq(core - n.stim_str_tmp)
            with m.Elif(n.dap_en & (n.dapdel_cnt == 1) & (core != 0)):
                m.d.comb += potential.eq(0)
            with m.Elif(self._step.leak & (core != 0)):
                m.d.comb += potential.eq(Mux(core < 0, core + 1, core - 1))

    def _excite(self, m: Module, potential: Signal) -> None:
        """Move the membrane up by 1, at most to 7; class 2 needs a strong stimulus, and a resonator moves by phase."""
        n, core = self.neuron, self.neuron.core
        too_weak = n.class2_en & ~self._stim.gt_thr_exc & ~self._stim.tmp_gt_thr_exc
        with m.If(n.reson_en):
            self._resonate(m, potential, outwards=~self._negative)
        with m.Elif(~n.refrac & ~too_weak & (core != IZH["core"].high)):
            m.d.comb += potential.eq(core + 1)

    def _inhibit(self, m: Module, potential: Signal) -> None:
        """Move the membrane a step down, at most to 0, or to -8 with ``neg_en``; a resonator moves by phase."""
        n, core = self.neuron, self.neuron.core
        lowest = Mux(n.neg_en, IZH["core"].low, 0)
        with m.If(n.reson_en):
            self._resonate(m, potential, outwards=self._negative)
        with m.Elif(~n.refrac & (core != lowest)):
            m.d.comb += potential.eq(core - 1)

    @property
    def _negative(self) -> Value:
        """Return 1 in the resonator's negative phase: inhibition moves the membrane away from 0, excitation back."""
        sign = self.neuron.reson_sign
        return (sign == ResonSign.ZERO_TO_N) | (sign == ResonSign.NEG)

    def _resonate(self, m: Module, potential: Signal, outwards: Value) -> None:
        """Move a resonator's membrane; it stays within 0..7."""
        core = self.neuron.core
        with m.If(outwards):
            with m.If(core != IZH["core"].high):
                m.d.comb += potential.eq(core + 1)
        with m.Elif(core != 0):
            m.d.comb += potential.eq(core - 1)

    def _advance_reson_sign(self, m: Module) -> None:
        """Advance a resonator's phase at each time reference until its membrane is at rest."""
        n = self.neuron
        for at_rest, sign in ((True, self._sign_at_rest), (False, self._sign_else)):
            m.d.comb += sign.eq(ResonSign.POS)
            with m.If(n.reson_en & ~self.stimulus.tref):
                m.d.comb += sign.eq(n.reson_sign)
            with m.Elif(n.reson_en & (n.core != 0)), m.Switch(n.reson_sign):
                with m.Case(ResonSign.POS):
                    m.d.comb += sign.eq(ResonSign.ZERO_TO_N)
                with m.Case(ResonSign.ZERO_TO_N):
                    m.d.comb += sign.eq(ResonSign.POS if at_rest else ResonSign.NEG)
                with m.Case(ResonSign.NEG):
                    m.d.comb += sign.eq(ResonSign.ZERO_TO_P)

    def _decide_spike(self, m: Module, potential: Signal, spike: Signal, excited: bool) -> None:
        """Decide whether the neuron spikes. The first enabled behaviour, in this order, decides."""
        n, stim = self.neuron, self._stim
        at_rest = potential == 0
        hit = potential == self._threshold
        in_phase = Mux(at_rest, self._sign_at_rest == ResonSign.POS, self._sign_else == ResonSign.POS)
        with m.If(n.reson_sharp_en):
            m.d.comb += spike.eq((n.dapdel_cnt == n.reson_sharp_amt) if excited else 0)
        with m.Elif(n.spklat_en):
            m.d.comb += spike.eq(self.stimulus.tref & (n.dapdel_cnt == 1))
        with m.Elif(n.rebound_en):
            m.d.comb += spike.eq(stim.lone_spike_inh | hit)
        with m.Elif(n.bist_en):
            m.d.comb += spike.eq(Mux(n.bist_lock, at_rest, stim.lone_spike_exc) | hit)
        with m.Elif(n.inhin_lock):
            m.d.comb += spike.eq(at_rest)
        with m.Elif(n.reson_en):
            m.d.comb += spike.eq(in_phase & hit)
        with m.Else():
            m.d.comb += spike.eq(hit)

    def _count_dapdel(self, m: Module) -> None:
        n, cnt_next = self.neuron, self._next.dapdel_cnt
        tref = self.stimulus.tref
        starts = (n.dap_en & self._spike) | (n.spklat_en & self._hit & (n.core != self._threshold))
        with m.If(n.reson_sharp_en):
            with m.If(tref & (n.dapdel_cnt != IZH["dapdel_cnt"].high)):
                m.d.comb += cnt_next.eq(n.dapdel_cnt + 1)
            with m.Elif(self._step.exc):
                m.d.comb += cnt_next.eq(0)
        with m.Elif(starts):
            m.d.comb += cnt_next.eq(n.dapdel)
        with m.Elif(tref & (n.dapdel_cnt != 0)):
            m.d.comb += cnt_next.eq(n.dapdel_cnt - 1)

    def _close_locks(self, m: Module) -> None:
        n, nxt, stim = self.neuron, self._next, self._stim
        tref, spike = self.stimulus.tref, self._spike
        onset = spike & (stim.tmp_gt_thr_exc | stim.gt_thr_exc)
        has_spiked = tref & n.spkout_done & ((n.core == 0) | n.refrac) & stim.tmp_gt_thr_exc
        with m.If(onset | has_spiked):
            m.d.comb += [nxt.phasic_lock.eq(n.phasic_en), nxt.mixed_lock.eq(n.mixed_en)]
        with m.Elif(~stim.gt_thr_exc):
            m.d.comb += [nxt.phasic_lock.eq(0), nxt.mixed_lock.eq(0)]

        with m.If(tref):
            m.d.comb += nxt.spkout_done.eq(0)
        with m.Elif(spike):
            m.d.comb += nxt.spkout_done.eq(1)

        m.d.comb += nxt.bist_lock.eq(n.bist_lock ^ (n.bist_en & stim.lone_spike_exc))

        mirrored = Signal.like(self._potential)
        m.d.comb += mirrored.eq(-n.core)
        with m.If(n.inhin_en & ~n.refrac & (mirrored == self._threshold)):
            m.d.comb += nxt.inhin_lock.eq(1)
        with m.Elif(stim.zero):
            m.d.comb += nxt.inhin_lock.eq(0)

        with m.If(spike & (self._spk_ref != 0)):
            m.d.comb += nxt.burst_lock.eq(1)
        with m.Elif(self.stimulus.burst_end):
            m.d.comb += nxt.burst_lock.eq(0)

    def _finish(self, m: Module) -> None:
        """Assign membrane, refractoriness and phase, with and without a spike."""
        n, nxt, spike = self.neuron, self._next, self._spike
        reson_sign = Mux(self._potential == 0, self._sign_at_rest, self._sign_else)
        m.d.comb += [nxt.core.eq(self._potential), nxt.reson_sign.eq(reson_sign)]
        with m.If(spike):
            m.d.comb += nxt.core.eq(Mux(n.dap_en | n.reson_en, n.rfr, -n.rfr))
            with m.If(n.reson_en):
                m.d.comb += nxt.reson_sign.eq(ResonSign.NEG)
        with m.If(spike | nxt.inhin_lock):
            m.d.comb += nxt.refrac.eq(~n.dap_en & (n.rfr != 0) & ~n.reson_en)
        with m.Elif(self._potential == 0):
            m.d.comb += nxt.refrac.eq(0)

    def _connect_calcium(self, m: Module) -> None:
        m.submodules.calcium = calcium = Calcium(IZH)
        n, nxt = self.neuron, self._next
        n_spikes = Mux(n.burst_incr, self._burst_length(), 1)
        m.d.comb += [
            calcium.neuron.eq(n),
            calcium.tref.eq(self.stimulus.tref),
            calcium.n_spikes.eq(Mux(self._spike, n_spikes, 0)),
            calcium.core_high.eq(nxt.core >= n.thetamem),
            calcium.core_low.eq((nxt.core >= 0) & (nxt.core < n.thetamem)),
            nxt.calcium.eq(calcium.calcium_next),
            nxt.caleak_cnt.eq(calcium.caleak_cnt_next),
            self.v_up.eq(calcium.v_up),
            self.v_down.eq(calcium.v_down),
        ]
