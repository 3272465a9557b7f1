#!/usr/bin/env sh
# Writes src/api/types.gen.ts from the specification that the program itself exports.
set -eu
cd "$(dirname "$0")"
sum=$(cat package.json package-lock.json | cksum)
if [ ! -f node_modules/.installed ] || [ "$(cat node_modules/.installed)" != "$sum" ]; then
  npm ci --no-audit --no-fund --loglevel=error
  echo "$sum" >node_modules/.installed
fi
spec=$(mktemp)
trap 'rm -f "$spec"' EXIT
(cd ../../.. && go run ./cmd/zhiyin openapi) >"$spec"
node_modules/.bin/openapi-typescript "$spec" -o ../../src/api/types.gen.ts >/dev/null
