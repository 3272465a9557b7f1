#!/usr/bin/env bash
# golangci.sh : prints the path of the pinned golangci-lint, building it on first use.
#
# It is kept out of go.mod because its hundreds of modules would bind ours, and in the user's cache so that one build
# serves every clone.
set -euo pipefail
version=v2.15.0
dir=${XDG_CACHE_HOME:-$HOME/.cache}/zhiyin/bin
bin=$dir/golangci-lint-$version
if [ ! -x "$bin" ]; then
  echo "building golangci-lint $version, once (two to three minutes)" >&2
  tmp=$(mktemp -d)
  trap 'rm -rf "$tmp"' EXIT
  (cd "$tmp" && GOBIN=$tmp GOFLAGS= go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version") >&2
  mkdir -p "$dir"
  mv "$tmp/golangci-lint" "$bin"
fi
echo "$bin"
