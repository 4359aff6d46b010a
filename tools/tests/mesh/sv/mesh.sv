module mesh import mesh_pkg::*; #(
    parameter int NX = 2
) (
    input  logic                clk, lnk, rst_n,
    input  logic                i_valid,
    output logic                i_ready,
    input  request_t            i_req,
    output logic                o_valid,
    input  logic                o_ready,
    output reply_t              o_reply,
    input  logic [VEC_BITS-1:0] vec,
    output logic [VEC_BITS-1:0] mix,
    output logic [2*NX-1:0]     odd
);
    logic   request_toggle, reply_toggle;
    sum_t   sums [2*NX];
    wire take = i_valid & i_ready;
    wire give = o_valid & o_ready;
    assign i_ready = request_toggle == reply_toggle;
    assign o_valid = request_toggle != reply_toggle;

    for (genvar y = 0; y < 2; y++) begin : gen_row
        for (genvar x = 0; x < NX; x++) begin : gen_col
            localparam int ME = y * NX + x;
            mesh_core u_core (
                .clk, .lnk, .rst_n,
                .en(take && i_req.core == ME), .addr(i_req.addr), .amount(i_req.amount),
                .passed(give && o_reply.core == ME),
                .sum(sums[ME]), .odd(odd[ME])
            );
        end
    end

    always_ff @(posedge clk or negedge rst_n)
        if (!rst_n) begin
            request_toggle <= 1'b0;
            o_reply <= '0;
            mix     <= '0;
        end else if (take) begin
            request_toggle <= ~request_toggle;
            o_reply <= {i_req.core, i_req.core < 2 * NX ? sums[i_req.core] : {SUM_BITS{1'b1}}};
            mix     <= {mix[VEC_BITS-2:0], mix[VEC_BITS-1]} ^ vec;
        end
    always_ff @(negedge lnk or negedge rst_n)
        if (!rst_n)    reply_toggle <= 1'b0;
        else if (give) reply_toggle <= request_toggle;
endmodule
