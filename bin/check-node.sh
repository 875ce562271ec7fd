#!/bin/sh
# Says so, and fails, when there is no Node.js or it is too old.
set -eu

fail() {
  printf 'lmqtt: %s\n' "$1" >&2
  exit 1
}

command -v node >/dev/null 2>&1 || fail 'node is not installed: Node.js 20.19 or newer is needed'
version=$(node -p process.versions.node)
major=${version%%.*}
rest=${version#*.}
minor=${rest%%.*}
if [ "$major" -lt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -lt 19 ]; }; then
  fail "Node.js $version is too old: 20.19 or newer is needed"
fi
