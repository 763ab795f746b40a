# shellcheck shell=bash
# Syncs to a volume, copies of what was synced, and what stands in their way. Sourced by run.
# shellcheck disable=SC2154 # lib.sh sets server, endpoint, agent, work

# fill PREFIX: a few objects, an empty one among them.
fill() {
    drop "$1"
    echo one | put "$1/a/1.txt"
    echo two | put "$1/a/2.txt"
    head -c 3000000 /dev/urandom | put "$1/b/big.bin"
    : | put "$1/empty"
    echo other | put "$1-2/no"
}

version_is_right() {
    fill plain
    : | put plain/folder/ # which only stands for a folder
    fine a sync --source s3://market/plain --volume .
    drop plain/folder/
    mirror plain/ is
    manifest_of is >wanted
    expect "$(result digest)" "$(sha256sum <wanted | cut -d' ' -f1)"
    diff wanted "versions/$(result digest)/.manifest" || fail "another manifest"
    diff -r -x .manifest is "versions/$(result digest)" || fail "other files"
    expect "$(result objects)/$(result skippedMarkers)" 4/1
    fine local_agent verify --volume . --digest "$(result digest)"
}

only_changes_move() {
    local first
    fill moves
    fine a sync --source s3://market/moves --volume .
    first=$(result digest)
    fine a sync --source s3://market/moves --volume .
    expect "$(result fetched)/$(result added)/$(result removed)/$(result changed)/$(result digest)" "0/0/0/0/$first"
    echo three | put moves/a/2.txt
    echo new | put moves/c
    drop moves/empty
    fine a sync --source s3://market/moves --volume .
    expect "$(result fetched)/$(result added)/$(result removed)/$(result changed)" "2/1/1/1"
    "$agent" diff "versions/$first/.manifest" "versions/$(result digest)/.manifest" >told
    expect "$? $(tr '\n' ' ' <told)" "1 ~ a/2.txt + c - empty 1 added, 1 removed, 1 changed "
    fine local_agent verify --volume . --digest "$first"
}

damage_is_found() {
    fill damage
    fine a sync --source s3://market/damage --volume .
    digest=$(result digest)
    printf x | dd of="versions/$digest/b/big.bin" bs=1 seek=1000 conv=notrunc status=none
    fails_with 1 ChecksumMismatch b/big.bin local_agent verify --volume . --digest "$digest"
}

