#!/usr/bin/env bash
# test.sh [STEP...] : the whole test run, or the named steps of it. Each step prints its name and its time; the last line
# is the total over all steps. A step that fails, or that ought to run tests and runs none, fails the run.
#
# Three lanes run side by side, because two of them mostly wait: for a browser, and for clocks. Only the linter needs neither
# tools but Go nor the built console. What the later lanes say is printed a step at a time, so that nothing is mixed.
#
# On Debian as root the step tools installs what is missing; elsewhere everything missing is named before anything starts.
set -uo pipefail
cd "$(dirname "$0")/.."

lanes=("go" "tools console build browser conformance" "lint stories verify browser2")
counting=" console go conformance stories browser browser2 " # steps that must report at least one test
steps=" ${*:-${lanes[*]}} "
tmp=$(mktemp -d)
jobs=()
stop() { [ ${#jobs[@]} -gt 0 ] && kill -TERM "${jobs[@]}" 2>/dev/null && wait; rm -rf "$tmp"; }
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export CGO_ENABLED=0            # one kind of build for all but the race tests: half the compiling
# Where memory is plenty, the databases of tests live in it: what they write is gone with them anyway.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && awk '/MemAvailable/ { exit $2 < 8000000 }' /proc/meminfo 2>/dev/null &&
  [ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -gt 6000000 ]; then
  export GOTMPDIR=${GOTMPDIR:-/tmp} TMPDIR=/dev/shm # the compiler's files are large: not those
fi
began=$SECONDS

# read_processor : sets $processor to the seconds, over all cores, that this lane has used so far.
read_processor() {
  local file=$tmp/times.$BASHPID
  times >"$file" # not in a $( ): that is a process of its own, which has run nothing
  processor=$(awk 'NR == 2 { gsub(/s/, ""); for (i = 1; i <= 2; i++) { split($i, t, "m"); n += t[1] * 60 + t[2] } printf "%d", n }' "$file")
}

# step NAME : runs step_NAME in a process group of its own, so that stopping the run stops servers, browsers and tests with
# it, and leaves its time, its word and its totals in $tmp.
step() {
  local name=$1 start=$SECONDS code=0 note=ok passed failed processor before
  read_processor
  before=$processor
  export ZHIYIN_TEST_TOTALS=$tmp/$name.totals # what runs tests appends "passed failed skipped" here
  : >"$ZHIYIN_TEST_TOTALS"
  printf '\n== %s\n' "$name"
  set -m
  "step_$name" </dev/null &
  running=$!
  set +m
  wait "$running" || code=$?
  running=
  passed=$(awk '{ n += $1 } END { print n + 0 }' "$ZHIYIN_TEST_TOTALS")
  failed=$(awk '{ n += $2 } END { print n + 0 }' "$ZHIYIN_TEST_TOTALS")
  if [[ $counting == *" $name "* ]]; then
    note="$passed passed"
    if [ "$code" = 0 ] && [ "$passed" = 0 ]; then code=1; note="ran no test"; fi
    if [ "$failed" -gt 0 ]; then code=1; note="$passed passed, $failed failed"; fi
  fi
  if [ "$code" != 0 ]; then
    # A step that fails without a failing test (a compiler error, a finding) still shows in the total.
    [ "$failed" = 0 ] && echo "0 1 0" >>"$ZHIYIN_TEST_TOTALS"
    [ "$note" = ok ] && note="failed"
    note="FAILED: $note"
  fi
  read_processor
  printf '%-12s %5ss  %5ss of processor  %s\n' "$name" "$((SECONDS - start))" "$((processor - before))" "$note" >>"$tmp/summary"
  printf -- '-- %s: %s (%ss)\n' "$name" "$note" "$((SECONDS - start))"
  return "$code"
}

# lane live|later STEP... : those of the steps that were asked for, one after the other. Later = print when a step is over.
lane() {
  local how=$1 name running=
  shift
  trap '[ -n "$running" ] && kill -TERM -- "-$running" 2>/dev/null && wait "$running"; exit 143' TERM
  trap - EXIT
  for name in "$@"; do
    [[ $steps == *" $name "* ]] || continue
    # The tools have to be there, and the console is part of every Go package that is compiled from here on.
    while [[ " tools console lint " != *" $name "* && ! -e $tmp/tools.failed && ! -e $tmp/ready ]]; do sleep 0.2; done
    [ -e "$tmp/tools.failed" ] && return
    if [ "$how" = live ]; then
      step "$name"
    else
      step "$name" >"$tmp/$name.log" 2>&1 || { [ "$name" = tools ] && : >"$tmp/tools.failed"; }
      cat "$tmp/$name.log"
    fi
    [[ $name == console || ($name == tools && $steps != *" console "*) ]] && : >"$tmp/ready"
  done
}

things="go gcc node postgres chromium fonts"
# shellcheck disable=SC2086  # one argument a thing
step_tools() { scripts/need.sh $things; }
step_console() {
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
step_lint() { local bin; bin=$(scripts/golangci.sh) && "$bin" run --allow-parallel-runners --concurrency 2 ./...; }
step_build() { make --no-print-directory build; }
# Stories drive a whole platform against a sandbox, and the guard's packages are arithmetic on one goroutine over thousands of
# texts. The race detector would make them last longer than everything else together, so here they run plainly; `make race`
# puts them, too, under the detector. The ledger's machine of properties is one goroutine as well: of its package only what runs
# side by side is worth the detector.
ledger_machine='^TestLedgerKeepsItsInvariantsUnderAnyOrderAndCrash$'
story_packages='/(e2e|internal/(app|app/experiment|broadcast|kf|moment|governance/(classify|guard|normal)))$'
# Two packages at a time, and in each four tests: many of them wait for leases, repeats and clocks, and not for a core.
step_go() {
  local packages
  packages=$(go list ./... | grep -vE "$story_packages") || return 1
  # shellcheck disable=SC2086  # one argument a package
  scripts/with-postgres.sh go run ./scripts/gotest -race -want postgres -total "$ZHIYIN_TEST_TOTALS" -- -p 2 -parallel 4 -timeout 20m -vet=off -skip "$ledger_machine" $packages
}
step_stories() {
  local packages code=0
  packages=$(go list ./... | grep -E "$story_packages") || return 1
  # shellcheck disable=SC2086  # one argument a package
  scripts/with-postgres.sh go run ./scripts/gotest -want postgres -total "$ZHIYIN_TEST_TOTALS" -- -p 2 -parallel 4 -timeout 20m -vet=off $packages || code=$?
  scripts/with-postgres.sh go run ./scripts/gotest -want postgres -total "$ZHIYIN_TEST_TOTALS" -- -timeout 20m -vet=off -run "$ledger_machine" ./internal/governance || code=$?
  return "$code"
}
# The files of the browser tests in two halves, each against a platform of its own: they wait more than they work. In the second are
# files that need nothing of another's.
second='(audit|disclosure|frame|halt|limited|privacy|rules|world)\.test\.mjs$'
# shellcheck disable=SC2046  # one argument a file
step_browser() { scripts/npm-ci.sh e2e && node e2e/run.mjs $(printf '%s\n' e2e/browser/*.test.mjs | grep -vE "$second"); }
# shellcheck disable=SC2046
step_browser2() { scripts/npm-ci.sh e2e && node e2e/run.mjs $(printf '%s\n' e2e/browser/*.test.mjs | grep -E "$second"); }
step_conformance() { scripts/conformance.sh; }
step_verify() { scripts/verify.sh; }

# shellcheck disable=SC2086
{ [ "$(id -u)" = 0 ] && scripts/need.sh go; } || scripts/need.sh $things || { echo; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
steps+="tools "
mkdir -p bin
: >"$tmp/summary"

for i in "${!lanes[@]}"; do
  # shellcheck disable=SC2046,SC2086  # one argument a step
  lane $([ "$i" = 0 ] && echo live || echo later) ${lanes[$i]} &
  jobs+=($!)
done
wait "${jobs[@]}"
jobs=()

printf '\n'
cat "$tmp/summary"
printf '%-12s %5ss\n\n' total "$((SECONDS - began))"
cat "$tmp"/*.totals 2>/dev/null | awk '{ p += $1; f += $2; s += $3 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s }'
[ -s "$tmp/summary" ] && ! grep -q 'FAILED' "$tmp/summary"
