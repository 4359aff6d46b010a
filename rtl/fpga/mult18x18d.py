"""A simulation model of the ECP5's multiplier, which Yosys knows as a black box only.

Source: Lattice FPGA-TN-02205, MULT18X18D without registers; Yosys, share/lattice/dsp_map_18x18.v, for the pins.
"""

_PINS = {"A": 18, "B": 18, "C": 18, "P": 36}


def _vector(prefix: str) -> str:
    """The pins of a vector, the most significant one first."""
    return ", ".join(f"{prefix}{bit}" for bit in reversed(range(_PINS[prefix])))


MULT18X18D = f"""\
module MULT18X18D(
    input {_vector("A")},
    input {_vector("B")},
    input {_vector("C")},
    input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
    output {_vector("P")}
);
    parameter REG_INPUTA_CLK = "NONE", REG_INPUTB_CLK = "NONE", REG_INPUTC_CLK = "NONE";
    parameter REG_PIPELINE_CLK = "NONE", REG_OUTPUT_CLK = "NONE";

    // Only what our chips use: both factors from the pins, and no registers. Yosys sets no parameter then.
    wire signed [18:0] a = {{SIGNEDA & A17, {_vector("A")}}};
    wire signed [18:0] b = {{SIGNEDB & B17, {_vector("B")}}};
    wire signed [37:0] product = a * b;
    assign {{{_vector("P")}}} = product[35:0];
endmodule
"""
