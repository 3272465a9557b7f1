#!/usr/bin/env bash
# conformance.sh : drives the built sandbox with clients that this project did not write.
#
# Two npm packages run against `bin/zhiyin sandbox` on loopback. The callback vectors and the other direction (our client
# against the sandbox) are Go tests in conformance/ and run with the others.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/need.sh node
[ -x bin/zhiyin ] || { echo "conformance.sh: bin/zhiyin is missing; run make build" >&2; exit 1; }
scripts/npm-ci.sh conformance/node
exec node conformance/node/run.mjs --binary "$PWD/bin/zhiyin"
