#!/bin/sh
# Installs the dependencies and compiles src/ to dist/ where either is missing or out of date.
# Does nothing, and says nothing, when everything is current.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"

is_newer() { # is_newer STAMP PATH...: whether anything below a path is newer than the stamp file
  stamp=$1
  shift
  [ ! -e "$stamp" ] || [ -n "$(find "$@" -newer "$stamp" -print 2>/dev/null | head -n 1)" ]
}

# An installed package ships dist/ without src/: there is nothing to do.
[ -d src ] || exit 0

# What npm ci last installed here. A lockfile that was only touched must not cost a reinstall, since
# npm ci empties node_modules under whatever runs from it.
installed=node_modules/.installed-lock.json
if is_newer node_modules/.package-lock.json package-lock.json && ! cmp -s package-lock.json "$installed"; then
  if [ -L node_modules ]; then
    echo 'lmqtt: node_modules is a link and out of date: run npm ci where it leads' >&2
    exit 1
  fi
  echo 'lmqtt: installing dependencies (npm ci) ...'
  npm ci --include=dev --no-audit --no-fund --loglevel=error
  cp package-lock.json "$installed"
fi

if is_newer dist/.built src package.json tsconfig.json tsconfig.build.json; then
  echo 'lmqtt: compiling (npm run build) ...'
  # Compiled beside and swapped in, so that a failed or concurrent build leaves no half of one.
  next="dist.$$"
  trap 'rm -rf "$next"' EXIT
  npm run --silent build -- --outDir "$next" >&2
  : >"$next/.built"
  rm -rf dist
  mv "$next" dist
fi
