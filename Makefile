# The two commands of the README are `make run` and `make test`; the rest is for those who change the code.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NATIVE := $(wildcard native/*/*.py native/*/*/*.py native/*/*.pyx native/*/*.pxi native/*/*.pxd native/*/*.c native/*/*.h src/fastsecc/*.pxd)
SCHEMA := $(wildcard src/fastsecc/messages/*.py src/fastsecc/messages/*/*.py)

.PHONY: run test coverage bench lint build fuzz sanitize clean
run: $(VENV)/.built
	@$(BIN)/fastsecc demo

test: lint $(VENV)/.built
	@$(BIN)/python -m pytest -q

coverage: $(VENV)/.built
	@$(BIN)/python -m pytest -q --cov --cov-report=term --cov-fail-under=90

lint: $(VENV)/.built
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/.built
	@$(BIN)/python -m benchmarks

build: $(VENV)/.built

fuzz: $(VENV)/.built
	@PYTHON=$(abspath $(BIN))/python sh ci/fuzz

sanitize: $(VENV)/.built
	@PYTHON=$(abspath $(BIN))/python sh ci/sanitize

$(VENV)/.ready: pyproject.toml
	@sh ci/prerequisites $(PYTHON)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip setuptools wheel "cython>=3.3,<4" "cffi>=1.17" "msgspec>=0.22"
	@touch $@

$(VENV)/.built: $(VENV)/.ready setup.py $(NATIVE) $(SCHEMA)
	@FASTSECC_WERROR=1 $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[dev]'
	@touch $@

clean:
	rm -rf build dist $(VENV) src/fastsecc/*.so src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
