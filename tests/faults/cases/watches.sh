# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# Watches that go wrong, one way each. A job's life is the proof that the operator sees what happens.

kinds=(trainingjob dataset model servingendpoint pod service job cronjob deployment horizontalpodautoscaler poddisruptionbudget
    httproute grpcroute)

transport_is() { # KIND websocket|http
    metric_is "kitae_watch_transport{kind=\"$1\",namespace=\"$namespace\",transport=\"$2\"}" 1
}

of_kind() { metric "$1{kind=\"$2\",namespace=\"$namespace\"${3:+,$3}}"; } # METRIC KIND [LABELS]
sum_above() { [ "$(metric "$1")" -gt "$2" ]; }

upgrades_refused() { # RULE: all watches fall back
    local kind
    start_proxy
    rules "[$1]"
    start_operator
    for kind in "${kinds[@]}"; do
        within 30 transport_is "$kind" http
        [ "$(of_kind kitae_watch_fallbacks_total "$kind")" = 1 ] || fail "fallbacks of $kind"
    done
    logged "websocket upgrade keeps being refused.*kind=pod" || fail "no line in the log"
    lives fallen
    each_pod_once
}
a_bare_403() { upgrades_refused '{"do":"answer","status":403,"upgrade":true}'; }
an_origin_refused() { upgrades_refused '{"do":"answer","status":403,"header":{"origin":"."}}'; }
an_upgrade_stripped() { upgrades_refused '{"do":"strip-upgrade","upgrade":true}'; }
a_proxy_without_upgrades() { upgrades_refused '{"do":"answer","status":400,"upgrade":true,"body":"Bad Request"}'; }

one_kind_refused() {
    start_proxy
    rules '[{"do":"answer","status":403,"upgrade":true,"path":"/pods"}]'
    start_operator
    within 30 transport_is pod http
    transport_is trainingjob websocket
    transport_is service websocket
    lives partly
}

