# Two commands do all: `make demo` shows Netvigil at work, `make test` passes every test. Both install what is missing.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: help setup demo test torture check bench evaluate lock clean tools

help: ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: .venv/ready ## install what is missing, into .venv

# A fresh Debian has python3 without the module that makes virtual environments; nothing but apt can bring that.
.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "python3 >= 3.11 is needed" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) --no-print-directory apt PACKAGES=python3-venv
	@echo "installing into .venv" >&2
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## the daemon over a simulated fleet that breaks and heals; DEMO="--for 90 --json" for a document
	@$(BIN)/netvigil demo $(DEMO)

# promtool and prometheus hold the metrics, rules and dashboards against the real thing; faketime sets clocks; pdftotext
# reads what documents say, and the fonts are those that documents are set in.
tools:
	@command -v promtool >/dev/null && command -v prometheus >/dev/null || $(MAKE) --no-print-directory apt PACKAGES=prometheus
	@command -v systemd-analyze >/dev/null || $(MAKE) --no-print-directory apt PACKAGES=systemd
	@ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || $(MAKE) --no-print-directory apt PACKAGES=faketime
	@command -v /bin/kill >/dev/null || $(MAKE) --no-print-directory apt PACKAGES=procps
	@command -v pdftotext >/dev/null || $(MAKE) --no-print-directory apt PACKAGES=poppler-utils
	@ls /usr/share/fonts/*/noto/NotoSansCJK-Bold.ttc >/dev/null 2>&1 \
		|| $(MAKE) --no-print-directory apt PACKAGES=fonts-noto-cjk

# One worker more than there are cores, because some tests wait; who has none left takes some of another's.
WORKERS ?= $(shell expr $$(nproc) + 1)
test: setup tools ## every test
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(TESTS)

torture: setup ## kill the daemon 200 times while a fleet breaks and heals, then audit; TORTURE="--kills 20"
	@PYTHONPATH=tests/torture $(BIN)/python tests/torture/torture.py $(TORTURE)

check: setup ## lint, format, types, layers, docs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/test_docs.py

bench: setup ## measure speed, as ratios against a peer
	@command -v prometheus-snmp-exporter >/dev/null \
		|| $(MAKE) --no-print-directory apt PACKAGES=prometheus-snmp-exporter \
		|| echo "prometheus-snmp-exporter cannot be had: snmp_exporter_ratio will be null" >&2
	$(BIN)/python -m benchmarks

evaluate: setup ## rehearse all scenarios and print how good judgement was; EVALUATE="--json" for a document
	@$(BIN)/python -m monitor.rehearsal.evaluation $(EVALUATE)

lock: ## choose the newest releases that fit pyproject.toml, and write them down with their hashes
	@echo "# Written by \`make lock\`: every release with its hashes. Installed by \`make setup\`." > requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-annotate --no-header --extra dev \
		pyproject.toml >> requirements.lock

clean: ## take away what was installed or made here
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: apt
apt:
	@echo "installing Debian packages: $(PACKAGES)" >&2
	@$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2
	@$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $(PACKAGES) >/dev/null 2>&1 \
		|| { echo "apt-get could not install $(PACKAGES)" >&2; exit 1; }
