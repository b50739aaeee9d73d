# The one front door: people and CI call the same targets.
.DEFAULT_GOAL := help

# Ninja's own choice is two more than there are processors: too many for the memory of small machines.
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(shell nproc)

.PHONY: proofs help run build image release test test-deploy bench storm storm-short asan tsan fuzz lint fmt clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile

run: ## Start the server with its demo (cold: 2 min engine, 2 min program)
	@echo "1/3 setup (Debian packages: a minute, if any is missing)"
	@scripts/setup
	@echo "2/3 engine (2 minutes, once on a machine)"
	@scripts/build-engine >/dev/null
	@echo "3/3 program (2 minutes, then only what changed)"
	@cmake --preset release >/dev/null
	@cmake --build --preset release --target nexus
	@ln -sfn release/bin/nexus build/nexus
	@exec build/nexus serve --demo

build: ## Build the program into build/nexus
	@scripts/setup
	@cmake --preset release >/dev/null
	@cmake --build --preset release --target nexus
	@ln -sfn release/bin/nexus build/nexus

image: ## Build the container image nexus:VERSION, at most 60 MB (needs buildah; 5 min, then what changed)
	@scripts/build-image

# With NEXUS_PROGRAM=FILE nothing is built, and that program is packed.
release: $(if $(NEXUS_PROGRAM),,build) ## An archive for other machines and its SHA256SUMS, in build/release-dist
	@scripts/release $(or $(NEXUS_PROGRAM),build/nexus) build/release-dist

test: ## Build with asserts and run every test
	@scripts/setup test
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev
	@ctest --preset dev

test-deploy: $(if $(NEXUS_BIN),,build) ## The image as Kubernetes would run it, manifests, rules, dashboard (root; 15 min)
	@scripts/setup test deploy
	@tests/e2e/support/install
	@NEXUS_BIN=$${NEXUS_BIN:-$(CURDIR)/build/nexus} node --test --test-concurrency=1 tests/deploy/*.mjs

# STORM=1, CONTAINER=1: those parts of the page as well (root). A target that is missed (status 1) does not end it.
bench: ## Figures beside their targets and other runtimes, into docs/benchmarks.md (20 min; with STORM=1 CONTAINER=1 50 min, root)
	@scripts/setup test bench $(if $(CONTAINER),deploy)
	@cmake --preset release -DNEXUS_BENCH=ON >/dev/null
	@cmake --build --preset release --target nexus nexus_bench nexus_bench_no_ledger nexus_watchers
	@ln -sfn release/bin/nexus build/nexus
	@status=0; bench/run $(if $(STORM),--storm) $(if $(CONTAINER),--container) || status=$$?; \
	[ $$status -le 1 ] || exit $$status; \
	cmake --preset dev >/dev/null && cmake --build --preset dev --target unit_sandbox || exit; \
	echo "a million calls, each looking for what another left:"; \
	NEXUS_LEAK_CALLS=1000000 build/dev/bin/unit_sandbox --gtest_filter='*Leak*' --gtest_brief=1 || status=$$?; \
	exit $$status

storm: build ## Hostile load in memory cgroups of 1 GiB and 256 MiB, 10 minutes each (root)
	@mkdir -p build/bench
	@status=0; for mb in 1024 256; do \
	  node bench/storm/run.mjs --seconds 600 --limit-mb $$mb >build/bench/storm-$$mb.json || status=$$?; \
	done; exit $$status

# With the program that the tests use. Where no cgroup can be made (status 2) it says so, and decides nothing.
storm-short: ## The same for less than 75 s in all, latencies only reported; after `make test`
	@mkdir -p build/bench
	@status=0; for mb in 1024 256; do \
	  NEXUS_PROGRAM=build/dev/bin/nexus node bench/storm/run.mjs --seconds 25 --limit-mb $$mb --reports-latency \
	    >build/bench/storm-$$mb.json || { one=$$?; [ $$one -eq 2 ] || status=$$one; }; \
	done; exit $$status

# NEXUS_BIN: another program than the one that is built.
asan: ## Unit and hostile tests under AddressSanitizer and UBSan
	@scripts/setup test
	@cmake --preset asan >/dev/null
	@cmake --build --preset asan
	@ctest --preset asan

tsan: ## Unit and hostile tests under ThreadSanitizer
	@scripts/setup test
	@cmake --preset tsan >/dev/null
	@cmake --build --preset tsan
	@ctest --preset tsan

# The corpus grows from run to run. A finding is a file in build/fuzz; its place is then tests/fuzz/corpus/NAME, as a test.
fuzz: ## Each fuzzer of tests/fuzz for NEXUS_FUZZ_SECONDS (60); keeps the corpora in ~/.cache/nexus
	@scripts/setup test fuzz
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz
	@scripts/fuzz build/fuzz/bin $${NEXUS_FUZZ_SECONDS:-60}

# Each of the long proofs has a short form in `make test`. NEXUS_SEED=n NEXUS_SEEDS=1 replays one run.
proofs: ## The long proofs: the model over 100,000 seeds (45 min), the tests named Fuzz for ten million steps, the fuzzers
	@scripts/setup test fuzz
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev
	@NEXUS_SEEDS=$${NEXUS_SEEDS:-100000} build/dev/bin/unit_front --gtest_filter='ModelSimulation.*'
	@NEXUS_FUZZ_STEPS=10000000 scripts/long-fuzz-tests build/dev/bin
	@$(MAKE) --no-print-directory fuzz NEXUS_FUZZ_SECONDS=$${NEXUS_FUZZ_SECONDS:-600}

lint: ## Check format, includes, file sizes; clippy, clang-tidy, eslint, shellcheck
	@scripts/setup test lint
	@cmake --preset dev >/dev/null
	@scripts/lint build/dev

fmt: ## Format the sources in place
	@scripts/setup lint
	@scripts/sources cpp | xargs -r -d '\n' clang-format-19 -i
	@scripts/cargo fmt --all

clean: ## Remove build/ (the engine and the guest stay in the cache)
	@rm -rf build
