#!/usr/bin/env bash
# generate.sh : writes every generated file again. The list of them is scripts/generated.txt; verify.sh holds both to it.
set -euo pipefail
cd "$(dirname "$0")/.."
go generate ./...
