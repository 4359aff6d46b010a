"""SNE's engine, as an object: where its parts are."""

from draupnir.emulator.package import ChipPackage

PACKAGE = ChipPackage(
    name="sne",
    declaration="draupnir.emulator.sne.layout:CHIP",
    model="draupnir.emulator.sne.chip:Model",
    recipes="draupnir.golden.recipes.sne:BOOK",
    golden="draupnir.golden:sne",
    page="draupnir.emulator.sne:README.md",
)
