"""A simulation model of the ECP5's block RAM, which Yosys knows as a black box only.

Source: Lattice FPGA-TN-02204, DP16KD in single-port use; Yosys, share/lattice/brams_map_16kd.v, for the pins.
"""

_PINS = {"DI": 18, "AD": 14, "DO": 18}


def _vector(prefix: str, port: str) -> list[str]:
    return [f"{prefix}{port}{bit}" for bit in range(_PINS[prefix])]


def _list(names: list[str]) -> str:
    return "{" + ", ".join(reversed(names)) + "}"


def _inputs(port: str) -> list[str]:
    controls = [f"{name}{port}" for name in ("CE", "OCE", "CLK", "WE", "RST")]
    return [*_vector("DI", port), *_vector("AD", port), *controls, *(f"CS{port}{bit}" for bit in range(3))]


# The bench writes the initial content into ``mem``: 18432 bits in the order of a port's words.
DP16KD = f"""\
module DP16KD(
    input {", ".join([*_inputs("A"), *_inputs("B")])},
    output {", ".join([*_vector("DO", "A"), *_vector("DO", "B")])}
);
    parameter DATA_WIDTH_A = 18, DATA_WIDTH_B = 18;
    parameter REGMODE_A = "NOREG", REGMODE_B = "NOREG";
    parameter WRITEMODE_A = "NORMAL", WRITEMODE_B = "NORMAL";
    parameter RESETMODE = "SYNC", ASYNC_RESET_RELEASE = "SYNC", GSR = "ENABLED";
    parameter CSDECODE_A = "0b000", CSDECODE_B = "0b000", CLKAMUX = "CLKA", CLKBMUX = "CLKB";
    {" ".join(f"parameter [319:0] INITVAL_{i:02X} = 320'b0;" for i in range(64))}

    // Only what our chips use: port A, unregistered, which shows the word as it was before a write.
    initial if (WRITEMODE_A != "READBEFOREWRITE" || REGMODE_A != "NOREG" || CLKAMUX != "CLKA") begin
        $display("DP16KD: a use that this model does not know");
        $finish;
    end

    reg [17:0] mem [0:1023];
    reg [17:0] q = 18'b0;
    wire [13:0] ad = {_list(_vector("AD", "A"))};
    wire [17:0] di = {_list(_vector("DI", "A"))};
    wire [17:0] row = mem[ad[13:4]];
    // Of narrow words, the first bit of the addressed one in its row of two times 9 bits.
    wire [4:0] start = DATA_WIDTH_A == 9 ? (ad[3] ? 5'd9 : 5'd0)
        : DATA_WIDTH_A == 4 ? (ad[3] ? 5'd9 : 5'd0) + {{2'b0, ad[2], 2'b0}}
        : DATA_WIDTH_A == 2 ? (ad[3] ? 5'd9 : 5'd0) + {{2'b0, ad[2:1], 1'b0}}
        : DATA_WIDTH_A == 1 ? (ad[3] ? 5'd9 : 5'd0) + {{2'b0, ad[2:0]}}
        : 5'd0;
    wire [17:0] mask = DATA_WIDTH_A == 18 ? {{{{9{{ad[1]}}}}, {{9{{ad[0]}}}}}}
        : ((18'd1 << DATA_WIDTH_A) - 18'd1) << start;
    wire [17:0] merged = row & ~mask | di << start & mask;

    always @(posedge CLKA)
        if (CEA) begin
            q <= row >> start;
            if (WEA) mem[ad[13:4]] <= merged;
        end

    assign {_list(_vector("DO", "A"))} = q;
    assign {_list(_vector("DO", "B"))} = 18'b0;
endmodule
"""
