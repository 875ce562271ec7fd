#!/bin/sh
# cores.sh [ROOT]: prints how many cores a process may use all of: those that it may run on, or fewer where control groups give it
# less time (docker --cpus, CPUQuota of systemd), which nproc does not know of. As src/cli/cpu-quota.ts.
# ROOT: where proc and sys are.
set -eu

root=${1:-}
# nproc takes variables of OpenMP for the machine, which are about other programs; Node.js does not look at them.
cores=$(
  unset OMP_NUM_THREADS OMP_THREAD_LIMIT
  nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 4
)

# limit QUOTA PERIOD: both in microseconds.
limit() {
  case "$1:$2" in
    *[!0-9:]* | :* | *: | *:0) return ;;
  esac
  share=$(($1 / $2))
  [ "$share" -gt 0 ] || share=1
  [ "$share" -ge "$cores" ] || cores=$share
}

# group DIRECTORY: files of either version; what is not there does not limit.
group() {
  quota='' period=''
  if [ -r "$1/cpu.max" ]; then
    read -r quota period <"$1/cpu.max" || :
  elif [ -r "$1/cpu.cfs_quota_us" ] && [ -r "$1/cpu.cfs_period_us" ]; then
    read -r quota <"$1/cpu.cfs_quota_us" || :
    read -r period <"$1/cpu.cfs_period_us" || :
  fi
  limit "$quota" "$period"
}

if [ -r "$root/proc/self/cgroup" ]; then
  while IFS=: read -r _ controllers path; do
    case ",$controllers," in
      ,,) mount=$root/sys/fs/cgroup ;;
      *,cpu,*) mount=$root/sys/fs/cgroup/cpu ;;
      *) continue ;;
    esac
    # A group gets no more than those that it is in.
    while [ -n "${path#/}" ]; do
      group "$mount$path"
      path=${path%/*}
    done
    group "$mount"
  done <"$root/proc/self/cgroup"
fi

echo "$cores"
