#!/usr/bin/env bash
# conformance.sh : drives the built sandbox with clients that this project did not write.
#
# Two npm packages run against `bin/zhiyin sandbox` on loopback; the one that knows WeCom's host by itself runs a second time
# unmodified through the front. Vectors and the other direction (our client against the sandbox, by its address and through
# the front) are the Go tests in conformance/.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/need.sh go node
[ -x bin/zhiyin ] || { echo "conformance.sh: bin/zhiyin is missing; run make build" >&2; exit 1; }
scripts/npm-ci.sh conformance/node
go run ./scripts/gotest -- -count=1 ./conformance/...
exec node conformance/node/run.mjs --binary "$PWD/bin/zhiyin"
