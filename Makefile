# From a bare python3 and make to everything: each target makes the virtual environment it needs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
CODE   := src examples benchmarks tools tests
# More of them than cores: most tests wait for a server of theirs most of the time.
PYTEST := $(BIN)/pytest -n 3 --dist loadgroup

# Tests start hundreds of processes; each would compile all of kitfox again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test coverage check bench footprint fmt changelog clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

install: $(STAMP) ## Make .venv with kitfox and its tools in it

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'kitfox needs Python 3.11 or newer; name one: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
		{ echo 'this Python cannot make virtual environments; on Debian: apt-get install python3-venv' >&2; exit 1; }
	@echo 'making $(VENV); this takes about a minute'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable '.[fast,console,grpc,http2,jwt,nats,redis,websocket]' --group dev
	@touch $@

demo: $(STAMP) ## Run the school: registry, logs, grading and portal as four processes
	$(BIN)/kitfox up --config examples/school/kitfox.toml

# What `check` runs already, with the lint, is left to it.
test: $(STAMP) ## Run the tests in random order; T=path picks some
	$(PYTEST) $(or $(T),--ignore=tests/architecture)

coverage: $(STAMP) ## Run every test, and report the branches that none took: twice the time
	$(PYTEST) --cov --cov-report=term:skip-covered $(T)

check: $(STAMP) ## Lint, types, import contracts, shape
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/shape.py src examples
	$(BIN)/mypy
	$(BIN)/basedpyright --warnings
	$(PYTEST) -q tests/architecture

bench: $(STAMP) footprint ## Run the benchmarks: one per claim in the docs
	@for script in $$(ls benchmarks/[a-z]*.py | grep -v footprint); do \
		echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

footprint: $(STAMP) ## Print import time, what it loads, and the memory of an idle service
	$(BIN)/python benchmarks/footprint.py

fmt: $(STAMP) ## Format, and mend what lint can mend
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

changelog: $(STAMP) ## Move the fragments into CHANGELOG.md; VERSION=1.2.3
	$(BIN)/python tools/changelog.py "$(VERSION)"

clean: ## Remove everything that was made here
	rm -rf $(VENV) .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache build dist
	find $(CODE) -name __pycache__ -prune -exec rm -rf {} +
