# Every target sets up what it needs; a machine with Python 3.11 or newer, make, git and a package index is enough.
#   make demo    the main job on the built-in models      make test   every test
#   make check   lint, types, import directions           make bench  benchmarks against peers
#   make dist    wheel and source archive, checked and tried in an empty environment; DEMO=1 runs the demo there
#   make calibration    how often a study is wrong, by Monte Carlo; QUICK=1 checks in two minutes and writes nothing
#   make docs    the documentation as a site, in site/
#   make fuzz    hostile input for FUZZ_MINUTES (20)
#   make disturb    commands ended at MOMENTS (20) random moments, two at once, disks that fill; an hour or two
# PYTHON=python3.12 picks an interpreter, ENGINE=none leaves vLLM out, TORCH_INDEX=URL is where CPU builds of torch are.

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && exit; done; echo python3)
# The engine of the last set-up, which left a file of that name.
ENGINE ?= $(patsubst .venv/.ready-%,%,$(firstword $(wildcard .venv/.ready-*) .venv/.ready-auto))
BIN := .venv/bin
READY := .venv/.ready-$(ENGINE)
SOURCES := .cache/types/strigil tools benchmarks tests
# Two OpenMP programs on few cores slow each other five-fold when idle threads spin.
QUIET_THREADS := KMP_BLOCKTIME=0
# Where Python may keep no compiled modules, each process of the tests would compile torch anew, for half a minute.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint types bench dist docs calibration fuzz disturb format

help:
	@sed -n 's/^#   //p' Makefile

setup: $(READY)

$(READY): pyproject.toml constraints.txt setup.py tools/set_up.py
	@$(PYTHON) tools/set_up.py --engine $(ENGINE)

demo: $(READY)
	@$(QUIET_THREADS) $(BIN)/strigil demo

test: $(READY)
	@$(QUIET_THREADS) $(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

check: lint types

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell
	$(BIN)/python tools/check_lengths.py

types: $(READY)
	$(BIN)/python tools/link_types.py
	$(BIN)/mypy --num-workers auto $(SOURCES)
	cd .cache/types && ../../$(BIN)/lint-imports --no-logo --config ../../pyproject.toml

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY)
	@$(QUIET_THREADS) $(BIN)/python -m benchmarks.run

DEMO ?=
dist: $(READY)
	@$(BIN)/python -m tools.make_dist $(if $(DEMO),--demo)

docs: $(READY)
	@$(BIN)/python -m tools.site.build

QUICK ?=
calibration: $(READY)
	@$(QUIET_THREADS) OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.calibration $(if $(QUICK),--quick)

# The same targets again and again, each time with other input, until the time is over.
FUZZ_MINUTES ?= 20
fuzz: $(READY)
	@end=$$(( $$(date +%s) + 60 * $(FUZZ_MINUTES) )); while [ $$(date +%s) -lt $$end ]; do \
		$(QUIET_THREADS) FUZZ_EXAMPLES=100 $(BIN)/pytest -q -n 0 tests/fuzz || exit 1; done

MOMENTS ?= 20
disturb: $(READY)
	@$(QUIET_THREADS) MOMENTS=$(MOMENTS) $(BIN)/pytest -q -n 0 tests/workflows/test_disturbed.py
