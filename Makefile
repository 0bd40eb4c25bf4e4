# All there is to remember: make demo, lab, test, lint, bench, crash, soak, mutants.
# By hand only: apt install make git python3-venv (Debian 12 and newer, Ubuntu 24.04 and newer).
# `make test ARGS="tests/core -k pack"` runs less; after `rm -r .venv`, `PYTHON=python3.12` takes another Python.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
# Notebooks that say `!muse` mean the one of this environment.
RUN := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python

.DEFAULT_GOAL := help
.PHONY: help demo lab test lint bench crash soak mutants

help:
	@head -n 3 Makefile

# The tutorial from start to end without a browser, in a temporary folder, and the log that it made.
demo: $(STAMP)
	@$(RUN) notebooks/demo.py

# The tutorial in JupyterLab.
lab: $(STAMP)
	$(RUN) -m jupyterlab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks/01-first-commit.ipynb $(ARGS)

# Every test, and every tutorial with its outputs compared; in CI also what downloads an environment of its own.
TUTORIALS := --nbval --nbval-current-env --nbval-sanitize-with notebooks/sanitize.cfg notebooks
test: $(STAMP)
	$(RUN) -m pytest $(if $(CI),-m "") $(or $(ARGS),tests $(TUTORIALS))

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/mypy

# muse and git side by side.
bench: $(STAMP)
	$(RUN) -m bench $(ARGS)

# Every point of every crash test, and the table of points and violations: an hour on two cores.
crash: $(STAMP)
	MUSE_CRASH=all $(RUN) -m pytest -m crash $(or $(ARGS),tests/crash)

# An hour of four processes and four kernels in one repository, in rounds of a minute: `make soak ARGS="--seed 7"`
# plays the rounds of that seed again.
soak: $(STAMP)
	$(RUN) -m tests.crash.together.soak $(ARGS)

# What keeps a promise is taken out, place by place, and the test that must notice it is run: some minutes.
mutants: $(STAMP)
	$(RUN) -m tests.crash.mutate $(ARGS)

# The environment says in its stamp where and with which Python it was made; when that is no longer so, it is made anew.
ENVIRONMENT := $(CURDIR) $(shell $(BIN)/python -V 2>/dev/null)
ifneq ($(ENVIRONMENT),$(shell cat $(STAMP) 2>/dev/null))
.PHONY: new
new:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "muse needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1): make PYTHON=python3.12 …"; exit 1; }
	@echo "Making .venv: a minute or two."
	@$(PYTHON) -m venv --clear .venv
$(STAMP): new
endif

$(STAMP): pyproject.toml
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@echo "$(CURDIR) $$($(BIN)/python -V)" > $@
