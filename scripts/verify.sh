#!/usr/bin/env bash
# verify.sh : fails when something that can be derived is out of date. It leaves the tree as it found it.
set -euo pipefail
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

echo "module list"
go mod verify >/dev/null || bad=1
go mod tidy -diff || { echo "go.mod or go.sum is not tidy: go mod tidy" >&2; bad=1; }

echo "generated files"
files=$(grep -vE '^(#|$)' scripts/generated.txt || true)
for f in $files; do
  mkdir -p "$tmp/was/$(dirname "$f")"
  [ -f "$f" ] && cp -p "$f" "$tmp/was/$f"
done
CGO_ENABLED=0 scripts/generate.sh >"$tmp/log" 2>&1 || { cat "$tmp/log" >&2; bad=1; }
for f in $files; do
  if [ ! -f "$tmp/was/$f" ]; then
    echo "$f is listed as generated but was not there: make generate" >&2
    bad=1
  elif ! diff -u "$tmp/was/$f" "$f" >"$tmp/diff"; then
    head -n 40 "$tmp/diff" >&2
    echo "$f is out of date: make generate" >&2
    bad=1
    cp -p "$tmp/was/$f" "$f"
  fi
done

echo "lock files name no registry"
if git ls-files -z '*package-lock.json' 2>/dev/null | xargs -0 grep -nE '"resolved": *"https?://'; then bad=1; fi

exit $bad
