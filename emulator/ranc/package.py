"""RANC, as an object: where its parts are."""

from draupnir.emulator.package import ChipPackage

PACKAGE = ChipPackage(
    name="ranc",
    declaration="draupnir.emulator.ranc.layout:declare",
    model="draupnir.emulator.ranc.chip:Model",
    ticks="draupnir.emulator.ranc.ticks.level",
    closed_loop="draupnir.emulator.speeds.no_bus",
    workloads="draupnir.tools.bench.workloads.ranc:workloads",
    recipes="draupnir.golden.recipes.ranc:book",
    rtl="draupnir.rtl.ranc.chip:RTL",
    bench="draupnir.cocotb_tests.ranc.bench:Bench",
    tests="draupnir.cocotb_tests.ranc",
    golden="draupnir.golden:ranc",
    page="draupnir.emulator.ranc:README.md",
)
