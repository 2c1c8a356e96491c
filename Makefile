# The first Python on this machine that is new enough (a pyenv shim may be there and not work).
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: install lint test api-coverage bench demo clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "On Debian: apt install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[dev]'
	$(BIN)/ingle runtimes install || echo "Functions run all the same; see ingle runtimes"
	touch $@

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src tests bench examples/demo.py
	$(BIN)/lint-imports

# What shares nothing runs in parallel; what starts nodes and sandboxes runs alone, for it looks for leftovers.
test: install
	$(BIN)/python -m pytest -n 2 tests/unit
	$(BIN)/python -m pytest --ignore=tests/unit

# Ends after the tour with DEMO_EXIT=1; else it stays until Ctrl-C.
demo: install
	$(BIN)/python examples/demo.py

# A short look: make bench BENCH=--quick
bench: install
	$(BIN)/python -m bench.run $(BENCH)

api-coverage: install
	$(BIN)/ingle api-coverage > docs/api-coverage.md

clean:
	rm -rf $(VENV) .bench build dist
