"""tinyODIN, as an object: where its parts are."""

from draupnir.emulator.package import ChipPackage

PACKAGE = ChipPackage(
    name="tinyodin",
    declaration="draupnir.emulator.tinyodin.layout:CHIP",
    model="draupnir.emulator.tinyodin.chip:Model",
    engine="draupnir.emulator.tinyodin.events.engine",
    closed_loop="draupnir.emulator.tinyodin.events.closed_loop",
    operations="draupnir.emulator.crossbar.operations:Operations",
    port="draupnir.emulator.tinyodin.port:PORT",
    recipes="draupnir.golden.recipes.tinyodin_table:BOOK",
    golden="draupnir.golden:tinyodin",
    rtl="draupnir.rtl.tinyodin.chip:RTL",
    bench="draupnir.cocotb_tests.tinyodin.bench:Bench",
    tests="draupnir.cocotb_tests.tinyodin",
    shared_tests="draupnir.cocotb_tests.crossbar",
    lint="draupnir.tools.lint.tinyodin:RULES",
    mapper="draupnir.tools.mapping.tinyodin:MAPPER",
    proofs="draupnir.tools.proofs.tinyodin:CLAIMS",
    waivers="draupnir.tools.coverage:tinyodin.toml",
    explainer="draupnir.tools.explain.crossbar_run:EXPLAINER",
    workloads="draupnir.tools.bench.workloads.tinyodin:WORKLOADS",
    page="draupnir.emulator.tinyodin:README.md",
)
