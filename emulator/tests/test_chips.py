"""Chips are found in the tree and in any installed package, and nothing else about them is imported."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.package import DECLARATION, MODEL, ChipPackage, place
from draupnir.emulator.speeds.levels import ENGINE

FOUND = (chips.names, chips.package, chips._offers)
TOY = """
from draupnir.emulator.package import ChipPackage
PACKAGE = ChipPackage({words})
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a folder of installed packages."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for finder in FOUND:
        finder.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] in ("toys", "other")]:
        del sys.modules[name]


def install(site: Path, name: str, entry_points: str, **files: str) -> None:
    """Put a package into the folder, as pip would."""
    (site / name).mkdir()
    (site / name / "__init__.py").touch()
    for module, text in files.items():
        (site / name / f"{module}.py").write_text(text)
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[draupnir.chips]\n{entry_points}\n")
    for finder in FOUND:
        finder.cache_clear()


def toy(
    name: str = "toy", declaration: str = "toys.layout:CHIP", model: str = "toys.chip:Model", more: str = ""
) -> str:
    return TOY.format(words=f"{name!r}, {declaration!r}, {model!r}, {more}")


@pytest.mark.parametrize("name", chips.names())
def test_every_chip_has_a_declaration_of_its_own_name(name: str) -> None:
    assert (chips.package(name).name, chips.declaration(name).name) == (name, name)


def test_our_chips_are_the_folders_with_a_package_file() -> None:
    in_tree = {path.parent.name for path in chips.FOLDER.glob("*/package.py")}
    assert {"odin", "reckon", "tinyodin"} <= in_tree <= set(chips.names())


def test_a_chip_of_another_package_is_there_beside_ours(site: Path) -> None:
    install(site, "toys", "toy = toys.package:PACKAGE", package=toy())
    assert {"odin", "toy"} <= set(chips.names())
    assert chips.package("toy") == ChipPackage("toy", "toys.layout:CHIP", "toys.chip:Model")
    assert "toys.layout" not in sys.modules and "toys.chip" not in sys.modules


def test_what_a_chip_lacks_is_absent_and_said_when_it_is_needed(site: Path) -> None:
    install(site, "toys", "toy = toys.package:PACKAGE", package=toy())
    package = chips.package("toy")
    assert ENGINE.load(package) is None and place(package, "golden") is None
    with pytest.raises(
        InputError, match=r"^toy has no event-level engine \(engine= of its ChipPackage\): it cannot be"
    ):
        ENGINE.require(package)


def test_a_part_that_fails_to_import_is_not_taken_for_one_that_is_absent(site: Path) -> None:
    engine = "\n\nimport a_package_that_is_not_there\n"
    install(site, "toys", "toy = toys.package:PACKAGE", package=toy(more="engine='toys.engine'"), engine=engine)
    right = (
        r"^toy: engine='toys.engine' cannot be imported: ModuleNotFoundError: No module named 'a_package_that_is_not"
    )
    with pytest.raises(InputError, match=rf"{right}_there' \(.*toys/engine.py:3\)$"):
        ENGINE.load(chips.package("toy"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "CHIP = (\n",
            r"declaration='toys.layout:CHIP' cannot be imported: SyntaxError: '\(' was never closed \(.*:1\)",
        ),
        ("CHIP = 1 / 0\n", r"declaration='toys.layout:CHIP' cannot be imported: ZeroDivisionError: .*layout.py:1\)"),
        ("chip = None\n", "declaration='toys.layout:CHIP': there is no CHIP in toys.layout"),
        ("CHIP = 3\n", "declaration='toys.layout:CHIP' is a int; right is a declare.Chip, or a declare.Sized"),
        ("class CHIP: ...\n", "declaration='toys.layout:CHIP' is the class CHIP; right is a declare.Chip, or .*"),
    ],
)
def test_a_part_that_is_something_else_is_one_line(site: Path, text: str, message: str) -> None:
    install(site, "toys", "toy = toys.package:PACKAGE", package=toy(), layout=text)
    with pytest.raises(InputError, match=f"^toy: {message}$"):
        DECLARATION.load(chips.package("toy"))


