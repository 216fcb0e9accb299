# Two commands for a newcomer: `make demo` and `make test`. Both set up .venv first, once.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# The first interpreter that is new enough and can make virtual environments. Override with `make PYTHON=...`.
SUITS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3 python,\
	$(shell command -v $(name) >/dev/null 2>&1 && $(name) -c '$(SUITS)' >/dev/null 2>&1 && echo $(name))))

.PHONY: help setup demo test test-all lint types docs clean

help:
	@echo "make demo      set up, register the Weinberg study, run it blind on real data, and open the answer"
	@echo "make test      set up and run the tests, without the slow ones"
	@echo "make test-all  every test"
	@echo "make lint      ruff and the architecture's import rules"
	@echo "make types     mypy --strict"
	@echo "make docs      the documentation as a site: site/index.html"
	@echo "make clean     remove .venv and the caches"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@if [ -z "$(PYTHON)" ]; then \
		echo "activesci needs Python 3.11 or newer with its venv module: install python3.11 and python3.11-venv" \
			"(or the like), or name an interpreter: make PYTHON=/path/to/python3" >&2; exit 2; fi
	@$(PYTHON) -c '$(SUITS)' || { \
		echo "$(PYTHON) is older than 3.11 or has no venv module: name another: make PYTHON=/path/to/python3" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

BLIND := --set 'blind.until=["stopped", "expectations", "registration"]'

# Registered before any data, run blind, and opened at the end. A study that was stopped or killed goes on where it was;
# one that is done is only reported on again.
demo: setup
	@test -e runs/weinberg/ledger.sqlite || \
		$(BIN)/activesci register experiments/weinberg/study.yaml --to runs/weinberg $(BLIND) >/dev/null
	@echo "The plan is registered: runs/weinberg/plan.md. G_F is shown shifted until all that it lists is green."
	$(BIN)/activesci resume runs/weinberg
	$(BIN)/activesci unblind runs/weinberg
	@echo "The report is runs/weinberg/report.html"

test: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" -n 2 --dist worksteal

test-all: setup
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup
	$(BIN)/mypy

docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "The documentation is site/index.html; its search works where it is served: python3 -m http.server -d site"

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache site *.egg-info
