package grid_pkg;
    typedef struct packed { logic write; logic [7:0] data; } request_t;
endpackage

module grid import grid_pkg::*; #(
    parameter int NX = 2,
    parameter int NY = 2,
    parameter int DEPTH = 8,
    parameter KIND = "add"
) (
    input  logic                     CLK,
    input  logic                     RST,
    input  logic [$clog2(NX*NY)-1:0] CORE,
    input  logic [$clog2(DEPTH)-1:0] ADDR,
    input  request_t                 REQUEST,
    output logic [11:0]              WORD,
    output logic [NX*NY-1:0]         ODD
);
    wire [12*NX*NY-1:0] words;

    if (DEPTH > 1024) begin
        initial $display("deep");
    end
    genvar x, y;
    for (y = 0; y < NY; y = y + 1) begin : row
        for (x = 0; x < NX; x = x + 1) begin
            core #(.DEPTH(DEPTH), .KIND(KIND)) core_0 (
                .clk(CLK), .rst(RST), .selected(CORE == NX*y + x), .addr(ADDR), .request(REQUEST),
                .word(words[12*(NX*y + x) +: 12]), .odd(ODD[NX*y + x])
            );
        end
    end
    assign WORD = words[12*CORE +: 12];
endmodule
