# The one list of commands. `make test` sets up what it needs and passes everything.
PYTHON ?= python3
TOOLS := .venv-tools
UV := $(if $(shell command -v uv),uv,$(TOOLS)/bin/uv)
RUN := $(UV) run --frozen

# Half of what every test takes is waiting for engines, so there are two workers more than cores, up to four.
CORES := $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
WORKERS := $(shell echo $$(($(CORES) < 3 ? $(CORES) + 2 : 4)))

# What runs the engines' own code, and what installs or builds; the single tests that do are marked as slow.
SLOW := tests/conformance tests/test_quickstart.py tests/runtime/test_start.py \
	tests/runtime/test_checkout.py tests/runtime/test_recurring_run.py

.PHONY: help setup lint check test golden bench instructions plots fuzz clean
help:
	@echo "make setup   create .venv with everything development needs"
	@echo "make lint    ruff and mypy"
	@echo "make check   lint, and in about a minute all tests but those that run engines, install or build"
	@echo "make test    lint, then every test, on every core; installs the engines' own validators and caches them"
	@echo "make golden  rewrite the golden files; read the diff before you commit it"
	@echo "make bench   time the compiler against its peers"
	@echo "make instructions   count those of the compiler; needs valgrind"
	@echo "make plots   measure what steps, edges and trials cost, and draw docs/performance"
	@echo "make fuzz    320,000 random configs: none may break anything (half an hour)"

$(TOOLS)/bin/uv:
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet "uv>=0.9"

setup: $(if $(shell command -v uv),,$(TOOLS)/bin/uv)
	$(UV) sync --frozen --quiet

lint: setup
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy

check: lint
	$(RUN) pytest -q -n auto --maxprocesses 8 --dist worksteal -m "not slow" --hypothesis-profile=check $(addprefix --ignore=,$(SLOW))

test: lint
	$(RUN) pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder

golden: setup
	$(RUN) pytest tests/test_golden.py tests/test_docs.py tests/test_mistakes.py tests/images --update-golden

bench: setup
	$(RUN) python -m benchmarks.compare

instructions: setup
	$(RUN) python -m benchmarks.instructions

plots: setup
	$(UV) pip install --quiet "matplotlib>=3.9"
	$(RUN) python -m benchmarks.growth

fuzz: setup
	$(RUN) python -m tests.fuzzing

clean:
	rm -rf .venv $(TOOLS) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
