# `make` alone prints the targets. Each target does the whole set-up the first time.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup test lint sim regress rtl golden demo bitstreams bench coverage docs links signoff clean

# Each command that a test runs starts a Python, which would compile the whole library anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
CHIP ?= odin
SIM ?= verilator
CYCLES ?= 300
MUTANTS ?= 1000
FAULTS ?= 100000
BOARDS ?= ulx3s-25f ulx3s-85f icebreaker

help: ## print this help
	@echo "make TARGET, where TARGET is:"
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'
	@echo "Variables: CHIP=odin (the chip), RTL=DIR (a folder of Verilog), PYTHON=/path/to/python3.13,"
	@echo "BOARDS=... and CONFIG=net.toml (for bitstreams), SIM=verilator (or icarus; for regress), REPOSITORY=NAME (for golden: the name of the source in the cases),"
	@echo "CYCLES=300 (for coverage: so many clocks of each recording), MUTANTS=1000, FAULTS=100000 and"
	@echo "ORIGINALS=DIR (for signoff: a folder of Verilog for each chip, DIR/odin and so on)."

setup: ## virtual environment, pinned packages, simulators; the command is then .venv/bin/draupnir
	@tools/setup/setup.sh

test: setup lint ## lint, types and all tests; results as JUnit XML in build/
	@echo "test: compile the kernels of all chips and the tools in WebAssembly, then run all tests, on 2 cores"
	@mkdir -p build
	@$(BIN)/python -m draupnir.tools.setup.kernels
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q --junit-xml=build/junit.xml

lint: setup ## style and types only
	@echo "lint: ruff, mypy"
	@$(BIN)/ruff check -q --output-format concise .
	@$(BIN)/ruff format -q --check .
	@$(BIN)/mypy --no-error-summary

sim: setup ## golden model and RTL in lockstep while the chip learns digits; report in build/sim
	@$(BIN)/draupnir sim $(CHIP) --report build/sim

regress: setup ## compare our RTL, or RTL=DIR, with the golden cases: every pin, and both memories
	@$(BIN)/draupnir regress $(CHIP) $(if $(RTL),--rtl "$(RTL)") --sim $(SIM)

rtl: setup ## write our RTL as Verilog to build/rtl
	@$(BIN)/draupnir rtl $(CHIP) --output build/rtl

golden: setup ## record the golden cases again from RTL=DIR, a folder of Verilog
	@test -n "$(RTL)" || { echo "error: make golden needs RTL=DIR, the folder of Verilog to record" >&2; exit 2; }
	@$(BIN)/draupnir record $(CHIP) --all --rtl "$(RTL)" $(if $(REPOSITORY),--repository "$(REPOSITORY)")

demo: setup ## the golden models learn: ODIN learns digits, ReckOn to accumulate cues; reports in build/demo
	@$(BIN)/draupnir demo digits
	@$(BIN)/draupnir demo cue-accumulation

bitstreams: setup ## build bitstreams of all boards in build/bitstream, with the network CONFIG=net.toml; takes half an hour
	@for board in $(BOARDS); do \
		echo "bitstreams: $(CHIP) on $$board"; \
		$(BIN)/draupnir bitstream $(CHIP) --board $$board $(if $(CONFIG),--config "$(CONFIG)") || exit; \
	done

bench: setup ## measure speeds side by side; with RTL=DIR also those of that folder of Verilog
	@$(BIN)/draupnir bench $(CHIP) $(if $(RTL),--rtl "$(RTL)")

coverage: setup ## the lines of the golden models that the recordings reach, with the compiler off; pages in build/coverage
	@mkdir -p build && rm -f build/coverage.data
	@for chip in $$($(BIN)/python -c 'import draupnir; print(*draupnir.chips())'); do \
		NUMBA_DISABLE_JIT=1 COVERAGE_FILE=build/coverage.data $(BIN)/python -m coverage run --append --branch --source=emulator \
			$(BIN)/draupnir regress $$chip --sim model --cycles $(CYCLES) || exit; \
	done
	@COVERAGE_FILE=build/coverage.data $(BIN)/python -m coverage html -q -d build/coverage
	@COVERAGE_FILE=build/coverage.data $(BIN)/python -m coverage report --skip-covered --skip-empty

docs: setup ## the documentation site in build/docs; a dead link or any other warning is an error
	@$(BIN)/python -m sphinx -q -W -n --keep-going -j 2 -c tools/docs -d build/doctrees . build/docs
	@echo "docs: open build/docs/index.html"

links: setup ## ask for each page elsewhere to which our pages link; needs a network
	@$(BIN)/python -m sphinx -q --keep-going -b linkcheck -c tools/docs -d build/doctrees . build/links

# The commands that leave results, for the chip $$chip, and with $$rtl, which is empty or --rtl DIR. A command may say
# that something fails (1), or that the chip lacks a part (2): the page then shows it.
define RESULTS
	run() { echo "signoff: draupnir $$*"; $(BIN)/draupnir "$$@" || [ $$? -le 2 ] || exit; }; \
	run regress $$chip $$rtl --report $$out/regress; \
	run regress $$chip $$rtl --sim icarus --cycles 2000 --report $$out/icarus; \
	run sim $$chip $$rtl --test all --report $$out/sim; \
	run cover $$chip $$rtl --functional --prove -o $$out/cover; \
	run mutate $$chip $$rtl -n $(MUTANTS) -o $$out/mutate; \
	run prove $$chip $$rtl -o $$out/prove
endef

signoff: setup ## run everything for all chips, and write the sign-off pages to build/signoff; takes many hours
	@for chip in $$($(BIN)/python -c 'import draupnir; print(*draupnir.chips())'); do \
		last=build/signoff/$$chip/signoff.json; before=build/signoff/$$chip/previous.json; \
		if [ -f $$last ]; then mv $$last $$before; fi; \
		rtl=; out=build/results/$$chip/ours; $(RESULTS); \
		original="$(ORIGINALS)/$$chip"; confirm=; \
		if [ -n "$(ORIGINALS)" ] && [ -d "$$original" ]; then \
			rtl="--rtl $$original"; out=build/results/$$chip/original; $(RESULTS); confirm="--confirm 1000 $$rtl"; \
		fi; \
		run inject $$chip --workload first -n $(FAULTS) $$confirm -o build/results/$$chip/inject; \
		run signoff $$chip --results build/results/$$chip $$([ -f $$before ] && echo --previous $$before); \
	done

clean: ## remove all build results and the virtual environment
	rm -rf build .venv .hypothesis .pytest_cache .mypy_cache .ruff_cache draupnir.egg-info
