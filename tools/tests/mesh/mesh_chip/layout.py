"""Mesh, declared: two rows of cores behind a stream, each with a memory. Source: mesh.sv, mesh_core.sv."""

from draupnir.emulator.buses.stream import STREAM
from draupnir.emulator.declare import Block, Bus, Chip, Field, Memory, Parameter, Pin, Probe, Reg, Word, sized

ADDR_BITS, SUM_BITS, VEC_BITS, CORE_BITS = 3, 10, 100, 4
SUM = Word("sum", SUM_BITS, (Field("n", 0, SUM_BITS, "Sum, modulo 1024.", kind="state"),))


@sized(Parameter("NX", 2, 1, 8, "cores in a row"))
def declare(NX: int) -> Chip:
    """Two rows of NX cores."""
    n = 2 * NX
    return Chip(
        name="mesh",
        title="mesh: two rows of adding cores",
        pins=(
            Pin("clk", "in", 1, "clock", "Clock of the cores."),
            Pin("lnk", "in", 1, "clock", "Clock of the replies; they move as it falls.", edges="falling"),
            Pin("rst_n", "in", 1, "reset", "Reset.", active="low", asynchronous=True),
            Pin("i_valid", "in", 1, "bus", "A request is there."),
            Pin("i_ready", "out", 1, "bus", "No reply is owed."),
            Pin("i_req", "in", CORE_BITS + ADDR_BITS + 8, "bus", "Core, address, what is added."),
            Pin("o_valid", "out", 1, "bus", "A reply is there."),
            Pin("o_ready", "in", 1, "bus", "The reply can be taken."),
            Pin("o_reply", "out", CORE_BITS + SUM_BITS, "bus", "Core and its sum."),
            Pin("vec", "in", VEC_BITS, "control", "What is mixed in at each request."),
            Pin("mix", "out", VEC_BITS, "status", "All vectors so far, mixed."),
            Pin("odd", "out", n, "status", "Of each core, whether an odd number of replies has left."),
        ),
        memories=(Memory("sums", 1 << ADDR_BITS, SUM_BITS, (SUM,), "mesh_core.sv, mem", copies=n),),
        registers=(),
        blocks=(
            Block("core", (Reg("last", SUM_BITS), Reg("odd", 1)), "mesh_core.sv", copies=n),
            Block(
                "top",
                (
                    Reg("request_toggle", 1),
                    Reg("reply_toggle", 1),
                    Reg("reply_core", CORE_BITS),
                    Reg("reply_sum", SUM_BITS),
                    Reg("mix", 32, shape=(4,)),
                ),
                "mesh.sv",
            ),
        ),
        events=(),
        buses=(
            Bus("i", STREAM, {"valid": "i_valid", "ready": "i_ready", "payload": "i_req"}, "Requests.", clock="clk"),
            Bus("o", STREAM, {"valid": "o_valid", "ready": "o_ready", "payload": "o_reply"}, "Replies.", clock="lnk"),
        ),
        probes=tuple(
            Probe(f"last_{y}_{x}", SUM_BITS, f"gen_row[{y}].gen_col[{x}].u_core.last", "Written last.")
            for y in range(2)
            for x in range(NX)
        ),
        source="mesh.sv",
    )
