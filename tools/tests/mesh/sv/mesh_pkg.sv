package mesh_pkg;
    localparam int ADDR_BITS = 3, SUM_BITS = 10, VEC_BITS = 100;
    typedef logic [9:0] sum_t;
    typedef struct packed {
        logic [3:0]           core;
        logic [2:0]           addr;
        logic [7:0]           amount;
    } request_t;
    typedef struct packed {
        logic [3:0] core;
        sum_t       sum;
    } reply_t;
endpackage
