// What a machine does before it is saved, so that its memory holds what a reader needs and little else. Scripts for its shell.

/**
 * Everything that can be had of the page cache. What a process has mapped is not dropped, though most of it was needed only
 * while it started: that is reclaimed, as if memory were short. (memory.reclaim ends with EAGAIN when it got less than was
 * asked for.)
 */
export const dropPageCache = `sync; echo 3 >/proc/sys/vm/drop_caches
  for try in 1 2 3 4; do echo 300M >/sys/fs/cgroup/memory.reclaim; done 2>/dev/null; true`;

// Page cache belongs to the cgroup that first read it. What a copy has beyond its origin was read by the cgroups that came
// after it woke up: those of the services that were started, most of whose code ran only then. (What the start script read,
// a reader is likely to type as well.)
const oldCgroups = '/run/lockstep-cgroups';
const eachCgroup = `find /sys/fs/cgroup -name memory.reclaim -printf '%i %p\\n'`;

/** In a copy, before anything is done to it. */
export const noteCgroups = `${eachCgroup} >${oldCgroups}`;

// Services read at once what they go on needing: that is waited for.
const reclaimYoungCgroups = `if [ -e ${oldCgroups} ]; then
    ${eachCgroup} | awk 'NR == FNR { old[$1]; next } !($1 in old) { print $2 }' ${oldCgroups} - | while read -r young; do
      for try in 1 2 3 4; do echo 300M >$young; done 2>/dev/null
    done
    rm ${oldCgroups}
    sleep 3
  fi`;

// Free memory holds what was in it; filled with zeros it costs nothing in the snapshot. As much of ZONE_NORMAL as can be
// had without waking kswapd, which would throw out page cache.
const zeroFill = `pages=$(awk '/zone +Normal/ { normal = 1 } normal && /pages free/ { free = $3 } normal && / high / { print free - $2 - 2048; exit }' /proc/zoneinfo)
  dd if=/dev/zero of=/dev/null bs=$((pages * 4))K count=1 status=none`;

// Who tells of drops rests until a copy is asked: the program's memory would be in each machine's snapshot. Waited for, for a while.
const restEvidence = `echo rest >/run/lockstep/questions
  for try in $(seq 50); do pgrep -x evidence >/dev/null || break; sleep 0.1; done`;

/** The last of all. The journal's new file is longer than what is written in it, and gets its pages as they are: zeros. */
export const tidyUp = `${restEvidence}
  ${reclaimYoungCgroups}
  ${zeroFill}
  journalctl --rotate -q; journalctl --vacuum-size=1 -q; dmesg -C; rm -f /root/.bash_history; sync
  ${zeroFill}`;
