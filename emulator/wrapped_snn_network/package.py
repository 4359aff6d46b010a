"""wrapped_snn_network, as an object: where its parts are."""

from draupnir.emulator.package import ChipPackage

PACKAGE = ChipPackage(
    name="wrapped_snn_network",
    declaration="draupnir.emulator.wrapped_snn_network.layout:declare",
    model="draupnir.emulator.wrapped_snn_network.chip:Model",
    closed_loop="draupnir.emulator.speeds.no_bus",
    recipes="draupnir.golden.recipes.wrapped_snn_network:book",
    golden="draupnir.golden:wrapped_snn_network",
    rtl="draupnir.rtl.wrapped_snn_network.chip:RTL",
    bench="draupnir.cocotb_tests.wrapped_snn_network.bench:Bench",
    tests="draupnir.cocotb_tests.wrapped_snn_network",
    proofs="draupnir.tools.proofs.wrapped_snn_network:CLAIMS",
    workloads="draupnir.tools.bench.workloads.wrapped_snn_network:workloads",
    page="draupnir.emulator.wrapped_snn_network:README.md",
)
