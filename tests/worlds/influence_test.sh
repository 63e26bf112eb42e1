#!/bin/bash
# What surrounds the process has no influence on a run: the worlds program must print the same digest
# under different environments, working directories, heaps, stack limits and address space layouts,
# and at different times.
#
#   influence_test.sh WORLDS

set -u
worlds=$(readlink -f "$1")
readonly worlds
cases=0
differ=0

# The digest that a command prints at the end of its only line.
digest_of() { "$@" 2>/dev/null </dev/null | sed 's/.* //'; }

reference=$(digest_of "$worlds" --n=200 --once)
readonly reference

# expect NAME COMMAND...: its digest must be the reference's. Each at a time of its own.
expect() {
  local name=$1 digest
  shift
  sleep 0.3
  digest=$(digest_of "$@" --n=200)
  cases=$((cases + 1))
  if [[ -n $digest && $digest == "$reference" ]]; then
    echo "same: $name"
  else
    differ=$((differ + 1))
    echo "DIFFERS: $name: '$digest', not '$reference'"
  fi
}

crowded=(LANG=tr_TR.UTF-8 LC_ALL=C.UTF-8 TZ=Pacific/Chatham HOME=/nowhere TMPDIR=/nowhere)
for ((i = 0; i < 300; ++i)); do crowded+=("JUNK_$i=$(printf '%*s' $((i * 37 % 1000)) x)"); done

expect 'the same again' "$worlds" --once
expect 'an empty environment' env -i "$worlds" --once
expect 'a crowded environment' env "${crowded[@]}" "$worlds" --once
expect 'memory filled by malloc' env MALLOC_PERTURB_=165 "$worlds" --once
expect 'memory mapped piece by piece' env MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=1024 \
  MALLOC_TOP_PAD_=4096 "$worlds" --once
expect 'no cache of freed memory' env GLIBC_TUNABLES=glibc.malloc.tcache_count=0 "$worlds" --once
expect 'another stack limit' bash -c 'ulimit -S -s 1024; exec "$@"' bash "$worlds" --once
expect 'other descriptors' bash -c 'exec 7</dev/null 9>/dev/null "$@"' bash "$worlds" --once
expect 'another directory' env -C / "$worlds" --once
expect 'other worlds in between' "$worlds"
if setarch -R true 2>/dev/null; then
  expect 'a fixed address space' setarch -R "$worlds" --once
fi
echo "$cases cases, $differ differ"
exit "$((differ > 0))"
