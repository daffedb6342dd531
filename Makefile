# `make` alone lists the targets. Everything installs what it needs: Debian packages where they are missing, Python
# packages into .venv.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Two targets at once would install at once.
.NOTPARALLEL:

VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
INSTALL_PACKAGES := bash resources/system-packages/install
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' stickysync_gui/__init__.py)
BUNDLE ?= dist/StickySync
# A command that signs the file behind it.
SIGN ?=
# The program's own screen may be of any size; this one holds the largest window of the tests.
XVFB := xvfb-run -a -s "-screen 0 1600x1000x24"

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: setup ## start the program on demo data: the window, or the console where there is no screen
	@if [ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ]; then \
	  $(BIN)/stickysync-gui --demo; \
	else \
	  echo "No screen here (neither DISPLAY nor WAYLAND_DISPLAY is set), so this is the console demo."; \
	  $(BIN)/stickysync demo; \
	fi

# The few tests on a real screen go first, so that the last line counts the many.
.PHONY: test
test: setup setup-tests ## run all tests; a private MariaDB and a virtual screen come along
	QT_QPA_PLATFORM=xcb $(XVFB) $(PYTEST) -q -m xvfb
	$(PYTEST) -q

# Optional: Debian has MySQL in its unstable release only, which moves. build/mysql keeps what was fetched.
.PHONY: test-mysql
test-mysql: setup setup-tests ## the database tests against a real MySQL server, fetched into build/mysql (60 MB)
	tests/mysql/fetch build/mysql
	$(PYTEST) -q -m mysql tests/mysql

.PHONY: check
check: setup ## formatting, lint, types, layers and the tests of pure code: seconds, for every save
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(PYTEST) -q tests/test_layers.py $(wildcard tests/domain)

.PHONY: format
format: setup ## format the code and mend what the linter can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.PHONY: bench
bench: setup setup-tests ## measure: start, tables, sync; one table, also in build/bench.md
	$(PYTEST) -q -m bench tests/benchmarks

.PHONY: bench-scale
bench-scale: setup ## simulate a thousand to a million passwords at IT Glue's limit; table and chart
	$(BIN)/python -m tests.benchmarks.scale

.PHONY: screenshots
screenshots: setup setup-tests ## pictures of the window in its states, and of the first use, into build/screenshots
	QT_QPA_PLATFORM=offscreen $(BIN)/python tests/screenshots.py build/screenshots
	FIRST_USE_PICTURES=build/screenshots/first-use QT_QPA_PLATFORM=xcb $(XVFB) $(PYTEST) -q -m xvfb tests/ui/test_first_use.py

.PHONY: dist
dist: setup setup-build ## build both programs into dist/StickySync with PyInstaller
	$(BIN)/pyinstaller --noconfirm --log-level WARN build_installer.spec

.PHONY: installer
installer: setup-installer ## compile the Windows installer; BUNDLE=FOLDER names a bundle that was built on Windows
	@[ -f "$(BUNDLE)/stickysync-gui.exe" ] || { \
	  echo "$(BUNDLE) holds no Windows bundle; PyInstaller builds one on Windows only. BUNDLE=FOLDER names another." >&2; \
	  exit 1; }
	@mkdir -p dist
	makensis -V2 -WX -DVERSION=$(VERSION) $(if $(SIGN),"-DSIGN=$(SIGN)") "-DBUNDLE=$(abspath $(BUNDLE))" \
	  "-DOUTPUT=$(abspath dist)/StickySync-$(VERSION)-setup.exe" resources/installer/stickysync.nsi

.PHONY: windows-smoke
windows-smoke: setup setup-installer ## build and start the Windows programs under Wine, into build/windows (a quarter of an hour)
	@$(INSTALL_PACKAGES) tests windows-smoke
	resources/installer/windows-smoke build/windows

.PHONY: clean
clean: ## remove what was built; .venv stays
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +

# What the targets above stand on. The package lists are compared each time, since that is quick and always right; the
# Python packages are installed again when pyproject.toml changed.
.PHONY: setup setup-tests setup-build setup-installer
setup: setup-run $(VENV)/.installed

.PHONY: setup-run
setup-run:
	@$(INSTALL_PACKAGES) run

# The lists of what is built, too: tests build the frozen program and the installer.
setup-tests: setup-build setup-installer
	@$(INSTALL_PACKAGES) tests

setup-build:
	@$(INSTALL_PACKAGES) build

setup-installer:
	@$(INSTALL_PACKAGES) installer

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	@echo "Installing Python packages into $(VENV) (about 500 MB, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# Debian's Python comes without ensurepip, so a Python counts only if it can make a complete environment.
FIND_PYTHON = for name in python3.11 python3.12 python3.13 python3; do \
	  if "$$name" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; \
	  then echo "$$name"; break; fi; done

$(VENV)/bin/python:
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then $(INSTALL_PACKAGES) python; python=$$($(FIND_PYTHON)); fi; \
	if [ -z "$$python" ]; then echo "Python 3.11, 3.12 or 3.13 with venv is needed and was not found." >&2; exit 1; fi; \
	"$$python" -m venv --clear $(VENV)
