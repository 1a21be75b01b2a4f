# The house's commands; `make help` lists them. They need Python >= 3.11, a Rust toolchain, make and a package index;
# everything else goes into .venv, once: the stamps below are older than what they were made from only when
# the dependencies or the core have changed.

PYTHON ?= python3
PYTEST_FLAGS ?=
BENCH_FLAGS ?=
FUZZ_SECONDS ?= 60

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt
BUILT_FROM := pyproject.toml constraints.txt setup.py MANIFEST.in core/Cargo.toml core/Cargo.lock $(shell find core/src -name '*.rs')
BUILT_FROM := $(wildcard $(BUILT_FROM))
PROMPT ?= Maria Lopez orders two mechanical keyboards and one USB-C cable, to be sent to Lisbon.

.DEFAULT_GOAL := help
.PHONY: help demo test test-python test-core fuzz lint format wheel-check bench bench-generate bench-quality clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

demo: $(VENV)/demo.stamp ## install what is needed; a real model writes an order under examples/order.json
	$(BIN)/constrain gen --schema examples/order.json "$(PROMPT)"

test: test-core test-python ## install what is needed; run every test (PYTEST_FLAGS=--slow: the slow ones too)

test-python: $(VENV)/dev.stamp
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(PYTEST_FLAGS)

# Without its Python feature the engine links to no Python library, which a machine may well lack.
test-core:
	cargo test --manifest-path core/Cargo.toml --no-default-features --quiet

fuzz: $(VENV)/dev.stamp ## random and damaged input for each entry point, FUZZ_SECONDS=60 each
	FUZZ_SECONDS=$(FUZZ_SECONDS) cargo test --manifest-path core/Cargo.toml --no-default-features --profile fuzz --test fuzz --quiet
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/python -m pytest tests/fuzz

lint: $(VENV)/dev.stamp ## every linter: style, types, direction of imports, Rust
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	cargo fmt --manifest-path core/Cargo.toml --check
	PYO3_PYTHON=$(abspath $(BIN)/python) cargo clippy --manifest-path core/Cargo.toml --all-targets --quiet -- -D warnings

format: $(VENV)/dev.stamp ## format Python and Rust in place
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cargo fmt --manifest-path core/Cargo.toml

wheel-check: $(VENV)/dev.stamp ## build sdist and wheel, install the wheel in a fresh environment, run it elsewhere
	.ci/wheel-check

bench: benchmarks/masks/.peers/bench.stamp ## masks beside llguidance, xgrammar and outlines-core (BENCH_FLAGS=...)
	benchmarks/masks/.peers/bin/python benchmarks/masks/run.py $(BENCH_FLAGS)

bench-generate: $(VENV)/demo.stamp ## outputs of the embedded model with and without a constraint (BENCH_FLAGS=...)
	$(BIN)/python benchmarks/generate/run.py $(BENCH_FLAGS)

bench-quality: $(VENV)/demo.stamp ## accuracy with and without a constraint, on the embedded model
	$(BIN)/python benchmarks/quality/run.py $(BENCH_FLAGS)

clean: ## remove what these commands made
	rm -rf $(VENV) benchmarks/masks/.peers benchmarks/generate/.peers core/target build dist src/*.egg-info src/constrain/*.so

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "constrain needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Say which: make PYTHON=python3.12 ..." >&2; exit 1; }
	@command -v cargo >/dev/null || { echo "constrain builds its engine with cargo, which is not on PATH: install Rust (rustup.rs)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: $(BIN)/python $(BUILT_FROM)
	$(INSTALL) --editable '.[demo]'
	touch $@

# What tests need includes what the demo needs.
$(VENV)/dev.stamp: $(BIN)/python $(BUILT_FROM)
	$(INSTALL) --editable '.[demo,dev]'
	touch $(VENV)/demo.stamp $@

benchmarks/masks/.peers/bench.stamp: benchmarks/masks/setup.sh benchmarks/masks/requirements.txt $(BUILT_FROM)
	benchmarks/masks/setup.sh benchmarks/masks/.peers
	touch $@
