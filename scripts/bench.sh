#!/usr/bin/env bash
# bench.sh [--large] : the binary's own benchmark (each figure with its ceiling and its share), then keyword matching against
# two public libraries. --large adds what needs minutes and gigabytes.
set -euo pipefail
cd "$(dirname "$0")/.."
make --no-print-directory build
bin/zhiyin bench "$@"
[ "${1:-}" = --large ] && export MATCH_LARGE=1
cd bench/match
go test -run '^$' -bench . -benchtime 1s .
