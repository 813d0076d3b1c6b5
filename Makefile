# Two commands do everything: `make demo` shows it, `make test` proves it. Nothing is needed but Python 3.11 or later.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DAGSTER_HOME ?= $(CURDIR)/data/dagster

.DEFAULT_GOAL := help

BENCH := .venv-bench
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

$(BENCH)/installed: pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BENCH)/bin/python -m pip install --quiet --group bench
	@touch $@

help:  ## What there is to run
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */\1\t/' | expand -t 12

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

install: $(VENV)/installed  ## The virtual environment with everything in it

demo: install  ## Load the sandbox's merchants and print their fees and refunds
	@$(BIN)/rutter-assets demo

dev: install  ## The Dagster UI on the same lake, http://127.0.0.1:3000
	@PYTHONWARNINGS="ignore:Function" $(BIN)/dagster dev --workspace workspace.yaml

test: install  ## Format check, lint, types and all tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	@$(if $(CHROMIUM),:,echo "No Chromium is on this machine: the tests marked browser are left out; install chromium to run them.")
	$(BIN)/python -m pytest -n 2 $(if $(CHROMIUM),,-m "not browser")

chaos: install  ## The tests that live of repetition, in their long form: 200 kills, 100,000 mutated inputs
	KILLS=200 CASES=100000 $(BIN)/python -m pytest -n 2 --timeout 7200 -m chaos

bench: install $(BENCH)/installed  ## Beside dlt, airbyte-cdk, singer-sdk and the naive loop; writes docs/benchmarks.md
	$(BIN)/python -m benchmarks --peers-python $(BENCH)/bin/python --write

clean:  ## Remove what runs wrote: the lake and Dagster's history
	rm -rf data/lake data/bi data/dagster/*/ data/dagster/*.db

.PHONY: help install demo dev test chaos bench clean
