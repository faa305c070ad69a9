# The three commands of the README, and what they rest on.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export SKIP_JUPYTER_BUILDER := 1

.PHONY: demo test lab soak bench docs lint build clean labextension

demo: $(VENV)/.demo
	$(BIN)/python notebooks/run_demo.py --into build/demo

test: $(VENV)/.test labextension
	$(BIN)/python -m pytest

soak: $(VENV)/.test labextension
	$(BIN)/python -m pytest -m soak --timeout 7200

lab: $(VENV)/.demo labextension
	cd notebooks && ../$(BIN)/jupyter lab flight_delays.ipynb

TEST_FOLDERS = $(shell find tests -name '*.py' -exec dirname {} + | sort -u)

lint: $(VENV)/.test labextension
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy blase_lab
	for folder in $(TEST_FOLDERS); do $(BIN)/mypy --no-error-summary $$folder/*.py || exit 1; done
	$(BIN)/lint-imports
	$(BIN)/python .ci/generate_types.py --check
	$(WITH_NODE) jlpm lint:check
	$(WITH_NODE) jlpm test

bench: $(VENV)/.test
	$(BIN)/python benchmarks/feed.py && $(BIN)/python benchmarks/checkpoint.py
	$(BIN)/python benchmarks/whole_path.py && $(BIN)/python benchmarks/staleness.py
	$(BIN)/python benchmarks/audit_hook.py && $(BIN)/python benchmarks/capture.py

# Hashed pins only; uv itself is pinned too.
$(BIN)/uv: requirements/uv.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	touch $@

$(VENV)/.demo: $(BIN)/uv requirements/demo.txt pyproject.toml
	test -f $(VENV)/.test || $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/demo.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps -e .
	touch $@

$(VENV)/.test: $(BIN)/uv requirements/test.txt pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/test.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps -e .
	touch $@ $(VENV)/.demo

# The extension is built when a source of it is newer than what was built.
LABEXT := blase_lab/labextension/static/style.js
LABEXT_SOURCES := package.json tsconfig.json $(shell find labextension/src labextension/style labextension/schema -type f)
LAB_HOME := $(VENV)/share/jupyter/labextensions
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"

labextension: $(LABEXT)

$(LABEXT): $(LABEXT_SOURCES)
	test -x $(BIN)/jlpm
	$(WITH_NODE) jlpm install --immutable
	$(WITH_NODE) jlpm build:prod
	rm -rf $(LAB_HOME)/blase-lab
	mkdir -p $(LAB_HOME)
	cp -R blase_lab/labextension $(LAB_HOME)/blase-lab
	cp install.json $(LAB_HOME)/blase-lab/

build: $(VENV)/.test
	$(WITH_NODE) $(BIN)/uv build --wheel

clean:
	rm -rf build dist blase_lab/labextension labextension/lib site
