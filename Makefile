# Every word here sets up what it needs; `make demo` and `make test` work on a fresh machine with Python 3.11 and pip.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
DEMO := runs/demo
# Two threads are what a laptop surely has; more would make timings of different machines hard to compare.
THREADS ?= 2

.PHONY: demo openmedq test test-full bench check vocabulary weights

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet torch torchvision
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

demo: $(VENV)/ready
	OMP_NUM_THREADS=$(THREADS) $(BIN)/python -m tests.demo $(DEMO)

# Not runs/openmedq, where the family of recipes of that name writes.
openmedq: $(VENV)/ready
	OMP_NUM_THREADS=$(THREADS) $(BIN)/python -m tests.openmedq runs/openmedq-small

check: $(VENV)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/medgpt recipe check recipes

# Two processes of one thread each: tests at toy size gain nothing from a second thread.
test: check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" -n 2 --dist loadscope

test-full: check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope

bench: $(VENV)/ready
	OMP_NUM_THREADS=$(THREADS) $(BIN)/python -m tests.benchmarks runs/bench

vocabulary: $(VENV)/ready
	$(BIN)/python -m medgpt_cli.workflows.vocabulary

# What is there of the walk is gone on with.
weights: $(VENV)/ready
	mkdir -p runs/weights
	cd runs/weights && OMP_NUM_THREADS=$(THREADS) $(CURDIR)/$(BIN)/python -m medgpt_cli.workflows.shipping
