# `make demo` and `make test` do all the set-up, from a fresh clone.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
LOWEST := .lowest
# Two processes of one thread each; bytecode is kept, which saves each of them half of what it takes to begin.
PYTEST := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive $(BIN)/pytest -n 2

.PHONY: demo test quick kills lowest lint lint-js fuzz tables tutorials docs release-check clean

demo: $(READY)
	$(BIN)/faig demo --out runs/demo

test: $(READY)
	$(PYTEST)

quick: $(READY)
	$(PYTEST) -m "not slow"

kills: $(READY)
	$(PYTEST) --kills 1000000 -k an_accident_loses tests/kills/test_kills.py # all there are

# In an environment of its own that goes again after, 6 GB with the torch that the package index has for Linux, of CUDA.
# TORCH=cpu takes PyTorch's own index, and 2 GB.
lowest:
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet uv
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct \
		$(if $(TORCH),--torch-backend $(TORCH)) -e '.[test]'
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive $(LOWEST)/bin/python -m pytest -n 2 -m "not slow"
	rm -r $(LOWEST)

lint: $(READY) lint-js
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The page's modules of JavaScript, by their types; where there is no node, or no way to its packages, that is said.
TSC := npx --yes --package typescript@5.9.3 tsc
lint-js:
	@if $(TSC) --version >/dev/null 2>&1; then $(TSC) && echo "the page's modules: no errors"; \
	else echo "the page's modules are not checked: there is no npx, or it cannot fetch typescript"; fi

# What readers make of files that are made hostile, for SECONDS in all; JSON=FILE keeps the counts.
SECONDS := 3600
fuzz: $(READY)
	PYTHONPATH=tests $(BIN)/python -W ignore -m hostile.fuzz --seconds $(SECONDS) $(if $(JSON),--json $(JSON))

# What commands make of a finished run in which one thing is changed: every cell, column, row and file, one at a time.
tables: $(READY)
	PYTHONPATH=tests $(BIN)/python -m hostile.all_tables --json docs/results/changed-runs.json

# Executes the notebooks of docs/tutorials and keeps their outputs in them; NAMES=tour takes one alone.
tutorials: $(READY)
	$(BIN)/python scripts/tutorials.py run $(NAMES)

# RUNTIME=DIR: a node_modules folder with what runs the page to play with; else that is fetched once.
docs: $(READY)
	$(BIN)/python scripts/tutorials.py pages
	$(BIN)/python scripts/site.py docs $(if $(RUNTIME),--runtime $(RUNTIME))
	PYTHONPATH=scripts $(BIN)/zensical build --strict

release-check:
	$(PYTHON) scripts/release_check.py

clean:
	rm -rf .venv .lowest site dist docs/play docs/reports

# constraints.txt pins the tested versions. A GPU build of torch: install your own into .venv, then touch .venv/.ready
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-deps spandrel # not the torchvision it asks for
	touch $@
