# shellcheck shell=bash
# Processes by pid, locks, and waiting. Sourced by cluster; $dir is the folder of the cluster.

say() { echo "cluster: $*"; }

fail() {
    echo "cluster: $*" >&2
    exit 1
}

# lock FILE: waits until this process alone holds FILE, on descriptor 9. The file goes with unlock, so whoever waited
# for it looks again whether what it got is still the file of that name.
lock() {
    local waiting=
    while :; do
        exec 9>"$1"
        if ! flock -n 9; then
            [ "$waiting" ] || say "another command works on this cluster, waiting for it"
            waiting=1
            flock 9
        fi
        [ "$(stat -Lc %i /proc/self/fd/9)" = "$(stat -c %i "$1" 2>/dev/null)" ] && return
    done
}

unlock() {
    rm -f "$1"
    exec 9>&-
}

# When process $1 was started, in ticks since boot; nothing and failure for one that is gone. A zombie is gone once its
# other threads are: until then they hold its ports.
started() {
    local stat tasks
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    read -ra stat <<<"${stat##*) }"
    tasks=(/proc/"$1"/task/*)
    [ "${stat[0]}" != Z ] || [ ${#tasks[@]} -gt 1 ] || return 1
    echo "${stat[19]}"
}

# What runs the commands of parts, and forks to do it: nothing, unless the mode sets it.
inside=()

# Prints the pid of the one child of process $1, or $1 if that ended without one.
child_of() {
    local child=
    until [ "$child" ]; do
        { read -r child _ <"/proc/$1/task/$1/children"; } 2>/dev/null || started "$1" >/dev/null || child=$1
    done
    echo "$child"
}

# spawn PART COMMAND...: runs COMMAND in a session of its own, its pid and start time in pids/PART.
spawn() {
    local part=$1 pid
    shift
    echo "--- $(date -u +%FT%TZ) $*" >>"$dir/logs/$part.log"
    setsid "${inside[@]}" "$@" </dev/null >>"$dir/logs/$part.log" 2>&1 9>&- &
    pid=$!
    [ ${#inside[@]} = 0 ] || pid=$(child_of $pid)
    echo "$pid $(started $pid || true)" >"$dir/pids/$part"
}

# Prints the pid of a part that runs; fails if it does not. A pid that was given to another process since is not it.
pid_of() {
    local pid start
    [ -f "$dir/pids/$1" ] && read -r pid start <"$dir/pids/$1" || return 1
    [ "$start" ] && [ "$(started "$pid")" = "$start" ] && echo "$pid"
}

gone() { ! pid_of "$1" >/dev/null; }

# end PART [SIGNAL]: stops a part and waits until it is gone; one that ignores SIGTERM for 10 s is killed.
end() {
    local part=$1 pid deadline=$((SECONDS + 10))
    if pid=$(pid_of "$part"); then
        kill "-${2:-TERM}" "$pid" 2>/dev/null || true
        until gone "$part"; do
            [ $SECONDS -lt $deadline ] || kill -KILL "$pid" 2>/dev/null || true
            sleep 0.02
        done
    fi
    rm -f "$dir/pids/$part"
}

# A part that was started and is gone stops whatever waits for it, with the end of its log.
no_part_died() {
    local file part
    for file in "$dir"/pids/*; do
        part=${file##*/}
        if [ ! -e "$file" ] || pid_of "$part" >/dev/null; then continue; fi
        echo "cluster: $part of cluster $name died; the end of its log:" >&2
        tail -n 15 "$dir/logs/$part.log" >&2
        exit 1
    done
}

# wait_for SECONDS WHAT COMMAND...: until COMMAND succeeds.
wait_for() {
    local deadline=$((SECONDS + $1)) what=$2 seconds=$1
    shift 2
    until "$@" >/dev/null 2>&1; do
        no_part_died
        [ $SECONDS -lt $deadline ] || fail "waited $seconds s in vain for $what; logs are in $dir/logs"
        sleep 0.05
    done
}

# Prints a port between 20000 and 32000 (below those that outgoing connections take) that nobody listens on and that
# no other cluster was given.
free_port() {
    local port hex
    while :; do
        port=$((20000 + RANDOM % 12000))
        hex=$(printf %04X $port)
        grep -qs ":$hex [0-9A-F]*:[0-9A-F]* 0A" /proc/net/tcp /proc/net/tcp6 && continue
        grep -qsx "[a-z_]*=$port" "$clusters"/*/ports || break
    done
    echo $port
}

# choose_ports NAME...: writes the file ports, name=port a line. One cluster at a time, so that none takes another's.
choose_ports() {
    local name
    exec 8>>"$clusters/.ports"
    flock 8
    for name; do
        echo "${name}_port=$(free_port)" >>"$dir/ports"
    done
    rm -f "$clusters/.ports"
    exec 8>&-
}
