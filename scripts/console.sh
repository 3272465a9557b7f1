#!/usr/bin/env bash
# console.sh [--always] STAMP : builds console/dist when it is missing or older than its sources.
#
# STAMP holds a checksum of the sources that made the present dist. It is rewritten only when a build happened, so that
# make rebuilds the binary exactly then.
set -euo pipefail
cd "$(dirname "$0")/.."
always=
if [ "$1" = --always ]; then always=1; shift; fi
stamp=$1

sum=$(find console -type f -not -path '*/node_modules/*' -not -path 'console/dist/*' -not -name '*.test.ts' -not -name '*.test.tsx' \
  | LC_ALL=C sort | xargs cksum | cksum)
if [ -z "$always" ] && [ -f console/dist/index.html ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ]; then exit 0; fi

scripts/npm-ci.sh console
echo "building the console"
(cd console && npm run --silent build)
mkdir -p "$(dirname "$stamp")"
touch console/dist/.keep
echo "$sum" >"$stamp"
