# Cognate's commands for people and for CI. `make quick` takes seconds and is for every save, `make check` takes minutes and
# is for every push; both need Go only. `make test` is everything and fetches what it needs through the usual package clients.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

GO      ?= go
PYTHON  ?= python3
BIN     := $(CURDIR)/bin/cognate
CACHE   := $(CURDIR)/.cache
VENV    := $(CACHE)/venv
JS      := test/clients/js
ESDK    := test/clients/esdk
PY      := test/clients/python
BROWSER := test/browser
# How many inputs each fuzz target tries in `make test`; `make fuzz FUZZTIME=10m` looks longer. A count, not a time: when a time
# runs out, the fuzzing engine of Go before 1.27 may report its own deadline as a failure (go.dev/issue/75804).
FUZZTIME ?= 3000x
# Flags of the load program.
BENCH ?=
# Everything below internal/ and cmd/: the packages that do not need the built binary.
INNER   := ./internal/... ./cmd/...

export COGNATE_BIN := $(BIN)

# Installs one Debian package, or says that it is missing and fails.
apt = if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $(1); \
	else echo "$(1) is needed for the tests and is not installed"; exit 1; fi

.PHONY: all build dist generate generate-check lint format quick check test test-go test-clients test-python test-js test-esdk test-browser \
	test-crash test-faults test-timing test-dist test-helm deps deps-python deps-js deps-esdk deps-apache deps-browser deps-postgres deps-pgbouncer deps-systemd fuzz bench clean

all: build

# With the flags of go run and go test, so that each package is compiled once. The compiler collects its garbage less often,
# for a tenth more memory; the largest package takes a fifth less time.
build:
	GOGC=300 $(GO) build -o $(BIN) ./cmd/cognate

# Static binaries for all platforms, an SBOM and checksums, in dist/; the same commit and Go give the same bytes.
dist:
	$(GO) run ./internal/release -out dist

generate:
	$(GO) run ./internal/api/gen

generate-check:
	$(GO) run ./internal/api/gen -check

format:
	@unformatted="$$(git ls-files -co --exclude-standard '*.go' | while read -r file; do \
	  if [ -e "$$file" ]; then echo "$$file"; fi; done | xargs gofmt -l)"; \
	if [ -n "$$unformatted" ]; then echo "gofmt wants:"; echo "$$unformatted"; exit 1; fi

lint: format
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

# The commit that changes are counted from: where this branch left its upstream, or main where it has none, and otherwise
# the last commit.
since = git merge-base HEAD '@{upstream}' 2>/dev/null || git merge-base HEAD origin/main 2>/dev/null || \
	  git merge-base HEAD main 2>/dev/null || echo HEAD

