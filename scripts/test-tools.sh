# Sourced by test.sh: installs what the tests talk to and exports where it is. Each part is skipped, with a word about
# it, where the machine cannot have it; the tests that need it then say that they were skipped.

tools_dir="${CARGO_TARGET_DIR:-target}/test-tools"
mkdir -p "$tools_dir"
tools_dir="$(cd "$tools_dir" && pwd)"

apt_install() {
  command -v apt-get >/dev/null 2>&1 || return 1
  local sudo=""
  [ "$(id -u)" -ne 0 ] && sudo="sudo"
  $sudo apt-get update -qq >/dev/null 2>&1 || true
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}

# A C compiler for SQLite and ring.
command -v cc >/dev/null 2>&1 || apt_install gcc libc6-dev

# PostgreSQL: a throw-away cluster on a free port, unless the caller brings one.
start_postgres() {
  local bin
  bin="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)"
  if [ -z "$bin" ] || [ ! -x "$bin/initdb" ]; then
    apt_install postgresql || return 1
    bin="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)"
  fi
  [ -x "$bin/initdb" ] || return 1
  local data port as=""
  data="$(mktemp -d)"
  port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
  if [ "$(id -u)" -eq 0 ]; then
    chown postgres "$data"
    as="runuser -u postgres --"
  fi
  (cd / && $as "$bin/initdb" -D "$data/cluster" -U postgres -A trust --no-sync >/dev/null) || return 1
  (cd / && $as "$bin/pg_ctl" -D "$data/cluster" -w -l "$data/log" -o "-p $port -k $data -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300" start >/dev/null) || return 1
  postgres_stop="(cd / && $as '$bin/pg_ctl' -D '$data/cluster' -m immediate stop >/dev/null); rm -rf '$data'"
  export LINKSPAN_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
}
if [ -z "${LINKSPAN_TEST_POSTGRES:-}" ]; then
  start_postgres || echo "no PostgreSQL here: its tests say that they are skipped"
fi

# Python: clients that other people wrote, and the generator that makes a client from our own OpenAPI document.
if python3 -m venv --help >/dev/null 2>&1; then
  if ! cmp -s tests/clients/requirements.txt "$tools_dir/requirements.installed"; then
    { [ -x "$tools_dir/python/bin/python" ] || python3 -m venv "$tools_dir/python" || apt_install python3-venv && python3 -m venv "$tools_dir/python"; } &&
      "$tools_dir/python/bin/pip" install --quiet --disable-pip-version-check -r tests/clients/requirements.txt &&
      cp tests/clients/requirements.txt "$tools_dir/requirements.installed"
  fi
  [ -x "$tools_dir/python/bin/python" ] && export LINKSPAN_TEST_PYTHON="$tools_dir/python/bin/python"
fi

# Node: the same for jira.js.
if ! command -v npm >/dev/null 2>&1; then apt_install nodejs npm || true; fi
if command -v npm >/dev/null 2>&1; then
  if ! cmp -s tests/clients/package-lock.json "$tools_dir/node/package-lock.json"; then
    mkdir -p "$tools_dir/node"
    cp tests/clients/package.json tests/clients/package-lock.json "$tools_dir/node/"
    (cd "$tools_dir/node" && npm ci --silent --no-audit --no-fund) || rm -f "$tools_dir/node/package-lock.json"
  fi
  [ -d "$tools_dir/node/node_modules" ] && export LINKSPAN_TEST_NODE_MODULES="$tools_dir/node/node_modules"
fi
