#!/bin/sh
# All tests, from a fresh clone on: installs what is missing, compiles, runs `npm run test:all`.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"

sh bin/check-node.sh

# The interop tests talk to the gateway through mosquitto's clients, Eclipse Paho for Python and for C, and a
# page in Chromium. Paho is looked for where Debian puts it: another python3 may come first in the PATH.
missing=''
command -v mosquitto_pub >/dev/null 2>&1 || missing="$missing mosquitto-clients"
/usr/bin/python3 -c 'import paho.mqtt.client' >/dev/null 2>&1 || missing="$missing python3-paho-mqtt"
command -v gcc >/dev/null 2>&1 || missing="$missing gcc"
[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
[ -e /usr/include/MQTTClient.h ] || missing="$missing libpaho-mqtt-dev"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
if [ -n "$missing" ]; then
  if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; then
    echo "lmqtt: installing$missing (apt-get) ..."
    DEBIAN_FRONTEND=noninteractive apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
  else
    echo "lmqtt: missing for the interop tests:$missing" >&2
    exit 1
  fi
fi

sh bin/build.sh
exec npm run --silent test:all
