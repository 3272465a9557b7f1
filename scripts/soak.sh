#!/usr/bin/env bash
# soak.sh LIMIT [DAYS YEAR] : lives two simulated operations side by side, with the platform attached and following the clock,
# and fails when one of them has a problem or is not over within LIMIT: DAYS (90) of 3,000 customers and 8 members of staff,
# and YEAR (365) days of 300 customers and 3 members. What is judged is in soak-days.mjs.
#
# Their data lie in memory where there is room: how data outlive a loss of power is the matter of `make soak-faults`.
set -euo pipefail
cd "$(dirname "$0")/.."
limit=${1:-20m}
shm=/dev/shm
if [ -z "${TMPDIR:-}" ] && [ -w $shm ] && [ "$(df --output=avail -k $shm | tail -1)" -gt 4000000 ]; then export TMPDIR=$shm; fi

# Strangers come in proportion to the shop: at pace 0.1 about 50 a day, at 0.01 about 5; and so do those who say stop.
node scripts/soak-days.mjs "${2:-90}" "$limit" --customers 3000 --staff 8 --pace 0.1 --stops 3 &
season=$!
node scripts/soak-days.mjs "${3:-365}" "$limit" --customers 300 --staff 3 --groups 3 --pace 0.01 --stops 0.2 &
year=$!
trap 'kill $season $year 2>/dev/null || true' EXIT
failed=0
wait $season || failed=1
wait $year || failed=1
exit $failed
