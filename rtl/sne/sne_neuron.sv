// SNE's neuron with plain pins. Draupnir's own file: it holds no logic. Nothing depends on the clock.
module sne_neuron (
    input  logic        clk,
    input  logic        enable,
    input  logic [2:0]  op,
    input  logic [3:0]  weight,
    input  logic [7:0]  now,
    input  logic [31:0] state,
    input  logic [31:0] cfg_parameter_i,
    output logic [31:0] state_next,
    output logic        spike
);
    sne_evt_stream_pkg::config_engine_t config_s;

    always_comb begin
        config_s = '0;
        {config_s.reg2hw.cfg_parameter_i.tscale, config_s.reg2hw.cfg_parameter_i.davth,
         config_s.reg2hw.cfg_parameter_i.tref, config_s.reg2hw.cfg_parameter_i.vth,
         config_s.reg2hw.cfg_parameter_i.vrest} = cfg_parameter_i;
    end

    SNE_EVENT_STREAM stream (.clk_i(clk));
    assign stream.valid = 1'b1;
    assign stream.evt   = {1'b0, op, 28'b0};

    alif_neuron neuron (
        .enable_i(enable), .config_i(config_s), .syn_weight_i(weight), .syn_weight_scale_i(4'h2),
        .neuron_state_i(state), .neuron_state_o(state_next), .time_i(now), .force_spike_op_i(1'b0),
        .evt_dp_stream_filter_dst(stream), .spike_o(spike)
    );
endmodule
