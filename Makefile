# What CI runs, and what a developer runs before a commit.

FUZZTIME ?= 30s
REF ?= HEAD~1
WALK ?= TestWalk

.PHONY: check test lint generate walk fuzz bench bench-compare

check: generate lint test

test:
	go test -race ./...

# gofmt, go vet and staticcheck; nothing is excluded.
lint:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go vet -tags walk ./integration
	go tool staticcheck ./...

# Everything generated, made again: fails where it differs from what is committed.
generate:
	go generate ./...
	@git diff --exit-code -- api docs/COVERAGE.md FIDELITY.md || { echo "generated files differ from their sources: commit them"; exit 1; }

# The walks with real clients: the AWS CLIs, the SDKs, S3's tools, a browser.
# WALK=TestWalkS3 runs some of them.
walk:
	tools=$$(scripts/ci-tools.sh) && eval "$$tools" && go test -tags walk -count=1 -run '^$(WALK)' -v -timeout 30m ./integration

fuzz:
	scripts/fuzz.sh $(FUZZTIME)

bench:
	go test -run '^$$' -bench . -benchmem ./...

# Compares the benchmarks of the working tree with those of REF.
bench-compare:
	scripts/bench-compare.sh $(REF)
