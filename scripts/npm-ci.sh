#!/usr/bin/env bash
# npm-ci.sh DIR : installs the locked packages of DIR unless what lies there already matches the lock file.
set -euo pipefail
cd "$(dirname "$0")/.."
"$PWD/scripts/need.sh" node
dir=$1
mark=$dir/node_modules/.installed
sum=$(cat "$dir/package.json" "$dir/package-lock.json" | cksum)
if [ -f "$mark" ] && [ "$(cat "$mark")" = "$sum" ]; then exit 0; fi
echo "npm ci in $dir"
(cd "$dir" && npm ci --no-audit --no-fund --loglevel=error)
echo "$sum" >"$mark"
