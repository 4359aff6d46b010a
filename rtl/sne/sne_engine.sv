// One engine of SNE with plain pins. Draupnir's own file: it holds no logic, it only spreads the engine's interfaces
// and the structure with the configuration to pins. The engine has the number 0. Each pin of the configuration has the
// layout of the register with this name in SNE's own register file (engine_clock.hjson), group 0 in the lowest bits.
module sne_engine #(
    parameter int GROUPS = 16
) (
    input  logic                      bus_clk_i,
    input  logic                      bus_rst_ni,
    input  logic                      engine_clk_i,
    input  logic                      engine_rst_ni,
    input  logic                      ack_error_i,
    input  logic                      dst_valid,
    output logic                      dst_ready,
    input  logic [31:0]               dst_evt,
    output logic                      src_valid,
    input  logic                      src_ready,
    output logic [31:0]               src_evt,
    input  logic                      online_enable_i,
    input  logic [$clog2(GROUPS)-1:0] online_group_id,
    input  logic [5:0]                online_addr,
    output logic [31:0]               online_data_o,
    input  logic [GROUPS-1:0][31:0]   cfg_filter_ubound_i,
    input  logic [GROUPS-1:0][31:0]   cfg_filter_lbound_i,
    input  logic [GROUPS-1:0]         cfg_filter_en_i,
    input  logic [GROUPS-1:0][2:0]    cfg_x_offset_i,
    input  logic [GROUPS-1:0][2:0]    cfg_y_offset_i,
    input  logic [5:0]                cfg_addr_step_i,
    input  logic [5:0]                cfg_addr_start_i,
    input  logic [5:0]                cfg_addr_end_i,
    input  logic [31:0]               cfg_parameter_i,
    input  logic [31:0]               cfg_cid_i,
    input  logic [30:0]               cfg_slice_i,
    input  logic [3:0]                cfg_error_i
);
    sne_evt_stream_pkg::config_engine_t config_s;

`ifndef SYNTHESIS
    initial $assertoff;  // a reset, or a sender that breaks the protocol, must not stop the simulation
`endif

    always_comb begin
        config_s = '0;
        config_s.online_addr = 32'(online_addr);
        for (int i = 0; i < GROUPS; i++) begin
            {config_s.reg2hw.cfg_filter_ubound_i[i].yid, config_s.reg2hw.cfg_filter_ubound_i[i].xid} = cfg_filter_ubound_i[i];
            {config_s.reg2hw.cfg_filter_lbound_i[i].yid, config_s.reg2hw.cfg_filter_lbound_i[i].xid} = cfg_filter_lbound_i[i];
            config_s.reg2hw.cfg_filter_main_i[i].filter_en = cfg_filter_en_i[i];
            config_s.reg2hw.cfg_filter_main_i[i].x_offset  = cfg_x_offset_i[i];
            config_s.reg2hw.cfg_filter_main_i[i].y_offset  = cfg_y_offset_i[i];
        end
        config_s.reg2hw.cfg_addr_step_i[0]  = 32'(cfg_addr_step_i);
        config_s.reg2hw.cfg_addr_start_i[0] = 32'(cfg_addr_start_i);
        config_s.reg2hw.cfg_addr_end_i[0]   = 32'(cfg_addr_end_i);
        {config_s.reg2hw.cfg_parameter_i.tscale, config_s.reg2hw.cfg_parameter_i.davth, config_s.reg2hw.cfg_parameter_i.tref,
         config_s.reg2hw.cfg_parameter_i.vth, config_s.reg2hw.cfg_parameter_i.vrest} = cfg_parameter_i;
        {config_s.reg2hw.cfg_cid_i[0].cid_15_12, config_s.reg2hw.cfg_cid_i[0].cid_11_8, config_s.reg2hw.cfg_cid_i[0].cid_7_4,
         config_s.reg2hw.cfg_cid_i[0].cid_3_0} = cfg_cid_i;
        {config_s.reg2hw.cfg_slice_i[0].group_id_high_y, config_s.reg2hw.cfg_slice_i[0].group_id_high_x,
         config_s.reg2hw.cfg_slice_i[0].group_id_low_y, config_s.reg2hw.cfg_slice_i[0].group_id_low_x,
         config_s.reg2hw.cfg_slice_i[0].online, config_s.reg2hw.cfg_slice_i[0].sel, config_s.reg2hw.cfg_slice_i[0].channel,
         config_s.reg2hw.cfg_slice_i[0].kernel_reset, config_s.reg2hw.cfg_slice_i[0].layer} = cfg_slice_i;
        {config_s.reg2hw.cfg_error_i[0].spike_filter_enable, config_s.reg2hw.cfg_error_i[0].refresh_enable,
         config_s.reg2hw.cfg_error_i[0].time_insert_enable, config_s.reg2hw.cfg_error_i[0].error} = cfg_error_i;
    end

    SNE_EVENT_STREAM dst (.clk_i(bus_clk_i));
    SNE_EVENT_STREAM src (.clk_i(bus_clk_i));
    assign dst.valid = dst_valid;
    assign dst.evt   = dst_evt;
    assign dst_ready = dst.ready;
    assign src_valid = src.valid;
    assign src_evt   = src.evt;
    assign src.ready = src_ready;

    evt_engine #(.ENGINE_ID(0), .DP_GROUP(GROUPS)) engine (
        .bus_clk_i, .bus_rst_ni, .engine_clk_i, .engine_rst_ni,
        .power_gate(1'b0), .power_sleep(1'b0),
        .config_i(config_s), .ack_error_i, .online_enable_i, .online_group_id, .online_data_o,
        .evt_stream_dst(dst), .evt_stream_src(src)
    );
endmodule
