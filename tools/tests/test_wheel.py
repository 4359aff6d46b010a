"""The wheel, installed outside of any checkout, in a folder full of names that are also names of ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from draupnir.emulator import chips
from draupnir.golden import case
from draupnir.tools.cli import COMMANDS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "build", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis")
MOST_BYTES = 16_000_000  # most of them are golden cases
COLLIDING = ("tools", "rtl", "golden", "emulator", "cocotb_tests", "numbers", "random", "case", "chips", "api", "numpy")
COMPILED = ("replay", "host")
# Words, exit status, and what it says: on stdout where it works, else at the beginning of the one line on stderr.
SAYS = {
    "chips": [("", 0, f"{len(case.of_chip('tinyodin'))} golden cases"), ("tinyodin SPI_OPEN_LOOP", 0, "SPI_OPEN_LOOP")],
    "replay": [("tinyodin GOLDEN/unconfigured", 0, "0 mismatches")],
    "record": [
        ("tinyodin --list", 0, "unconfigured: "),
        ("tinyodin --rtl empty --all", 2, "error: -o DIR is needed: "),
    ],
    "sim": [("tinyodin --sim icarus --test spi", 2, "error: no Icarus Verilog: install it")],
    "regress": [
        ("tinyodin --sim model --case unconfigured --cycles 200", 0, "1 of 1 cases hold"),
        ("tinyodin --sim icarus --case unconfigured", 2, "error: no Icarus Verilog: install it"),
    ],
    "explain": [
        ("nothing --samples s.npz --sample 0 --neuron a:0", 2, "error: nothing: plan.json is missing"),
        ("tinyodin --config net.toml --events events.csv --neuron 3", 0, "neuron 3 of tinyodin"),
    ],
    "convert": [("nothing.bin -o samples.npz", 2, "error: nothing.bin: No such file")],
    "train": [("nothing --samples s.npz", 2, "error: nothing: plan.json is missing")],
    "compare": [("tinyodin", 2, "error: tinyodin has no level by timesteps ")],
    "cover": [("tinyodin --golden none", 2, "error: no golden cases in none; ")],
    "inject": [("tinyodin --workload none", 2, "error: --workload none: tinyodin has ")],
    "sweep": [("nothing.toml -o out", 2, "error: nothing.toml: not a configuration: No such file")],
    "fuzz": [("tinyodin -n 1 --recipe none", 2, "error: tinyodin: no recipe 'none'")],
    "prove": [("tinyodin --of none", 2, "error: ")],
    "mutate": [("tinyodin --of none", 2, "error: ")],
    "signoff": [("tinyodin --results nowhere", 2, "error: --results nowhere: not a folder")],
    "map": [("tinyodin net.npz", 2, "error: net.npz: ")],
    "config": [
        ("check tinyodin net.toml", 0, "registers: "),
        ("pack tinyodin net.toml -o packed", 0, "packed/tinyodin_spi.bin"),
        ("unpack tinyodin packed/tinyodin_spi.txt", 0, "[registers]"),
        ("diff tinyodin net.toml net.toml", 0, "0 differences"),
    ],
    "decode": [("tinyodin packed/tinyodin_spi.txt", 0, "0 mistakes")],
    "run": [("tinyodin --config net.toml --events events.csv --max-cycles 300", 0, "events")],
    "host": [("tinyodin --simulate model --config net.toml --onto blank --events events.csv", 0, "at rest at the end")],
    "rtl": [("tinyodin", 0, "build/rtl/tinyodin/tinyODIN.v: ")],
    "bitstream": [("tinyodin --project vivado", 0, "written, not run: ")],
    "soc": [("tinyodin --bus wishbone", 0, "build/soc/tinyodin/tinyodin_soc.v")],
    "area": [("tinyodin --variant none", 2, "error: --variant none: tinyodin has whole")],
    "doctor": [("--no-self-test", 1, "no make: install it")],
    "bench": [("tinyodin --rtl nothing", 2, "error: nothing: not a folder")],
    "demo": [("digits --images 3", 2, "error: Invalid value for '--images'")],
}


class Installed(NamedTuple):
    """The command, the folder of its package, and the folder in which it is called."""

    command: Path
    package: Path
    folder: Path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing of an earlier build comes along."""
    source, folder = tmp_path_factory.mktemp("source") / "draupnir", tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, source, symlinks=True, ignore=NOT_COPIED)
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder), str(source)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, capture_output=True)
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """In an environment that sees the packages of this one, and not this checkout."""
    environment, folder = tmp_path_factory.mktemp("environment") / "venv", tmp_path_factory.mktemp("work")
    venv.create(environment, symlinks=True)
    site = environment / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    words = ["--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "install", *words], check=True, capture_output=True)
    (site / "dependencies.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n")
    for name in COLLIDING:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(f"raise RuntimeError('{name} of the user')\n")
    for name in ("net.toml", "events.csv"):
        shutil.copy(ROOT / "examples" / "tinyodin" / name, folder)
    (folder / "empty").mkdir()
    command = environment / "bin" / "draupnir"
    command.write_text(f"#!{environment}/bin/python\nfrom draupnir.tools.start import main\nmain()\n")
    command.chmod(0o755)
    return Installed(command, site / "draupnir", folder)


def call(environment: Installed, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command with no program on the path, uncompiled where little is run."""
    uncompiled = {} if words[0] in COMPILED else {"NUMBA_DISABLE_JIT": "1"}
    variables = {"PATH": "/nowhere", "HOME": os.environ.get("HOME", "/"), **uncompiled}
    variables["NUMBA_CACHE_DIR"] = str(environment.folder / "cache")
    command = [str(environment.command), *words]
    return subprocess.run(command, cwd=environment.folder, env=variables, capture_output=True, text=True, check=False)


def test_it_is_small_and_has_one_package_without_tests(wheel: Path) -> None:
    assert wheel.stat().st_size < MOST_BYTES
    with zipfile.ZipFile(wheel) as archive:
        names = [Path(name).parts for name in archive.namelist()]
    assert {parts[0] for parts in names if not parts[0].endswith(".dist-info")} == {"draupnir"}
    assert not [parts for parts in names if "tests" in parts or parts[-1] == "conftest.py"]
    assert {("draupnir", "py.typed"), ("draupnir", "golden", "odin", "unconfigured", "wave.fst")} <= set(names)
    assert {("draupnir", "emulator", name, "package.py") for name in ("odin", "reckon", "tinyodin")} <= set(names)


def test_all_of_its_chips_and_cases_are_those_of_the_checkout(environment: Installed) -> None:
    for name in chips.names():
        ours = chips.package(name).cases
        theirs = environment.package / "golden" / name
        assert {path.name for path in theirs.iterdir()} == {path.name for path in ours.iterdir()}


def test_every_command_is_tried() -> None:
    assert set(SAYS) == set(COMMANDS)


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [(f"{name} {words}", status, message) for name, each in SAYS.items() for words, status, message in each],
)
def test_every_command_works_or_says_in_one_line_what_it_lacks(
    environment: Installed, words: str, status: int, message: str
) -> None:
    golden = str(environment.package / "golden" / "tinyodin")
    process = call(environment, *words.replace("GOLDEN", golden).split())
    assert process.returncode == status, process.stdout + process.stderr
    if status < 2:
        assert message in process.stdout
    else:
        (line,) = process.stderr.splitlines()
        assert line.startswith(message)


def test_the_library_is_the_installed_one_and_says_its_version(environment: Installed) -> None:
    program = (
        "import draupnir\nfrom draupnir.tools.report.provenance import origin\n"
        "print(draupnir.__file__, draupnir.chips(), draupnir.__version__, repr(origin().commit))"
    )
    python = environment.command.with_name("python")
    words = [str(python), "-P", "-c", program]
    process = subprocess.run(words, cwd=environment.folder, capture_output=True, text=True, check=True)
    file, *rest = process.stdout.split(maxsplit=1)
    assert Path(file) == environment.package / "__init__.py"
    assert rest == [f"{chips.names()} 0.1.0 ''\n"]
