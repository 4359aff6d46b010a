"""RANC, as an object: where its parts are."""

from draupnir.emulator.package import ChipPackage

PACKAGE = ChipPackage(
    name="ranc",
    declaration="draupnir.emulator.ranc.layout:declare",
    model="draupnir.emulator.ranc.chip:Model",
    recipes="draupnir.golden.recipes.ranc:book",
    golden="draupnir.golden:ranc",
    page="draupnir.emulator.ranc:README.md",
)
