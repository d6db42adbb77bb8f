# Needs python3 (3.11 or newer), pip and make. The first use of a target makes .venv from the hash-locked requirements.

PYTHON ?= python3
ROUNDS ?= 20
BENCH ?=
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check --no-input install -qq --require-hashes
PYTEST := $(RUN) -m pytest -q -n auto --dist loadfile
APPS := servicedesk notifications incidents monitoring

.DEFAULT_GOAL := help
.PHONY: help run demo test e2e test-browser test-chaos bench lint format fake-twilio messages docs vendor lock

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## /  make \1\t/p' Makefile | expand -t 24

run: $(VENV)/.base ## start the desk; prints its address (PORT=8000)
	@exec $(RUN) manage.py up

demo: $(VENV)/.base ## the same with a demo company in an empty database
	@exec $(RUN) manage.py up --demo

test: $(VENV)/.dev ## every test, on SQLite and the bundled Valkey; also on TEST_DATABASE_URL and TEST_REDIS_URL when set
	@echo "On SQLite and the bundled Valkey:"
	@env -u TEST_DATABASE_URL -u TEST_REDIS_URL $(PYTEST) -m "not browser and not chaos"
	@if [ -n "$${TEST_DATABASE_URL:-}$${TEST_REDIS_URL:-}" ]; then \
		echo "On TEST_DATABASE_URL and TEST_REDIS_URL:"; \
		$(PYTEST) -m "not browser and not chaos"; \
	fi

test-browser: $(VENV)/.dev ## pages in a real Chromium, two at a time
	@$(PYTEST) -n 2 -m browser tests/browser

test-chaos: $(VENV)/.dev ## kill processes under load (ROUNDS=20) and within a story, and count what was lost or sent twice
	@$(RUN) -m tests.chaos --rounds $(ROUNDS)
	@$(PYTEST) -n 0 -m chaos tests/chaos/test_story.py tests/chaos/test_races.py

e2e: $(VENV)/.dev ## the acceptance world (PORT=8000)
	@exec $(RUN) -m tests.e2e

bench: $(VENV)/.dev ## measure against references in the same run (BENCH=id for one)
	@$(RUN) -m bench $(BENCH)

fake-twilio: $(VENV)/.dev ## a stand-in for Twilio on this machine
	@exec $(RUN) -m tests.fakes.twilio

lint: $(VENV)/.dev ## everything that is checked without running it
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check --quiet . || { $(RUN) -m ruff format --check . ; exit 1; }
	@$(VENV)/bin/lint-imports
	@$(RUN) -m mypy $(APPS)
	@$(VENV)/bin/djlint --quiet --lint templates
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
		export DATA_DIR="$$dir" ENV_FILE=/dev/null SITE_URL=https://desk.example.org && \
		$(RUN) manage.py makemigrations --check --dry-run && \
		$(RUN) manage.py check --deploy --fail-level WARNING

format: $(VENV)/.dev ## put Python files into shape
	@$(RUN) -m ruff check --fix --quiet . ; $(RUN) -m ruff format .

messages: $(VENV)/.dev ## gather what is said for translators, and compile what they wrote (needs GNU gettext)
	@$(RUN) manage.py makemessages --verbosity 0
	@$(RUN) manage.py compilemessages --verbosity 0 --ignore .venv

docs: .tools/docs/.ready ## build the documentation site into var/docs
	@NO_MKDOCS_2_WARNING=1 .tools/docs/bin/mkdocs build --quiet --clean

.tools/docs/.ready: requirements/docs.txt
	@$(PYTHON) -m venv .tools/docs
	@.tools/docs/bin/python -m pip --disable-pip-version-check --no-input install -qq --require-hashes -r requirements/docs.txt
	@touch $@

vendor: ## fetch the front-end files anew and compare them with their checksums (needs npm)
	@$(PYTHON) deploy/vendor.py

lock: .tools/uv/bin/uv ## rewrite requirements/*.txt from *.in
	@for name in base dev docs; do \
		.tools/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
			--no-emit-index-url --no-emit-find-links requirements/$$name.in -o requirements/$$name.txt; \
	done

.tools/uv/bin/uv:
	@$(PYTHON) -m pip --disable-pip-version-check install -qq --target .tools/uv uv

# The environment. venv is missing on some systems that have Python; virtualenv then does its work.
$(RUN):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed. Name it, for instance: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
		rm -rf $(VENV); \
		echo "venv is missing here; using virtualenv."; \
		$(PYTHON) -m pip --disable-pip-version-check --no-input install -qq --upgrade --target .tools/virtualenv virtualenv && \
		PYTHONPATH=.tools/virtualenv $(PYTHON) -m virtualenv --quiet $(VENV); }

$(VENV)/.base: requirements/base.txt | $(RUN)
	@echo "Installing what the desk needs; this is done once."
	@$(PIP) -r requirements/base.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(RUN)
	@echo "Installing what tests and checks need; this is done once."
	@$(PIP) -r requirements/dev.txt
	@touch $@ $(VENV)/.base
