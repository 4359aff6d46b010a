"""RANC, as an object: where its parts are."""

from draupnir.emulator.package import ChipPackage

PACKAGE = ChipPackage(
    name="ranc",
    declaration="draupnir.emulator.ranc.layout:declare",
    model="draupnir.emulator.ranc.chip:Model",
    ticks="draupnir.emulator.ranc.ticks.level",
    workloads="draupnir.tools.bench.workloads.ranc:WORKLOADS",
    recipes="draupnir.golden.recipes.ranc:book",
    golden="draupnir.golden:ranc",
    page="draupnir.emulator.ranc:README.md",
)
