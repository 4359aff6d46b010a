"""Recipes for neurons and learning: potentials, traces and weights."""

from __future__ import annotations

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import SenderTiming
from draupnir.golden.ranges import Range
from draupnir.golden.recipes.reckon import HostTraffic, ReckonRecipe
from draupnir.golden.recipes.reckon_contents import BASE, Network
from draupnir.golden.recipes.reckon_samples import Samples

_SMALL = Network(n_inp=(10, 14), n_rec=(12, 18))
_EAGER = Network(winp=(20, 120), thr=(150, 500))  # The network spikes often, so that traces rise.

# All parameters of learning, with all contents. Only K_*_P ends at 19: beyond it, Verilator and the language disagree.
_ANY_LEARNING: dict[str, Range] = {
    "SPI_DO_EPROP": (0, 7),
    "SPI_LEARN_SIG_SCALE": (0, 15),
    "SPI_EN_STOCH_ROUND": (0, 1),
    "SPI_KAPPA": (0, 255),
    "SPI_REGUL_MODE": (0, 7),
    "SPI_REGUL_W": (0, 3),
    "SPI_REGUL_F0": (0, 4095),
    "SPI_REGUL_K_MUL": (0, 31),
    **{f"SPI_REGUL_K_{kind}_R": (0, 31) for kind in ("INP", "REC")},
    **{f"SPI_REGUL_K_{kind}_P": (0, 19) for kind in ("INP", "REC")},
    **{f"SPI_FP_LOC_{kind}": (0, 7) for kind in ("WINP", "WREC", "WOUT", "TINP", "TREC", "TOUT")},
    **{f"SPI_LR_{end}_{kind}": (0, 31) for end in "RP" for kind in ("WINP", "WREC", "WOUT")},
    **{f"SPI_H_{i}": (-16, 15) for i in range(5)},
}

# Learning at its ends: sums of updates overflow.
_EXTREME: dict[str, Range] = {
    "SPI_ALPHA_CONF": (0, 0xFFFFFFFF),
    "SPI_LEARN_SIG_SCALE": (9, 15),
    "SPI_REGRESSION": (0, 1),
    "SPI_NO_OUT_ACT": (0, 1),
    "SPI_REGUL_MODE": (2, 7),
    "SPI_REGUL_K_MUL": (0, 2),
    "SPI_KAPPA": (0x60, 0xFF),
    **{f"SPI_REGUL_K_{kind}_P": (16, 19) for kind in ("INP", "REC")},
    **{f"SPI_LR_{end}_{kind}": (0, 31) for end in "RP" for kind in ("WINP", "WREC", "WOUT")},
    **{f"SPI_H_{i}": (-16, 15) for i in range(5)},
}

# The parameters that decide the size of an update's probability.
_SIZES: dict[str, Range] = {
    "SPI_NUM_OUT_NEUR": (0, 15),
    "SPI_REGUL_MODE": (0, 7),
    "SPI_REGUL_W": (0, 3),
    "SPI_NO_OUT_ACT": (0, 1),
    "SPI_LEARN_SIG_SCALE": (0, 15),
    **{f"SPI_LR_{end}_{kind}": (0, 31) for end in "RP" for kind in ("WINP", "WREC", "WOUT")},
    **{f"SPI_FP_LOC_{kind}": (0, 7) for kind in ("TINP", "TREC", "TOUT")},
}

