#!/usr/bin/env bash
# fuzz.sh DURATION : runs every fuzz target of the tree for DURATION, one after the other. Found inputs land in the
# package's testdata/fuzz, where they become tests.
set -euo pipefail
cd "$(dirname "$0")/.."
each=${1:-30s}
module=$(go list -m)
targets=$(grep -rlE '^func Fuzz[A-Z]' --include='*_test.go' . | LC_ALL=C sort || true)
[ -n "$targets" ] || { echo "fuzz.sh: no fuzz target found" >&2; exit 1; }
n=0
for file in $targets; do
  pkg=$module/$(dirname "${file#./}")
  for f in $(sed -nE 's/^func (Fuzz[A-Za-z0-9_]+)\(.*/\1/p' "$file"); do
    echo "== $pkg $f for $each"
    go test -run '^$' -fuzz "^$f\$" -fuzztime "$each" -fuzzminimizetime 5s -parallel 2 "$pkg"
    n=$((n + 1))
  done
done
echo "$n fuzz targets, nothing found"
