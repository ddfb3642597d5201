# `make` alone lists the targets. PYTHON, HOST and PORT can be given: make run PORT=8000

PYTHON ?= python3
# Only what is written after `make run` counts: some shells export HOST as the machine's name.
ifneq ($(origin HOST),command line)
HOST := $(or $(PLAYGROUND_HOST),127.0.0.1)
endif
ifneq ($(origin PORT),command line)
PORT := $(or $(PLAYGROUND_PORT),7860)
endif

# Where this is set, every process that is started compiles all that it imports anew: more than half
# of what it takes to import torch and transformers, and the tests start many.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Python compiles what is imported, once; compiling all that torch and transformers bring along
# takes longer than their installation.
PIP_INSTALL := $(PIP) install --no-compile
# Why it is pinned stands at the top of requirements.lock.
TORCH := torch==2.13.0

.DEFAULT_GOAL := help
.PHONY: help run install test pytest lint browser bench lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install ## Serve the page at http://HOST:PORT
	$(BIN)/playground ui --host $(HOST) --port $(PORT)

install: $(VENV)/.runtime ## Install everything that `make run` needs, the default model too
	@$(BIN)/playground pull > /dev/null

# Types are checked beside the tests, which leave a core alone now and then.
test: install $(VENV)/.dev browser ## Run every test
	$(MAKE) --no-print-directory --jobs 2 lint pytest

# Two files at a time, each on one thread: processes that all use every core wait for each other at
# every product. In their own order: the long files with few tests come first, and nobody waits for
# one of them at the end.
pytest: $(VENV)/.dev
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 \
		$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev ## Check style, types and which way imports run
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install $(VENV)/.dev ## Run the benchmarks that the README quotes
	$(BIN)/python benchmarks/engines.py
	$(BIN)/python benchmarks/strip.py
	$(BIN)/python benchmarks/precision.py
	$(BIN)/python benchmarks/digits.py
	$(BIN)/python benchmarks/tokens.py
	$(BIN)/python benchmarks/neighbours.py
	$(BIN)/python benchmarks/context.py
	$(BIN)/python -m benchmarks.conversations

clean: ## Remove what was installed and built here; models stay
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf .import_linter_cache test-results

# The tests of the page need a Chromium: the system's, else Debian's, else Playwright's own.
browser: $(VENV)/.dev
	@for name in chromium chromium-browser google-chrome; do \
		command -v $$name > /dev/null && exit 0; \
	done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		apt-get update && apt-get install --yes --no-install-recommends chromium; \
	else \
		$(BIN)/playwright install chromium; \
	fi

# A stamp is newer than what it was made from; a second run then does nothing.
$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"Python 3.11 or newer is needed; give one with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/.created
	$(PIP_INSTALL) "$$(grep '^pip==' requirements.lock)"
	$(PIP_INSTALL) -r requirements.lock
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@

lock: ## Resolve pyproject.toml anew and write both locks
	$(call freeze,.[fast],requirements.lock)
	$(call freeze,.[dev],requirements-dev.lock)

# Installs $(1) in a fresh environment and writes what came of it below the comment of $(2).
# Torch's local suffix (+cpu) is left out, so that another machine may take its own build.
define freeze
	rm -rf build/lock
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --upgrade pip setuptools
	build/lock/bin/pip install $(TORCH) "$(1)"
	{ sed '/^[^#]/,$$d' $(2); build/lock/bin/pip freeze --all --exclude llm-playground \
		| sed 's/+[a-z0-9.]*$$//' | LC_ALL=C sort --ignore-case; } > build/lock/new
	mv build/lock/new $(2)
	rm -rf build/lock
endef
