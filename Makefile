# make run, make test: set everything up and do it. The other targets are for those who change FinRAG.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --quiet
LOCKS := requirements
COMPILE := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate pyproject.toml
# The first Python 3.11 or newer on the path, or the one named: make run PYTHON=/path/to/python
PYTHON ?= $(firstword $(foreach name,python3.13 python3.12 python3.11 python3 python,\
	$(if $(shell $(name) -c "import sys, venv; print(sys.version_info >= (3, 11) or '')" 2>/dev/null),$(name))))
# Tests wait now and then: one process more than cores, and four at the most.
PROCESSES := $(shell cores=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); \
	if [ $$cores -lt 3 ]; then expr $$cores + 1; else echo 4; fi)

SERVICES := coding_agent kserve_api scheduler
SERVICE_TARGETS := $(foreach what,test check soak,$(SERVICES:%=$(what)-%))
ENGINES := bwrap chromium curl nginx promtool redis-server

# Hundreds of processes are started by tests: each would compile all modules again where nothing is kept.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help

.PHONY: help run test test-services check-services soak-services $(SERVICE_TARGETS) check audit format lock soak docs samples clean encoder engines

help:
	@echo "make run      set up, index the sample filings, start back end and chat (Ctrl-C stops both)"
	@echo "make test     set up and run the tests"
	@echo "make check    lint, strict types, import direction, documentation drift, audit"
	@echo "make test-services   set up and test the surrounding services, each in its own environment"
	@echo "make format   format the code            make docs     rewrite the generated documentation"
	@echo "make lock     renew the hashed locks     make samples  rewrite the sample filings"
	@echo "make audit    locks, licences, known vulnerabilities, secrets, images"
	@echo "make soak     long fault and fuzz runs   make clean    remove the environment and the local store"

run: $(VENV)/.run-ready
	@if [ -z "$$FINRAG_STORE" ] && [ ! -f .finrag/store/index/CURRENT ]; then \
		$(VENV)/bin/finrag ingest samples/filings && $(VENV)/bin/finrag index; fi
	@exec $(VENV)/bin/finrag up

test: $(VENV)/.dev-ready encoder engines
	@$(VENV)/bin/pytest -m "not soak" --numprocesses $(PROCESSES) --dist loadfile

soak: $(VENV)/.dev-ready encoder
	@$(VENV)/bin/pytest -m soak tests/soak -s

check: $(VENV)/.dev-ready
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check --quiet .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache
	@$(PY) -m docs.generate --check
	@$(PY) -m samples.generate --check
	@$(PY) -m checks.audit

# The surrounding services: own lock, own environment, own process each; `make -j2` takes two at a time.
test-services: $(SERVICES:%=test-%)
check-services: $(SERVICES:%=check-%)
soak-services: $(SERVICES:%=soak-%)

$(SERVICE_TARGETS): $(VENV)/.dev-ready
	@$(MAKE) --no-print-directory -C services/$(lastword $(subst -, ,$@)) $(firstword $(subst -, ,$@))

audit: $(VENV)/.dev-ready
	@$(PY) -m checks.audit

format: $(VENV)/.dev-ready
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

docs: $(VENV)/.dev-ready
	@$(PY) -m docs.generate

samples: $(VENV)/.dev-ready
	@$(PY) -m samples.generate

lock: $(VENV)/.dev-ready
	@$(COMPILE) --extra dev -o $(LOCKS)/dev.txt
	@for extra in backend frontend ingest indexing distributed; do \
		$(COMPILE) --extra $$extra -c $(LOCKS)/dev.txt -o $(LOCKS)/$$extra.txt || exit 1; done

# Built once into the cache folder from weights fetched by hash; tests then run without network.
encoder: $(VENV)/.dev-ready
	@$(PY) -m finrag_ml_tg1.indexing.minilm --cache "$${FINRAG_CACHE_DIR:-/tmp/finrag_cache}" > /dev/null

# Servers, sandboxes and tools that tests start: what is missing is installed where that is allowed (as root, without
# starting any), and else the tests that need it are skipped, with the reason.
engines:
	@missing=""; for program in $(ENGINES); do command -v $$program > /dev/null || missing="$$missing $$program"; done; \
		[ -z "$$missing" ] || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && apt-get update -qq \
		&& RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		bubblewrap chromium curl fonts-dejavu-core nginx-light prometheus redis-server > /dev/null; } || \
		echo "not installed:$$missing; the tests that need them are skipped"

clean:
	rm -rf $(VENV) .finrag

$(VENV)/.run-ready: pyproject.toml $(LOCKS)/backend.txt $(LOCKS)/frontend.txt $(LOCKS)/ingest.txt | $(PY)
	@echo "Installing the pinned dependencies …"
	@$(PIP) --require-hashes -r $(LOCKS)/backend.txt -r $(LOCKS)/frontend.txt -r $(LOCKS)/ingest.txt
	@$(PIP) --no-deps --editable .
	@touch $@

$(VENV)/.dev-ready: pyproject.toml $(LOCKS)/dev.txt | $(PY)
	@echo "Installing the pinned development dependencies …"
	@$(PIP) --require-hashes -r $(LOCKS)/dev.txt
	@$(PIP) --no-deps --editable .
	@touch $@

$(PY):
	@if [ -z "$(PYTHON)" ]; then \
		echo "FinRAG needs Python 3.11 or newer with venv: install it, or name it with PYTHON=/path/to/python" >&2; exit 1; fi
	@free=$$(df -Pk . | awk 'NR==2 {print int($$4 / 1024)}'); if [ "$$free" -lt 2500 ]; then \
		echo "FinRAG needs 2.5 GB of free disk here to set up; there are $$free MB" >&2; exit 1; fi
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) cannot make a virtual environment: install python3-venv" >&2; exit 1; }
