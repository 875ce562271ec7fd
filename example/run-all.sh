#!/bin/sh
# Starts a gateway on free ports and temporary directories, runs every example against it, and stops
# it. Exit code 0 when every example did what it says. This is what CI runs: npm run examples
set -eu

home=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
work=$(mktemp -d)
children=''
failures=0

free_port() {
  node -e "
    const server = require('node:net').createServer();
    server.listen(0, '127.0.0.1', () => { console.log(server.address().port); server.close(); });"
}

# Every LMQTT_… variable of the caller goes, so that the gateways below have defaults.
for name in $(env | sed -n 's/^\(LMQTT_[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done
export LMQTT_CONF_DIR="$work/conf" LMQTT_DATA_DIR="$work/data"
export LMQTT_LOG_DIR="$work/logs" LMQTT_RUN_DIR="$work/run"
export host=127.0.0.1 topic=topic1
unset username password port namesrv

clean_up() {
  status=$?
  trap - EXIT
  for child in $children; do kill "$child" 2>/dev/null || true; done
  sh "$home/bin/mqtt.sh" stop >/dev/null 2>&1 || true
  if [ "$status" -ne 0 ] && [ -d "$work/logs" ]; then tail -n 30 "$work"/logs/* >&2 || true; fi
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

start_gateway() {
  port=$(free_port)
  namesrv_port=$(free_port)
  namesrv=127.0.0.1:$namesrv_port
  export port namesrv
  export LMQTT_CONNECT_MQTT_PORT="$port" LMQTT_NAMESRV_LISTEN_PORT="$namesrv_port"
  sh "$home/bin/mqtt.sh" start
}

example() {
  name=$1
  shift
  node --import=ts-blank-space/register "$home/example/$name.ts" "$@"
}

# run NAME ARGUMENTS…: an example that must succeed
run() {
  echo "--- $*"
  if example "$@"; then echo "ok: $*"; else fail "$*"; fi
}

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# listen FILE NAME ARGUMENTS…: starts a consumer and returns when it has subscribed $1 times
listen() {
  subscriptions=$1
  shift
  example "$@" >"$work/$1.out" 2>&1 &
  child=$!
  children="$children $child"
  tries=0
  while [ "$(grep -c ' subscribed to ' "$work/$1.out" || true)" -lt "$subscriptions" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$child" 2>/dev/null; then break; fi
    sleep 0.1
  done
}

# heard NAME PROCESS: waits for a consumer and shows what it printed
heard() {
  echo "--- $1"
  if wait "$2"; then result=ok; else result=FAILED; fi
  cat "$work/$1.out"
  if [ "$result" = ok ]; then echo "ok: $1"; else fail "$1"; fi
}

messages() {
  listen 1 consumer
  consumer=$child
  listen 2 wildcard-consumer
  wildcard_consumer=$child
  run producer
  heard consumer "$consumer"
  heard wildcard-consumer "$wildcard_consumer"
  run p2p
  run persistent-consumer
}

echo "=== anonymous on loopback"
start_gateway
messages
sh "$home/bin/mqtt.sh" stop

echo "=== with username and secretKey"
export LMQTT_SERVICE_USERNAME=lmqtt LMQTT_SERVICE_SECRET_KEY=secret
export username=lmqtt password=secret
start_gateway
messages
echo "--- the backlog survives kill -9 of the gateway"
run persistent-consumer subscribe
run persistent-consumer send
read -r gateway _ <"$LMQTT_RUN_DIR/standalone.pid"
kill -9 "$gateway"
sh "$home/bin/mqtt.sh" start
run persistent-consumer receive
echo "--- a wrong secret key is refused"
if (export password=wrong && example producer); then fail 'wrong secret key'; else echo 'ok: refused'; fi
sh "$home/bin/mqtt.sh" stop

echo "=== closed gateway"
rm -rf "$work/data"
export LMQTT_CONNECT_AUTO_CREATE_TOPIC=false LMQTT_CONNECT_AUTO_CREATE_WILDCARD=false
start_gateway
run closed-gateway
sh "$home/bin/mqtt.sh" stop

echo "=== a gateway inside a program"
echo "--- library"
if node "$home/example/library/gateway.js"; then echo 'ok: library'; else fail 'library'; fi

echo "=== a cluster"
echo "--- cluster"
if sh "$home/example/cluster/run.sh"; then echo 'ok: cluster'; else fail 'cluster'; fi

if [ "$failures" -ne 0 ]; then
  echo "$failures examples FAILED"
  exit 1
fi
echo "all examples passed"
