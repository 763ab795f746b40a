# shellcheck shell=bash
# What the agent's cases are written in: servers, and saying what is wanted. Sourced by run, which says $root and $work.
# shellcheck disable=SC2154,SC2034 # binaries.sh says where things are; cases use what is set here

agent=${KITAE_AGENT:-$root/build/kitae-agent} # another build of it, with sanitizers
passed=0 failed=0 skipped=0
export AWS_ACCESS_KEY_ID=tester AWS_SECRET_ACCESS_KEY=tested

# -- servers ---------------------------------------------------------------------------------------------------------

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# start_server versitygw|moto: sets $endpoint, $server and, when versitygw keeps them as files, $buckets.
start_server() {
    local port deadline=$((SECONDS + 40))
    port=$(free_port)
    server=$1 endpoint=http://127.0.0.1:$port buckets=
    if [ "$1" = versitygw ]; then
        buckets=$work/buckets
        mkdir -p "$buckets"
        "$bin/versitygw-$versitygw" --access "$AWS_ACCESS_KEY_ID" --secret "$AWS_SECRET_ACCESS_KEY" \
            --port "127.0.0.1:$port" posix "$buckets" >"$work/server.log" 2>&1 &
    else
        "$moto/bin/moto_server" -H 127.0.0.1 -p "$port" >"$work/server.log" 2>&1 &
    fi
    server_pid=$!
    until curl -s -o /dev/null "$endpoint"; do
        if [ $SECONDS -ge $deadline ] || ! kill -0 $server_pid; then
            echo "agent: $1 does not answer:" && tail -20 "$work/server.log" && exit 1
        fi
    done
    s3curl -X PUT "$endpoint/market" >/dev/null
}

stop_server() {
    [ -z "${server_pid:-}" ] || { kill "$server_pid" && wait "$server_pid"; } 2>/dev/null
    server_pid=
}

# -- what is in a bucket, by curl ------------------------------------------------------------------------------------

s3curl() {
    curl -sSf --aws-sigv4 aws:amz:us-east-1:s3 --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
        -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@"
}
path() { local key=${1//%/%25} && key=${key// /%20} && key=${key//+/%2B} && echo "$endpoint/market/${key//$'\n'/%0A}"; }

put() { # KEY: from standard input
    local body
    body=$(mktemp -p "$work") && cat >"$body"
    s3curl -X PUT -H 'content-type: application/octet-stream' --data-binary "@$body" "$(path "$1")" >/dev/null || fail "put $1"
    rm "$body"
}
get() { s3curl "$(path "$1")"; }

# keys PREFIX: all that begin with it, a line each; only plain characters need to come out right.
keys() {
    local prefix=${1//\//%2F}
    s3curl "$endpoint/market?list-type=2&prefix=$prefix" | { grep -o '<Key>[^<]*' || true; } | cut -c6-
}
count() { keys "$1" | wc -l; }
drop() { keys "$1" | while read -r key; do s3curl -X DELETE "$(path "$key")"; done; } # PREFIX

mirror() { # PREFIX FOLDER: all below it, as files
    local key
    keys "$1" | while read -r key; do
        mkdir -p "$(dirname "$2/${key#"$1"}")" && get "$key" >"$2/${key#"$1"}" || exit 1
    done
}

# -- saying what is wanted -------------------------------------------------------------------------------------------

fail() { echo "    FAILED: $*" && exit 1; }
skip() { echo "$*" && exit 77; }
expect() { [ "$1" = "$2" ] || fail "'$1' instead of '$2'"; }
result() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2], ""))' "$PWD/result" "$1"; }

# a COMMAND [FLAG...]: runs the agent with the server; its result is in ./result.
a() {
    local command=$1
    shift
    "$agent" "$command" --endpoint "$endpoint" --result "$PWD/result" "$@" >out 2>err
}
local_agent() { "$agent" "$@" --result "$PWD/result" >out 2>err; } # a command without a server
fine() { "$@" || fail "$*: $(cat err)"; }

# fails_with EXIT REASON WORDS COMMAND...: the message says it.
fails_with() {
    local exit=$1 reason=$2 words=$3 status
    shift 3
    "$@"
    status=$?
    expect "$status $(result reason)" "$exit $reason"
    result message | grep -F -- "$words" >/dev/null || fail "'$(result message)' does not say '$words'"
    [ "$(wc -c <result)" -le 1000 ] || fail "the result has $(wc -c <result) bytes"
}

# What the manifest of the files below a folder must be.
manifest_of() { (cd "$1" && find . -type f -printf '%P\n' | LC_ALL=C sort | while read -r key; do
    echo "$(sha256sum <"$key" | cut -d' ' -f1) $(stat -c %s "$key") $key"
done); }
digest_of() { manifest_of "$1" | sha256sum | cut -d' ' -f1; }

# until_true SECONDS WHAT COMMAND...: waits for a condition.
until_true() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do [ $SECONDS -lt $deadline ] || fail "still not so: $what"; done
}

# -- cases -----------------------------------------------------------------------------------------------------------

run_case() { # FOLDER FUNCTION: in a folder of its own; what it says is in FOLDER.said
    rm -rf "$1" && mkdir -p "$1" && cd "$1" || return 1
    ( "$2" ) >"$1.said" 2>&1
}

tell() { # NAME STATUS SECONDS FOLDER
    local name="$server: $1"
    case $2 in
    0) passed=$((passed + 1)) && echo "ok - $name ($3 s)" ;;
    77) skipped=$((skipped + 1)) && echo "ok - $name # skip $(tail -1 "$4.said")" ;;
    *) failed=$((failed + 1)) && echo "not ok - $name" && cat "$4.said" ;;
    esac
    cd "$work" && unmount_all "$4" && rm -rf "$4"
}

it() { # NAME FUNCTION
    local begun=$SECONDS
    [[ $1 =~ $pattern ]] || return 0
    run_case "$work/case" "$2"
    tell "$1" $? $((SECONDS - begun)) "$work/case"
}

# meanwhile NAME FUNCTION: one that mostly waits, beside those that follow; `meanwhile_ends` waits for all of them.
slow=()
meanwhile() {
    [[ $1 =~ $pattern ]] || return 0
    ( run_case "$work/$2" "$2" ) &
    slow+=("$! $SECONDS $2 $1")
}
meanwhile_ends() {
    local pid begun function name
    for each in ${slow[@]+"${slow[@]}"}; do
        read -r pid begun function name <<<"$each"
        wait "$pid"
        tell "$name" $? $((SECONDS - begun)) "$work/$function"
    done
    slow=()
}

unmount_all() { findmnt -rno TARGET | { grep -F "$1/" || true; } | while read -r mount; do umount "$mount"; done; }
