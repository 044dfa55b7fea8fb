# `make book` builds the site, `make test` proves the book. Both need Python 3.11 or later; the rest they fetch.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PY := $(BIN)/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

book: .venv/ready
	@$(PY) -m book.build

test: .venv/ready
	@$(PY) -m book.check

lint: .venv/ready
	@$(PY) -m book.check lint

# JupyterLab on the chapters.
lab: .venv/ready
	@$(BIN)/jupyter lab chapters

# The built site at http://localhost:8000/.
serve: book
	@$(PY) -m http.server --directory _build/html --bind 127.0.0.1 8000

# Run a chapter in a fresh kernel and store its outputs: make execute CHAPTER=mlp
execute: .venv/ready
	@$(PY) -m book.execute chapters/en/$(CHAPTER).ipynb

# Copy the version and the repository's address to where they are repeated.
stamp: .venv/ready
	@$(PY) -m book.stamp

bench: .venv/ready
	@$(PY) -m benchmarks

clean:
	rm -rf _build .venv .pytest_cache .ruff_cache

.venv/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, set PYTHON=...")'
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@echo "Installing requirements.txt into .venv" && $(PY) -m pip install -qq --no-compile -r requirements.txt
	@$(PY) -m pip install -qq --no-deps -e . && touch $@

.PHONY: book test lint lab serve execute stamp bench clean
