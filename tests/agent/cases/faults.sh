# shellcheck shell=bash
# A server on a bad day: each ends well after retries, or in a clear error, and never in half a version. Sourced by run.
# shellcheck disable=SC2154 # lib.sh sets server, endpoint, agent, work

# start_proxy: the agent speaks to $proxy from now on, as p does; what is checked with curl goes past it.
start_proxy() {
    "$here/proxy" --upstream "${endpoint#http://}" >proxy 2>proxy.err &
    proxy_pid=$!
    until_true 20 "the proxy answers: $(cat proxy.err)" test -s proxy
    proxy=$(cat proxy)
    trap 'kill $proxy_pid 2>/dev/null' EXIT
}
rules() { curl -sSf -X PUT "$proxy/-/rules" -d "$1" >/dev/null || fail "rules $1"; }
p() { endpoint=$proxy a "$@"; }

# done_by N WANTED: how often the Nth rule was carried out; WANTED ends in + for at least so many.
done_by() {
    local is
    is=$(curl -sS "$proxy/-/rules" | python3 -c 'import json, sys; print(json.load(sys.stdin)[int(sys.argv[1])].get("done", 0))' "$1")
    [ "$is" = "$2" ] || { [ "${2%+}" != "$2" ] && [ "$is" -ge "${2%+}" ]; } || fail "rule $1 was carried out $is times, not $2"
}
happened() { curl -sS "$proxy/-/rules" | grep -q '"done"'; }

# Objects to sync, the large one of some pieces; $digest is their version's.
bucket_of_some() {
    local i
    mkdir -p some
    for i in $(seq 10 49); do echo "content $i" >"some/$i"; done
    head -c 3000000 /dev/urandom >some/large
    for i in some/*; do put "faults/${i#some/}" <"$i"; done
    digest=$(digest_of some)
    start_proxy
}
no_volume_version() { [ -z "$(ls versions 2>/dev/null)" ] || fail "a version is visible"; }

# syncs_in_spite NAME RULES: into an empty volume.
syncs_in_spite() {
    rules "$2"
    rm -rf objects versions .kitae
    fine p sync --source s3://market/faults --volume .
    expect "$1: $(result digest)" "$1: $digest"
    done_by 0 1+
    fine local_agent verify --volume . --digest "$digest"
}

# sync_fails NAME EXIT REASON WORDS RULES
sync_fails() {
    rules "$5"
    rm -rf objects versions .kitae
    fails_with "$2" "$3" "$4" p sync --source s3://market/faults --volume .
    no_volume_version
    rules '[]'
    fine p sync --source s3://market/faults --volume . # which goes on from there
    expect "$1: $(result digest)" "$1: $digest"
}

what_passes() {
    bucket_of_some
    syncs_in_spite truncated '[{"method": "GET", "path": "/faults/large", "times": 2, "do": "truncate"},
        {"path": "/faults/2", "times": 3, "do": "truncate"}]'
    syncs_in_spite list-truncated '[{"path": "list-type", "times": 1, "do": "truncate"}]'
    syncs_in_spite slow-down '[{"path": "/faults/", "times": 60, "do": "error", "code": "SlowDown"},
        {"path": "list-type", "times": 4, "do": "error", "code": "SlowDown"}]'
    syncs_in_spite reset '[{"skip": 1, "times": 5, "do": "reset"}]'
    syncs_in_spite lost '[{"path": "/faults/", "times": 3, "do": "lost"}]'
    syncs_in_spite trouble '[{"path": "/faults/", "times": 3, "do": "error", "status": 500, "code": "InternalError"}]'
    syncs_in_spite inside-200 '[{"path": "list-type", "times": 2, "do": "error", "status": 200, "code": "InternalError"}]'
}

what_does_not() {
    bucket_of_some
    sync_fails changed 1 Drifted 'changed since it was listed' \
        '[{"path": "/faults/large", "do": "error", "status": 412, "code": "PreconditionFailed"}]'
    sync_fails gone 1 Drifted 'removed after it was listed' \
        '[{"path": "/faults/33", "do": "error", "status": 404, "code": "NoSuchKey"}]'
    sync_fails denied 1 AccessDenied 's3:GetObject' '[{"path": "/faults/33", "do": "error", "status": 403, "code": "AccessDenied"}]'
    sync_fails denied-list 1 AccessDenied 's3:ListBucket' '[{"path": "list-type", "do": "error", "status": 403, "code": "AccessDenied"}]'
    sync_fails moved 1 WrongRegion 'set the region' \
        '[{"path": "list-type", "do": "error", "status": 301, "code": "PermanentRedirect"}]'
    sync_fails inside-200 75 Truncated 'was listed' \
        '[{"path": "/faults/33", "times": 1, "do": "error", "status": 200, "code": "InternalError"}]'
}

# An object with a checksum that the server keeps; without one, nobody can tell before there is a manifest.
corrupted() {
    local digest
    mkdir made && head -c 3000000 /dev/urandom >made/large
    start_proxy
    drop kept/ && drop models/
    s3curl -X PUT -H "x-amz-checksum-sha256: $(openssl dgst -sha256 -binary made/large | base64)" --data-binary @made/large \
        "$(path kept/large)" >/dev/null
    rules '[{"path": "/kept/large", "do": "corrupt"}]'
    fails_with 1 ChecksumMismatch 'check network' p sync --source s3://market/kept --volume .
    no_volume_version
    fine a publish --from made --store s3://market/models
    digest=$(result digest)
    rules '[{"method": "GET", "path": "/versions/.*/large", "do": "corrupt"}]'
    fails_with 1 ChecksumMismatch 'large' p fetch --store s3://market/models --digest "$digest" --to to
    [ ! -e to/.manifest ] || fail "there is a manifest of what was not all fetched"
    rules '[{"method": "GET", "path": "/.manifest", "do": "corrupt"}]'
    fails_with 1 ChecksumMismatch '.manifest' p fetch --store s3://market/models --digest "$digest" --to to
    rules '[]'
    fine p fetch --store s3://market/models --digest "$digest" --to to
    cmp made/large to/large
}

