#!/usr/bin/env bash
# with-postgres.sh COMMAND... : runs COMMAND with TEST_DATABASE_URL naming a PostgreSQL of its own.
#
# The server lives in a temporary directory, listens on a free port of 127.0.0.1 behind a random password, and is gone
# when the command ends, however it ends. A server that TEST_DATABASE_URL already names is used as it is.
# ZHIYIN_TEST_POSTGRES names PostgreSQL's programs, for tests that stop a server of their own.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
if [ -z "${TEST_DATABASE_URL:-}" ]; then "$root/scripts/need.sh" postgres; fi
bin=$("$root/scripts/need.sh" --pg-bin || true)
export ZHIYIN_TEST_POSTGRES=$bin
if [ -n "${TEST_DATABASE_URL:-}" ]; then exec "$@"; fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/zhiyin-pg.XXXXXX")

# PostgreSQL refuses to run as root: an account that owns nothing else does it.
as=()
if [ "$(id -u)" = 0 ]; then
  account=nobody
  id postgres >/dev/null 2>&1 && account=postgres
  chown "$account" "$dir"
  as=(runuser -u "$account" --)
  command -v runuser >/dev/null || { echo "with-postgres.sh: as root it needs runuser (Debian: util-linux)" >&2; exit 1; }
fi
run() { (cd "$dir" && "${as[@]}" "$@"); }

child=
stop() {
  trap - EXIT INT TERM
  [ -n "$child" ] && kill -TERM -- "-$child" 2>/dev/null && wait "$child" 2>/dev/null || true
  run "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '%s\n' "$password" >"$dir/password"
[ "$(id -u)" = 0 ] && chown "$account" "$dir/password"
chmod 600 "$dir/password"
# The password is random and crosses only loopback: hashing it anew for each of thousands of connections would prove nothing.
run "$bin/initdb" -D "$dir/data" -U zhiyin --pwfile="$dir/password" -A password -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 ||
  { cat "$dir/initdb.log" >&2; exit 1; }

# Durability is off: these databases die with the run, and crash tests kill our process, not this server.
# A port that another process took in the meantime makes the start fail: then the next one is tried.
port=
for _ in 1 2 3 4 5; do
  try=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
  if run "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 30 start \
    -o "-c listen_addresses=127.0.0.1 -c port=$try -c unix_socket_directories='$dir' -c max_connections=400 -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c jit=off -c shared_buffers=64MB" >/dev/null 2>&1; then
    port=$try
    break
  fi
done
[ -n "$port" ] || { echo "with-postgres.sh: PostgreSQL did not start:" >&2; tail -n 20 "$dir/server.log" >&2; exit 1; }

export TEST_DATABASE_URL="postgres://zhiyin:$password@127.0.0.1:$port/postgres?sslmode=disable"
# In a process group of its own, so that stopping this stops all of it.
set -m
"$@" &
child=$!
set +m
code=0
wait "$child" || code=$?
child=
exit $code
