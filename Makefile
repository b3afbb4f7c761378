# make demo | test | lint | train | train-gpu | evaluate | bench; ARGS="..." goes to the command behind it.
# The first use creates .venv, later ones install again only after requirements.txt or pyproject.toml has changed.

PYTHONS ?= python3.12 python3.11 python3
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: demo test lint format train train-gpu evaluate bench clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed
	$(PY) -m demo $(ARGS)

test: $(VENV)/installed-dev
	$(PY) -m pytest -q $(ARGS)

lint: $(VENV)/installed-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

format: $(VENV)/installed-dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

train: $(VENV)/installed
	$(PY) -m phenaki train $(ARGS)

# the whole recipe on one GPU with the Python and torch that are there; the same command again goes on (exit code 3: more
# to do). make train-gpu MINUTES=25 GPU_PYTHON=python3 ARGS="--part lively"
MINUTES ?= 25
GPU_PYTHON ?= python3
train-gpu:
	$(GPU_PYTHON) -m phenaki.training.recipe --device cuda --minutes $(MINUTES) $(ARGS)

evaluate: $(VENV)/installed
	$(PY) -m phenaki evaluate $(ARGS)

# against the peer, in a folder of its own beside our torch
bench: $(VENV)/installed build/peer/installed
	$(PY) -m phenaki.benchmark --peer build/peer $(ARGS)

build/peer/installed: phenaki/benchmark/peer-requirements.txt | $(VENV)/installed
	$(PY) -m pip install --disable-pip-version-check --no-deps --upgrade --target build/peer -r $<
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache

$(VENV)/installed: requirements.txt | $(PY)
	$(PY) -m pip install --disable-pip-version-check -r requirements.txt
	@touch $@

# the tools' versions stand in pyproject.toml; they are installed without installing the project itself
$(VENV)/installed-dev: pyproject.toml $(VENV)/installed
	$(PY) -c 'import tomllib; \
		project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
		print(*project["optional-dependencies"]["dev"], sep="\n")' > $(VENV)/dev.txt
	$(PY) -m pip install --disable-pip-version-check -r requirements.txt -r $(VENV)/dev.txt
	@touch $@

# a name on the PATH is not enough: it may be too old, a stub, or lack Debian's python3-venv
$(PY):
	@found=; bare=; \
	for python in $(PYTHONS); do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		if $$python -c 'import ensurepip, venv' 2>/dev/null; then found=$$python; break; fi; \
		bare=$${bare:-$$python}; \
	done; \
	if [ -n "$$found" ]; then \
		echo "$$found -m venv $(VENV)"; $$found -m venv $(VENV); \
	elif [ -n "$$bare" ]; then \
		echo "$$($$bare --version) has no venv module. On Debian or Ubuntu: apt install python3-venv; then run make again." >&2; exit 1; \
	else \
		echo "Python 3.11 or newer is needed; none of '$(PYTHONS)' is. Install one, or run make PYTHONS=/path/to/python3." >&2; exit 1; \
	fi
