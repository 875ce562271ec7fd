#!/bin/sh
# node.sh [NODE OPTION...] PROGRAM [ARGUMENT...]: becomes Node.js with the settings that a process of lmqtt wants.
# What the environment says of MALLOC_... wins, and so do options that are given.
set -eu

# The C library gives each thread memory of its own, which it hardly ever gives back: RocksDB's write buffers
# come from one thread and go from another (ADR 521).
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-1048576}"
export MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-33554432}"

# With one core or two, V8's four helper threads take the core of the thread that serves, which waits for them
# in a collection (ADR 522).
[ "$(sh "$(dirname "$0")/cores.sh")" -gt 2 ] || set -- --v8-pool-size=1 --no-parallel-scavenge "$@"

# What goes between a gateway and a store passes through memory outside of the heap, for which V8 collects all of its small
# heap three times a second: it may double first (ADR 571).
case "$*" in
  *gateway-main.js* | *lmq-main.js*) set -- --heap-growing-percent=100 "$@" ;;
esac

exec node "$@"
