"""Gungnir, as an object: where its parts are."""

from draupnir.emulator.package import ChipPackage

PACKAGE = ChipPackage(
    name="gungnir",
    extends="odin",
    declaration="draupnir.emulator.gungnir.layout:CHIP",
    model="draupnir.emulator.gungnir.chip:Model",
    engine="draupnir.emulator.gungnir.events.engine",
    closed_loop="draupnir.emulator.gungnir.events.closed_loop",
    operations="draupnir.emulator.crossbar.operations:Operations",
    port="draupnir.emulator.gungnir.port:PORT",
    recipes="draupnir.golden.recipes.gungnir:BOOK",
    golden="draupnir.golden:gungnir",
    rtl="draupnir.rtl.gungnir.chip:RTL",
    bench="draupnir.cocotb_tests.gungnir.bench:Bench",
    workloads="draupnir.tools.bench.workloads.gungnir:WORKLOADS",
    tests="draupnir.cocotb_tests.gungnir",
    proofs="draupnir.tools.proofs.gungnir:CLAIMS",
    explainer="draupnir.tools.explain.gungnir_run:EXPLAINER",
    page="draupnir.emulator.gungnir:README.md",
)