# publishes_in_spite NAME RULES: into an empty store.
publishes_in_spite() {
    rules "$2"
    drop models/
    fine p publish --from made --store s3://market/models
    expect "$1: $(result digest)" "$1: $digest"
    done_by 0 1+
    fine a verify --store s3://market/models --digest "$digest"
}

# publish_fails NAME EXIT REASON WORDS RULES
publish_fails() {
    rules "$5"
    drop models/
    fails_with "$2" "$3" "$4" p publish --from made --store s3://market/models
    no_version
    rules '[]'
    fine p publish --from made --store s3://market/models # which goes on from there
    expect "$1: $(result digest)" "$1: $digest"
    fine a verify --store s3://market/models --digest "$digest"
}

made_to_publish() {
    local i
    mkdir made
    for i in $(seq 10 29); do echo "content $i" >"made/$i"; done
    head -c 17000000 /dev/urandom >made/large
    digest=$(digest_of made)
    start_proxy
}

publish_passes() {
    made_to_publish
    publishes_in_spite damaged '[{"method": "PUT", "path": "/(1.|large)", "times": 3, "do": "damage"}]'
    publishes_in_spite reset '[{"method": "PUT|POST", "times": 6, "do": "reset"}]'
    publishes_in_spite lost '[{"method": "PUT", "path": "/(1.|[.]manifest)$", "times": 6, "do": "lost"}]'
    publishes_in_spite lost-manifest '[{"method": "PUT", "path": "/[.]manifest$", "times": 1, "do": "lost"}]'
    publishes_in_spite lost-part '[{"method": "PUT", "path": "partNumber=1", "times": 1, "do": "lost"}]'
    publishes_in_spite slow-down '[{"method": "PUT", "times": 40, "do": "error", "code": "SlowDown"},
        {"method": "GET|POST", "times": 4, "do": "error", "code": "SlowDown"}]'
    publishes_in_spite lost-end '[{"method": "POST", "path": "uploadId", "times": 1, "do": "lost"}]'
    publishes_in_spite inside-200 '[{"method": "POST", "path": "uploadId", "times": 2, "do": "error", "status": 200, "code": "InternalError"}]'
}

