# One entry for people and for CI. Needs Go, git and make; what else a target needs is
# installed by tools/need (apt-get, npm), which says so when it can not.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

TOOL    := go tool -modfile=$(CURDIR)/tools/go.mod
NEED    := tools/need
WEB     := tools/web/node_modules/.bin
SPEC    := internal/api/openapi.yaml
# The network may be missing where tests run: neither npm tool has a reason to call home.
export REDOCLY_TELEMETRY := off
export REDOCLY_SUPPRESS_UPDATE_NOTICE := true
# tools/need puts a newer node here when the machine's own is too old.
export PATH := $(CURDIR)/tools/node/bin:$(PATH)

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS  := -s -w -X main.version=$(VERSION)
FUZZTIME ?= 10s
TESTFLAGS ?=

.PHONY: help
help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: ## Run the gateway in front of simulated vendors: no accounts, no services
	go run ./cmd/gateway demo

.PHONY: build
build: ## Build the static binary bin/gateway
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/gateway ./cmd/gateway

.PHONY: test
test: need-test ## Run every test with the race detector; installs redis-server, chromium and npm tools
	GATEWAY_TEST_NOSKIP=redis,chromium,node,race go test -race -shuffle=on $(TESTFLAGS) ./...

.PHONY: test-fast
test-fast: ## Run the tests that need nothing installed, without the race detector
	go test -short -shuffle=on $(TESTFLAGS) ./...

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (10s) each
	tools/fuzz $(FUZZTIME)

.PHONY: bench
bench: ## Run the benchmarks and print their ratios
	@if [ -f bench/main.go ]; then go run ./bench; else go test -run='^$$' -bench=. -benchmem ./...; fi

.PHONY: generate
generate: ## Write the generated code again
	go generate ./...

.PHONY: fmt
fmt: ## Format the Go code (gofumpt, goimports)
	$(TOOL) golangci-lint fmt ./...

.PHONY: lint
lint: lint-go lint-format lint-spec lint-generated lint-tidy lint-shell ## Check code, layers, format, API document, generated code and modules

.PHONY: lint-go
lint-go:
	$(TOOL) golangci-lint run ./...

.PHONY: lint-format
lint-format:
	@unformatted="$$($(TOOL) gofumpt -l .)"; \
	if [ -n "$$unformatted" ]; then echo "not formatted with gofumpt (make fmt):"; echo "$$unformatted"; exit 1; fi

.PHONY: lint-spec
lint-spec: need-web
	$(WEB)/spectral lint --ruleset tools/web/spectral.yaml --fail-severity warn $(SPEC)
	$(WEB)/redocly lint --config tools/web/redocly.yaml $(SPEC)

.PHONY: lint-generated
lint-generated:
	tools/check-generated

.PHONY: lint-tidy
lint-tidy:
	go mod tidy -diff
	go -C tools mod tidy -diff

.PHONY: lint-shell
lint-shell:
	@for script in .ci/run tools/need tools/fuzz tools/check-generated; do bash -n "$$script"; done

.PHONY: need-test
need-test: need-web
	$(NEED) cc redis-server chromium

.PHONY: need-web
need-web:
	$(NEED) node web

.PHONY: clean
clean: ## Remove what the other targets made
	rm -rf bin tools/bin tools/node/bin tools/node/node_modules tools/web/node_modules
