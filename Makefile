# make demo: install into .venv, and run a tour of the commands in demo/
# make docs: build the pages of docs/ into build/docs
# make test: lint, types and the fast tests, in the same .venv
# make test-all: make test, slow tests and those that need other packages (.venv, .venv-peers)
# make kernels: compile what a wheel carries into build/kernels, on Linux
# make test-slow: make test-all, 100,000 damaged files, and all fast tests in .venv-peers

PYTHON ?= python3
BIN := .venv/bin
PEERS := .venv-peers/bin
JOBS ?= 2
PYTEST := -m pytest -q -n $(JOBS)
# Tests that kernels, files and predictions are the same with NumPy 1.
WITH_NUMPY_1 := tests/kernels tests/test_golden.py tests/test_mlp_golden.py tests/test_samples.py \
    tests/test_vector_files.py tests/cli/test_vectors.py

.PHONY: demo docs test test-all test-slow lint types warm kernels tests slow peers all-peers fuzz clean

# Tests keep compiled kernels in pytest's cache folder; compiling all of them first keeps every
# processor busy, and no test waits for a kernel that another one compiles.
warm kernels tests slow peers all-peers: export FASTCLI_CACHE_DIR ?= $(CURDIR)/.pytest_cache/d/kernels

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/dev: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: .venv/installed
	$(BIN)/fastcli demo demo

.venv/docs: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	touch $@

# The variable leaves out what the theme says about the end of its own maintenance.
docs: .venv/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Types are checked by one processor while the other ones compile kernels.
test:
	$(MAKE) -j2 types warm lint
	$(MAKE) tests

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

warm: .venv/dev
	$(BIN)/fastcli cache warm

# What a wheel carries for those who cannot or need not compile: see docs/design.md.
kernels: .venv/dev
	$(BIN)/fastcli cache warm --target x86-64-v3
	$(BIN)/fastcli cache warm --target x86-64-v4
	$(BIN)/python -m fastcli.jit.ship build/kernels

tests: warm
	$(BIN)/python $(PYTEST) -m "not slow and not peers"

# One after the other, whatever -j says: two runs of tests would disturb each other.
test-all:
	$(MAKE) test
	$(MAKE) slow
	$(MAKE) peers

.venv/all: .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,docs,plot]'
	touch $@

slow: .venv/all
	$(BIN)/fastcli cache warm
	$(BIN)/python $(PYTEST) -m "slow and not peers"

.venv-peers/installed: pyproject.toml
	$(PYTHON) -m venv .venv-peers
	$(PEERS)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,peers]'
	touch $@

# Any number of damaged files: make fuzz N=100000
N ?= 10000
fuzz: .venv/dev
	$(BIN)/python -m tests.fuzz -n $(N)

# Once before a release: what takes half an hour.
test-slow: test-all
	$(MAKE) all-peers
	$(MAKE) fuzz N=100000
	$(BIN)/python -m tests.fuzz -n 5000 --python-mode

peers: .venv-peers/installed
	$(PEERS)/fastcli cache warm
	$(PEERS)/python $(PYTEST) -m "not slow" tests/test_peers*.py $(WITH_NUMPY_1)

all-peers: .venv-peers/installed
	$(PEERS)/fastcli cache warm
	$(PEERS)/python $(PYTEST) -m "not slow"

clean:
	rm -rf .venv .venv-peers demo build dist