publish_does_not() {
    made_to_publish
    publish_fails damaged 1 ChecksumMismatch 'bytes changed on the way' '[{"method": "PUT", "path": "/15$", "do": "damage"}]'
    publish_fails denied 1 AccessDenied 's3:PutObject' '[{"method": "PUT", "path": "/15$", "do": "error", "status": 403, "code": "AccessDenied"}]'
    publish_fails denied-at-last 1 AccessDenied 's3:PutObject' \
        '[{"method": "PUT", "path": "/[.]manifest$", "do": "error", "status": 403, "code": "AccessDenied"}]'
    publish_fails lost-end 75 ServerError 'start again' '[{"method": "POST", "path": "uploadId", "times": 1, "do": "lost"},
        {"method": "POST", "path": "uploadId", "do": "error", "status": 404, "code": "NoSuchUpload"}]'
    s3curl "$endpoint/market?uploads=" | grep "<Key>models/versions/$digest/" && fail "parts of it were not taken back"
    return 0
}

# killed DO PATH: the publish, when it sends such a request.
killed() {
    drop models/
    rules "[{\"path\": \"no pid yet\", \"do\": \"kill\"}]"
    (
        until grep -q go <go; do :; done
        exec "$agent" publish --endpoint "$proxy" --from made --store s3://market/models --result result >out 2>err
    ) &
    rules "[{\"method\": \"PUT|POST\", \"path\": \"$2\", \"times\": 1, \"do\": \"$1\", \"pid\": $!}]"
    echo go >go
    wait $!
    expect "$1 $2: $?" "$1 $2: 137"
}

killed_at_requests() {
    made_to_publish
    mkfifo go
    for at in '/10$' '/large[?]uploads' 'partNumber=2' 'uploadId=[^&]*$' '/[.]manifest$'; do
        killed kill "$at"
        no_version
        fine p publish --from made --store s3://market/models
        fine a verify --store s3://market/models --digest "$digest"
        killed kill-late "$at"
        [ "$at" = '/[.]manifest$' ] || no_version
        fine p publish --from made --store s3://market/models
        expect "$(result digest)" "$digest"
        fine a verify --store s3://market/models --digest "$digest"
    done
}

# With nothing else under way that would end.
stopped_while_it_lists() {
    bucket_of_some
    rules '[{"path": "list-type", "do": "stall"}]'
    "$agent" sync --source s3://market/faults --endpoint "$proxy" --volume . --result result >out 2>err &
    agent_pid=$! # not local: the trap comes behind the function
    trap 'kill -9 $agent_pid $proxy_pid 2>/dev/null' EXIT
    until_true 20 "the list is asked for" happened
    kill $agent_pid
    until_true 20 "it has stopped" test -s result
    wait $agent_pid
    expect "$? $(result reason)" "75 Interrupted"
}

# What says nothing for 30 s is asked again.
stalled() {
    local i
    mkdir some
    for i in 1 2 3; do head -c 1000000 /dev/urandom >"some/$i" && put "stalls/$i" <"some/$i"; done
    start_proxy
    rules '[{"path": "/stalls/2", "times": 1, "do": "stall"}]'
    fine p sync --source s3://market/stalls --volume .
    expect "$(result digest)" "$(digest_of some)"
    done_by 0 1
}

slow_cases() {
    meanwhile "an endpoint where nobody is is told" unreachable
    meanwhile "a stalled answer is asked for again" stalled
}

fault_cases() {
    it "answers cut off, resets, SlowDown and errors inside a 200 pass, and the version is the same" what_passes
    it "objects changed or gone meanwhile and rights that lack are told, and make no version" what_does_not
    it "a corrupted byte is found" corrupted
    it "a publish gets through damage, resets, lost answers, SlowDown and errors inside a 200" publish_passes
    it "a publish that cannot be says why, makes no version, and the next ends it" publish_does_not
    it "killed before and behind each kind of request, a publish leaves a whole version or none" killed_at_requests
    it "told to stop while it lists, it stops" stopped_while_it_lists
}
