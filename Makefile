PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: install lint test bench demo clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: install
	$(BIN)/python -m pytest

# A short look: make bench BENCH=--quick
bench: install
	$(BIN)/python -m bench.run $(BENCH)

clean:
	rm -rf $(VENV) .bench build dist