selected() { fine a sync --source s3://market/days "$@" && result objects; }

selections() {
    local day region
    for day in 2026-01-30 2026-01-31 2026-02-01; do
        for region in tokyo osaka; do echo "$day $region" | put "days/region=$region/dt=$day/x.csv"; done
    done
    echo no | put days/readme
    expect "$(selected)" 7
    expect "$(selected --partition dt:newest=2)" 4
    expect "$(selected --partition dt:newest=1 --partition region:values=osaka)" 1
    expect "$(selected --partition dt:from=2026-01-31,before=2026-02-01)" 2
    expect "$(selected --include '**/*.csv' --exclude 'region=tokyo/**')" 3
    fails_with 1 EmptySelection 'none is selected' a sync --source s3://market/days --include '*.jpg'
    fails_with 1 EmptySelection 'a prefix is a folder' a sync --source s3://market/days/readme
    expect "$(selected --include readme)" 1
}

copies_must_be_the_version() {
    local digest
    fill copies
    fine a sync --source s3://market/copies
    digest=$(result digest)
    fine a fetch --source s3://market/copies --digest "$digest" --to to
    mirror copies/ is
    diff -r -x .manifest is to || fail "other files"
    expect "$(sha256sum <to/.manifest | cut -d' ' -f1)" "$digest"
    echo else | put copies/a/1.txt
    fails_with 1 Drifted 'sync again' a fetch --source s3://market/copies --digest "$digest" --to to
    [ ! -e to/.manifest ] || fail "there is a manifest of what was not all fetched"
}

shares() {
    fill shares
    fine a fetch --source s3://market/shares --to to
    mkdir shards
    fine local_agent shard --manifest to/.manifest --world 2 --rank 0 --rank 1 --to shards
    expect "$(sort shards/0.txt shards/1.txt | tr '\n' ' ')" "a/1.txt a/2.txt b/big.bin empty "
    grep -qx b/big.bin shards/0.txt && grep -qx a/2.txt shards/1.txt || fail "shares are not even"
}

removal() {
    local first
    fill removal
    fine a sync --source s3://market/removal --volume .
    first=$(result digest)
    echo three | put removal/a/2.txt
    fine a sync --source s3://market/removal --volume .
    second=$(result digest)
    fine local_agent remove --volume . --digest "$first"
    expect "$(ls versions)" "$second"
    expect "$(find objects -type f | wc -l)" 4
    fine local_agent verify --volume . --digest "$second"
    fine local_agent remove --volume . --digest "$first" # which is not there
}

bad_places() {
    fails_with 1 NoSuchBucket 'check the name of the bucket' a sync --source s3://nobody/x
    fails_with 1 EmptySelection 'none is selected' a sync --source s3://market/nothing
    fails_with 2 InvalidOptions 's3://' a sync --source market
    fails_with 2 InvalidOptions 'KEY:newest=N' a sync --source s3://market/x --partition dt
}

bad_credentials() {
    [ "$server" != moto ] || skip "moto takes any credentials"
    AWS_SECRET_ACCESS_KEY=wrong fails_with 1 BadCredentials 'check the access key' a sync --source s3://market/plain
    AWS_SECRET_ACCESS_KEY=wrong fails_with 1 BadCredentials 'check the access key' a remove --store s3://market/models \
        --digest "$(printf %064d 0)"
}

unreachable() {
    fails_with 75 Unreachable 'check endpoint' "$agent" sync --endpoint "http://127.0.0.1:$(free_port)" --source s3://market/x \
        --result result
}

keys_that_are_no_paths() {
    [ "$server" != moto ] || skip "moto has no way to such a key"
    echo x | put "keys/$(printf 'line\nbreak')"
    fails_with 1 InvalidKey 'control character' a sync --source s3://market/keys --volume .
    expect "$(ls versions)" ""
    fails_with 1 EmptySelection 'none is selected' a sync --source s3://market/keys --volume . --exclude 'line*'
}

# What a bucket can hold and a volume cannot.
key_and_folder() {
    [ "$server" != versitygw ] || skip "versitygw keeps objects as files, and cannot hold both"
    echo x | put both/a && echo y | put both/a/b
    fails_with 1 InvalidKey 'a volume cannot hold both' a sync --source s3://market/both --volume .
    expect "$(ls versions)" ""
}

full_and_read_only() {
    fill space
    mkdir small
    mount -t tmpfs -o size=1m tmpfs small 2>/dev/null || skip "mount is refused here"
    fails_with 1 DiskFull 'more space' a sync --source s3://market/space --volume small
    expect "$(ls small/versions)" ""
    mount -o remount,ro small
    fails_with 1 ReadOnlyVolume 'mounted for writing' a sync --source s3://market/space --volume small
    umount small
}

# The bench has ten times as many; memory is the same.
many_keys() {
    local peak
    [ "$server" = versitygw ] || skip "the keys are those of a server of their own, once"
    [ -z "${KITAE_AGENT:-}" ] || skip "another build of the agent may take other memory"
    go build -o many "$root/tests/bench/agent_keys.go"
    ./many -keys 100000 >url &
    many_pid=$! # not local: the trap comes behind the function
    trap 'kill $many_pid' EXIT
    until_true 20 "the server of many keys answers" test -s url
    peak=$(python3 -c 'import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss if status == 0 else "failed")' "$agent" sync --source s3://market/images --endpoint "$(cat url)" --result "$PWD/result")
    expect "$(result objects)" 100000
    [ "$peak" -le 40960 ] || fail "a peak of $peak KiB"
}

# Killed when so many contents have come, then again until it is through: the same version, and never half of one.
sync_killed() {
    local i moment digest pid
    [ "$server" != moto ] || skip "200 objects for each of 49 kills take moto minutes; what is killed is the same"
    for i in $(seq 200); do echo "content $i" | put "kills/$((i % 7))/$i"; done
    fine a sync --source s3://market/kills
    digest=$(result digest)
    mkdir -p objects
    for moment in $(seq 4 4 196); do
        "$agent" sync --source s3://market/kills --endpoint "$endpoint" --volume . --connections 2 --result result >out 2>err &
        pid=$!
        while kill -0 $pid 2>/dev/null && [ "$(find objects -type f | wc -l)" -lt "$moment" ]; do :; done
        kill -9 $pid 2>/dev/null && kills=$((${kills:-0} + 1))
        wait $pid 2>/dev/null
        [ -z "$(ls versions 2>/dev/null)" ] || [ "$(ls versions)" = "$digest" ] || fail "half a version"
    done
    [ "${kills:-0}" -ge 20 ] || fail "only ${kills:-0} kills met a sync"
    fine a sync --source s3://market/kills --volume .
    expect "$(result digest)" "$digest"
    fine local_agent verify --volume . --digest "$digest"
    expect "$(ls .kitae/new)" ""
}

told_to_stop() {
    local pid
    head -c 20000000 /dev/zero | put slow/a
    "$agent" sync --source s3://market/slow --endpoint "$endpoint" --volume . --max-bytes-per-second 1M --result result >out 2>err &
    pid=$!
    until [ -n "$(ls .kitae/new 2>/dev/null)" ]; do kill -0 $pid || fail "$(cat err)"; done
    kill $pid
    wait $pid
    expect "$? $(result reason)" "75 Interrupted"
    expect "$(ls versions)" ""
}

# An operator of our own making, which takes down what it is told; the first two times it says that it does not lead.
progress_is_reported() {
    local pid deadline=$((SECONDS + 20))
    [ "$server" = versitygw ] || skip "once is enough"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=reports \
        -addext subjectAltName=IP:127.0.0.1 2>openssl.log
    echo the-token >token
    "$root/tests/agent/reports" cert.pem key.pem 2 >told 2>reports.log &
    pid=$!
    until [ -s told ]; do [ $SECONDS -lt $deadline ] || fail "no server: $(cat reports.log)"; done
    for i in 1 2 3 4; do head -c 2000000 /dev/urandom | put "reported/$i"; done
    KITAE_REPORT_URL=$(head -1 told) KITAE_REPORT_CA=$(cat cert.pem) KITAE_REPORT_TOKEN_FILE=token \
        "$agent" sync --source s3://market/reported --endpoint "$endpoint" --volume . --max-bytes-per-second 1M --result result 2>said ||
        { kill $pid; fail "$(cat said)"; }
    kill $pid
    python3 - told <<'END' || fail "$(cat told)"
import json, sys
lines = open(sys.argv[1]).read().splitlines()[1:]
assert [line.split(' ', 2)[0] for line in lines[:3]] == ['503', '503', '204'], lines
status, authorization, body = lines[2].split(' ', 2)
assert authorization == 'the-token'
report = json.loads(body)
assert report['what'] == 'sync' and report['totalObjects'] == 4 and report['totalBytes'] == 8000000, report
assert 0 < report['bytes'] < 8000000 and report['objects'] < 4, report
assert 200000 < report['bytesPerSecond'] < 4000000, report
END
    expect "$(cat said | grep -c warning)" 0
    # Nobody there, and nobody whom it trusts: the sync does not suffer, and says it once.
    KITAE_REPORT_URL=$(head -1 told) KITAE_REPORT_CA=$(cat cert.pem) KITAE_REPORT_TOKEN_FILE=missing \
        "$agent" sync --source s3://market/reported --endpoint "$endpoint" --max-bytes-per-second 3M --result result 2>said || fail "$(cat said)"
    grep -q 'warning.*its token cannot be read' said || fail "$(cat said)"
}

sync_cases() {
    it "a sync makes the version that sha256sum says it must be" version_is_right
    it "what is unchanged is not fetched again, and a diff says what changed" only_changes_move
    it "a damaged file is found" damage_is_found
    it "globs and partitions select, and a prefix is a folder" selections
    it "a copy is the version that was asked for, or fails and is not taken for whole" copies_must_be_the_version
    it "shares have all keys once, and are even" shares
    it "removing a version frees what no other has" removal
    it "a wrong bucket, prefix or flag is told, and what to do" bad_places
    it "wrong credentials are told" bad_credentials
    it "a key that is no path is refused, and leaves no version" keys_that_are_no_paths
    it "a key that others take for a folder is refused" key_and_folder
    it "a full and a read-only volume are told, and leave no version" full_and_read_only
    it "an operator is told how far a sync is, on another connection when it does not lead" progress_is_reported
    it "100,000 keys are synced in flat memory" many_keys
    it "killed at 49 moments, a sync goes on and ends with the same version" sync_killed
    it "told to stop, it stops, and says so" told_to_stop
}
