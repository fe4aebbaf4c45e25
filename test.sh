#!/usr/bin/env bash
# Everything CI checks, in the order in which it fails fastest. `./test.sh` needs Rust and a C compiler; Node, Python and
# Chromium for the pages and the outside tools, which it installs into the checkout, or with apt-get when it is root.
set -euo pipefail
cd "$(dirname "$0")"
step() { printf '\n== %s\n' "$*"; "$@"; }

if ! command -v cc >/dev/null; then # SQLite is compiled from its source
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -qq -y gcc libc6-dev
  else
    echo 'a C compiler is needed to build SQLite: install gcc or clang' >&2
    exit 1
  fi
fi

step cargo fmt --all --check
step cargo clippy --workspace --all-targets --locked -- -D warnings
RUSTDOCFLAGS='-D warnings' step cargo doc --workspace --no-deps --locked --quiet
step npm --prefix web ci --silent
step npm --prefix web test --silent
step npm --prefix web run build --silent
step cargo build --workspace --locked
step cargo test --workspace --locked
step cargo run --quiet --locked -- docs --check
step cargo run --quiet --locked -- fmt --check syncs examples
step cargo run --quiet --locked -- check examples/clubs
step tests/schemathesis/run
step tests/browser/run
echo 'all good'
