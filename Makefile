# Two commands do it all: `make run` and `make test`.

# rama 0.4.0, below the embedded broker, declares Rust 1.96 and builds with 1.95; see docs/decisions/0001.
CARGO_FLAGS := --ignore-rust-version
CARGO := cargo
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help run test bench deps kafka lint build quick dev-console clean

help: ## Shows this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: quick ## Builds everything and starts it with demo data; ARGS="--listen 127.0.0.1:9000" adds options
	@exec target/quick/usertrail up --demo $(ARGS)

test: deps ## Runs every check and every test, on Apache Kafka too where Java 17 and Maven are
	@tools/test

bench: build kafka ## Measures, and writes the tables into benches/RESULTS.md
	$(CARGO) bench $(CARGO_FLAGS) --bench stages
	$(CARGO) bench $(CARGO_FLAGS) --bench end_to_end
	$(CARGO) bench $(CARGO_FLAGS) --bench latency
	$(CARGO) bench $(CARGO_FLAGS) --bench idle
	$(CARGO) bench $(CARGO_FLAGS) --bench access
	$(CARGO) bench $(CARGO_FLAGS) --bench detection
	$(CARGO) bench $(CARGO_FLAGS) --bench across_users
	$(CARGO) bench $(CARGO_FLAGS) --bench queries
	$(CARGO) bench $(CARGO_FLAGS) --bench fairness
	$(CARGO) bench $(CARGO_FLAGS) --bench exports
	$(CARGO) bench $(CARGO_FLAGS) --bench soak

build: ## Builds the program with all optimisation; what it needs at run time is fetched meanwhile
	@tools/build release

quick: ## The same with what matters of it, as `make run` does
	@tools/build quick

deps: ## Fetches what is needed by package name: the ClickHouse engine, the geo database
	@node tools/fetch.mjs

kafka: ## Fetches Apache Kafka, for the tests and benches that run on it
	@node tools/fetch.mjs --kafka || [ $$? -eq 3 ]

dev-console: ## Serves the console by Vite, before a running program (USERTRAIL_URL, else http://127.0.0.1:8080)
	@npm --prefix console ci --silent && npm --prefix console run dev

lint: ## Format and lints alone
	$(CARGO) fmt --all --check
	node tools/check/scripts.mjs
	node tools/check/links.mjs
	node tools/check/words.mjs
	$(CARGO) clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings

clean: ## Removes what was built; the fetched packages stay in the cache
	$(CARGO) clean
