"""`make` and tools/setup/setup.sh, with stand-ins for Python, the simulators and apt: nothing is fetched."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = """
awk bash cat chmod cp env grep head id make mkdir mv pwd rm sed sh sha256sum tail tee test touch
"""

# Does what setup.sh asks of a Python, and writes down what pip was told; NO_NETWORK makes pip fail.
PYTHON = """\
#!/bin/sh
case "$1 $2" in
"--version ") echo "Python 3.11.2" ;;
"-c import sys; print("*) echo 3.11 ;;
"-c import sys; sys.exit(not "*)
    exec "$REAL_PYTHON" -c "import sys; sys.version_info = (${VERSION:-3, 11}); ${2#import sys; }" ;;
"-c import ensurepip, venv") test -z "$NO_ENSUREPIP" ;;
"-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip")
    echo "$*" >>pip-calls
    if [ -n "$NO_NETWORK" ]; then echo "ERROR: no such host"; exit 1; fi
    case "$*" in *--editable*) touch .venv/bin/draupnir && chmod +x .venv/bin/draupnir ;; esac ;;
"- "*) cat >/dev/null ;;
esac
"""


@dataclass
class Checkout:
    """A folder with the files that a set-up reads, and a PATH on which only stand-ins and shell tools are."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    def stand_in(self, name: str, script: str = "#!/bin/sh\n") -> None:
        (self.bin / name).unlink(missing_ok=True)  # a link to this machine's own program: never write through it
        (self.bin / name).write_text(script)
        (self.bin / name).chmod(0o755)

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        variables = {"PATH": str(self.bin), "HOME": str(self.folder), "REAL_PYTHON": sys.executable, **env}
        return subprocess.run(words, cwd=self.folder, env=variables, capture_output=True, text=True, check=False)

    def setup(self, **env: str) -> subprocess.CompletedProcess[str]:
        return self.run("tools/setup/setup.sh", **env)

    def pip_calls(self) -> list[str]:
        calls = self.folder / "pip-calls"
        return calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    new_checkout = Checkout(tmp_path)
    new_checkout.bin.mkdir()
    for name in TOOLS.split():
        program = shutil.which(name)
        assert program is not None, f"this test needs {name}"
        (new_checkout.bin / name).symlink_to(program)
    new_checkout.stand_in("python3.11", PYTHON)
    for name in ("gcc", "g++", "perl", "iverilog"):
        new_checkout.stand_in(name)
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "tools/setup/setup.sh"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return new_checkout


def test_a_set_up_says_each_step_and_leaves_the_command(checkout: Checkout) -> None:
    result = checkout.setup()
    assert (result.returncode, result.stderr) == (0, "")
    assert re.fullmatch(
        r"setup: making the virtual environment \.venv with Python 3\.11\.2\n"
        r"setup: installing \d+ packages of requirements\.lock .*\n"
        r"setup: installing the command \.venv/bin/draupnir\n"
        r"setup: done\n",
        result.stdout,
    )
    assert os.access(checkout.folder / ".venv/bin/draupnir", os.X_OK)


def test_every_package_is_installed_with_its_hash_and_none_is_fetched_to_build_another(checkout: Checkout) -> None:
    checkout.setup()
    setuptools, packages, own = checkout.pip_calls()
    assert "--require-hashes" in setuptools
    assert "--require-hashes --no-build-isolation --no-compile -r requirements.lock" in packages
    assert "--no-deps --no-build-isolation --editable ." in own


def test_a_second_set_up_does_nothing_and_says_nothing(checkout: Checkout) -> None:
    checkout.setup()
    calls = checkout.pip_calls()
    second_setup = checkout.setup()
    assert (second_setup.returncode, second_setup.stdout, second_setup.stderr) == (0, "", "")
    assert checkout.pip_calls() == calls


def test_changed_packages_are_set_up_anew(checkout: Checkout) -> None:
    checkout.setup()
    n_calls = len(checkout.pip_calls())
    with (checkout.folder / "requirements.lock").open("a") as file:
        file.write("# changed\n")
    assert "setup: making the virtual environment" in checkout.setup().stdout
    assert len(checkout.pip_calls()) == 2 * n_calls


def test_changed_packages_are_set_up_anew_in_an_activated_environment_too(checkout: Checkout) -> None:
    """Its Python is gone as soon as the environment is removed, and would not find itself again."""
    assert checkout.setup().returncode == 0
    inside = checkout.folder / ".venv" / "bin"
    (inside / "python3.11").write_text((inside / "python").read_text())
    (inside / "python3.11").chmod(0o755)
    (checkout.folder / "requirements.lock").write_text("another==2\n")
    process = checkout.setup(PATH=f"{inside}:{checkout.bin}")
    assert (process.returncode, process.stderr) == (0, "")
    assert (inside / "draupnir").exists()


