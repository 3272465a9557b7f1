#!/usr/bin/env bash
# test.sh [STEP...] : the whole test run, or the named steps of it. Each step prints its name and its time; the last line
# is the total over all steps. A step that fails, or that ought to run tests and runs none, fails the run.
#
# On Debian as root it installs what is missing; elsewhere it names everything missing before it starts.
set -uo pipefail
cd "$(dirname "$0")/.."

all_steps="console lint build go conformance stories browser verify"
steps=${*:-$all_steps}
tmp=$(mktemp -d)
running=
stop() { [ -n "$running" ] && kill -TERM -- "-$running" 2>/dev/null && wait "$running" 2>/dev/null; rm -rf "$tmp"; }
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export CGO_ENABLED=0            # one kind of build for all but the race tests: half the compiling
export ZHIYIN_TEST_TOTALS=$tmp/totals # steps append "passed failed skipped" here
: >"$ZHIYIN_TEST_TOTALS"
summary=()
failed_steps=0
began=$SECONDS

# step NAME COUNTS COMMAND... : COUNTS is yes when the step must report at least one test.
step() {
  local name=$1 counts=$2 start=$SECONDS before code=0 note=ok
  shift 2
  case " $steps " in *" $name "*) ;; *) return 0 ;; esac
  printf '\n== %s\n' "$name"
  before=$(wc -l <"$ZHIYIN_TEST_TOTALS")
  # In a process group of its own, so that stopping the run stops servers, browsers and tests with it.
  set -m
  "$@" </dev/null &
  running=$!
  set +m
  wait "$running" || code=$?
  running=
  local new passed failed
  new=$(tail -n +$((before + 1)) "$ZHIYIN_TEST_TOTALS")
  passed=$(awk '{ n += $1 } END { print n + 0 }' <<<"$new")
  failed=$(awk '{ n += $2 } END { print n + 0 }' <<<"$new")
  if [ "$counts" = yes ]; then
    note="$passed passed"
    if [ "$code" = 0 ] && [ "$passed" = 0 ]; then code=1; note="ran no test"; fi
    if [ "$failed" -gt 0 ]; then code=1; note="$passed passed, $failed failed"; fi
  fi
  if [ "$code" != 0 ]; then
    failed_steps=$((failed_steps + 1))
    # A step that fails without a failing test (a compiler error, a finding) still shows in the total.
    [ "$failed" = 0 ] && echo "0 1 0" >>"$ZHIYIN_TEST_TOTALS"
    [ "$note" = ok ] && note="failed"
    note="FAILED: $note"
  fi
  summary+=("$(printf '%-12s %5ss  %s' "$name" "$((SECONDS - start))" "$note")")
  printf -- '-- %s: %s (%ss)\n' "$name" "$note" "$((SECONDS - start))"
  return 0
}

console() {
  scripts/npm-ci.sh console || return 1
  (cd console && npm run --silent lint) || return 1
  local code=0
  (cd console && npx --no-install vitest run --reporter=default --reporter=json --outputFile="$tmp/vitest.json") || code=$?
  [ -f "$tmp/vitest.json" ] && node -e '
    const r = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
    console.log(r.numPassedTests, r.numFailedTests, r.numPendingTests + r.numTodoTests);
  ' "$tmp/vitest.json" >>"$ZHIYIN_TEST_TOTALS"
  [ "$code" = 0 ] && scripts/console.sh --always bin/.console-stamp # checks the types too
}
# govet is one of the linters: go vet, and the vet that go test does by itself, would look at everything once more.
lint() { local bin; bin=$(scripts/golangci.sh) && "$bin" run --allow-parallel-runners --concurrency 2 ./...; }
build() { make --no-print-directory build; }
# Stories drive a whole platform against a sandbox, and the guard's packages are arithmetic on one goroutine over thousands of
# texts. The race detector would make them last longer than everything else together, so here they run plainly; `make race`
# puts them, too, under the detector.
story_packages='/(e2e|internal/(app|app/experiment|broadcast|kf|moment|governance/(classify|guard|normal)))$'
# Two packages at a time, and in each four tests: many of them wait for leases, repeats and clocks, and not for a core.
go_tests() {
  local packages
  packages=$(go list ./... | grep -vE "$story_packages") || return 1
  # shellcheck disable=SC2086  # one argument a package
  scripts/with-postgres.sh go run ./scripts/gotest -race -want postgres -total "$ZHIYIN_TEST_TOTALS" -- -p 2 -parallel 4 -timeout 20m -vet=off $packages
}
stories() {
  local packages
  packages=$(go list ./... | grep -E "$story_packages") || return 1
  # shellcheck disable=SC2086  # one argument a package
  scripts/with-postgres.sh go run ./scripts/gotest -want postgres -total "$ZHIYIN_TEST_TOTALS" -- -p 2 -parallel 4 -timeout 20m -vet=off $packages
}
browser() { scripts/npm-ci.sh e2e && node e2e/run.mjs; }

echo "== tools"
scripts/need.sh go gcc node postgres chromium fonts || { echo; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
mkdir -p bin

step console yes console
step lint no lint
step build no build
step go yes go_tests
step conformance yes scripts/conformance.sh
step stories yes stories
step browser yes browser
step verify no scripts/verify.sh

printf '\n'
[ ${#summary[@]} -gt 0 ] && printf '%s\n' "${summary[@]}"
printf '%-12s %5ss\n\n' total "$((SECONDS - began))"
awk '{ p += $1; f += $2; s += $3 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s }' "$ZHIYIN_TEST_TOTALS"
[ "$failed_steps" = 0 ] && [ ${#summary[@]} -gt 0 ]