# With a flag that says so there is no falling back, and no hammering.
no_way_but_websockets() {
    local before
    start_proxy
    rules '[{"do":"answer","status":403,"upgrade":true}]'
    start_operator --watch-transport websocket
    within 10 fired $((2 * ${#kinds[@]}))
    before=$(requests 'upgrade=true')
    stays 10 transport_is pod websocket
    [ $(($(requests 'upgrade=true') - before)) -le $((5 * ${#kinds[@]})) ] || fail "$(($(requests 'upgrade=true') - before)) upgrades in 10 s"
    no_rules
    lives stubborn 60
}

# The connections stand, and nothing comes through them any more.
half_open() {
    local begun
    start_proxy
    start_operator
    job before 1
    phase before Running
    expect "$(tell POST stall '{"watch":true}')" "{\"connections\": ${#kinds[@]}}"
    begun=$SECONDS
    lives unseen 45
    echo "noticed within $((SECONDS - begun)) s"
    [ $((SECONDS - begun)) -ge 4 ] || fail "the stall did nothing"
    each_pod_once
}

# The same without pings: the silence of bookmarks tells.
half_open_http() {
    start_proxy
    start_operator --watch-transport http
    lives before
    tell POST stall '{"watch":true}' >/dev/null
    lives unseen 200
    sum_above kitae_watch_restarts_total 0
}

# Pings are answered and no event comes.
mute() {
    local cause='cause="silent"'
    start_proxy
    rules '[{"do":"mute","watch":true,"times":3}]'
    start_operator
    job unheard 2 run-seconds=0.5
    stays 5 expect "$(field unheard '{.status.startTime}')" ""
    phase unheard Succeeded 200
    [ "$(of_kind kitae_watch_restarts_total trainingjob "$cause")" -ge 1 ] || fail "no silent watch was counted"
    each_pod_once
}

closed_at_once() {
    local count
    start_proxy
    rules '[{"do":"close","watch":true}]'
    start_operator
    wait_out 15
    count=$(requests 'watch=true')
    echo "$count watches of ${#kinds[@]} kinds in 15 s, $(requests 'path=limit') lists"
    [ "$count" -le $((10 * ${#kinds[@]})) ] || fail "a hot loop: $count watches in 15 s"
    [ "$(requests 'path=limit')" -ge 6 ] || fail "it does not list again"
    no_rules
    lives closed 60
    each_pod_once
}

closed_with_410() {
    start_proxy
    rules '[{"do":"close","watch":true,"times":6,"event":{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410}}}]'
    start_operator
    within 20 fired 6
    lives expired 45
    [ "$(requests 'path=limit')" -ge 6 ] || fail "it does not list again"
}

nonsense() { # TRANSPORT: events that no server sends
    start_proxy
    rules '[{"do":"close","watch":true,"times":1,"event":{"type":"ADDED"}},
            {"do":"close","watch":true,"times":1,"event":{"type":"ADDED","object":{"kind":"Pod","metadata":7}}},
            {"do":"close","watch":true,"times":1,"event":[1,2]},
            {"do":"close","watch":true,"times":1,"event":{"type":"NEW","object":{}}},
            {"do":"close","watch":true,"times":1,"event":{"type":"DELETED","object":{"metadata":{"name":"x"}}}},
            {"do":"close","watch":true,"times":1,"event":{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"x"}}}}]'
    start_operator --watch-transport "$1"
    within 30 fired 1 5
    lives sane 60
}
nonsense_by_websocket() { nonsense websocket; }
nonsense_by_http() { nonsense http; }

split_at_every_byte() { # TRANSPORT
    start_proxy
    rules '[{"do":"split","path":"."}]'
    start_operator --watch-transport "$1"
    lives split 60
    each_pod_once
}
split_websocket() { split_at_every_byte websocket; }
split_http() { split_at_every_byte http; }

cut_in_mid_message() { # TRANSPORT
    start_proxy
    rules '[{"do":"cut","watch":true,"messages":2,"times":20}]'
    start_operator --watch-transport "$1"
    lives cut 90
    fired 4
    each_pod_once
}
cut_websocket() { cut_in_mid_message websocket; }
cut_http() { cut_in_mid_message http; }

# A job of 1 MB, whose pods are as big.
a_megabyte() { # TRANSPORT
    start_operator --watch-transport "$1"
    {
        echo '{"apiVersion":"kitae.dev/v1alpha1","kind":"TrainingJob","metadata":{"name":"big","namespace":"'"$namespace"'"},"spec":{"roles":[{"name":"worker","replicas":2}],'
        echo '"template":{"metadata":{"annotations":{"test.kitae.dev/run-seconds":"1"}},"spec":{"containers":[{"name":"main","image":"example","args":["'
        head -c 1000000 /dev/zero | tr '\0' x
        echo '"]}]}}}}'
    } | tr -d '\n' >"$scratch/big.json"
    kubectl create -f "$scratch/big.json"
    phase big Succeeded
    [ "$(metric "kitae_watch_bytes_total{kind=\"pod\",namespace=\"$namespace\"}")" -gt 4000000 ] || fail "pods are not big"
    each_pod_once
}
a_megabyte_by_websocket() { a_megabyte websocket; }
a_megabyte_by_http() { a_megabyte http; }

# The server throws out who does not read. What was missed is seen all the same.
a_slow_reader() {
    local before i text
    text=$(head -c 60000 /dev/zero | tr '\0' x)
    start_proxy
    before=$(evictions)
    rules '[{"do":"slow","watch":true,"path":"trainingjobs","bytes_per_second":20000,"times":1}]'
    start_operator
    for ((i = 0; i < 300; i++)); do
        printf '{"apiVersion":"kitae.dev/v1alpha1","kind":"TrainingJob","metadata":{"name":"slow-%s","namespace":"%s","annotations":{"text":"%s"}},"spec":{"suspend":true,"template":{"metadata":{},"spec":{"containers":[{"name":"main","image":"example"}]}}}}\n' "$i" "$namespace" "$text"
    done | kubectl create -f - >/dev/null
    within 60 evicted_since "$before"
    tell POST cut '{"watch":true,"path":"trainingjobs"}' >/dev/null # what is left in the pipes would take minutes
    lives read 60
    within 60 metric_is "kitae_store_objects{kind=\"trainingjob\"}" 301
    kubectl delete trainingjobs -n "$namespace" --all --wait=false >/dev/null
    within 60 metric_is "kitae_store_objects{kind=\"trainingjob\"}" 0
}
evictions() {
    kubectl get --raw /metrics | awk '/^apiserver_terminated_watchers_total.*trainingjobs/ { n += $2 } END { print n + 0 }'
}
evicted_since() { [ "$(evictions)" -gt "$1" ]; }

gone_for_a_while() {
    local agent
    start_proxy
    start_operator
    job before 2 run-seconds=1
    phase before Running
    tell POST down >/dev/null
    job meanwhile 2 run-seconds=1
    wait_out 10
    is_running "$operator" || fail "it ended"
    tell POST up >/dev/null
    phase before Succeeded 40
    phase meanwhile Succeeded 40
    each_pod_once
}

it "an upgrade refused with a bare 403 makes every watch fall back to chunked HTTP" a_bare_403
it "a refused Origin makes every watch fall back to chunked HTTP" an_origin_refused
it "an Upgrade header that gets lost makes every watch fall back to chunked HTTP" an_upgrade_stripped
it "a front proxy that answers 400 makes every watch fall back to chunked HTTP" a_proxy_without_upgrades
it "a kind whose upgrade is refused falls back alone" one_kind_refused
it "with --watch-transport websocket nothing falls back, and nothing hammers" no_way_but_websockets
it "half-open websockets are noticed within 45 s" half_open
it "half-open chunked watches are noticed by their silence" half_open_http slow
it "a mute websocket that answers pings is noticed by its silence" mute slow
it "watches closed with 1000 at once make no hot loop, but lists" closed_at_once
it "watches that end with a 410 event are listed again" closed_with_410
it "nonsense on a websocket is survived" nonsense_by_websocket
it "nonsense on a chunked watch is survived" nonsense_by_http
it "everything split at every byte, websockets included, is understood" split_websocket
it "everything split at every byte, chunked watches included, is understood" split_http
it "websockets cut in mid message lose nothing" cut_websocket
it "chunked watches cut in mid message lose nothing" cut_http
it "a job and pods of 1 MB pass by websocket" a_megabyte_by_websocket
it "a job and pods of 1 MB pass by chunked HTTP" a_megabyte_by_http
it "a watch that the server throws out for reading slowly loses nothing" a_slow_reader
it "a server that is gone for 10 s is waited for" gone_for_a_while
