"""The output neurons: leaky integrators, and their errors.

Source: srnn.v, Output neurons, output_act_err.
"""

from amaranth import Array, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import ACT_HALF, KAPPA_ONE, LFSRS, N_OUT, OUT_WEIGHTS, U_BITS, M, State
from draupnir.rtl.lib.views import layout_of
from draupnir.rtl.reckon.buses import POTENTIALS, Config, SramAccess, Timestep
from draupnir.rtl.reckon.lfsr import UnfoldedLfsr
from draupnir.rtl.reckon.rounding import decay, saturating_sum

KAPPA_FRACTION = KAPPA_ONE.bit_length() - 1
LFSR = {lfsr.name: lfsr for lfsr in LFSRS}
OUT_BITS = (N_OUT - 1).bit_length()


class OutputNeurons(wiring.Component):
    """Add a spike's weights to all potentials in one clock. Each potential decays in a clock of state STEP.

    weights : the weights of the spike, which are added in this clock if ``integrates`` is 1
    oneur_u : the potentials, in clock domain ``swept``, whose synchronous reset is active when the chip becomes idle

    n_outputs : the number of neurons; the potentials of missing ones are 0
    """

    config: In(Config())
    timestep: In(Timestep())
    spi: In(SramAccess())
    weights: In(layout_of(OUT_WEIGHTS))
    integrates: In(1)
    oneur_u: Out(POTENTIALS)

    def __init__(self, neur_bits: int = M, n_outputs: int = N_OUT) -> None:
        super().__init__()
        self._neur_bits = neur_bits
        self._n_outputs = n_outputs

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, step, spi = self.config, self.timestep, self.spi
        oneur_u = [Signal(U_BITS, name=f"oneur_u_{k}") for k in range(self._n_outputs)]
        idx = step.neur_step_cnt[:OUT_BITS]
        decays = Signal()
        m.d.comb += [self.oneur_u[k].eq(potential) for k, potential in enumerate(oneur_u)]
        m.d.comb += decays.eq((step.state == State.STEP) & (step.neur_step_cnt[OUT_BITS : self._neur_bits] == 0))
        decayed = Signal(U_BITS)
        m.d.comb += decayed.eq(self._decay(m, Array(self.oneur_u)[idx], decays))
        for k, potential in enumerate(oneur_u):
            with m.If(spi.prog.oneur & (spi.addr[:OUT_BITS] == k)):
                m.d.swept += potential.eq(spi.payload)
            with m.Elif(config.spi_num_out_neur >= k):
                with m.If(self.integrates):
                    weight = self.weights[f"w{k}"] << config.spi_fp_loc_wout
                    m.d.swept += potential.eq(saturating_sum(m, potential, weight[:U_BITS]))
                with m.Elif(decays & (idx == k)):
                    m.d.swept += potential.eq(decayed)
        return m

    def _decay(self, m: Module, potential: Signal, decays: Signal) -> Signal:
        config = self.config
        m.submodules.lfsr_strnd_oneur_u = lfsr = UnfoldedLfsr(LFSR["lfsr_strnd_oneur_u"])
        rounds = config.spi_en_stoch_round & (config.spi_kappa != KAPPA_ONE)
        m.d.comb += [
            lfsr.en.eq(decays & rounds),
            lfsr.prog.eq(self.spi.prog.seed_strnd_oneur),
            lfsr.seed.eq(config.spi_seed_strnd_oneur),
        ]
        return decay(m, potential.as_signed(), config.spi_kappa, KAPPA_FRACTION, rounds, lfsr.rnd)


def output_error(m: Module, target: Value, potential: Value, act: Value) -> Value:
    """Return the target minus the output of a neuron, all signed; it saturates at the width of ``potential``.

    act : 1 if the output is the hard sigmoid of the potential, 0..ACT_HALF; 0 if it is the potential itself
    """
    n = len(potential)
    y, difference = Signal(signed(n)), Signal(signed(n + 1), name="difference")
    m.d.comb += [y.eq(potential), difference.eq(target - y)]
    with m.If(act):
        m.d.comb += y.eq((potential + ACT_HALF) >> 1)
        with m.If(potential >= ACT_HALF):
            m.d.comb += y.eq(ACT_HALF)
        with m.If(potential < -ACT_HALF):
            m.d.comb += y.eq(0)
    greatest = (1 << (n - 1)) - 1
    return Mux(difference > greatest, greatest, Mux(difference < ~greatest, ~greatest, difference))


class OutputErrors(wiring.Component):
    """Compute the errors of all output neurons. They are 0 unless a target is valid and something learns.

    looked_at : 1 in a clock in which the errors count; in other clocks they may be 0
    """

    config: In(Config())
    target_valid: In(1)
    looked_at: In(1)
    class_label: In(4)
    reg_tar: In(data.ArrayLayout(U_BITS, N_OUT))
    oneur_u: In(POTENTIALS)
    oneur_err: Out(data.ArrayLayout(signed(U_BITS), N_OUT))

    def __init__(self, n_outputs: int = N_OUT) -> None:
        super().__init__()
        self._n_outputs = n_outputs

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        en = Signal()
        m.d.comb += en.eq(config.spi_do_eprop.any() & self.target_valid & self.looked_at)
        for k in range(self._n_outputs):
            label_target = Mux(self.class_label == k, ACT_HALF, 0)
            target = Mux(config.spi_regression, self.reg_tar[k].as_signed(), label_target)
            with m.If(en), m.If(config.spi_num_out_neur >= k):
                error = output_error(m, target, self.oneur_u[k].as_signed(), ~config.spi_no_out_act)
                m.d.comb += self.oneur_err[k].eq(error)
        return m