NEURON_RECIPES = {
    "inference": ReckonRecipe(
        "Without learning: potentials, spikes, output neurons and the winner's label at the end of a sample.",
        registers={"SPI_DO_EPROP": 0, "SPI_EN_STOCH_ROUND": (0, 1)},
    ),
    "force_traces": ReckonRecipe(
        "SPI_FORCE_TRACES without learning: traces rise, decay, and stop at their highest value.",
        registers={
            "SPI_DO_EPROP": 0,
            "SPI_FORCE_TRACES": 1,
            "SPI_FP_LOC_TINP": (6, 7),
            "SPI_FP_LOC_TREC": (6, 7),
            "SPI_FP_LOC_TOUT": (6, 7),
        },
        network=_EAGER,
        samples=Samples(steps=(15, 25)),
        host=HostTraffic({"session": 1}, gap=Clocks(1500, 3000)),
    ),
    "rounding": ReckonRecipe(
        "Stochastic rounding switched while running, seeds written anew, and decay by any factor, also above 1.",
        n_cycles=18_000,
        registers={"SPI_ALPHA_CONF": (0, 0xFFFFFFFF), "SPI_KAPPA": (0x78, 0x84)},
        network=Network(alpha=(0, 0xFFF)),
        host=HostTraffic(
            {"config": 3, "session": 1},
            gap=Clocks(200, 900),
            retune={
                "SPI_EN_STOCH_ROUND": (0, 1),
                "SPI_KAPPA": (0x40, 0x84),
                "SPI_SEED_STRND_NEUR": (0, (1 << 30) - 1),
                "SPI_SEED_STRND_ONEUR": (0, (1 << 15) - 1),
                "SPI_ALPHA_CONF": (0, 0xFFFFFFFF),
            },
        ),
    ),
    "decay_of_one": ReckonRecipe(
        "Potentials at their ends with alpha and kappa of exactly 1, which rounds nothing, or a bit above: they wrap.",
        registers={
            "SPI_ALPHA_CONF": 0xFFFFFFFF,
            "SPI_KAPPA": (0x80, 0x82),
            **{f"SPI_FP_LOC_{kind}": 7 for kind in ("WINP", "WREC", "WOUT", "TINP", "TREC", "TOUT")},
        },
        network=Network(n_inp=12, n_rec=12, winp=(-128, 127), wout=(-128, 127), alpha=(0, 2)),
        host=HostTraffic(
            {"config": 1}, gap=Clocks(400, 1200), retune={"SPI_KAPPA": (0x7F, 0x82), "SPI_EN_STOCH_ROUND": (0, 1)}
        ),
    ),
    "noise": ReckonRecipe(
        "Noise of every strength: its sum is taken for an overflow by the signs of potential and weight alone.",
        registers={"SPI_NOISE_EN": 1, "SPI_NOISE_STR": (0, 3)},
        host=HostTraffic(
            {"config": 1}, gap=Clocks(300, 1500), retune={"SPI_NOISE_STR": (0, 9), "SPI_NOISE_EN": (0, 1)}
        ),
    ),
    "reset_modes": ReckonRecipe(
        "After a spike the potential loses the threshold, or becomes 0, by SPI_RST_MODE, switched while running.",
        registers={"SPI_RST_MODE": 0},
        network=_EAGER,
        host=HostTraffic({"config": 1}, gap=Clocks(500, 1500), retune={"SPI_RST_MODE": (0, 1)}),
    ),
    "saturation": ReckonRecipe(
        "Potentials at both ends, weights at both ends, traces at their end, thresholds of any sign.",
        registers={
            "SPI_FP_LOC_WINP": 7,
            "SPI_FP_LOC_WREC": 7,
            "SPI_FP_LOC_WOUT": 7,
            "SPI_FP_LOC_TINP": 7,
            "SPI_FP_LOC_TREC": 7,
            "SPI_FP_LOC_TOUT": 7,
            "SPI_LEARN_SIG_SCALE": (8, 15),
            "SPI_KAPPA": (0x7C, 0x80),
            "SPI_LR_P_WINP": (14, 31),
            "SPI_LR_P_WREC": (14, 31),
            "SPI_LR_P_WOUT": (14, 31),
        },
        network=Network(
            winp=(-128, 127), wrec=(-128, 127), wout=(-128, 127), thr=(-32768, 32767), alpha=(0xF00, 0xFFF)
        ),
        samples=Samples(events=(3, 12)),
    ),
    "fading_traces": ReckonRecipe(
        "Traces and potentials that decay to 1 and to 0: stochastic rounding adds to 1, and never to 0.",
        n_cycles=16_000,
        registers={
            "SPI_DO_EPROP": 0,
            "SPI_FORCE_TRACES": 1,
            "SPI_FP_LOC_WINP": (0, 1),
            "SPI_FP_LOC_WREC": 0,
            "SPI_FP_LOC_WOUT": 0,
            "SPI_FP_LOC_TINP": 0,
            "SPI_FP_LOC_TREC": 0,
            "SPI_FP_LOC_TOUT": 0,
            "SPI_KAPPA": (0x40, 0x70),
        },
        network=Network(n_inp=(8, 14), n_rec=(10, 16), winp=(-20, 60), wout=(-9, 9), thr=(20, 70), alpha=(0, 0xFFF)),
        samples=Samples(steps=(30, 40), events=(0, 2)),
    ),
    "every_output": ReckonRecipe(
        "Each of 16 output neurons wins, and reaches both ends of its potential, in samples of up to 200 timesteps.",
        n_cycles=42_000,
        registers={"SPI_DO_EPROP": 0, "SPI_KAPPA": (0x78, 0x80), "SPI_SEND_PER_TIMESTEP": 1},
        network=Network(n_inp=(6, 8), n_rec=(8, 10), n_out=16, winp=(-30, 60), wout=(-128, 127)),
        samples=Samples(steps=(60, 240), events=(0, 1), infer=0, pause=Clocks(0, 2)),
        host=HostTraffic(
            {"config": 1, "outputs": 4},
            gap=Clocks(20, 120),
            quick=Clocks(20, 40),
            retune={"SPI_FP_LOC_WOUT": (0, 7)},
        ),
    ),
    "growing_inputs": ReckonRecipe(
        "The number of input neurons grows from 1 to 200; whichever neuron is the last one, its sweep is the last one.",
        n_cycles=95_000,
        registers={"SPI_DO_EPROP": 1},
        network=Network(n_inp=1, n_rec=2, n_out=1),
        samples=Samples(steps=300, events=0, teach=300, infer=300, ends=True, pause=Clocks(20, 30)),
        host=HostTraffic({"grow": 1}, gap=Clocks(1, 1)),
    ),
    "counts": ReckonRecipe(
        "Reduced and odd numbers of neurons, more inputs than recurrent neurons, rewritten while running.",
        n_cycles=18_000,
        network=Network(n_inp=(30, 40), n_rec=(5, 21), n_out=(1, 16)),
        samples=Samples(beyond=0.2),
        host=HostTraffic(
            {"config": 1},
            gap=Clocks(800, 2500),
            retune={
                "SPI_NUM_INP_NEUR": (0, 45),
                "SPI_NUM_REC_NEUR": (0, 25),
                "SPI_NUM_OUT_NEUR": (0, 15),
                "SPI_DO_EPROP": (0, 7),
            },
        ),
    ),
    "counts_lowered": ReckonRecipe(
        "Numbers of neurons rewritten all the time, so that counts find themselves beyond their end and wrap.",
        network=Network(n_inp=12, n_rec=12, n_out=12),
        samples=Samples(steps=(20, 40), events=(0, 1), teach=(10, 40), pause=Clocks(0, 3), patience=3000),
        host=HostTraffic(
            {"config": 1},
            gap=Clocks(1, 12),
            quick=Clocks(20, 40),
            retune={f"SPI_NUM_{kind}_NEUR": (0, 15) for kind in ("INP", "REC", "OUT")} | {"SPI_DO_EPROP": (0, 7)},
        ),
    ),
}

