# `make demo` and `make test` each set up what they need in .venv, once, and again when pyproject.toml changes.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
	>/dev/null 2>&1 && echo $$p && break; done)
BIN := .venv/bin
EDITOR_TESTS := $(wildcard tests/e2e/test_nvim*.py) tests/e2e/other_editors
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
TORCH ?= torch==2.13.0

.PHONY: demo test test-editors vsix lint clean

demo: .venv/.installed
	@$(BIN)/nearside demo

test: .venv/.installed-test lint
	@$(BIN)/python -m pytest

# In real editors, which are fetched once into the cache folder; needs npm and, for VS Code, a Chromium. Takes minutes,
# and says at the end what ran against which version.
test-editors: .venv/.installed-test vsix
	@node=$$($(BIN)/python -m tests.e2e.vscode --node) && $$node editors/vscode/test/run.ts
	@$(BIN)/python -m pytest $(EDITOR_TESTS)

vsix: editors/vscode/node_modules/.package-lock.json
	@cd editors/vscode && npm run --silent build && npm run --silent package

editors/vscode/node_modules/.package-lock.json: editors/vscode/package-lock.json
	@command -v npm >/dev/null 2>&1 || { echo "The VS Code extension was not built, because npm is not on PATH;" \
		"install Node.js 20 or later with npm" >&2; exit 1; }
	@cd editors/vscode && npm ci --silent

lint: .venv/.installed-test
	@$(BIN)/ruff check .
	@$(BIN)/pyright --pythonpath $(BIN)/python

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Nothing was set up, because no Python 3.11 or later with venv was found;" \
		"install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/python pyproject.toml
	@echo "Setting up .venv (a few minutes the first time: llama.cpp may have to be compiled)"
	@$(PIP) -e .
	@touch $@

# CPU torch first: it is only for training and its tests, and the default build brings gigabytes of CUDA.
.venv/.installed-test: .venv/bin/python pyproject.toml
	@echo "Setting up .venv for the tests (a few minutes the first time: llama.cpp may have to be compiled)"
	@$(PIP) $(TORCH)
	@$(PIP) -e '.[test,training]'
	@touch $@ .venv/.installed
