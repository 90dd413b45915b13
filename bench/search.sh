#!/usr/bin/env bash
# Loads 1,000,000 messages into a fresh database and prints how long searches take (docs/search.md). Another number
# may be given; TEST_DATABASE_URL names a server to use instead of one of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
bench=(cargo run --quiet --package shared --features testing --example bench-search -- "$@")
if [[ -n ${TEST_DATABASE_URL:-} ]]; then
  exec "${bench[@]}"
else
  exec dev/node dev/with-stack.mjs --only postgres -- "${bench[@]}"
fi
