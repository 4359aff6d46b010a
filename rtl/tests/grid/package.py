"""The grid as a chip package."""

from draupnir.emulator.package import ChipPackage

PACKAGE = ChipPackage(
    name="grid",
    declaration="draupnir.rtl.tests.grid:declare",
    model="draupnir.rtl.tests.grid:Model",
    recipes="draupnir.rtl.tests.grid.recipes:book",
    golden="draupnir.rtl.tests.grid:golden",
    rtl="draupnir.rtl.tests.grid.amaranth_rtl:RTL",
)
