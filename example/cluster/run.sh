#!/bin/sh
# A cluster on one machine: a name server, two stores that topics are spread over and two gateways, each a process of its
# own, and a producer and consumers at different gateways; later a third store. Everything is on free ports and in a temporary directory, and is gone afterwards.
# Exit code 0 when every consumer has got every message.
set -eu

home=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
work=$(mktemp -d)
consumers=''

free_port() {
  node -e "
    const server = require('node:net').createServer();
    server.listen(0, '127.0.0.1', () => { console.log(server.address().port); server.close(); });"
}

# Every LMQTT_… variable of the caller goes, so that the nodes below have defaults.
for name in $(env | sed -n 's/^\(LMQTT_[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done
unset username password port host topic

# node NAME COMMAND ROLE: each node has a home of its own
node_do() { LMQTT_HOME="$work/$1" sh "$home/bin/mqtt.sh" "$2" "$3"; }

clean_up() {
  status=$?
  trap - EXIT
  for child in $consumers; do kill "$child" 2>/dev/null || true; done
  for gateway in g1 g2; do node_do "$gateway" stop gateway >/dev/null 2>&1 || true; done
  for store in store-a store-b store-c; do node_do "$store" stop lmq >/dev/null 2>&1 || true; done
  node_do namesrv stop namesrv >/dev/null 2>&1 || true
  if [ "$status" -ne 0 ]; then tail -n 20 "$work"/*/logs/* >&2 || true; fi
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

namesrv_port=$(free_port)
# The same for all nodes; here in the environment, else in conf/cluster.conf of each.
export LMQTT_CLUSTER_NAMESRV_ADDR="127.0.0.1:$namesrv_port"
export LMQTT_CLUSTER_TOKEN='example of a token'
export LMQTT_NAMESRV_LISTEN_PORT=0 LMQTT_NAMESRV_RPC_PORT="$namesrv_port" LMQTT_LMQ_LISTEN_PORT=0

node_do namesrv start namesrv
for store in store-a store-b; do LMQTT_LMQ_BROKER_NAME="$store" node_do "$store" start lmq; done
admin_address=$(sed -n 's/^namesrv=//p' "$work/namesrv/run/namesrv.ready")
printf '%s\n' "$LMQTT_CLUSTER_TOKEN" >"$work/token"

# admin COMMAND ARGUMENTS…: the admin tool
admin() {
  command=$1
  shift
  sh "$home/bin/mqadmin" "$command" -n "$admin_address" "$@" --tokenFile "$work/token"
}

# registered STORE: returns when the name server knows the store
registered() {
  tries=0
  until sh "$home/bin/mqadmin" clusterList -n "$admin_address" | grep -q " $1 "; do
    tries=$((tries + 1))
    if [ "$tries" -gt 50 ]; then echo "$1 does not register" >&2; exit 1; fi
    sleep 0.2
  done
}

registered store-a
registered store-b
admin foundStores -b store-a,store-b
port1=$(free_port)
LMQTT_CLUSTER_NODE_NAME=g1 LMQTT_CONNECT_MQTT_PORT="$port1" node_do g1 start gateway
port2=$(free_port)
LMQTT_CLUSTER_NODE_NAME=g2 LMQTT_CONNECT_MQTT_PORT="$port2" node_do g2 start gateway

# example PORT NAME ARGUMENTS…: runs an example against the gateway at that port
example() {
  gateway_port=$1
  name=$2
  shift 2
  port=$gateway_port node --import=ts-blank-space/register "$home/example/$name.ts" "$@"
}

# listen PORT NAME SUBSCRIPTIONS: starts a consumer and returns when it has subscribed
listen() {
  example "$1" "$2" --timeout 60 >"$work/$2.out" 2>&1 &
  child=$!
  consumers="$consumers $child"
  tries=0
  while [ "$(grep -c ' subscribed to ' "$work/$2.out" || true)" -lt "$3" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ] || ! kill -0 "$child" 2>/dev/null; then break; fi
    sleep 0.1
  done
}

echo "--- consumers at both gateways, the producer at the first"
listen "$port2" consumer 1
consumer=$child
listen "$port1" wildcard-consumer 2
wildcard_consumer=$child
example "$port1" producer
wait "$consumer"
sed 's/^/at g2: /' "$work/consumer.out"
wait "$wildcard_consumer"
sed 's/^/at g1: /' "$work/wildcard-consumer.out"

echo "--- a session that is made at the first gateway and comes back at the second"
example "$port1" persistent-consumer subscribe
example "$port1" persistent-consumer send
node_do g1 stop gateway
example "$port2" persistent-consumer receive
consumers=''

echo "--- a third store is added, and topics go there too"
LMQTT_LMQ_BROKER_NAME=store-c node_do store-c start lmq
registered store-c
admin addStore -b store-c
admin storeList
listen "$port2" consumer 1
consumer=$child
example "$port2" producer
wait "$consumer"
consumers=''
echo "ok: cluster"
