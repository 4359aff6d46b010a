"""Mesh, as an object: where its parts are."""

from draupnir.emulator.package import ChipPackage

PACKAGE = ChipPackage(
    name="mesh",
    declaration="mesh_chip.layout:declare",
    model="mesh_chip.chip:Model",
    recipes="mesh_chip.recipes:book",
    golden="mesh_chip:golden",
    bench="mesh_chip.cocotb_tests.bench:Bench",
    tests="mesh_chip.cocotb_tests",
    page="mesh_chip:README.md",
)
