# Everything a person does with this tree. `make help` lists it; scripts/ holds what is longer than a line.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# One kind of build for everything but race tests: the compiler's cache then holds two variants, not four.
export CGO_ENABLED ?= 0

ARGS ?=
FUZZTIME ?= 5m
SOAK ?= 15m
SOAK_DAYS ?= 90
SOAK_YEAR ?= 365
SOAK_LIMIT ?= 20m

# Only what changes the binary: a second `make demo` then starts at once.
GO_SOURCES := $(shell find . -name '*.go' -not -name '*_test.go' -not -path './*/node_modules/*' -not -path './bin/*' 2>/dev/null) \
              $(shell find internal spec sandbox wecom -type f \( -name '*.sql' -o -name '*.json' -o -name '*.html' -o -name '*.css' -o -name '*.txt' -o -name '*.svg' \) 2>/dev/null) \
              go.mod go.sum
CONSOLE_STAMP := bin/.console-stamp
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: help demo test build bench bench-large race soak soak-faults fuzz conformance e2e console fmt lint generate verify clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  \033[1m%-13s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## sandbox, platform and console with a living fictional chain; ends with URL, user, password (ARGS="--speed 60")
	@exec bin/zhiyin demo $(ARGS)

build: bin/zhiyin ## console and binary -> bin/zhiyin

bin/zhiyin: $(GO_SOURCES) $(CONSOLE_STAMP)
	@scripts/need.sh go
	@go build -ldflags "-s -w -X main.version=$(VERSION)" -o $@ ./cmd/zhiyin

# The script compares contents, so a touched file costs nothing and a changed one rebuilds.
$(CONSOLE_STAMP): FORCE
	@scripts/console.sh $@

FORCE:

console: ## build the console only (npm ci when the lock file changed)
	@scripts/console.sh --always $(CONSOLE_STAMP)

test: ## everything: console, lint, race tests on both engines, conformance, browser, generated files
	@scripts/test.sh $(STEPS)

race: ## Go tests with the race detector on SQLite and PostgreSQL (PKG=./internal/... narrows)
	@scripts/need.sh go gcc postgres
	@scripts/with-postgres.sh go run ./scripts/gotest -race -want postgres -- -parallel 4 -timeout 20m $(or $(PKG),./...)

conformance: build ## vectors and strangers' clients against the built sandbox, by its address and through its front
	@scripts/conformance.sh

e2e: build ## stories on the built binary: txtar scripts and a real browser
	@scripts/need.sh go node chromium fonts
	@go run ./scripts/gotest -- -count=1 ./e2e/...
	@scripts/npm-ci.sh e2e && node e2e/run.mjs

bench: ## callbacks, events, sync and matching per second, as figures and as shares of the measured ceilings
	@scripts/bench.sh

bench-large: ## the same on large data: minutes and gigabytes
	@scripts/bench.sh --large

soak: build ## SOAK_DAYS=90 days of 3,000 customers and SOAK_YEAR=365 days of 300, side by side within SOAK_LIMIT=20m, judged from outside: caps, hours, stops, codes of limits, memory
	@scripts/soak.sh $(SOAK_LIMIT) $(SOAK_DAYS) $(SOAK_YEAR)

soak-faults: build ## kill -9 amid 20,000 callbacks, the ledger without each of its protections, 100 campaigns at once, demo at speed 600 for SOAK=15m
	@ZHIYIN_CRASH_EVENTS=20000 go run ./scripts/gotest -- -count=1 -timeout 20m -run TestNothingAcknowledged ./e2e
	@ZHIYIN_BROKEN_LEDGERS=1 go run ./scripts/gotest -- -count=1 -timeout 20m -run TestBrokenLedgersAreCaught ./internal/governance
	@ZHIYIN_CAMPAIGNS=100x10000 go run ./scripts/gotest -- -count=1 -timeout 40m -run TestAHundredCampaignsAtOnceHarassNobody ./internal/broadcast
	@node scripts/soak-demo.mjs $(SOAK)

fuzz: ## every fuzz target for FUZZTIME=5m each
	@scripts/fuzz.sh $(FUZZTIME)

fmt: ## format Go (gofumpt, gci)
	@$$(scripts/golangci.sh) fmt

lint: ## golangci-lint with the reasons in .golangci.yml
	@$$(scripts/golangci.sh) run --allow-parallel-runners --concurrency 2 $(or $(PKG),./...)

generate: ## write generated files again
	@scripts/generate.sh

verify: ## fail when a generated file, the module list or a link in the documents is out of date
	@scripts/verify.sh

clean: ## remove what was built here, keep downloads
	rm -rf bin console/dist/assets console/dist/index.html