# For every save: format and architecture, that everything builds, and for the packages that changed and the assembly vet
# and their tests on SQLite. A file that is no Go source, such as a fixture, belongs to the nearest package above it.
# `make quick SINCE=HEAD~3` counts from another commit.
SINCE ?=
quick: format
	$(GO) list -export ./... >/dev/null # compiles all and links nothing
	@since="$(SINCE)"; if [ -z "$$since" ]; then since="$$($(since))"; fi; \
	packages="$$( { git diff --name-only "$$since" -- internal cmd; git ls-files -o --exclude-standard internal cmd; } | \
	  while read -r file; do \
	    dir="$${file%/*}"; dir="$${dir%%/testdata*}"; \
	    while [ "$$dir" != "$${dir%/*}" ] && ! ls "$$dir"/*.go >/dev/null 2>&1; do dir="$${dir%/*}"; done; \
	    if ls "$$dir"/*.go >/dev/null 2>&1; then echo "./$$dir"; fi; \
	  done | cat - <(printf '%s\n' ./internal/archtest ./internal/rooms) | sort -u)"; \
	$(GO) vet $$packages; \
	COGNATE_TEST_ENGINES=sqlite $(GO) test -vet=off $$packages; \
	COGNATE_TEST_ENGINES=sqlite $(GO) test -vet=off -run TestSchemaFile ./internal/server; \
	echo "quick passed: gofmt, build, architecture, vet and tests (SQLite) of $$(wc -w <<< "$$packages") packages: those changed since $$(git rev-parse --short "$$since"), and the assembly"

# The gate before every push: one engine, race detector.
check: generate-check lint
	$(GO) test ./internal/archtest
	COGNATE_TEST_ENGINES=sqlite $(GO) test -race $(INNER)
	@echo "check passed: generated code, gofmt, vet, staticcheck, architecture, all unit tests on SQLite with the race detector"

# Everything: all engines, real clients, a real browser, crashes, timing, short fuzzing.
test: deps generate-check lint build
	$(MAKE) --no-print-directory test-go
	$(MAKE) --no-print-directory test-clients
	$(MAKE) --no-print-directory test-browser
	$(MAKE) --no-print-directory test-crash
	$(MAKE) --no-print-directory test-faults FAULTS=short
	$(MAKE) --no-print-directory test-timing
	$(MAKE) --no-print-directory test-dist
	$(MAKE) --no-print-directory fuzz
	@echo "everything passed"

# Room tests on SQLite, PostgreSQL, and PostgreSQL at SERIALIZABLE with injected failures, under one server.
# With COGNATE_TEST_TOOLS tests that find a program missing fail instead of being left out.
test-go: deps-postgres deps-systemd
	COGNATE_TEST_TOOLS=1 $(GO) run ./internal/testkit/pgserver -- $(GO) test $(INNER)

test-clients: test-js test-esdk test-python
	$(GO) test -count=1 ./test/clients/...

test-python: deps-python deps-js deps-apache deps-postgres build
	$(GO) run ./internal/testkit/pgserver -- $(VENV)/bin/python -m pytest -q --tb=short -p no:cacheprovider $(PY)

test-js: deps-js build
	cd $(JS) && npm test

# The AWS Encryption SDK decrypts what custom senders get.
test-esdk: deps-esdk build
	cd $(ESDK) && npm test

# Pages in Chromium, among them one with aws-amplify, which test-js installs.
test-browser: deps-browser deps-js build
	cd $(BROWSER) && npm test

# Kills a loaded server 24 times and looks for what was acknowledged.
test-crash: build
	$(GO) test -count=1 -v -run TestKill9 ./test/crash

# Breaks what three nodes on one PostgreSQL stand on, and looks for what was acknowledged. `make test` runs the short form.
FAULTS ?= long
test-faults: build deps-postgres
	COGNATE_TEST_FAULTS=$(FAULTS) $(GO) test -count=1 -v -timeout 60m ./test/faults

# Compares the cost of known and unknown users; alone, because a busy machine hides what it looks for.
test-timing: build
	$(GO) test -count=1 -v ./test/timing

# Builds releases for two platforms, twice, and looks into them.
test-dist:
	$(GO) test -count=1 -timeout 30m -v ./test/dist

# Helm lints and renders the chart; it is built once from its own module.
HELM := $(CACHE)/helm/helm
$(HELM):
	@mkdir -p $(dir $(HELM))
	cd $(dir $(HELM)) && GOBIN=$(dir $(HELM)) CGO_ENABLED=0 $(GO) install helm.sh/helm/v3/cmd/helm@v3.22.0
test-helm: $(HELM)
	$(HELM) lint --strict deploy/helm/cognate --set publicURL=https://id.example.com --set secret.existing=cognate
	$(HELM) template demo deploy/helm/cognate --set publicURL=https://id.example.com --set secret.existing=cognate \
	  --set ingress.enabled=true --set ingress.host=id.example.com >/dev/null

# Every fuzz target for FUZZTIME, one after the other.
fuzz:
	@mkdir -p $(CACHE)
	@grep -rlE '^func Fuzz' --include='*_test.go' internal | sort | while read -r file; do \
	  for target in $$(grep -oE '^func Fuzz\w+' "$$file" | sed 's/func //'); do \
	    echo "fuzz $$(dirname $$file) $$target"; \
	    if ! COGNATE_TEST_ENGINES=sqlite $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x \
	      "./$$(dirname $$file)" > $(CACHE)/fuzz.log 2>&1; then cat $(CACHE)/fuzz.log; exit 1; fi; \
	    tail -n 1 $(CACHE)/fuzz.log; \
	  done; \
	done

# Go benchmarks, then the load program on SQLite and PostgreSQL; `make bench BENCH="-users 1000 -duration 2s"` is shorter.
bench: deps-postgres build
	$(GO) run ./internal/testkit/pgserver -- $(GO) test -run '^$$' -bench . -benchmem $(INNER)
	$(GO) run ./internal/testkit/pgserver -- $(GO) run ./bench -binary $(BIN) $(BENCH)

deps: deps-python deps-js deps-esdk deps-apache deps-browser deps-postgres deps-systemd

deps-python: $(VENV)/.installed
$(VENV)/.installed: $(PY)/requirements.txt
	rm -rf $(VENV)
	mkdir -p $(CACHE)
	if ! $(PYTHON) -c 'import ensurepip, venv'; then $(call apt,python3-venv); fi
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

deps-js: $(JS)/node_modules/.installed
$(JS)/node_modules/.installed: $(JS)/package.json $(JS)/package-lock.json
	cd $(JS) && npm ci
	touch $@

deps-esdk: $(ESDK)/node_modules/.installed
$(ESDK)/node_modules/.installed: $(ESDK)/package.json $(ESDK)/package-lock.json
	cd $(ESDK) && npm ci
	touch $@

# Apache with its module for OpenID Connect, an unmodified relying party.
deps-apache:
	@if ls /usr/lib/apache2/modules/mod_auth_openidc.so >/dev/null 2>&1 && { command -v apache2 || [ -x /usr/sbin/apache2 ]; } >/dev/null; then exit 0; fi; \
	$(call apt,apache2 libapache2-mod-auth-openidc)

# Debian's browser; the driver's own download is not used.
deps-browser: $(BROWSER)/node_modules/.installed
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
	  if command -v $$name >/dev/null; then exit 0; fi; \
	done; \
	$(call apt,chromium)
$(BROWSER)/node_modules/.installed: $(BROWSER)/package.json $(BROWSER)/package-lock.json
	cd $(BROWSER) && npm ci
	touch $@

# PostgreSQL's own programs and PgBouncer are needed for tests only. Debian keeps them out of PATH, so look where it puts them.
deps-postgres: deps-pgbouncer
	@if command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then exit 0; fi; \
	$(call apt,postgresql)

deps-pgbouncer:
	@if command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ]; then exit 0; fi; \
	$(call apt,pgbouncer)

# systemd-analyze verifies the unit in deploy.
deps-systemd:
	@if command -v systemd-analyze >/dev/null; then exit 0; fi; \
	$(call apt,systemd)

# Takes docs/inbox.png anew, of a server on a port of its own.
.PHONY: screenshot
screenshot: build
	@folder=$$(mktemp -d); $(BIN) dev --ephemeral --listen 127.0.0.1:7699 >$$folder/log & server=$$!; \
	trap 'kill $$server; wait; rm -rf $$folder' EXIT; \
	for i in $$(seq 100); do curl -sf http://localhost:7699/_cognate/ready >/dev/null && break; sleep 0.2; done; \
	curl -sf http://localhost:7699/ -H 'Content-Type: application/x-amz-json-1.1' \
	  -H 'X-Amz-Target: AWSCognitoIdentityProviderService.SignUp' -d '{"ClientId":"democlientforlocaltesting1","Username":"ana","Password":"Passw0rd!","UserAttributes":[{"Name":"email","Value":"ana@example.com"}]}' >/dev/null; \
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir=$$folder --window-size=1100,560 \
	  --timeout=3000 --screenshot=docs/inbox.png http://localhost:7699/_cognate/inbox

# Takes the pictures of the sign-in pages in docs/managed-login anew, of a running server: light, dark and on a phone.
.PHONY: screenshots sheets
screenshots: build deps-browser deps-js
	cd $(BROWSER) && node --test screenshots.mjs

# Takes pictures of the samples of `cognate branding preview`, a page in all its forms on each, into SHEETS.
SHEETS ?= $(CACHE)/sheets
sheets: build deps-browser
	cd $(BROWSER) && node sheets.mjs $(SHEETS) && PAGES_CLASSIC=1 node sheets.mjs $(SHEETS)/classic && PAGES_LANG=ar node sheets.mjs $(SHEETS)/ar

clean:
	rm -rf bin dist .cache $(JS)/node_modules $(ESDK)/node_modules $(BROWSER)/node_modules