def test_a_changed_project_file_installs_the_command_anew_and_nothing_else(checkout: Checkout) -> None:
    checkout.setup()
    n_calls = len(checkout.pip_calls())
    with (checkout.folder / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    assert checkout.setup().stdout == "setup: installing the command .venv/bin/draupnir\nsetup: done\n"
    (own,) = checkout.pip_calls()[n_calls:]
    assert "--editable ." in own


def test_a_checkout_that_was_moved_is_set_up_anew(checkout: Checkout, tmp_path_factory: pytest.TempPathFactory) -> None:
    checkout.setup()
    new_checkout = Checkout(checkout.folder.rename(tmp_path_factory.mktemp("moved") / "checkout"))
    assert "setup: making the virtual environment" in new_checkout.setup().stdout


def test_a_failed_set_up_says_why_and_is_begun_again(checkout: Checkout) -> None:
    first_setup = checkout.setup(NO_NETWORK="1")
    assert first_setup.returncode == 2
    assert first_setup.stderr == (
        "ERROR: no such host\nerror: pip could not install the packages (see .venv/pip.log): is the network there?\n"
    )
    assert "setup: done" in checkout.setup().stdout


def test_no_python_is_one_line(checkout: Checkout) -> None:
    (checkout.bin / "python3.11").unlink()
    result = checkout.setup()
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "error: no Python 3.11 to 3.13 on PATH: install one (Debian: the package python3),"
        " or run make with PYTHON=/path/to/python3.13\n"
    )


def test_a_python_that_is_asked_for_and_does_not_fit_is_named(checkout: Checkout) -> None:
    checkout.stand_in("python2", "#!/bin/sh\nexit 1\n")
    result = checkout.setup(PYTHON="python2")
    assert result.returncode == 2
    assert result.stderr.startswith("error: PYTHON=python2 is not a Python 3.11 to 3.13")


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("name", ["python3", "python3.12", "python3.13"])
def test_each_stated_version_fits_under_any_of_its_names(checkout: Checkout, name: str, version: str) -> None:
    (checkout.bin / "python3.11").rename(checkout.bin / name)
    assert "setup: done\n" in checkout.setup(VERSION=version.replace(".", ", ")).stdout


@pytest.mark.parametrize("version", ["3.10", "3.14"])
def test_a_version_that_is_not_stated_does_not_fit(checkout: Checkout, version: str) -> None:
    (checkout.bin / "python3.11").rename(checkout.bin / "python3")
    result = checkout.setup(VERSION=version.replace(".", ", "))
    assert result.returncode == 2
    assert result.stderr.startswith("error: no Python 3.11 to 3.13 on PATH: ")


def test_the_versions_are_stated_alike_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    stated = [line.rpartition(" ")[2] for line in project["classifiers"] if " :: Python :: 3." in line]
    assert stated == ["3.11", "3.12", "3.13"]
    assert project["requires-python"] == ">=3.11,<3.14"
    assert "Python 3.11, 3.12 or 3.13, as in Debian 12 and 13" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize(
    ("program", "advice"),
    [
        ("gcc", "error: no C compiler: install gcc and make (Debian: the package build-essential)"),
        ("g++", "error: the C++ compiler (for Verilator) is missing: install it (Debian: the package g++)"),
        ("iverilog", "error: Icarus Verilog is missing: install it (Debian: the package iverilog)"),
    ],
)
def test_what_is_missing_and_cannot_be_installed_is_one_line(checkout: Checkout, program: str, advice: str) -> None:
    (checkout.bin / program).unlink()
    result = checkout.setup()
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"{advice}, then run make again\n"
    assert not (checkout.folder / ".venv").exists()


