# Verbs of the portal. `make help` lists them; every one of them first sees to the environment.
PYTHON ?= python3
BIN := .venv/bin
LOCKS := requirements.txt requirements-dev.txt
N ?= 20000
SEED ?= 1

.DEFAULT_GOAL := help
.PHONY: help env up test test-pooled test-production test-browser lint types messages rehearse backup restore

help: ## List the verbs
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-16s %s\n", $$1, $$2 }'

env: .venv/.installed ## Create .venv and install the locked packages, if they changed

.venv/.installed: $(LOCKS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is needed: make env PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python lacks its venv or pip module; on Debian: apt install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing packages ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes $(addprefix -r ,$(LOCKS))
	@touch $@

up: env ## Start the whole portal with sample data on http://127.0.0.1:8000/ (PORT=8001 for another port)
	@$(BIN)/python -m prakerja.embedded up

# An exported DJANGO_SETTINGS_MODULE would have pytest read the settings before conftest.py boots the servers.
test: env ## Run the tests on embedded servers, or on those of DATABASE_URL and REDIS_URL
	env -u DJANGO_SETTINGS_MODULE $(BIN)/pytest -n 2

# Debian's packages for the tests below; what is there is left alone.
define debian
	@command -v $(1) >/dev/null || { apt-get update --quiet=2 && apt-get install --yes --quiet=2 $(2); } || \
	  { echo "$(1) is needed; on Debian, as root: apt install $(2)"; exit 1; }
endef

test-pooled: env ## Run the tests through PgBouncer in transaction mode
	$(call debian,pgbouncer,pgbouncer)
	env -u DJANGO_SETTINGS_MODULE $(BIN)/python -m tests.through_pgbouncer

test-production: env ## Test proxy, web and pooler as docker-compose.yml has them, without containers
	$(call debian,pgbouncer,pgbouncer)
	$(call debian,nginx,nginx-light)
	$(call debian,docker-compose,docker-compose)
	env -u DJANGO_SETTINGS_MODULE $(BIN)/pytest -m production tests/production

test-browser: env ## Test in Chromium what people click, and every page with axe
	$(call debian,chromium,chromium)
	env -u DJANGO_SETTINGS_MODULE $(BIN)/pytest -n 2 --dist loadfile -m browser tests/browser

# Static checks read the settings; these values connect to nothing.
lint types: export DATABASE_URL := postgres://nobody@localhost/nothing
lint types: export REDIS_URL := redis://localhost/0
lint types: export PRAKERJA_KEYS := $(CURDIR)/.venv/lint-keys.json
lint: types ## Check style, types, the direction of imports, production settings and migrations
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	PRAKERJA_ENV=production ALLOWED_HOSTS=prakerja.example TRUSTED_PROXIES=1 \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING
	env -u DATABASE_URL -u REDIS_URL -u PRAKERJA_KEYS $(BIN)/python manage.py makemigrations --check --dry-run

types: env
	@test -f $(PRAKERJA_KEYS) || $(BIN)/python -m prakerja.embedded keys $(PRAKERJA_KEYS)
	$(BIN)/mypy .

messages: env ## Collect the texts of the interface (needs GNU gettext) and compile the English of locale/
	$(BIN)/python manage.py makemessages -l en --no-location --no-wrap --no-obsolete -i .venv -i tests -i bench -i var
	$(BIN)/pybabel compile -D django -d locale

rehearse: env ## Rehearse a whole wave in a database of its own (N=20000 SEED=1)
	$(BIN)/python manage.py rehearse --n $(N) --seed $(SEED)

TO ?= var/backups
backup: env ## Back the database up (TO=folder, KEYS_TO=file elsewhere for a copy of the keys)
	@$(BIN)/python manage.py backup --to $(TO) $(if $(KEYS_TO),--keys-to $(KEYS_TO))

restore: env ## Bring a backup back and verify every row (FROM=folder, KEYS=file, REPLACE=1 over a database with rows)
	@test -n "$(FROM)" || { echo "Which backup? make restore FROM=$(TO)/prakerja-..."; exit 1; }
	@$(BIN)/python manage.py restore --from $(FROM) $(if $(KEYS),--keys $(KEYS)) $(if $(REPLACE),--replace)

bench-%: env ## Run one benchmark of bench/, e.g. bench-intake
	$(BIN)/python -m bench.$(subst -,_,$*)
