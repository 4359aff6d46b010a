"""SNE's engine, as an object: where its parts are."""

from draupnir.emulator.package import ChipPackage

PACKAGE = ChipPackage(
    name="sne",
    declaration="draupnir.emulator.sne.layout:CHIP",
    model="draupnir.emulator.sne.chip:Model",
    closed_loop="draupnir.emulator.sne.streams",
    layers="draupnir.tools.layers.sne:FORM",
    workloads="draupnir.tools.bench.workloads.sne:WORKLOADS",
    recipes="draupnir.golden.recipes.sne:BOOK",
    bench="draupnir.cocotb_tests.sne.bench:Bench",
    tests="draupnir.cocotb_tests.sne",
    golden="draupnir.golden:sne",
    page="draupnir.emulator.sne:README.md",
)
