# `make book` builds the site, `make test` proves the book. Both need Python 3.11 or later; the rest they fetch.
# Without make: `python -m book COMMAND` (book/__main__.py).
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PY := $(BIN)/python
# Like pip, npm trusts the certificates of the system as well: a network may have its own.
NPM := NODE_USE_SYSTEM_CA=1 $(BIN)/npm
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# With the PDF, which takes some minutes more: make book PDF=1
book: .venv/ready
	@$(if $(PDF),$(PY) -m book.pdf &&) $(PY) -m book.build

# Everything, or one chapter: make test CHAPTER=mlp. On a new kind of processor: make test OPTIONS=--record
test: .venv/ready
	@$(PY) -m book.check $(if $(CHAPTER),--chapter $(CHAPTER)) $(OPTIONS)

lint: .venv/ready
	@$(PY) -m book.check lint

# JupyterLab on the chapters.
lab: .venv/ready
	@$(PY) -m jupyter lab chapters

# The built site at http://localhost:8000/.
serve: book
	@$(PY) -m http.server --directory _build/html --bind 127.0.0.1 8000

# The same, and again after each change; the page reloads by itself.
live: .venv/ready
	@$(PY) -m book.live

# Run a chapter in a fresh kernel and store its outputs: make execute CHAPTER=mlp
execute: .venv/ready
	@$(PY) -m book.execute chapters/en/$(CHAPTER).ipynb

# Copy code and outputs to the Chinese edition, and list what is missing there or stale.
editions: .venv/ready
	@$(PY) -m book.editions

# Copy the version and the repository's address to where they are repeated.
stamp: .venv/ready
	@$(PY) -m book.stamp

# Run chapters where nothing of ours is installed, as in Colab: make colab OPTIONS="backprop mlp"
colab: .venv/ready
	@$(PY) -m book.colab $(OPTIONS)

# Prove the book on other threads and vector units; with other seeds; against recorded mistakes. All three run what is
# not known yet: make redraw CHAPTER=mlp, make breaks OPTIONS=--fresh, make reproduce OPTIONS="--variants '2 threads'"
reproduce redraw breaks: .venv/ready
	@$(PY) -m book.prove $@ $(CHAPTER) $(OPTIONS)

# Homework for nbgrader, of one chapter or all, in _build/homework/: make homework CHAPTER=mlp
homework: .venv/ready
	@$(PY) -m book.homework $(CHAPTER)

# Slides of one chapter or all, in _build/slides/; the site has them, too: make slides CHAPTER=mlp
slides: .venv/ready
	@$(PY) -m book.slides $(CHAPTER)

# Figures as SVG and PNG, in _build/figures/; the next build puts them on the site: make figures CHAPTER=mlp
figures: .venv/ready
	@$(PY) -m book.figures $(CHAPTER)

# The book as a PDF, in _build/pdf/ and, when the site is built, on it.
pdf: .venv/ready
	@$(PY) -m book.pdf

# Lighthouse on every page of the built site. Of one: make audit OPTIONS=--collect.url=http://localhost/en/mlp.html
audit: .venv/ready
	@$(NPM) exec --yes --prefix _build -- @lhci/cli@0.15.1 autorun --config book/lighthouserc.json $(OPTIONS)

bench: .venv/ready
	@$(PY) -m benchmarks

clean:
	rm -rf _build .venv .pytest_cache .ruff_cache .lighthouseci

.venv/ready: requirements.txt pyproject.toml book/package-lock.json
	@$(PYTHON) -m book ready

.PHONY: book test lint lab serve live execute editions stamp colab reproduce redraw breaks homework slides figures pdf audit bench clean
