"""ReckOn, as an object: where its parts are."""

from draupnir.emulator.package import ChipPackage

PACKAGE = ChipPackage(
    name="reckon",
    declaration="draupnir.emulator.reckon.layout:CHIP",
    model="draupnir.emulator.reckon.chip:Model",
    engine="draupnir.emulator.reckon.events.engine",
    closed_loop="draupnir.emulator.reckon.events.closed_loop",
    host="draupnir.emulator.reckon.host",
    port="draupnir.emulator.reckon.port:PORT",
    recipes="draupnir.golden.recipes.reckon_table:BOOK",
    golden="draupnir.golden:reckon",
    rtl="draupnir.rtl.reckon.chip:RTL",
    bench="draupnir.cocotb_tests.reckon.bench:Bench",
    tests="draupnir.cocotb_tests.reckon",
    lint="draupnir.tools.lint.reckon:RULES",
    mapper="draupnir.tools.mapping.reckon.mapper:MAPPER",
    proofs="draupnir.tools.proofs.reckon:CLAIMS",
    waivers="draupnir.tools.coverage:reckon.toml",
    explainer="draupnir.tools.explain.reckon_run:EXPLAINER",
    workloads="draupnir.tools.bench.workloads.reckon:WORKLOADS",
    page="draupnir.emulator.reckon:README.md",
)
