# make demo: install into .venv, and run a tour of the commands in demo/
# make docs: build the pages of docs/ into build/docs
# make test: lint, types and the fast tests, in the same .venv
# make test-all: make test where the source release is unpacked, make release, slow tests, and
#     tests of the wheel and of what needs other packages (.venv, .venv-peers)
# make release: what is uploaded, in dist/; CONTRIBUTING.md has the list of steps
# make kernels: compile what a wheel carries into build/kernels, on Linux
# make test-slow: make test-all, 100,000 damaged files, and all fast tests in .venv-peers

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PEERS := .venv-peers/bin
JOBS ?= 2
PYTEST := -m pytest -q -n $(JOBS)
# Tests that kernels, files and predictions are the same with NumPy 1.
WITH_NUMPY_1 := tests/kernels tests/test_golden.py tests/test_mlp_golden.py tests/test_samples.py \
    tests/test_vector_files.py tests/cli/test_vectors.py

.PHONY: demo docs test test-all test-slow test-source test-wheel release lint types warm kernels tests \
    slow peers all-peers fuzz clean

# Tests keep compiled kernels in pytest's cache folder; compiling all of them first keeps every
# processor busy, and no test waits for a kernel that another one compiles.
warm kernels tests slow peers all-peers test-source: export FASTCLI_CACHE_DIR ?= $(CURDIR)/.pytest_cache/d/kernels

# Each run of pip takes long.
INSTALL := $(PYTHON) -m venv $(VENV) && \
    $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable
$(VENV)/installed: pyproject.toml
	$(INSTALL) .
	touch $@

$(VENV)/dev: pyproject.toml
	$(INSTALL) '.[dev]'
	touch $(VENV)/installed $@

# The quick tests run without what draws.
$(VENV)/all: $(VENV)/dev
	$(INSTALL) '.[dev,docs,plot]'
	touch $@

demo: $(VENV)/installed
	$(BIN)/fastcli demo demo

$(VENV)/docs: $(VENV)/installed
	$(INSTALL) '.[docs]'
	touch $@

# The variable leaves out what the theme says about the end of its own maintenance.
docs: $(VENV)/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Types are checked by one processor while the other ones compile kernels.
test:
	$(MAKE) -j2 types warm lint
	$(MAKE) tests

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev
	$(BIN)/mypy

# TARGET: another one than this processor.
warm: $(VENV)/dev
	$(BIN)/fastcli cache warm $(addprefix --target ,$(TARGET))

# What a wheel carries for those who cannot or need not compile: see docs/design.md.
kernels: $(VENV)/dev
	rm -rf build/kernels
	$(BIN)/python -m fastcli.jit.ship build/kernels

# All that is uploaded, from clean sources; a wheel that carries kernels is made on Linux only.
release: $(VENV)/dev $(if $(filter Linux-x86_64,$(shell uname -s)-$(shell uname -m)),kernels)
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist
	$(BIN)/twine check --strict dist/*

tests: warm
	$(BIN)/python $(PYTEST) -m "not slow and not peers"

# One after the other, whatever -j says: two runs of tests would disturb each other.
test-all: $(VENV)/dev
	$(MAKE) test-source
	$(MAKE) release
	$(MAKE) slow
	$(MAKE) test-wheel

# `make test` of what is released as source, with the packages and kernels of this folder.  They
# are compiled for the level of x86-64 that a wheel carries: once for these tests and for that.
SOURCE := $(CURDIR)/build/source
CARRIED = $(shell $(BIN)/python -c "from fastcli.jit.installed import installed_targets; \
    print(*[level.cpu for level in installed_targets()][:1])")
test-source: $(VENV)/dev
	rm -rf $(SOURCE)
	$(BIN)/python -m hatchling build -t sdist -d $(SOURCE)
	cd $(SOURCE) && tar -xzf *.tar.gz --strip-components=1 && rm *.tar.gz
	PYTHONPATH=$(SOURCE) FASTCLI_SHARED=$(abspath ../shared) $(MAKE) -C $(SOURCE) test \
	    VENV=$(abspath $(VENV)) TARGET=$(CARRIED)

# The tests of `make peers`, of what the wheel holds, with the kernels that it carries: the folder
# of compiled ones is empty.
test-wheel: .venv-peers/installed
	rm -rf $(SOURCE)/fastcli
	$(BIN)/python -m zipfile -e dist/*.whl $(SOURCE)
	cd $(SOURCE) && rm -rf own && FASTCLI_CACHE_DIR=$(SOURCE)/own PYTHONPATH=$(SOURCE) \
	    $(CURDIR)/$(PEERS)/python $(OF_PEERS)

slow: $(VENV)/all warm
	$(BIN)/python $(PYTEST) -m "slow and not peers"

.venv-peers/installed: pyproject.toml
	$(PYTHON) -m venv .venv-peers
	$(PEERS)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,peers]'
	touch $@

# Any number of damaged files: make fuzz N=100000
N ?= 10000
fuzz: $(VENV)/dev
	$(BIN)/python -m tests.fuzz -n $(N)

# Once before a release: what takes half an hour.
test-slow: test-all
	$(MAKE) all-peers
	$(MAKE) fuzz N=100000
	$(BIN)/python -m tests.fuzz -n 5000 --python-mode

OF_PEERS := $(PYTEST) -m "not slow" tests/test_peers*.py $(WITH_NUMPY_1)
peers: .venv-peers/installed
	$(PEERS)/fastcli cache warm
	$(PEERS)/python $(OF_PEERS)

all-peers: .venv-peers/installed
	$(PEERS)/fastcli cache warm
	$(PEERS)/python $(PYTEST) -m "not slow"

clean:
	rm -rf $(VENV) .venv-peers demo build dist
