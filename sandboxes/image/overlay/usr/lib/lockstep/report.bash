# shellcheck shell=bash
# What the kernel says of its network, and Docker of its containers, as one line of JSON: whole each time, never a
# difference. "ip monitor" and Docker's events only say that something may have changed. Part of the agent, which has
# say, $state and $docker.
#
# What iproute2 and the runtimes say goes out as it came; the page reads it (src/topology/parse-report.ts). The texts have the
# record separator between them (RFC 7464), so that one which cannot be read costs the others nothing.

# A reader's locale may write 1,5 for 1.5, and count letters instead of bytes.
LC_ALL=C
separator=$'\x1e'

# iproute2 writes control characters in names as they are, which is not JSON, though the kernel allows most of them.
json_safe() { # TEXT
  local code
  REPLY=$1
  while [[ $REPLY =~ [[:cntrl:]] ]]; do
    printf -v code '\\u%04x' "'${BASH_REMATCH[0]}"
    REPLY=${REPLY//"${BASH_REMATCH[0]}"/"$code"}
  done
}

# Hundredths of a second since the machine was started: "date -s" does not move them.
uptime() {
  read -r REPLY _ </proc/uptime
  REPLY=$((10#${REPLY/./}))
}

# Docker is asked only when it runs: its socket would start it again behind the back of a reader who stopped it.
docker_up() { [[ -e /run/docker.pid ]]; }

# What costs here is processes (10 ms each, ip four times that; curl would spend half a second on finding its libraries)
# and reading from pipes, which bash does byte by byte: answers go through files. Docker's body is one line.
get() {
  printf 'GET %s HTTP/1.0\r\n\r\n' "$1" | nc -U -w 5 $docker >$state/body 2>/dev/null
  mapfile -t body <$state/body && [[ ${body[-1]:-} == \[* ]] && json_safe "${body[-1]}"
}

# A daemon that is too busy to answer is asked once more after 2 s, then 4, 8, …: nothing may happen that makes us ask.
containers='[]' networks='[]' again=0 patience=200
ask_docker() { # [networks]
  local body
  again=0
  docker_up || { containers='[]' networks='[]'; return 0; }
  if get /containers/json && containers=$REPLY && { [[ -z ${1:-} ]] || { get /networks && networks=$REPLY; }; }; then
    patience=200
  else
    uptime
    again=$((REPLY + patience)) patience=$((patience * 2))
  fi
}

# Pods and their containers, where a containerd answers to CRI and there is something to ask it with. crictl is a large
# program: it is run only when namespaces or containers have changed.
cri=''
ask_cri() {
  local pods=() inside=()
  cri=''
  [[ -S /run/containerd/containerd.sock ]] && type -P crictl >/dev/null || return 0
  local runtime=unix:///run/containerd/containerd.sock
  crictl -r $runtime -i $runtime -t 5s pods -o json >$state/pods 2>/dev/null || return 0
  crictl -r $runtime -i $runtime -t 5s ps -o json >$state/inside 2>/dev/null || return 0
  mapfile -t pods <$state/pods
  mapfile -t inside <$state/inside
  json_safe "{\"cri\":{\"pods\":${pods[*]},\"containers\":${inside[*]}}}"
  cri=$separator$REPLY
}

# Every network namespace that a process lives in or that has a name, and whose they are. What stays as it was is kept:
#   text[INODE] its links and routes   owner[INODE] its part of the report before them   nsids[NSID] the inode
declare -A text=() owner=() nsids=() groups=()
root_inode=$(busybox stat -L -c %i /proc/1/ns/net) processes=''

look_around() {
  local -A pids=() names=() found=()
  local inode path pid line id
  # Half of all processes are the kernel's own, and most others live in the machine's own namespace.
  busybox stat -L -c '%i %n' /proc/[0-9]*/ns/net /run/netns/* 2>/dev/null | busybox grep -v "^$root_inode " >$state/spaces
  processes='' owner=()
  while read -r inode path; do
    # A name with a line break in it makes lines that are none of ours.
    [[ $inode =~ ^[0-9]+$ && $path =~ ^(/proc/[0-9]+/ns/net$|/run/netns/.) ]] || continue
    if [[ $path == /run/* ]]; then
      names[$inode]=${path##*/}
      continue
    fi
    pid=${path#/proc/} pid=${pid%%/*}
    pids[$inode]+="${pids[$inode]:+,}$pid"
    # The last component of a Docker container's cgroup is its id.
    id=${groups[$inode/$pid]:-}
    if [[ -z $id ]]; then
      line='' && read -r line 2>/dev/null <"/proc/$pid/cgroup"
      id=${line##*[/-]} id=${id%.scope}
      [[ ${#id} -eq 64 ]] && groups[$inode/$pid]=$id || id=''
    fi
    [[ -z $id || -n ${found[$id]:-} ]] || { found[$id]=1 processes+=",\"$id\":$pid"; }
  done <$state/spaces
  for inode in "${!pids[@]}" "${!names[@]}"; do
    [[ -z ${owner[$inode]:-} ]] || continue
    id=${names[$inode]:-} pid=${pids[$inode]:-} pid=${pid%%,*}
    owner[$inode]="\"inode\":$inode,\"pid\":${pid:-0},\"pids\":[${pids[$inode]:-}],\"name\":\"${id//[^A-Za-z0-9_.:-]/_}\""
    [[ -z ${text[$inode]:-} ]] || continue
    # The kernel tells what happens in a namespace only when it has a number for it here.
    [[ -z $id ]] || ip netns set "$id" auto 2>/dev/null
    read_space "$inode" "${pid:+/proc/$pid/ns/net}" "/run/netns/$id"
  done
  for inode in "${!text[@]}"; do [[ -n ${owner[$inode]:-} || $inode == "$root_inode" ]] || unset "text[$inode]"; done
}

# iproute2 prints a JSON array a line.
read_space() { # INODE PATH [OTHER-PATH]
  local lines=()
  if [[ $1 == "$root_inode" ]]; then
    ip -j -d -b /usr/lib/lockstep/report.batch >$state/space 2>/dev/null
  else
    busybox nsenter --net="${2:-$3}" /bin/ip -j -d -b /usr/lib/lockstep/report.batch >$state/space 2>/dev/null
  fi
  mapfile -t lines <$state/space
  [[ ${#lines[@]} -ge 2 && ${lines[0]} == \[*\] && ${lines[1]} == \[*\] ]] || return 0
  json_safe "\"links\":${lines[0]},\"routes\":${lines[1]}"
  text[$1]=$REPLY
}

report() {
  local now=$EPOCHREALTIME all inode
  # Where seconds have 32 bits, the clock of a machine in the year 2100 cannot be told.
  [[ $now =~ ^[0-9]+\.[0-9]+$ ]] || now=0
  read_space "$root_inode"
  all="{\"namespaces\":[{\"inode\":$root_inode,\"pid\":1,\"pids\":[1],\"name\":\"\",\"nsid\":-1,${text[$root_inode]:-"\"links\":[],\"routes\":[]"}}]}"
  for inode in "${!owner[@]}"; do
    [[ -z ${text[$inode]:-} ]] || all+="$separator{\"namespaces\":[{${owner[$inode]},\"nsid\":-1,${text[$inode]}}]}"
  done
  all="{\"time\":$now,\"processes\":{${processes#,}}}$separator$all"
  say "report $all$separator{\"docker\":{\"containers\":$containers,\"networks\":$networks}}$cri"
}

# One line on the pipe for each thing that may have changed.
watch_kernel() { exec ip -o monitor link address route nsid all-nsid 3>&-; }

watch_docker() {
  local filters='%7B%22event%22%3A%5B%22create%22%2C%22start%22%2C%22die%22%2C%22rename%22%2C%22pause%22%2C%22unpause%22%2C%22connect%22%2C%22disconnect%22%2C%22destroy%22%5D%7D' event
  # A pipe that never ends: nc goes on listening for as long as Docker speaks.
  mkfifo $state/question
  exec 5<>$state/question
  while :; do
    if docker_up; then
      printf 'GET /events?filters=%s HTTP/1.0\r\n\r\n' "$filters" >&5
      echo networks
      while read -r event; do
        case $event in
          *'"Type":"network"'*) echo networks ;;
          *'"status":"create"'*) ;;
          *) echo containers ;;
        esac
      done < <(exec nc -U $docker <&5 2>/dev/null)
      echo networks
    fi
    sleep 2
  done 3>&-
}

# Which namespace a line of the monitor is about; iproute2 marks what happened in another one with its nsid, and a veth
# with the numbers of both its ends, by which the namespace is known again.
inode_of() { # NSID LINE
  local inode
  if [[ -z ${nsids[$1]:-} && $2 =~ \]([0-9]+):\ [^\ ]*@if([0-9]+): ]]; then
    for inode in "${!owner[@]}"; do
      [[ ${text[$inode]:-} != *"\"ifindex\":${BASH_REMATCH[1]},\"link_index\":${BASH_REMATCH[2]},"* ]] || nsids[$1]=$inode
    done
  fi
  REPLY=${nsids[$1]:-}
}

reporter() {
  local line inode ask look end
  local -A stale=()
  ask_docker networks
  look_around
  ask_cri
  report
  while :; do
    if ! read -r -t 0.4 line; then
      # A namespace that gets a name makes no sound; its folder is younger than our last look.
      uptime
      if ((again > 0 && REPLY > again)); then
        line=networks
      elif [[ /run/netns -nt $state/spaces ]]; then
        line=namespaces
      else
        continue
      fi
    fi
    ask='' look='' stale=()
    uptime
    end=$((REPLY + 25))
    # Changes come in swarms (one "docker run" makes thirty): wait until a swarm has passed, but not for long.
    while :; do
      case $line in
        networks) ask=networks look=1 ;;
        containers | namespaces) ask=${ask:-$line} look=1 ;;
        *'Deleted nsid '*)
          line=${line##*nsid } look=1
          unset "nsids[${line%% *}]"
          ;;
        '[nsid current]nsid '*) look=1 ;;
        '[nsid current]'*) ;;
        '[nsid '*)
          look=1 inode=${line#'[nsid '}
          inode_of "${inode%%]*}" "$line"
          # One that is not known again yet may be any of those that are not.
          if [[ -n $REPLY ]]; then
            stale[$REPLY]=1
          else
            for inode in "${!owner[@]}"; do [[ " ${nsids[*]} " == *" $inode "* ]] || stale[$inode]=1; done
          fi
          ;;
      esac
      uptime
      ((REPLY < end)) && read -r -t 0.06 line || break
    done
    [[ -z $ask || $ask == namespaces ]] || ask_docker "${ask#containers}"
    for inode in "${!stale[@]}"; do unset "text[$inode]"; done
    [[ -z $look ]] || { look_around && ask_cri; }
    report
  done
}
