#!/usr/bin/env bash
# need.sh THING... : makes sure that each tool is there.
#
# Things: go gcc node postgres chromium fonts. On Debian or Ubuntu as root what is missing is installed with apt-get;
# elsewhere everything missing is named at once, with the way to get it, and the exit code is 1.
set -euo pipefail
cd "$(dirname "$0")/.."

go_version() { awk '$1 == "go" { print $2; exit }' go.mod; }

pg_bin() {
  local d
  for d in "$(pg_config --bindir 2>/dev/null || true)" $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) \
    /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
    if [ -n "$d" ] && [ -x "$d/initdb" ] && [ -x "$d/pg_ctl" ]; then echo "$d"; return 0; fi
  done
  d=$(command -v initdb || true)
  [ -n "$d" ] && command -v pg_ctl >/dev/null && dirname "$(readlink -f "$d")"
}

node_ok() { # Vite needs 20.19 or 22.12 and later
  command -v node >/dev/null && command -v npm >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)'
}

have() {
  case $1 in
    go) command -v go >/dev/null ;;
    gcc) command -v "${CC:-gcc}" >/dev/null || command -v cc >/dev/null ;;
    node) node_ok ;;
    postgres) [ -n "$(pg_bin)" ] ;;
    chromium) [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ;;
    fonts) command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh 2>/dev/null | head -n 1)" ] ;;
    *) echo "need.sh: unknown thing $1" >&2; exit 2 ;;
  esac
}

packages() {
  case $1 in
    gcc) echo gcc libc6-dev ;;
    node) if command -v node >/dev/null && node -e 'process.exit(0)' && ! command -v npm >/dev/null; then echo npm; else echo nodejs npm; fi ;;
    postgres) echo postgresql ;;
    chromium) echo chromium ;;
    fonts) echo fontconfig fonts-noto-cjk ;;
  esac
}

advice() {
  case $1 in
    go) echo "go: Go $(go_version) or later, from https://go.dev/dl/" ;;
    gcc) echo "gcc: a C compiler for race builds (Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install)" ;;
    node) echo "node: Node 20.19+, 22.12+ or later, with npm, from https://nodejs.org/ (found: $(node --version 2>/dev/null || echo none))" ;;
    postgres) echo "postgresql: server programs initdb and pg_ctl, 15 or later (Debian: apt-get install postgresql; macOS: brew install postgresql@17)" ;;
    chromium) echo "chromium: a browser for the page tests (Debian: apt-get install chromium; or set CHROMIUM=/path/to/chrome)" ;;
    fonts) echo "fonts: a Chinese font, for honest screenshots (Debian: apt-get install fonts-noto-cjk)" ;;
  esac
}

if [ "${1:-}" = --pg-bin ]; then pg_bin; exit; fi

missing=()
for t in "$@"; do have "$t" || missing+=("$t"); done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  want=()
  # shellcheck disable=SC2207  # package names hold no spaces
  for t in "${missing[@]}"; do want+=($(packages "$t")); done
  if [ ${#want[@]} -gt 0 ]; then
    echo "installing: ${want[*]}"
    log=$(mktemp)
    if ! { DEBIAN_FRONTEND=noninteractive apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${want[@]}"; } >"$log" 2>&1; then
      tail -n 20 "$log" >&2
    fi
    rm -f "$log"
  fi
fi

left=0
for t in "${missing[@]}"; do
  if ! have "$t"; then
    [ $left -eq 0 ] && echo "missing here:" >&2
    echo "  $(advice "$t")" >&2
    left=1
  fi
done
exit $left