LEARNING_RECIPES = {
    "eprop_winp": ReckonRecipe(
        "SPI_DO_EPROP bit 0: e-prop moves input weights only; output traces and recurrent traces stand still.",
        registers={"SPI_DO_EPROP": 0b001},
    ),
    "eprop_wrec": ReckonRecipe(
        "SPI_DO_EPROP bit 1: e-prop moves recurrent weights only, and clears those of a neuron to itself.",
        registers={"SPI_DO_EPROP": 0b010},
        network=_EAGER,
    ),
    "eprop_wout": ReckonRecipe(
        "SPI_DO_EPROP bit 2 alone: output weights are updated without a sweep over pre-synaptic neurons.",
        registers={"SPI_DO_EPROP": 0b100},
    ),
    "reset_values": ReckonRecipe(
        "All weights learn, with KAPPA and the random generators as a reset leaves them.",
        n_cycles=18_000,
        registers={
            "SPI_NOISE_EN": 1,
            "SPI_LEARN_SIG_SCALE": (4, 8),
            "SPI_LR_P_WINP": (14, 20),
            "SPI_LR_P_WREC": (14, 20),
            "SPI_LR_P_WOUT": (14, 20),
        },
        network=_EAGER,
        host=HostTraffic({"reset": 1}, gap=Clocks(2500, 5000)),
        unwritten=("SPI_KAPPA", *(name for name in BASE if name.startswith("SPI_SEED_"))),
    ),
    "eprop": ReckonRecipe(
        "All three kinds of weights learn; learning signals of any scale; negative pseudo-derivatives.",
        n_cycles=18_000,
        registers={"SPI_LEARN_SIG_SCALE": (0, 8), "SPI_H_1": (-16, 15), "SPI_H_0": (-16, 15)},
        host=HostTraffic(
            {"config": 1},
            gap=Clocks(600, 1800),
            retune={
                "SPI_DO_EPROP": (0, 7),
                "SPI_LEARN_SIG_SCALE": (0, 15),
                "SPI_SEED_INP": (0, (1 << 25) - 1),
                "SPI_LR_P_WINP": (0, 31),
                "SPI_LR_R_WREC": (0, 31),
            },
        ),
    ),
    "extreme_updates": ReckonRecipe(
        "Any potential and trace learns, with the largest learning signals and regularisation: products and sums "
        "reach both ends of 32 bits.",
        n_cycles=30_000,
        registers=_EXTREME
        | {
            **{f"SPI_FP_LOC_{kind}": 0 for kind in ("TINP", "TREC", "TOUT")},
            **{f"SPI_REGUL_K_{kind}_R": 0 for kind in ("INP", "REC")},
            "SPI_REGUL_W": 3,
            "SPI_REGUL_F0": (0, 300),
        },
        network=Network(
            n_inp=(10, 14), n_rec=(17, 20), n_out=16, wout=(-128, 127), thr=(-32768, 32767), alpha=(0, 0xFFF)
        ),
        samples=Samples(steps=(5, 9), teach=(0, 4)),
        host=HostTraffic(
            {"config": 12, "awaken": 3, "outputs": 2, "session": 0.5}, gap=Clocks(30, 300), retune=_EXTREME
        ),
    ),
    "extreme_outputs": ReckonRecipe(
        "Potentials, errors and weights of each of 16 output neurons, and the weights of 16 neurons, at both ends.",
        n_cycles=11_000,
        registers={
            "SPI_REGRESSION": 1,
            "SPI_SINGLE_LABEL": 0,
            "SPI_NO_OUT_ACT": 1,
            "SPI_FP_LOC_WOUT": 7,
            "SPI_KAPPA": (0x7C, 0x7F),
            "SPI_LR_P_WINP": (20, 31),
            "SPI_LR_P_WREC": (20, 31),
            "SPI_LR_P_WOUT": (20, 31),
        },
        network=Network(n_inp=(6, 8), n_rec=16, n_out=16, winp=(122, 127), wrec=(-128, -124), wout=(-128, 127)),
        samples=Samples(steps=(4, 8), teach=(0, 1), targets=1 << 15),
        host=HostTraffic({"outputs": 1}, gap=Clocks(50, 250), quick=Clocks(20, 40)),
    ),
    "many_updates": ReckonRecipe(
        "Updates with probabilities of every size, while the number of output neurons and the regularisation change.",
        n_cycles=60_000,
        registers=_SIZES | {"SPI_SINGLE_LABEL": 0},
        network=Network(n_inp=48, n_rec=48, n_out=16, wout=(-128, 127), thr=(150, 500)),
        samples=Samples(steps=(10, 20), events=(6, 20), teach=0),
        host=HostTraffic({"config": 1}, gap=Clocks(20, 300), retune=_SIZES),
    ),
    "learning_signals": ReckonRecipe(
        "16 output neurons with large weights: the sum of errors times weights, scaled, and held at its ends.",
        registers={"SPI_LEARN_SIG_SCALE": (9, 15), "SPI_NO_OUT_ACT": (0, 1), "SPI_FP_LOC_WOUT": 6},
        network=Network(n_out=(15, 16), wout=(-128, 127), n_rec=(17, 33)),
    ),
    "regul_add": ReckonRecipe(
        "Additive regularisation takes from the update probability of input and recurrent weights.",
        registers={"SPI_REGUL_MODE": 0b010, "SPI_REGUL_W": (1, 3)},
        network=_EAGER,
        host=HostTraffic({"config": 1}, gap=Clocks(1500, 3000), retune={"SPI_REGUL_W": (0, 3)}),
    ),
    "regul_mul": ReckonRecipe(
        "Multiplicative regularisation takes sixteenths from positive updates, down to nothing.",
        registers={"SPI_REGUL_MODE": 0b001, "SPI_REGUL_W": (1, 3)},
        network=_EAGER,
        host=HostTraffic(
            {"config": 1},
            gap=Clocks(800, 2000),
            retune={"SPI_REGUL_W": (0, 3), "SPI_REGUL_K_MUL": (0, 6), "SPI_REGUL_MODE": (0, 3)},
        ),
    ),
    "regul_always": ReckonRecipe(
        "Regularisation at every timestep, also without TARGET_VALID, when all learning signals are 0.",
        registers={"SPI_REGUL_MODE": (6, 7), "SPI_REGUL_W": 3, "SPI_SINGLE_LABEL": (0, 1)},
        network=_EAGER,
        samples=Samples(teach=(6, 12)),
    ),
    "retuned": ReckonRecipe(
        "Every parameter of learning changed to any value, between samples and in them.",
        n_cycles=18_000,
        registers=_ANY_LEARNING,
        network=_SMALL,
        samples=Samples(steps=(3, 6)),
        host=HostTraffic({"config": 1}, gap=Clocks(60, 400), retune=_ANY_LEARNING),
    ),
    "regression": ReckonRecipe(
        "Regression: targets of two bytes each at every taught timestep, errors with and without the hard sigmoid, "
        "potentials sent at each timestep.",
        n_cycles=18_000,
        registers={
            "SPI_REGRESSION": 1,
            "SPI_NO_OUT_ACT": (0, 1),
            "SPI_SINGLE_LABEL": 0,
            "SPI_SEND_PER_TIMESTEP": 1,
            "SPI_SEND_LABEL_ONLY": 0,
        },
        network=_SMALL,
        host=HostTraffic({"config": 1}, gap=Clocks(2000, 4000), retune={"SPI_NO_OUT_ACT": (0, 1)}),
    ),
    "regression_regul": ReckonRecipe(
        "Regression with each regularisation: errors of 16 bits, and updates taken back where neurons spike much.",
        registers={
            "SPI_REGRESSION": 1,
            "SPI_NO_OUT_ACT": (0, 1),
            "SPI_SINGLE_LABEL": 0,
            "SPI_REGUL_MODE": (1, 7),
            "SPI_REGUL_W": (1, 3),
        },
        network=_EAGER,
        host=HostTraffic(
            {"config": 1}, gap=Clocks(800, 3000), retune={"SPI_REGUL_MODE": (0, 7), "SPI_REGUL_W": (0, 3)}
        ),
    ),
    "regression_outputs": ReckonRecipe(
        "Regression with 16 output neurons: each has its target, error and potential, and its weights learn.",
        n_cycles=18_000,
        registers={
            "SPI_REGRESSION": 1,
            "SPI_NO_OUT_ACT": (0, 1),
            "SPI_SINGLE_LABEL": 0,
            "SPI_SEND_PER_TIMESTEP": 1,
            "SPI_SEND_LABEL_ONLY": 0,
        },
        network=Network(n_inp=(8, 14), n_rec=(10, 16), n_out=16, wout=(-128, 127)),
        host=HostTraffic({"config": 1}, gap=Clocks(2000, 4000), retune={"SPI_NO_OUT_ACT": (0, 1)}),
    ),
    "regression_single": ReckonRecipe(
        "Regression with SPI_SINGLE_LABEL: targets are asked for all the same, since no label ever comes; the label "
        "sent is that of no winner.",
        registers={"SPI_REGRESSION": 1, "SPI_NO_OUT_ACT": 1, "SPI_SEND_PER_TIMESTEP": (0, 1)},
        network=_SMALL,
    ),
    "labels": ReckonRecipe(
        "Classification with a label at each taught timestep (SPI_SINGLE_LABEL = 0), of existing classes and others.",
        registers={"SPI_SINGLE_LABEL": 0},
        network=_SMALL,
        samples=Samples(stray_target=0.2),
        host=HostTraffic({"config": 1}, gap=Clocks(2500, 5000), retune={"SPI_SINGLE_LABEL": (0, 1)}),
    ),
    "cue_accumulation": ReckonRecipe(
        "Delayed supervision as the chip's own test bench configures it: cues from one of two sides, a label announced "
        "before the last timesteps, weights that learn from it.",
        n_cycles=24_000,
        registers={
            "SPI_FP_LOC_TINP": 3,
            "SPI_FP_LOC_TREC": 4,
            "SPI_FP_LOC_TOUT": 6,
            "SPI_LEARN_SIG_SCALE": 5,
            "SPI_REGUL_MODE": 2,
            "SPI_REGUL_W": 3,
            "SPI_KAPPA": 0x79,
            "SPI_H_1": 0,
            "SPI_H_2": 0,
            "SPI_H_3": 0,
            "SPI_H_4": 1,
            **{f"SPI_THR_H_{i}": 205 for i in range(4)},
            "SPI_REGUL_F0": 40,
        },
        network=Network(n_inp=24, n_rec=30, n_out=2, thr=614, alpha=0xFEF, winp=(-40, 90), wrec=(-30, 30)),
        samples=Samples(steps=(22, 28), events=(0, 3), teach=(15, 18), infer=(15, 18), announced=True, cues=True),
    ),
    "every_input": ReckonRecipe(
        "Each of the 256 input neurons spikes, and the SPI writes the spike and dirty bits of each of the 256 neurons.",
        n_cycles=45_000,
        network=Network(n_inp=256, n_rec=(10, 16), winp=(-10, 15)),
        samples=Samples(steps=(4, 6), events=(180, 256), patience=50_000),
        sender=SenderTiming(gap=Clocks(0, 1)),
        host=HostTraffic({"all_flags": 1}, gap=Clocks(12_000, 15_000)),
    ),
    "every_neuron": ReckonRecipe(
        "Each of the 256 recurrent neurons spikes within a timestep, and its spike is processed.",
        n_cycles=80_000,
        registers={"SPI_DO_EPROP": 0},
        network=Network(n_inp=4, n_rec=256, n_out=2, winp=(90, 127), wrec=(0, 2), thr=(1, 60)),
        samples=Samples(steps=(2, 3), events=(8, 12), beyond=0.0, patience=80_000),
    ),
    "full_size": ReckonRecipe(
        "All 256 input, 256 recurrent and 16 output neurons.",
        n_cycles=45_000,
        network=Network(n_inp=256, n_rec=256, n_out=16, winp=(0, 120), wrec=(-20, 20), each=8, thr=(600, 2500)),
        samples=Samples(steps=(4, 5), events=(4, 8), teach=1, infer=0, patience=50_000),
    ),
}
