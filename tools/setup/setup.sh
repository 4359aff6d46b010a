#!/usr/bin/env bash
# Install everything that Draupnir needs into .venv: the pinned packages of requirements.lock, and the command `draupnir`.
# Of the system's packages it installs only those that are missing. It does nothing if these files have not changed since
# the last set-up.
#
# usage: setup.sh    in the repository's root; PYTHON=... chooses a Python, else it is the first suitable one on PATH

set -euo pipefail

readonly venv=.venv log=.venv/pip.log

# In an activated environment the first Python on PATH is that of .venv, which a new set-up removes.
PATH=:$PATH:
PATH=${PATH//":$PWD/$venv/bin:"/:}
PATH=${PATH#:} PATH=${PATH%:}

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 2; }

# Every package of the lock file exists for these versions, as pyproject.toml states.
readonly versions="3.11 to 3.13"
fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

# Print the first suitable Python.
find_python() {
    local name
    for name in ${PYTHON:-python3.11 python3 python3.12 python3.13}; do
        if fits "$name"; then command -v "$name"; return; fi
    done
    [ -z "${PYTHON:-}" ] || fail "PYTHON=$PYTHON is not a Python $versions: name one, or leave PYTHON out"
    fail "no Python $versions on PATH: install one (Debian: the package python3), or run make with PYTHON=/path/to/python3.13"
}

# apt NEED PACKAGE: install a system package, as root or with sudo. NEED is the name of the missing part, for messages.
apt() {
    local need=$1 package=$2 as_root=() words
    local advice="$need is missing: install it (Debian: the package $package), then run make again"
    command -v apt-get >/dev/null || fail "$advice"
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || fail "$advice"
        as_root=(sudo)
        [ -t 0 ] || as_root+=(-n)
    fi
    say "$need is missing: installing the system package $package"
    # Package lists may be absent or old on a fresh machine.
    if ! words=$({ "${as_root[@]}" apt-get update -qq && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$package"; } 2>&1 </dev/null); then
        tail -3 <<<"$words" >&2
        fail "$advice"
    fi
}

system_packages() {
    local python=$1 version
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    command -v gcc >/dev/null || fail "no C compiler: install gcc and make (Debian: the package build-essential), then run make again"
    command -v g++ >/dev/null || apt "the C++ compiler (for Verilator)" g++
    perl -MPod::Usage -e 1 2>/dev/null || apt "Perl with its modules (for Verilator)" perl
    command -v iverilog >/dev/null || apt "Icarus Verilog" iverilog
    "$python" -c 'import ensurepip, venv' 2>/dev/null || apt "Python's venv" "python$version-venv"
    # cocotb starts Python inside the simulator.
    shared_library "$python" || apt "Python's shared library (for cocotb)" "libpython$version"
}

# Succeed if this Python has its shared library, libpython3.x.so.
shared_library() {
    "$1" - <<'PY'
import ctypes.util
import pathlib
import sys
import sysconfig

name = "libpython%d.%d.so.1.0" % sys.version_info[:2]
folders = [sysconfig.get_config_var("LIBDIR") or "", pathlib.Path(sys.base_prefix) / "lib"]
found = any((pathlib.Path(folder) / name).exists() for folder in folders)
sys.exit(not (found or ctypes.util.find_library("python%d.%d" % sys.version_info[:2])))
PY
}

# Show the progress of pip as a line that counts packages, on a terminal only.
count_packages() {
    local total=$1 n=0 line
    while IFS= read -r line; do
        [[ $line =~ ^"Collecting "([^= ]+) ]] || { [[ $line == "Installing collected"* ]] && line=install || continue; }
        [ -t 1 ] || continue
        if [ "$line" = install ]; then printf '\r\033[K       unpacking'; continue; fi
        n=$((n + 1))
        printf '\r\033[K       %d of %d: %s' "$n" "$total" "${BASH_REMATCH[1]}"
    done
    if [ -t 1 ]; then printf '\r\033[K'; fi
}

# pip ARGUMENTS: run pip quietly, with all its output in the log. If it fails, show its errors.
pip() {
    "$venv/bin/python" -m pip --no-input --disable-pip-version-check "$@" 2>&1 | tee "$log" \
        | count_packages "$(grep -c '==' requirements.lock)" && return
    grep -E '^(ERROR|error)' "$log" >&2 || tail -5 "$log" >&2
    fail "pip could not install the packages (see $log): is the network there?"
}

# Print one package of the lock file, with its hashes.
locked() { awk -v name="$1" 'index($0, name "==") == 1 { on = 1 } on { print } on && !/\\$/ { exit }' requirements.lock; }

python_packages() {
    say "installing $(grep -c '==' requirements.lock) packages of requirements.lock (100 MB to download, a minute or so)"
    # setuptools comes first, because the build of the others must not download any package outside the lock file.
    pip install --require-hashes -r <(locked setuptools)
    # Python compiles a file when it is first used: a few files of thousands. But if it cannot save the compiled files,
    # each start of the command would take two seconds longer for Numba alone.
    pip install --require-hashes --no-build-isolation --no-compile -r requirements.lock
    "$venv/bin/python" -m compileall -q -x /tests/ "$venv"/lib/python3*/site-packages/{click,llvmlite,numba,numpy}
}

python=$(find_python) || exit
# The stamp includes the folder, because a virtual environment cannot be moved.
packages=$("$python" --version; pwd; cat requirements.lock tools/setup/setup.sh | sha256sum)
command=$(sha256sum <pyproject.toml)
is() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }
if [ -x "$venv/bin/python" ] && is "$venv/packages" "$packages"; then
    if [ -x "$venv/bin/draupnir" ] && is "$venv/command" "$command"; then exit; fi
else
    system_packages "$python"
    say "making the virtual environment $venv with $("$python" --version)"
    rm -rf "$venv"
    "$python" -m venv "$venv"
    python_packages
    # Each stamp is written last, so that an interrupted set-up starts again.
    printf '%s\n' "$packages" >"$venv/packages"
fi
say "installing the command $venv/bin/draupnir"
pip install --no-deps --no-build-isolation --editable .
printf '%s\n' "$command" >"$venv/command"
say "done"
