"""The input of an Izhikevich neuron: the membrane's steps, and the strength of the stimulation.

Source: izh_input_accumulator.v, izh_stimulation_strength.v.
"""

from amaranth import Array, Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.odin.layout import IZH
from draupnir.rtl.lib.views import layout_of, shape_of
from draupnir.rtl.odin.stimulus import STIMULUS

STEP = data.StructLayout(
    {
        "leak": 1,  # The membrane leaks by a step; at most one of leak, exc and inh is 1.
        "exc": 1,  # The membrane is excited by a step.
        "inh": 1,  # The membrane is inhibited by a step.
    }
)

STIMULATION = data.StructLayout(
    {
        "gt_thr_exc": 1,  # The excitation in the last time step was at least stim_thr.
        "tmp_gt_thr_exc": 1,  # The excitation in this time step is at least stim_thr.
        "lone_spike_exc": 1,  # A time reference ends the silence after a single time step of excitation.
        "lone_spike_inh": 1,  # A time reference ends the silence after a single time step of inhibition.
        "zero": 1,  # A time reference ends a time step without net stimulation.
    }
)


class InputAccumulator(wiring.Component):
    """The sum of weights and leakage, modulo 2**11. The membrane steps when bit 3 + fi_sel changes. Combinational."""

    neuron: In(layout_of(IZH))
    stimulus: In(STIMULUS)
    inacc_next: Out(shape_of(IZH["inacc"]))
    step: Out(STEP)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        n, s = self.neuron, self.stimulus
        # All cases are computed together, because the synapse's sign, which selects one, is known late in a clock.
        leaked, excited, inhibited = (Signal.like(n.inacc, name=way) for way in ("leaked", "excited", "inhibited"))
        m.d.comb += [
            leaked.eq(n.inacc - Mux(n.leak_en, n.leak_str, 0)),
            excited.eq(n.inacc + s.syn_weight),
            inhibited.eq(n.inacc - s.syn_weight),
            self.inacc_next.eq(n.inacc),
        ]
        lowest = len(n.inacc) - (1 << len(n.fi_sel))
        for due, inacc, step in (
            (s.tref, leaked, self.step.leak),
            (s.exc, excited, self.step.exc),
            (s.inh, inhibited, self.step.inh),
        ):
            with m.If(due):
                m.d.comb += [self.inacc_next.eq(inacc), step.eq(Array((n.inacc ^ inacc)[lowest:])[n.fi_sel])]
        return m


class StimulationStrength(wiring.Component):
    """The count of a time step's net membrane steps, -7..7, and its comparison with stim_thr. It is combinational."""

    neuron: In(layout_of(IZH))
    tref: In(1)
    step: In(STEP)
    stimulation: Out(STIMULATION)
    stim_str_next: Out(shape_of(IZH["stim_str"]))
    stim_str_tmp_next: Out(shape_of(IZH["stim_str_tmp"]))
    stim0_prev_next: Out(shape_of(IZH["stim0_prev"]))
    inhexc_prev_next: Out(shape_of(IZH["inhexc_prev"]))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        n = self.neuron
        out = self.stimulation
        strength = n.stim_str_tmp
        tmp_gt_thr_inh = Signal()
        lone = Signal()
        m.d.comb += [
            tmp_gt_thr_inh.eq((strength < 0) & (-strength >= n.stim_thr)),
            out.gt_thr_exc.eq(n.stim_str >= n.stim_thr),
            out.tmp_gt_thr_exc.eq(strength >= n.stim_thr),
            out.zero.eq(self.tref & (strength == 0)),
            lone.eq(out.zero & ~n.stim0_prev[1]),
            out.lone_spike_exc.eq(lone & n.inhexc_prev[0]),
            out.lone_spike_inh.eq(lone & n.inhexc_prev[1]),
        ]
        with m.If(self.tref):
            m.d.comb += [
                self.stim_str_tmp_next.eq(0),
                self.stim_str_next.eq(strength),
                self.stim0_prev_next.eq(Cat(strength != 0, n.stim0_prev[0])),
                self.inhexc_prev_next.eq(Cat(out.tmp_gt_thr_exc, tmp_gt_thr_inh)),
            ]
        with m.Else():
            m.d.comb += [
                self.stim_str_tmp_next.eq(strength),
                self.stim_str_next.eq(n.stim_str),
                self.stim0_prev_next.eq(n.stim0_prev),
                self.inhexc_prev_next.eq(n.inhexc_prev),
            ]
            with m.If(self.step.exc & (strength != 7)):
                m.d.comb += self.stim_str_tmp_next.eq(strength + 1)
            with m.Elif(self.step.inh & (strength != -7)):
                m.d.comb += self.stim_str_tmp_next.eq(strength - 1)
        return m