def test_a_stand_in_leaves_the_machine_s_own_program_alone(checkout: Checkout, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("own")
    (checkout.bin / "linked").symlink_to(own)
    checkout.stand_in("linked")
    assert own.read_text() == "own"
    assert (checkout.bin / "linked").read_text() == "#!/bin/sh\n"


def test_only_what_is_missing_is_installed_from_the_system(checkout: Checkout) -> None:
    (checkout.bin / "iverilog").unlink()
    checkout.stand_in("id", "#!/bin/sh\necho 0\n")
    checkout.stand_in("apt-get", '#!/bin/sh\necho "$*" >>apt-calls\n')
    result = checkout.setup()
    assert result.returncode == 0
    assert "setup: Icarus Verilog is missing: installing the system package iverilog\n" in result.stdout
    calls = (checkout.folder / "apt-calls").read_text().splitlines()
    assert calls == ["update -qq", "install -y -qq --no-install-recommends iverilog"]


def test_a_user_who_is_not_root_is_helped_by_sudo(checkout: Checkout) -> None:
    checkout.stand_in("id", "#!/bin/sh\necho 1000\n")
    checkout.stand_in("apt-get", '#!/bin/sh\necho "$*" >>apt-calls\n')
    checkout.stand_in("sudo", '#!/bin/sh\necho sudo >>apt-calls\ntest "$1" != -n || shift\nexec "$@"\n')
    result = checkout.setup(NO_ENSUREPIP="1")
    assert result.returncode == 0
    calls = (checkout.folder / "apt-calls").read_text().splitlines()
    assert calls == ["sudo", "update -qq", "sudo", "install -y -qq --no-install-recommends python3.11-venv"]


def test_a_package_that_apt_cannot_install_is_advised(checkout: Checkout) -> None:
    (checkout.bin / "iverilog").unlink()
    checkout.stand_in("id", "#!/bin/sh\necho 0\n")
    checkout.stand_in("apt-get", "#!/bin/sh\necho E: no such host\nexit 100\n")
    result = checkout.setup()
    assert result.returncode == 2
    assert result.stderr == (
        "E: no such host\n"
        "error: Icarus Verilog is missing: install it (Debian: the package iverilog), then run make again\n"
    )


def test_the_path_of_ci_has_what_is_declared_and_no_python(tmp_path: Path) -> None:
    process = subprocess.run([ROOT / ".ci/links", tmp_path / "path"], capture_output=True, text=True, check=False)
    assert (process.returncode, process.stderr, process.stdout) == (0, "", f"{tmp_path / 'path'}\n")
    programs = {path.name for path in (tmp_path / "path").iterdir()}
    assert {"git", "make", "gcc", "g++", "python3", "iverilog"} <= programs
    assert "python" not in programs
    version = subprocess.run([tmp_path / "path/python3", "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.startswith("Python 3.")


def test_the_path_of_ci_names_what_is_missing(checkout: Checkout) -> None:
    result = checkout.run(str(ROOT / ".ci/links"), str(checkout.folder / "path"))
    assert (result.returncode, result.stdout, result.stderr) == (2, "", "error: no git on PATH\n")


def test_make_alone_prints_each_target_in_a_line(checkout: Checkout) -> None:
    result = checkout.run("make")
    assert (result.returncode, result.stderr) == (0, "")
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets is not None
    target_names = re.findall(r"^  ([a-z]+) +\S", result.stdout, re.MULTILINE)
    assert target_names == targets[1].split()
    assert not (checkout.folder / ".venv").exists()


def test_golden_without_rtl_says_what_it_needs(checkout: Checkout) -> None:
    result = checkout.run("make", "golden")
    assert result.returncode == 2
    assert "error: make golden needs RTL=DIR, the folder of Verilog to record\n" in result.stderr


def test_the_lock_file_has_an_exact_version_and_hashes_for_every_package() -> None:
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE)
    packages = text.replace("\\\n", "").splitlines()
    assert packages
    for package in packages:
        assert re.fullmatch(r"[a-z0-9-]+==\S+( +--hash=sha256:[0-9a-f]{64})+ *", package), package


def test_the_lock_file_names_no_place_to_fetch_from() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash)", text, re.MULTILINE)


# Programs of examples, which few people install, and PyTorch, which would bring gigabytes of CUDA.
NOT_LOCKED = {"brian2", "cuda", "nest", "riscv", "search", "train"}


def test_the_lock_file_has_every_package_that_is_asked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = [
        *project["dependencies"],
        *(r for name, extra in project["optional-dependencies"].items() if name not in NOT_LOCKED for r in extra),
    ]
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert {re.split(r"[<>=]", requirement)[0] for requirement in requirements} <= locked


def test_each_dependency_says_why_it_is_there() -> None:
    lines = [line.strip() for line in (ROOT / "pyproject.toml").read_text().splitlines()]
    start = lines.index("dependencies = [")
    dependency_lines = lines[start : lines.index("[project.scripts]")]
    requirements = [i for i, line in enumerate(dependency_lines) if re.match(r'"[a-z0-9-]+[<>=]', line)]
    assert requirements
    for i in requirements:
        assert re.match(r"# .*\.$", dependency_lines[i - 1]), dependency_lines[i]
