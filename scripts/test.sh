#!/usr/bin/env bash
# Runs every check and every test, after installing what they need (Debian packages, a Python and a Node client).
#
#   scripts/test.sh            everything: formatting, clippy, all tests, third-party clients, PostgreSQL
#   scripts/test.sh --fast     without installing anything: formatting, clippy, tests that need no other program
#
# Environment: LINKSPAN_TEST_POSTGRES=URL uses a server of yours instead of starting a throw-away one;
# LINKSPAN_KILL_ROUNDS=200 and LINKSPAN_LONG=1 run the long forms of the tests (see CONTRIBUTING.md).
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

with_everything=true
[ "${1:-}" = "--fast" ] && with_everything=false

cleanup() { [ -n "${postgres_stop:-}" ] && eval "$postgres_stop" || true; }
trap cleanup EXIT

if $with_everything; then
  step "tools"
  # shellcheck source=scripts/test-tools.sh
  . scripts/test-tools.sh
fi

step "format"
cargo fmt --all --check

step "clippy"
cargo clippy --workspace --all-targets --locked -- -D warnings

step "tests"
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --workspace --locked
else
  cargo test --workspace --locked
fi
step "done"
