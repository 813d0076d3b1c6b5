# Two commands do everything: `make demo` shows it, `make test` proves it. Nothing is needed but Python 3.11 or later.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DAGSTER_HOME ?= $(CURDIR)/data/dagster

.DEFAULT_GOAL := help

BENCH := .venv-bench
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
LOWEST := .venv-lowest
LOCK := .venv-lock
COMPILE := $(LOCK)/bin/uv pip compile --quiet pyproject.toml --universal --python-version 3.11 --only-binary :all: \
	--generate-hashes --no-annotate --no-header --no-emit-index-url
LOWEST_TESTS := tests/rutter tests/lake tests/ingest tests/marts tests/defs tests/cli

$(BENCH)/installed: pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BENCH)/bin/python -m pip install --quiet --group bench
	@touch $@

help:  ## What there is to run
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */\1\t/' | expand -t 12

# From a lock alone: exact versions, every file by its hash, and wheels only, so that installing runs nobody's code.
define FROM_LOCK
$(PYTHON) -m venv --clear $(@D)
$(@D)/bin/python -m pip install --quiet --no-deps --require-hashes --only-binary :all: --requirement $(lastword $^)
$(@D)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
$(@D)/bin/python -m pip check
@touch $@
endef

$(VENV)/installed: pyproject.toml locks/newest.txt
	$(FROM_LOCK)

$(LOWEST)/installed: pyproject.toml locks/lowest.txt
	$(FROM_LOCK)

$(LOCK)/installed:
	$(PYTHON) -m venv $(LOCK)
	$(LOCK)/bin/python -m pip install --quiet "uv>=0.13"
	@touch $@

install: $(VENV)/installed  ## The virtual environment with everything in it

demo: install  ## Load the sandbox's merchants and print their fees and refunds
	@$(BIN)/rutter-assets demo

dev: install  ## The Dagster UI on the same lake, http://127.0.0.1:3000
	@PYTHONWARNINGS="ignore:Function" $(BIN)/dagster dev --workspace workspace.yaml

test: install  ## Format check, lint, types and the tests, in under five minutes
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	@$(if $(CHROMIUM),:,echo "No Chromium is on this machine: the tests marked browser are left out; install chromium to run them.")
	$(BIN)/python -m pytest -n 2 -m "not long and not chaos$(if $(CHROMIUM),, and not browser)"

test-long: install  ## The tests that take ten seconds or more: the demo, the truth over time, canaries, the example
	$(BIN)/python -m pytest -n 2 -m long

test-lowest: $(LOWEST)/installed  ## A shorter pass with the lowest versions that pyproject.toml allows
	$(LOWEST)/bin/python -m pytest -n 2 -m "not long and not chaos" $(LOWEST_TESTS)

# Versions stay as they are where pyproject.toml allows it; UPGRADE=--upgrade takes the newest.
lock: $(LOCK)/installed  ## The locks again, after a change of dependencies in pyproject.toml
	$(COMPILE) --group dev $(UPGRADE) --output-file locks/newest.txt
	$(COMPILE) --constraint locks/newest.txt --output-file locks/runtime.txt
	$(COMPILE) --group dev --upgrade --resolution lowest-direct --output-file locks/lowest.txt

licences: install  ## docs/licences.md again, after `make lock`
	$(BIN)/python -m tests.licences > docs/licences.md

chaos-short: install  ## The tests of a hostile machine and of repetition, in the form that CI runs: 20 kills
	$(BIN)/python -m pytest -n 2 -m chaos

chaos: install  ## The same in their long form: 200 kills, 100,000 mutated inputs
	KILLS=200 CASES=100000 $(BIN)/python -m pytest -n 2 --timeout 7200 -m chaos

MINUTES ?= 10
soak: install  ## Hourly updates of 300 merchants squeezed into MINUTES, over a wire that fails
	$(BIN)/python -m tests.soak --minutes $(MINUTES)

bench: install $(BENCH)/installed  ## Beside dlt, airbyte-cdk, singer-sdk and the naive loop; writes docs/benchmarks.md
	$(BIN)/python -m benchmarks --peers-python $(BENCH)/bin/python --write

clean:  ## Remove what runs wrote: the lake and Dagster's history
	rm -rf data/lake data/bi data/dagster/*/ data/dagster/*.db

.PHONY: help install demo dev test test-long test-lowest lock licences chaos-short chaos soak bench clean
