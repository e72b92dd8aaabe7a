# Chores. Each target sets up what it needs, Python's part of it in .venv.
PY := .venv/bin/python
# What Python compiles is kept here, beside no source: programs that tests start need not compile everything again.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/bytecode
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test lint format bench screenshots docs schema lock wheel clean

help: ## Show this help.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-11s %s\n", $$1, $$2}'

setup: .venv/.ready ## Make .venv with everything that is locked.

.venv/.ready: requirements.lock pyproject.toml scripts/setup.sh
	@sh scripts/setup.sh

.mariadb/.ready: scripts/mariadb.sh
	@sh scripts/mariadb.sh

.browser/.ready: scripts/browser.sh
	@sh scripts/browser.sh

demo: setup ## Fill an example operator with made-up people, keep its promises, serve it.
	@.venv/bin/senim demo $(ARGS)

test: setup .mariadb/.ready .browser/.ready ## Run all tests, on SQLite, PostgreSQL and MariaDB, pages in Chromium.
	@$(PY) -m pytest -n auto --dist worksteal $(ARGS)

lint: setup ## Check style, types, import contracts and generated files.
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PY) -m scripts.docs --check

format: setup ## Format the code.
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

bench: setup ## Measure, and write docs/performance.md (needs wrk).
	@$(PY) -m benchmarks $(ARGS)

screenshots: setup .browser/.ready ## Take pictures of every screen into docs/images.
	@$(PY) -m scripts.screenshots $(ARGS)

docs: setup ## Write the generated parts of docs/.
	@$(PY) -m scripts.docs

lock: setup ## Lock the newest versions of all dependencies.
	@.venv/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade -q -o requirements.lock

wheel: setup ## Build the wheel into dist/.
	@.venv/bin/uv build --wheel --no-build-isolation -q -o dist

clean: ## Remove what these chores made.
	@rm -rf .venv .mariadb .browser dist build demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
