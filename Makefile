# Bare `make` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help env demo test check bench format vendor requirements
RUN := .venv/bin/

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

env: ## Prepare .venv with everything in requirements/dev.txt (done by the others on demand)
	@bin/env

demo: env ## Run EdgeOps on a simulated AWS: one terminal, Ctrl-C ends all
	@$(RUN)python -m edgeops.demo

test: env ## Run every test, browser tests included; what stores something on PostgreSQL too
	@bin/chromium > /dev/null
	@$(RUN)pytest -n 2
	@$(RUN)python -m tests.on_postgres -n 2 tests/edgeops tests/tasks tests/flows

check: env ## Lint, format, types, import contracts, migrations, templates
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	EDGEOPS_MODE=test $(RUN)mypy .
	$(RUN)lint-imports
	EDGEOPS_MODE=test $(RUN)python manage.py makemigrations --check --dry-run
	EDGEOPS_MODE=test $(RUN)python manage.py check --fail-level WARNING
	$(RUN)djlint --quiet --lint templates

format: env ## Format the code
	$(RUN)ruff check --fix-only --quiet .
	$(RUN)ruff format .

bench: env ## Run the benchmarks; writes .edgeops/bench.json
	@$(RUN)python -m tests.bench

vendor: env ## Refresh static/vendor/ from the registry packages named in vendor.json
	@$(RUN)python bin/vendor

requirements: env ## Compile requirements/*.in with hashes
	$(RUN)uv pip compile --quiet --generate-hashes --universal --python-version 3.12 requirements/base.in -o requirements/base.txt
	$(RUN)uv pip compile --quiet --generate-hashes --universal --python-version 3.12 requirements/dev.in -o requirements/dev.txt
