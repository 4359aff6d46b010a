"""ReckOn's configuration registers: addresses, widths, values after a reset. The SPI writes them, but cannot read them.

Source: ReckOn doc v1.0, 3 (doc/README.md); spi_slave.v.
"""

from __future__ import annotations

from draupnir.emulator.declare import Register
from draupnir.emulator.reckon.lfsrs import LFSRS


def _own_seed(register: str) -> int:
    """Return the seed with which the random numbers are the same as after a reset."""
    return sum(lfsr.reset << lfsr.seed[1] for lfsr in LFSRS if lfsr.seed[0] == register)


REGISTERS = (
    Register("SPI_EN_CONF", 0, 1, "Asks for state CONFIG, and lets the SPI's requests through.", reset=1),
    Register("SPI_RO_STAGE_SEL", 1, 9, "Ring oscillator stage; not in the released Verilog."),
    Register("SPI_GET_CLKINT_OUT", 2, 1, "Shows the internal clock on MISO; not in the released Verilog.", reset=0),
    Register("SPI_GET_TAR_REQ_OUT", 3, 1, "Raises MISO while a target is awaited (state GET_TAR).", reset=1),
    Register("SPI_RST_MODE", 8, 1, "After a spike the potential is 0 reduced by the threshold, 1 set to 0.", reset=0),
    Register(
        "SPI_DO_EPROP",
        9,
        3,
        "Weights that learn: bit 0 the input's, bit 1 the recurrent, bit 2 the output's.",
        reset=0b111,
    ),
    Register(
        "SPI_LOCAL_TICK", 10, 1, "Timesteps are 0 TIME_TICK's rising edges, 1 SPI_CYCLES_PER_TICK clocks.", reset=0
    ),
    Register("SPI_ERROR_HALT", 11, 1, "A timing error holds the chip in state IDLE until a reset.", reset=1),
    Register("SPI_FP_LOC_WINP", 12, 3, "Left shift of the input weights.", unit="bits", reset=0),
    Register("SPI_FP_LOC_WREC", 13, 3, "Left shift of the recurrent weights.", unit="bits", reset=0),
    Register("SPI_FP_LOC_WOUT", 14, 3, "Left shift of the output weights.", unit="bits", reset=0),
    Register("SPI_FP_LOC_TINP", 15, 3, "Radix point of the input traces.", unit="bits", reset=0),
    Register("SPI_FP_LOC_TREC", 16, 3, "Radix point of the recurrent traces.", unit="bits", reset=0),
    Register("SPI_FP_LOC_TOUT", 17, 3, "Radix point of the output traces.", unit="bits", reset=0),
    Register("SPI_LEARN_SIG_SCALE", 18, 4, "Left shift of the learning signals.", unit="bits", reset=0),
    Register(
        "SPI_REGUL_MODE",
        19,
        3,
        "Regularisation: bit 0 multiplicative, bit 1 additive, bit 2 (with bit 1) also without TARGET_VALID.",
        reset=0,
    ),
    Register("SPI_REGUL_W", 20, 2, "Weights that are regularised: bit 0 the input's, bit 1 the recurrent.", reset=0),
    Register("SPI_EN_STOCH_ROUND", 21, 1, "Potentials and traces decay with stochastic rounding.", reset=0),
    Register("SPI_SRAM_SPEEDMODE", 22, 8, "Speed of the SRAM macros; not in the released Verilog.", reset=0),
    Register(
        "SPI_TIMING_MODE",
        23,
        1,
        "TIMING_ERROR_RDY shows 0 that a timestep can begin, 1 that there was an error.",
        reset=0,
    ),
    Register("SPI_REGRESSION", 25, 1, "0 classification, 1 regression.", reset=0),
    Register("SPI_SINGLE_LABEL", 26, 1, "A label is given once a sample, not at each timestep.", reset=1),
    Register(
        "SPI_NO_OUT_ACT", 27, 1, "The error takes an output neuron's potential without the hard sigmoid.", reset=0
    ),
    Register("SPI_SEND_PER_TIMESTEP", 30, 1, "Sends at each timestep, not once a sample.", reset=0),
    Register("SPI_SEND_LABEL_ONLY", 31, 1, "Sends 0 the output neurons' potentials, 1 the winner's label.", reset=1),
    Register("SPI_NOISE_EN", 32, 1, "Noise is added to the potentials at each event.", reset=0),
    Register("SPI_FORCE_TRACES", 33, 1, "Traces are computed for weights that do not learn too.", reset=0),
    Register("SPI_CYCLES_PER_TICK", 64, 32, "Length of a local timestep.", unit="clocks"),
    Register(
        "SPI_ALPHA_CONF",
        65,
        32,
        "Upper 4 bits of alpha: 1 for 4'h8, 0 for 4'h7; word 32 k + i of the neuron memory is bit i of address 65 + k.",
        4,
        reset=0,
    ),
    Register("SPI_KAPPA", 69, 8, "Decay of output neurons and output traces.", unit="1/128", reset=0x7A),
    *(
        Register(f"SPI_THR_H_{i}", 70 + i, 16, f"Potential below which SPI_H_{i} applies.", unit="LSB", signed=True)
        for i in range(4)
    ),
    *(
        Register(f"SPI_H_{i}", 74 + i, 5, f"Pseudo-derivative in segment {i}.", unit="LSB", signed=True)
        for i in range(5)
    ),
    Register("SPI_LR_R_WINP", 79, 5, "Right shift of an input weight's update probability.", unit="bits"),
    Register("SPI_LR_P_WINP", 80, 5, "Left shift, before the right shift.", unit="bits"),
    Register("SPI_LR_R_WREC", 81, 5, "Right shift of a recurrent weight's update probability.", unit="bits"),
    Register("SPI_LR_P_WREC", 82, 5, "Left shift, before the right shift.", unit="bits"),
    Register("SPI_LR_R_WOUT", 83, 5, "Right shift of an output weight's update probability.", unit="bits"),
    Register("SPI_LR_P_WOUT", 84, 5, "Left shift, before the right shift.", unit="bits"),
    Register("SPI_SEED_INP", 85, 25, "Seed of the input weights' updates.", default=_own_seed("SPI_SEED_INP")),
    Register("SPI_SEED_REC", 86, 25, "Seed of the recurrent weights' updates.", default=_own_seed("SPI_SEED_REC")),
    Register("SPI_SEED_OUT", 87, 22, "Seed of the output weights' updates.", default=_own_seed("SPI_SEED_OUT")),
    Register(
        "SPI_SEED_STRND_NEUR",
        88,
        30,
        "Seeds of the potentials' rounding: even neurons, odd neurons.",
        default=_own_seed("SPI_SEED_STRND_NEUR"),
    ),
    Register(
        "SPI_SEED_STRND_ONEUR",
        89,
        15,
        "Seed of the output neurons' rounding.",
        default=_own_seed("SPI_SEED_STRND_ONEUR"),
    ),
    Register(
        "SPI_SEED_STRND_TINP",
        90,
        30,
        "Seeds of the input traces' rounding: even, odd neurons.",
        default=_own_seed("SPI_SEED_STRND_TINP"),
    ),
    Register(
        "SPI_SEED_STRND_TREC",
        91,
        30,
        "Seeds of the recurrent traces' rounding: even, odd neurons.",
        default=_own_seed("SPI_SEED_STRND_TREC"),
    ),
    Register(
        "SPI_SEED_STRND_TOUT",
        92,
        30,
        "Seeds of the output traces' rounding: even, odd neurons.",
        default=_own_seed("SPI_SEED_STRND_TOUT"),
    ),
    Register("SPI_SEED_NOISE_NEUR", 93, 17, "Seed of the noise.", default=_own_seed("SPI_SEED_NOISE_NEUR")),
    Register("SPI_NUM_INP_NEUR", 94, 8, "Input neurons.", unit="neurons - 1", reset=0xFF),
    Register("SPI_NUM_REC_NEUR", 95, 8, "Recurrent neurons.", unit="neurons - 1", reset=0xFF),
    Register("SPI_NUM_OUT_NEUR", 96, 4, "Output neurons.", unit="neurons - 1", reset=0xF),
    Register("SPI_REGUL_F0", 98, 12, "Recurrent trace above which regularisation begins.", unit="LSB"),
    Register("SPI_REGUL_K_INP_R", 99, 5, "Right shift of the input weights' additive term.", unit="bits"),
    Register("SPI_REGUL_K_INP_P", 100, 5, "Left shift, before the right shift.", unit="bits"),
    Register("SPI_REGUL_K_REC_R", 101, 5, "Right shift of the recurrent weights' additive term.", unit="bits"),
    Register("SPI_REGUL_K_REC_P", 102, 5, "Left shift, before the right shift.", unit="bits"),
    Register("SPI_REGUL_K_MUL", 103, 5, "Right shift of the multiplicative term.", unit="bits"),
    Register("SPI_NOISE_STR", 104, 4, "Right shift of the noise.", unit="bits"),
)
