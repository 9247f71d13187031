# `make demo` and `make test` do all their own set-up: an environment in .venv, with pinned versions.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# What runs in processes of its own (ranks of a training, the reader of uploads) is tested but not counted.
FLOOR := 95

.PHONY: demo test coverage lint types docs pictures campaign evidence setup clean

demo: $(READY)
	$(BIN)/pgfa demo

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal

coverage: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report=term:skip-covered --cov-fail-under=$(FLOOR)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

docs: $(READY)  # the site, into docs/_build/html; a warning is an error
	$(BIN)/python -m sphinx -b html --fail-on-warning --keep-going --quiet docs docs/_build/html
	$(BIN)/python scripts/check_site.py docs/_build/html

pictures: $(READY)  # those in docs/pictures, from the page and a report as they are now; needs Chromium
	$(BIN)/python scripts/pictures.py

campaign: $(READY)  # about an hour; stopped, it resumes: docs/reliability.md
	$(BIN)/python scripts/campaign.py

evidence: $(READY)  # tables and figures of the documents, from results/: docs/evidence.md
	$(BIN)/python scripts/evidence.py

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("pgfa needs Python 3.11 or newer, found " + sys.version.split()[0] + "; use `make PYTHON=python3.12 ...`") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt "torch==2.13.0"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[test,dev,docs]"
	touch $@

clean:
	rm -rf $(VENV) pgfa-demo
