module core import grid_pkg::*; #(parameter int DEPTH = 8, parameter KIND = "add") (
    input  logic                     clk,
    input  logic                     rst,
    input  logic                     selected,
    input  logic [$clog2(DEPTH)-1:0] addr,
    input  request_t                 request,
    output logic [11:0]              word,
    output logic                     odd
);
    logic [11:0] mem [0:DEPTH-1];
    always_ff @(posedge clk) begin
        word <= mem[addr];
        if (selected && request.write)
            mem[addr] <= KIND == "add" ? mem[addr] + {4'd0, request.data} : {4'd0, request.data};
        if (rst) odd <= 1'b0;
        else if (selected && request.write) odd <= odd ^ request.data[0];
    end
endmodule
