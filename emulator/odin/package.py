"""ODIN, as an object: where its parts are."""

from draupnir.emulator.package import ChipPackage

PACKAGE = ChipPackage(
    name="odin",
    declaration="draupnir.emulator.odin.layout:CHIP",
    model="draupnir.emulator.odin.chip:Model",
    engine="draupnir.emulator.odin.events.engine",
    closed_loop="draupnir.emulator.odin.events.closed_loop",
    operations="draupnir.emulator.crossbar.operations:Operations",
    port="draupnir.emulator.odin.port:PORT",
    recipes="draupnir.golden.recipes.odin_table:BOOK",
    golden="draupnir.golden:odin",
    rtl="draupnir.rtl.odin.chip:RTL",
    bench="draupnir.cocotb_tests.odin.bench:Bench",
    tests="draupnir.cocotb_tests.odin",
    shared_tests="draupnir.cocotb_tests.crossbar",
    lint="draupnir.tools.lint.odin:RULES",
    mapper="draupnir.tools.mapping.odin:MAPPER",
    proofs="draupnir.tools.proofs.odin:CLAIMS",
    waivers="draupnir.tools.coverage:odin.toml",
    explainer="draupnir.tools.explain.crossbar_run:EXPLAINER",
    workloads="draupnir.tools.bench.workloads.odin:WORKLOADS",
    main_job="draupnir.tools.experiments.digits.main_job:JOB",
    page="draupnir.emulator.odin:README.md",
)
