#!/usr/bin/env bash
# bench.sh [--large] : builds the binary and runs its benchmark, which prints each figure, its ceiling and its share.
set -euo pipefail
cd "$(dirname "$0")/.."
make --no-print-directory build
exec bin/zhiyin bench "$@"
