# The few verbs of this project. Each sets up what it needs: `make demo` and `make test` work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

# What is compiled is kept: else each of the many processes of a run compiles all of it again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-long lint bench bench-peers requirements docs setup setup-bench clean

demo: setup  ## start the whole product on loopback with the sample company
	@$(BIN)/bailiwick demo $(ARGS)

# A worker that crashes is not made anew: pytest-xdist would wait for ever for what was given to it.
test: setup-tests  ## run the whole test suite
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --max-worker-restart 0 --dist loadfile --no-loadscope-reorder $(ARGS)

test-long: setup-tests  ## run the tests that install or start the whole product several times
	@$(BIN)/python -m pytest -m long $(ARGS)

lint: $(VENV)/.complete  ## style, types and import rules
	@$(BIN)/ruff format --check src tests benchmarks scripts
	@$(BIN)/ruff check src tests benchmarks scripts
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup-bench  ## hot paths against their peers, as ratios
	@$(BIN)/python -m benchmarks $(ARGS)

bench-peers: setup  ## scanners that the findings of reviews are measured beside, in an environment of their own
	@scripts/install_system.sh nodejs npm
	@mkdir -p .peers && cp benchmarks/peers/package.json benchmarks/peers/eslint.config.js benchmarks/peers/.secretlintrc.json .peers/
	@$(PYTHON) -m venv .peers/python
	@.peers/python/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers/requirements.txt
	@$(PYTHON) -m venv .peers/litellm
	@.peers/litellm/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers/proxies.txt
	@cd .peers && npm install --silent --no-audit --no-fund

requirements: $(VENV)/.complete  ## which requirements are proved by tests, and which are not
	@$(BIN)/python scripts/requirements_report.py

docs: $(VENV)/.complete  ## build the documentation into site/
	@$(BIN)/mkdocs build --quiet --strict

setup: $(VENV)/.complete .wheels/.complete  ## the environment, system packages, the sample's packages, and our own code and patterns compiled once for all processes
	@scripts/install_system.sh bubblewrap
	@$(BIN)/python -m compileall -q -j 0 src/bailiwick
	@$(BIN)/python -m bailiwick.core.redaction

setup-bench: setup
	@scripts/install_system.sh pgbouncer

setup-tests: setup
	@scripts/install_system.sh bubblewrap chromium nodejs npm php-cli php-xml php-mbstring slapd ldap-utils rsyslog rsyslog-openssl docker-registry iproute2 runsc softhsm2 mariadb-server redis-server

# The environment is made anew when the lock file changes.
$(VENV)/.complete: requirements.lock pyproject.toml
	@scripts/make_environment.sh $(PYTHON) $(VENV)
	@touch $@

# Packages that the sample app and the instrumentation of apps install from; the product itself downloads nothing.
.wheels/.complete: $(VENV)/.complete $(shell find src/bailiwick -name requirements.lock)
	@$(BIN)/python -m bailiwick.demo.packages fetch .wheels
	@touch $@

clean:
	@rm -rf $(VENV) .wheels site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
