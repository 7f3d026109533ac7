# Each command below does all its own set-up from a bare Python >= 3.11: it makes .venv and installs
# this project there, editable. A second run does not set up again, unless pyproject.toml changed.

.PHONY: help demo test lint calibration bench lowest clean
.NOTPARALLEL:
.DEFAULT_GOAL := help

VENV := .venv
BENCH := .venv-bench
RUN := $(VENV)/bin/python
# The stamps carry the checkout's folder: an editable install in a copied checkout points elsewhere.
HERE := $(shell pwd -P | cksum | cut -d ' ' -f 1)
DEMO := examples/digits/outputs
READY := $(VENV)/ready-$(HERE)
# -qq: errors only. Warnings about pip itself or about its settings are no business of a reader here.
PIP = PIP_DISABLE_PIP_VERSION_CHECK=1 $(1)/bin/python -m pip install -qq --no-input

help:
	@echo "make demo         train two classifiers on real digits and run the gate on their outputs"
	@echo "make test         lint, types and all tests but the long simulations"
	@echo "make calibration  the long simulations: do the intervals cover what they promise?"
	@echo "make bench        how fast it is, and how fast it starts, against what users would write"
	@echo "make lint         ruff and mypy only"
	@echo "make lowest       the tests with the lowest versions that pyproject.toml allows"
	@echo "make clean        remove .venv, caches and what the demo wrote"

# A .venv whose interpreter went away is a dangling link, which make takes for a missing file.
.PRECIOUS: %/bin/python
%/bin/python:
	@sh .ci/find-python > /dev/null
	@echo "== set-up: making $* with $$(sh .ci/find-python)"
	@$$(sh .ci/find-python) -m venv --clear $* || { \
	    echo "Python could not make a virtual environment. On Debian and Ubuntu the module is a" \
	         "package of its own: apt-get install python3-venv" >&2; rm -rf $*; exit 1; }

$(READY)-%: pyproject.toml | $(RUN)
	@echo "== set-up: installing evalharness[$*] into $(VENV) from PyPI (one to three minutes the first time)"
	@$(call PIP,$(VENV)) --editable '.[$*]'
	@touch $@

demo: $(READY)-demo
	@echo "== demo 1/3: training two classifiers on scikit-learn's handwritten digits"
	@$(RUN) examples/digits/train.py
	@echo "== demo 2/3: pytest examples/digits -v   (it is meant to fail: read on)"
	@rm -f $(DEMO)/result.json $(DEMO)/junit.xml
	@$(RUN) -m pytest examples/digits -v --eval-json=$(DEMO)/result.json --junitxml=$(DEMO)/junit.xml \
	    || test $$? -eq 1
	@echo "== demo 3/3: are these the verdicts that the demo promises?"
	@$(RUN) examples/digits/check.py

lint: $(READY)-test
	@echo "== lint: ruff check, ruff format --check, mypy"
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

test: lint
	@echo "== test: all tests but the long simulations, in two processes"
	@$(RUN) -m pytest -q -n 2 -m "not calibration" --doctest-modules tests evalharness plugins

calibration: $(READY)-test
	@echo "== calibration: long simulations of coverage and false alarms, in two processes"
	@$(RUN) -m pytest -q -n 2 -m calibration $$(grep -rl --include='test_*.py' mark.calibration tests)

# In a place of its own: the wheel, and the libraries that it is compared with.
bench: $(BENCH)/wheel
	@echo "== bench: ours and its peers, taking turns (fifteen to twenty minutes)"
	@$(BENCH)/bin/python -m benchmarks

$(BENCH)/wheel: pyproject.toml $(shell find evalharness plugins -name '*.py') | $(BENCH)/bin/python
	@echo "== set-up: installing evalharness[bench] into $(BENCH), as a wheel"
	@$(call PIP,$(BENCH)) '.[bench]'
	@touch $@

lowest:
	@sh .ci/lowest

clean:
	rm -rf $(VENV) $(BENCH) .venv-lowest .pytest_cache .mypy_cache .ruff_cache examples/digits/outputs
