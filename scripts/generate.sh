#!/usr/bin/env bash
# generate.sh : writes every generated file again. scripts/generated.txt lists them; verify.sh holds both to it.
set -euo pipefail
cd "$(dirname "$0")/.."
go run ./scripts/gendocs
console/tools/openapi/generate.sh