def test_a_model_is_a_class_made_of_clock_level(site: Path) -> None:
    install(site, "toys", "toy = toys.package:PACKAGE", package=toy(), chip="class Model: ...\n")
    with pytest.raises(
        InputError, match=r"model='toys.chip:Model' is the class Model; right is a subclass of model.Cl"
    ):
        MODEL.load(chips.package("toy"))


def test_a_name_that_is_there_twice_is_one_line_that_names_both(site: Path) -> None:
    install(site, "toys", "odin = toys.package:PACKAGE\ntoy = toys.package:PACKAGE", package=toy())
    with pytest.raises(
        InputError, match=r"^chip 'odin' exists 2 times, in draupnir's own tree and in the package toys 1.0"
    ):
        chips.declaration("odin")
    install(site, "other", "toy = other:PACKAGE")
    with pytest.raises(
        InputError, match=r"^chip 'toy' exists 2 times, in the package (toys|other) 1.0 and in the package"
    ):
        chips.package("toy")
    assert chips.package("reckon").name == "reckon"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import a_package_that_is_not_there\n", r"cannot be loaded: ModuleNotFoundError: .*toys/package.py:1\)"),
        ("THING = 3\n", "cannot be loaded: AttributeError: module 'toys.package' has no attribute 'PACKAGE'"),
        ("PACKAGE = {}\n", "is a dict; right is a ChipPackage"),
        (toy("tally"), "calls its chip 'tally'; right is the same name in both places"),
        (toy(more="rtl_of_ours='a:b'"), "cannot be loaded: TypeError: .*unexpected keyword argument 'rtl_of_ours'.*"),
    ],
)
def test_an_entry_point_that_does_not_load_is_one_line(site: Path, text: str, message: str) -> None:
    install(site, "toys", "toy = toys.package:PACKAGE", package=text)
    with pytest.raises(InputError, match=rf"^chip 'toy': toys.package:PACKAGE in the package toys 1.0 {message}"):
        chips.package("toy")


def test_a_folder_is_found_below_its_package(site: Path) -> None:
    install(
        site, "toys", "toy = toys.package:PACKAGE", package=toy(more="golden='toys:cases', page='nobody:README.md'")
    )
    package = chips.package("toy")
    assert place(package, "golden") == site / "toys" / "cases"
    with pytest.raises(InputError, match=r"^toy: page='nobody:README.md': there is no package nobody$"):
        place(package, "page")


@pytest.mark.parametrize("lookup", [chips.declaration, chips.model, chips.package])
@pytest.mark.parametrize("name", ["loihi", "", "odin.layout", "ODIN"])
def test_an_unknown_chip_is_an_input_error_that_names_the_known_ones(
    lookup: Callable[[str], object], name: str
) -> None:
    with pytest.raises(InputError, match=rf"^no chip '{name}'; there are: {', '.join(chips.names())}$"):
        lookup(name)


def test_a_chip_s_object_imports_none_of_its_parts() -> None:
    """A list of chips thus needs neither Numba nor Amaranth, and a command only the parts that it runs."""
    program = (
        "import sys; from draupnir.emulator import chips; assert all(map(chips.package, chips.names()));"
        "print([name for name in sys.modules if name in ('numba', 'amaranth', 'cocotb') or name.endswith('.layout')])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


@pytest.mark.parametrize("name", chips.names())
def test_every_part_that_a_chip_of_ours_names_is_there(name: str) -> None:
    package = chips.package(name)
    for part in fields(package):
        reference = getattr(package, part.name)
        if reference and part.name in ("golden", "page", "tests", "shared_tests"):
            path = place(package, part.name)
            assert path and path.exists()
