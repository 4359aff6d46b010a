module mesh_core import mesh_pkg::*; (
    input  logic                 clk, lnk, rst_n,
    input  logic                 en,
    input  logic [ADDR_BITS-1:0] addr,
    input  logic [7:0]           amount,
    input  logic                 passed,
    output sum_t                 sum,
    output logic                 odd
);
    sum_t mem [2**ADDR_BITS];
    sum_t last;                 // what was written last
    assign sum = mem[addr] + sum_t'(amount);
    always_ff @(posedge clk) if (en) mem[addr] <= sum;
    always_ff @(posedge clk or negedge rst_n)
        if (!rst_n)  last <= '0;
        else if (en) last <= sum;
    // On the link's clock: whether an odd number of replies has left this core.
    always_ff @(negedge lnk or negedge rst_n)
        if (!rst_n)      odd <= 1'b0;
        else if (passed) odd <= ~odd;
endmodule
