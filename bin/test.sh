#!/bin/sh
# All tests, from a fresh clone on: installs what is missing, compiles, runs `npm test`.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"

# The interop tests talk to the gateway through mosquitto's clients.
if ! command -v mosquitto_pub >/dev/null 2>&1; then
  if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; then
    echo 'lmqtt: installing mosquitto-clients (apt-get) ...'
    DEBIAN_FRONTEND=noninteractive apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mosquitto-clients >/dev/null
  else
    echo 'lmqtt: mosquitto_pub is missing: install mosquitto-clients for the interop tests' >&2
    exit 1
  fi
fi

sh bin/build.sh
exec npm test --silent
