#!/bin/sh
# Starts, stops and watches lmqtt. See usage() below.
#
# Directories: LMQTT_HOME (default: the project's folder) and below it LMQTT_CONF_DIR, LMQTT_DATA_DIR,
# LMQTT_LOG_DIR, LMQTT_RUN_DIR. One process of each role runs in a home; several of one role run side by
# side when each has a home of its own.
set -eu

script=$0
while [ -L "$script" ]; do
  target=$(readlink "$script")
  case $target in
    /*) script=$target ;;
    *) script=$(dirname -- "$script")/$target ;;
  esac
done
root=$(CDPATH='' cd -- "$(dirname -- "$script")/.." && pwd -P)

usage() {
  cat <<'TEXT'
usage: mqtt.sh start|stop|restart|status|run|check [standalone|namesrv|lmq|gateway]
       mqtt.sh passwd [-i ITERATIONS] USER | -d USER
  start    start in the background, wait until it serves, print its addresses
  stop     close connections, save and end the process
  restart  check the configuration, stop, start
  status   print whether it runs; exit code 0 when it does, 3 when not
  run      start in the foreground
  check    check the configuration, start nothing
  passwd   add, change or (-d) remove a user in scramUsersFile; the password is asked for, or read from standard input
The default is standalone: everything in one process. namesrv (name server), lmq (store) and gateway are the
processes of a cluster, see docs/operations.md.
TEXT
}

# misused [WHAT]: what was wrong with the command line, and the right ones.
misused() {
  [ $# -eq 0 ] || printf 'lmqtt: %s\n' "$1" >&2
  usage >&2
  exit 2
}

fail() {
  printf 'lmqtt: %s\n' "$1" >&2
  exit 1
}

[ $# -ge 1 ] || misused
command=$1
role=standalone
case $command in
  passwd) ;;
  help | -h | --help)
    usage
    exit 0
    ;;
  start | stop | restart | status | run | check)
    [ $# -le 2 ] || misused "'$3' is too much"
    role=${2:-standalone}
    ;;
  *) misused "unknown command '$command'" ;;
esac
case $role in
  standalone) who=lmqtt ;;
  gateway | lmq | namesrv) who="lmqtt $role" ;;
  *) misused "unknown role '$role'" ;;
esac

home=${LMQTT_HOME:-$root}
LMQTT_CONF_DIR=${LMQTT_CONF_DIR:-$home/conf}
LMQTT_DATA_DIR=${LMQTT_DATA_DIR:-$home/data}
LMQTT_LOG_DIR=${LMQTT_LOG_DIR:-$home/logs}
LMQTT_RUN_DIR=${LMQTT_RUN_DIR:-$home/run}
export LMQTT_CONF_DIR LMQTT_DATA_DIR LMQTT_LOG_DIR LMQTT_RUN_DIR

main=$root/dist/cli/$role-main.js
pid_file=$LMQTT_RUN_DIR/$role.pid     # "pid start-time": the second field tells a reused pid
ready_file=$LMQTT_RUN_DIR/$role.ready # written by the process when it serves, key=value lines
out_file=$LMQTT_LOG_DIR/$role.out     # what the last start printed
draft=$pid_file.$$ # what this shell puts into place
child=''

START_SECONDS=${LMQTT_TEST_START_SECONDS:-60}
OTHER_START_SECONDS=300 # it may have to install and build first
STOP_SECONDS=15

# start_time PID: when that process began, in any form that no later process of the same pid has.
start_time() {
  if [ -r /proc/self/stat ]; then
    # Field 22; the command's name before it may contain spaces and parentheses.
    { sed 's/^.*) //' "/proc/$1/stat" | cut -d ' ' -f 20; } 2>/dev/null
  else
    ps -o lstart= -p "$1" 2>/dev/null | tr -d ' '
  fi
}

# is_zombie PID: ended, but its parent has not noticed.
is_zombie() {
  [ -r "/proc/$1/stat" ] && [ "$({ sed 's/^.*) //' "/proc/$1/stat" | cut -d ' ' -f 1; } 2>/dev/null)" = Z ]
}

# running "PID START-TIME": prints the pid when that process runs; fails when it has ended, or these are no such words.
running() {
  pid=${1%% *} began=${1#* }
  case $pid in '' | "$1" | *[!0-9]*) return 1 ;; esac
  [ -n "$began" ] && [ "$(start_time "$pid")" = "$began" ] && ! is_zombie "$pid" || return 1
  printf '%s\n' "$pid"
}

content() { cat "$1" 2>/dev/null; }

# running_pid: prints the pid of our process; fails when there is none (a stale file counts as none).
running_pid() { running "$(content "$pid_file")"; }

ready_value() { sed -n "s/^$1=//p" "$ready_file" 2>/dev/null; }

# is_ready PID: whether the ready file is there and of that process.
is_ready() { [ -r "$ready_file" ] && [ "$(ready_value pid)" = "$1" ]; }

print_where() {
  ready_value mqtt | while read -r address; do printf '  mqtt         %s\n' "$address"; done
  for scheme in mqtts ws wss; do
    ready_value "$scheme" | while read -r address; do printf '  %-11s  %s://%s\n' "$scheme" "$scheme" "$address"; done
  done
  ready_value namesrv | while read -r address; do printf '  name server  %s\n' "$address"; done
  ready_value rpc | while read -r address; do printf '  for nodes    %s\n' "$address"; done
  ready_value store | while read -r address; do printf '  store        %s\n' "$address"; done
  ready_value metrics | while read -r address; do printf '  metrics      http://%s/metrics\n' "$address"; done
  ready_value data | while read -r path; do printf '  data         %s\n' "$path"; done
  printf '  log          %s\n' "$(ready_value log)"
}

check_node() { sh "$root/bin/check-node.sh" || exit 1; }

# The pid file and its locks appear with their content, by ln or mv, or not at all. One that names a process which has ended
# is removed by nobody but who has its lock: a file of the same kind, called after what it names. No ended process comes back
# with its start time, so nobody can remove what has taken its place meanwhile, and the lock of a process that was killed
# is removed in the same way.

# write_draft PID: what is put into place.
write_draft() { { printf '%s %s\n' "$1" "$(start_time "$1")" >"$draft"; } 2>/dev/null; }

# take FILE: makes it this shell's; fails when somebody else runs, or is just removing what was left there.
take() {
  ln "$draft" "$1" 2>/dev/null || { discard "$1" && ln "$draft" "$1" 2>/dev/null; }
}

# discard FILE: removes it, and with the pid file the ready file, unless somebody else runs or is at it. A subshell: it comes
# back to itself through take.
discard() (
  found=$(content "$1") || return 0
  ! running "$found" >/dev/null || return 1
  name=$(printf '%s' "$found" | tr ' ' '-')
  case $name in '' | *[!0-9A-Za-z:-]*) name=unreadable ;; esac
  take "$1.$name" || return 1
  if [ "$(content "$1")" = "$found" ]; then
    [ "$1" != "$pid_file" ] || rm -f "$ready_file"
    rm -f "$1"
  fi
  rm -f "$1.$name"
)

# claim: puts this shell into the pid file, so that only one installs, builds and starts at a time; fails
# when another process is there.
claim() {
  write_draft $$ || fail "file $draft cannot be written"
  ticks=0
  until take "$pid_file" || running_pid >/dev/null || [ "$ticks" -ge 200 ]; do
    ticks=$((ticks + 1))
    sleep 0.05
  done
  rm -f "$draft"
  [ "$(running_pid || true)" = $$ ]
}

# tidy: removes what a process that has ended left behind; where that cannot be, it stays for the next start.
tidy() {
  ! write_draft $$ || discard "$pid_file" || true
  rm -f "$draft" 2>/dev/null || true
}

make_directories() {
  mkdir -p "$LMQTT_RUN_DIR" 2>/dev/null || fail "directory $LMQTT_RUN_DIR cannot be created"
  mkdir -p "$LMQTT_LOG_DIR" 2>/dev/null || fail "directory $LMQTT_LOG_DIR cannot be created"
}

# give_back: what a start that is cut off leaves. The pid file is this shell's while it names this shell.
give_back() {
  [ "$(running_pid || true)" = $$ ] || return 0
  [ -z "${child:-}" ] || kill "$child" 2>/dev/null || true
  rm -f "$pid_file" "$draft"
}

# build: with the claim, which is given back when it fails.
build() {
  trap give_back EXIT
  trap 'exit 1' INT TERM HUP
  sh "$root/bin/build.sh" || fail 'the build failed, see above'
}

# await_ready SECONDS: waits until the running process serves; fails when it has ended or the time is up.
await_ready() {
  ticks=0
  while pid=$(running_pid); do
    ! is_ready "$pid" || return 0
    ticks=$((ticks + 1))
    [ "$ticks" -le $(($1 * 20)) ] || return 1
    sleep 0.05
  done
  return 1
}

do_start() {
  check_node
  make_directories
  if claim; then
    launch
  elif await_ready "$OTHER_START_SECONDS"; then
    printf '%s is already running (pid %s)\n' "$who" "$pid"
    print_where
  else
    fail "another start is under way and did not finish, see $out_file"
  fi
}

launch() {
  build
  detach=''
  ! command -v setsid >/dev/null 2>&1 || detach=setsid
  true 2>/dev/null >"$out_file" || fail "file $out_file cannot be written"
  # shellcheck disable=SC2086 # empty where there is no setsid
  nohup $detach sh "$root/bin/node.sh" "$main" --daemon </dev/null >"$out_file" 2>&1 &
  child=$!
  # Never the file itself: who sees it empty takes it for stale, and starts another process.
  write_draft "$child" && mv -f "$draft" "$pid_file" || fail "file $pid_file cannot be written"
  trap - EXIT INT TERM HUP
  if await_ready "$START_SECONDS"; then
    printf '%s is running (pid %s)\n' "$who" "$child"
    print_where
    sed -n '/^lmqtt warns: /p' "$out_file" >&2
    return 0
  fi
  if [ "$(running_pid || true)" = "$child" ]; then
    kill_now "$child"
    reason=$(sed -n 's/^lmqtt is //p' "$out_file" | tail -n 1)
    printf 'lmqtt: not ready after %s s, killed%s; its log is in %s\n' \
      "$START_SECONDS" "${reason:+: it was $reason}" "$LMQTT_LOG_DIR" >&2
  elif grep -q '^lmqtt: ' "$out_file"; then
    # The first is the reason: what ends because of it comes after it.
    grep '^lmqtt: ' "$out_file" | head -n 1 >&2
  else
    printf 'lmqtt: the process ended; the last lines of %s:\n' "$out_file" >&2
    tail -n 20 "$out_file" >&2
  fi
  tidy
  return 1
}

do_run() {
  check_node
  make_directories
  claim || fail "already running (pid $(running_pid || echo '?'))"
  build
  exec sh "$root/bin/node.sh" "$main"
}

do_stop() {
  if ! pid=$(running_pid); then
    tidy
    echo "$who is not running"
    return 0
  fi
  stop_process
  # The start that it was has come to its end meanwhile.
  while ended=$pid && pid=$(running_pid); do stop_process; done
  tidy
  printf '%s has stopped (pid %s)\n' "$who" "$ended"
}

# stop_process: ends the process of that pid.
stop_process() {
  limit=$STOP_SECONDS
  timeout_ms=$(ready_value stopTimeoutMs) || timeout_ms='' # still starting
  [ -z "$timeout_ms" ] || limit=$((timeout_ms / 1000 + 5))
  if ! kill -TERM "$pid" 2>/dev/null && [ "$(running_pid || true)" = "$pid" ]; then
    fail "no permission to stop pid $pid: it is a process of $(stat -c %U "/proc/$pid" 2>/dev/null || echo 'another user')"
  fi
  if ! await_end "$pid" "$limit"; then
    kill_now "$pid"
    fail "pid $pid did not stop in $limit s and was killed"
  fi
}

# await_end PID SECONDS: waits until our process of that pid has ended; fails when the time is up.
await_end() {
  ticks=0
  while [ "$(running_pid || true)" = "$1" ]; do
    ticks=$((ticks + 1))
    [ "$ticks" -le $(($2 * 20)) ] || return 1
    sleep 0.05
  done
}

# kill_now PID: and removes what it leaves.
kill_now() {
  kill -KILL "$1" 2>/dev/null || true
  await_end "$1" 5 || true
  tidy
}

do_status() {
  if ! pid=$(running_pid); then
    echo "$who is not running"
    return 3
  fi
  if is_ready "$pid"; then
    printf '%s is running (pid %s)\n' "$who" "$pid"
    print_where
  else
    printf '%s is starting or stopping (pid %s)\n' "$who" "$pid"
  fi
}

# build_checked: what the build says is no answer.
build_checked() {
  check_node
  sh "$root/bin/build.sh" >&2
}

# do_check: the process itself reads and checks its configuration, and ends.
do_check() {
  build_checked
  node "$main" --check
}

# ask_password: prints what is typed twice, unseen.
ask_password() {
  trap 'stty echo; echo >&2; exit 130' INT TERM
  stty -echo
  printf 'Password: ' >&2
  IFS= read -r password || true
  printf '\nAgain: ' >&2
  IFS= read -r again || true
  printf '\n' >&2
  stty echo
  trap - INT TERM
  [ "$password" = "$again" ] || fail 'these are not the same'
  printf '%s\n' "$password"
}

# do_passwd ARGUMENT...: the password goes through a pipe, so that no list of processes shows it.
do_passwd() {
  check_node
  sh "$root/bin/build.sh" >&2
  case " $* " in *' -d '* | *' --delete '* | *' -h '* | *' --help '* | '  ') asks=no ;; *) asks=yes ;; esac
  if [ "$asks" = yes ] && [ -t 0 ]; then
    typed=$(ask_password)
    printf '%s\n' "$typed" | node "$root/dist/cli/passwd-main.js" "$@"
  else
    exec node "$root/dist/cli/passwd-main.js" "$@"
  fi
}

case $command in
  passwd)
    shift
    do_passwd "$@"
    ;;
  start) do_start ;;
  stop) do_stop ;;
  status) do_status ;;
  run) do_run ;;
  check)
    do_check
    echo "the configuration in $LMQTT_CONF_DIR is valid for $role"
    ;;
  restart)
    # One that could not start again goes on. What the check warns of the start says again.
    build_checked
    if ! said=$(node "$main" --check 2>&1); then
      printf '%s\n' "$said" >&2
      exit 1
    fi
    do_stop
    do_start
    ;;
esac
