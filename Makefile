# Slotline. `make run` needs nothing but Python 3.11 or newer.

PYTHONS = python3.13 python3.12 python3.11 python3
VENV = .venv
BIN = $(VENV)/bin
AUDIT = $(VENV)/audit
LOG = $(VENV)/install.log
PIP = $(BIN)/python -m pip --disable-pip-version-check
COMPILE = uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --quiet
ARGS =

# $(call install,LOCK FILE,WHAT): wheels only, so that no compiler is needed; then this project itself, editable.
define install
	@echo "Installing $(2) (a minute the first time) ..."
	@{ $(PIP) install --require-hashes --only-binary=:all: -r $(1) && \
	   $(PIP) install --no-deps --no-build-isolation --editable . ; } >$(LOG) 2>&1 || \
	 { echo "slotline: the installation failed: $$(grep -m 1 '^ERROR' $(LOG) | cut -c 8-140); see $(LOG)" >&2; exit 1; }
	@touch $@
endef

.PHONY: help run seed doctor test bench bench-live soak faults fuzz audit-deps lint format lock clean

help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run ## start Redis, MongoDB and the API, with sample data; Ctrl-C stops all
	@exec $(BIN)/slotline up --under-make

seed: $(VENV)/.run ## add sample experts and slots, e.g. make seed ARGS='--experts 1000'
	@exec $(BIN)/slotline seed $(ARGS)

doctor: $(VENV)/.run ## say what is wrong with this set-up
	@exec $(BIN)/slotline doctor

test: $(VENV)/.dev ## run the tests, e.g. make test ARGS='-k claim'
	@echo "Running the tests ..."
	@exec $(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

bench: $(VENV)/.dev ## measure beside a hello-world (four minutes; needs wrk), into docs/benchmarks.md
	@command -v wrk >/dev/null || { echo "slotline: make bench needs wrk; Debian, Ubuntu: apt install wrk" >&2; exit 1; }
	@exec $(BIN)/python -m loadtests.bench --write docs/benchmarks.md $(ARGS)

bench-live: $(VENV)/.dev ## measure the live feed beside others (four minutes; needs Node), into docs/benchmarks.md
	@exec $(BIN)/python -m loadtests.live_bench --write docs/benchmarks.md $(ARGS)

soak: $(VENV)/.dev ## let sockets churn and bookings go on for half an hour, e.g. ARGS='--seconds 300 --sockets 500'
	@exec $(BIN)/python -m loadtests.soak $(ARGS)

faults: $(VENV)/.dev ## kill, stop and cut everything for an hour under load, e.g. ARGS='--seconds 300 --seed 7'
	@exec $(BIN)/python -m tests.faults $(ARGS)

fuzz: $(VENV)/.dev ## try to break the API by its own OpenAPI document, for some ten minutes a mode
	@FUZZ_EXAMPLES=100 FUZZ_SECONDS=1500 exec $(BIN)/python -m pytest tests/api/fuzz $(ARGS)

audit-deps: $(BIN)/python ## look for known vulnerabilities in what is locked (asks a package index)
	@test -x $(AUDIT)/bin/pip-audit || { $(BIN)/python -m venv $(AUDIT) && \
	  $(AUDIT)/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary=:all: \
	    -r requirements-audit.lock ; } || { rm -rf $(AUDIT); exit 1; }
	@for lock in requirements.lock requirements-dev.lock requirements-audit.lock; do \
	  echo "$$lock"; $(AUDIT)/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r $$lock $(ARGS) || \
	  exit 1; \
	done

lint: $(VENV)/.dev ## check style, types and the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## put the code into the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## resolve the dependencies anew (needs uv)
	@command -v uv >/dev/null || { echo "slotline: make lock needs uv; install with: pip install uv" >&2; exit 1; }
	$(COMPILE) $(ARGS) --extra stack --extra build --output-file requirements.lock
	$(COMPILE) $(ARGS) --all-extras --constraint requirements.lock --output-file requirements-dev.lock
	echo pip-audit | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --quiet $(ARGS) --output-file requirements-audit.lock

clean: ## remove .venv and caches; the data in .data stays
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	$(call install,requirements.lock,Slotline)

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/.run
	$(call install,requirements-dev.lock,the tools for tests and checks)

$(BIN)/python:
	@for python in $(PYTHONS); do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "slotline: needs Python 3.11 or newer; found none of: $(PYTHONS)" >&2; exit 1; \
	fi; \
	if ! $$found -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "slotline: $$found lacks the module venv or ensurepip (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; \
	fi; \
	echo "Creating $(VENV) with $$found ..."; \
	$$found -m venv $(VENV) || { rm -rf $(VENV); echo "slotline: could not create $(VENV)" >&2; exit 1; }
