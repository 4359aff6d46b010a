"""snn-accelerator, as an object: where its parts are."""

from draupnir.emulator.package import ChipPackage

PACKAGE = ChipPackage(
    name="snn_accelerator",
    declaration="draupnir.emulator.snn_accelerator.layout:CHIP",
    model="draupnir.emulator.snn_accelerator.chip:Model",
    closed_loop="draupnir.emulator.speeds.no_bus",
    recipes="draupnir.golden.recipes.snn_accelerator:BOOK",
    golden="draupnir.golden:snn_accelerator",
    rtl="draupnir.rtl.snn_accelerator.chip:RTL",
    bench="draupnir.cocotb_tests.snn_accelerator.bench:Bench",
    tests="draupnir.cocotb_tests.snn_accelerator",
    proofs="draupnir.tools.proofs.snn_accelerator:CLAIMS",
    workloads="draupnir.tools.bench.workloads.snn_accelerator:WORKLOADS",
    page="draupnir.emulator.snn_accelerator:README.md",
)
