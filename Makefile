# Slotline. `make run` needs nothing but Python 3.11 or newer.

PYTHONS = python3.13 python3.12 python3.11 python3
VENV = .venv
BIN = $(VENV)/bin
AUDIT = $(VENV)/audit
LOG = $(VENV)/install.log
PIP = $(BIN)/python -m pip --disable-pip-version-check
COMPILE_ANY = uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --quiet
COMPILE = $(COMPILE_ANY) pyproject.toml
COMPILE_PEERS = $(COMPILE_ANY) $(PEERS)/requirements.in
PEERS = loadtests/peers
ARGS =

# The app. Its build is made anew when one of these is newer; $(NODE) is empty without Node 20 or newer.
APP = mobile
APP_SOURCES = $(shell find $(APP) -type d \( -name node_modules -o -name 'dist*' -o -name .expo -o -name tests \) -prune \
	-o -type f -print)
NODE = $(shell node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && echo yes)

# $(call install,LOCK FILE,WHAT): wheels only, so that no compiler is needed; then this project itself, editable.
define install
	@echo "Installing $(2) (a minute the first time) ..."
	@{ $(PIP) install --require-hashes --only-binary=:all: -r $(1) && \
	   $(PIP) install --no-deps --no-build-isolation --editable . ; } >$(LOG) 2>&1 || \
	 { echo "slotline: the installation failed: $$(grep -m 1 '^ERROR' $(LOG) | cut -c 8-140); see $(LOG)" >&2; exit 1; }
	@touch $@
endef

.PHONY: help run web app client screenshots seed doctor test load bench bench-growth bench-live soak faults fuzz \
	audit-deps lint format lock clean

help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run app ## start Redis, MongoDB, the API and the app, with sample data; Ctrl-C stops all
	@exec $(BIN)/slotline up --under-make

web: $(APP)/dist/index.html ## build the app for the browser (needs Node 20 or newer)
	@:

# What `run` and `test` can do without: says what is missing and goes on.
app:
	@if [ -z "$(NODE)" ]; then \
	  echo "slotline: no Node 20 or newer here, so there is the API alone; with Node, make web builds the app" >&2; \
	else \
	  $(MAKE) --no-print-directory web || echo "slotline: going on with the API alone" >&2; \
	fi

client: $(VENV)/.dev $(APP)/node_modules/.stamp ## make the types of the app's API client from the server's OpenAPI
	@PYTHONPATH=. $(BIN)/python $(APP)/scripts/openapi.py >$(VENV)/openapi.json
	@cd $(APP) && node scripts/client.mjs ../$(VENV)/openapi.json

screenshots: $(VENV)/.dev web ## take pictures of every screen (needs Chromium), into docs/screenshots
	@exec $(BIN)/python -m tests.e2e.screenshots $(ARGS)

seed: $(VENV)/.run ## add sample experts and slots, e.g. make seed ARGS='--experts 1000'
	@exec $(BIN)/slotline seed $(ARGS)

doctor: $(VENV)/.run ## say what is wrong with this set-up
	@exec $(BIN)/slotline doctor

test: $(VENV)/.dev app ## run the tests, e.g. make test ARGS='-k claim'
	@command -v chromium chromium-browser google-chrome >/dev/null || \
	  echo "slotline: no Chromium here: the app's end-to-end tests are skipped; Debian, Ubuntu: apt-get install chromium" >&2
	@echo "Running the tests ..."
	@exec $(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

bench: $(VENV)/.dev ## measure beside a hello-world and beside peers (ten minutes; needs wrk), into docs/benchmarks.md
	@command -v wrk >/dev/null || { echo "slotline: make bench needs wrk; Debian, Ubuntu: apt install wrk" >&2; exit 1; }
	@command -v npm >/dev/null || { echo "slotline: make bench needs Node.js; Debian, Ubuntu: apt install nodejs npm" >&2; exit 1; }
	@$(MAKE) --no-print-directory $(PEERS)/.venv/.ready $(PEERS)/node_modules/.ready
	@exec $(BIN)/python -m loadtests.bench --write docs/benchmarks.md $(ARGS)

load: $(VENV)/.dev ## run a load scenario, e.g. make load ARGS='rush --users 2000' (browse, rush, day, live)
	@exec $(BIN)/python -m loadtests.run $(or $(ARGS),day)

bench-growth: $(VENV)/.dev ## measure and plot the cost of growth (half an hour; minutes with ARGS='--largest 10000')
	@exec $(BIN)/python -m loadtests.growth --write docs/benchmarks.md $(ARGS)

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
	$(COMPILE_PEERS) $(ARGS) --output-file $(PEERS)/requirements.lock

clean: ## remove .venv and caches; the data in .data stays
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(APP)/node_modules/.stamp: $(APP)/package-lock.json $(APP)/.npmrc
	@[ -n "$(NODE)" ] || { echo "slotline: the app needs Node 20 or newer; see https://nodejs.org" >&2; exit 1; }
	@echo "Installing the app's packages (a minute the first time) ..."
	@cd $(APP) && npm ci --no-progress >../$(VENV)/npm.log 2>&1 || \
	 { echo "slotline: npm ci failed: $$(grep -m 1 'npm error' ../$(VENV)/npm.log | cut -c 1-140); see $(VENV)/npm.log" >&2; exit 1; }
	@touch $@

$(APP)/dist/index.html: $(APP)/node_modules/.stamp $(APP_SOURCES)
	@echo "Building the app (half a minute) ..."
	@cd $(APP) && node scripts/web.mjs >../$(VENV)/web.log 2>&1 || \
	 { echo "slotline: the app could not be built; see $(VENV)/web.log" >&2; exit 1; }

$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	$(call install,requirements.lock,Slotline)

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/.run
	$(call install,requirements-dev.lock,the tools for tests and checks)

# What the benchmark's peers are made of, in places of their own.
$(PEERS)/.venv/.ready: $(PEERS)/requirements.lock | $(BIN)/python
	@echo "Installing the peers' Python packages ..."
	@rm -rf $(@D) && $(BIN)/python -m venv $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary=:all: \
	  -r $(PEERS)/requirements.lock
	@touch $@

$(PEERS)/node_modules/.ready: $(PEERS)/package-lock.json
	@echo "Installing the peers' Node packages ..."
	@npm ci --prefix $(PEERS) --no-audit --no-fund --silent
	@touch $@

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
