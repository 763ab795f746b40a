# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# Ways to the server, and rights that come and go; credentials.sh has what a kubeconfig may say.

by_name() {
    kubeconfig=$scratch/kubeconfig
    sed 's|https://127.0.0.1|https://localhost|' "$RUN_OPERATOR_KUBECONFIG" >"$kubeconfig"
    start_operator
    lives named
}

# The old token stops working; the file has a new one.
a_token_file_that_changes() {
    local i
    kubectl create secret generic first -n kitae-system --dry-run=client -o yaml | kubectl apply -f - >/dev/null
    token first >"$scratch/token"
    kubeconfig_with "    tokenFile: $scratch/token"
    start_proxy
    sed -i "s|server: .*|$(grep -o 'server: .*' "$proxy_kubeconfig")|" "$scratch/kubeconfig"
    kubeconfig=$scratch/kubeconfig
    start_operator
    lives before
    token >"$scratch/token.new"
    mv "$scratch/token.new" "$scratch/token"
    kubectl delete secret first -n kitae-system >/dev/null
    tell POST cut '{"watch":true}' >/dev/null
    for i in {1..15}; do # the server believes an old token for 10 s
        job "at-$i" 1 run-seconds=0.5 >/dev/null
        wait_out 1
    done
    lives after 60
    echo "$(metric 'rest_client_requests_total{code="401",method="PATCH"}' || echo 0) refused"
    within 60 all_succeeded 17
    each_pod_once
}

grant() { kubectl create clusterrolebinding "$1" --clusterrole=kitae-operator --serviceaccount="kitae-system:$1" >/dev/null; }
revoke() { kubectl delete clusterrolebinding "$1" >/dev/null; }

# Rights are taken away from an operator at work, and given back.
rights_revoked() {
    local user=revoked-$RUN_ID count
    kubeconfig=$("$cluster" serviceaccount kitae-system "$user" kitae-operator)
    kubectl delete clusterrolebinding "test-kitae-system-$user" >/dev/null
    grant "$user"
    start_operator
    lives before
    revoke "$user"
    job denied 2 run-seconds=0.5
    within 20 logged "(status write|list|watch) (refused|failed).*forbidden"
    is_running "$operator"
    count=$(metric rest_client_requests_total)
    wait_out 8
    echo "$(($(metric rest_client_requests_total) - count)) requests in 8 s"
    [ $(($(metric rest_client_requests_total) - count)) -le 40 ] || fail "a hot loop"
    grant "$user"
    phase denied Succeeded 60
    lives after
    each_pod_once
    revoke "$user"
}

no_rights_at_start() {
    local user=late-$RUN_ID
    kubeconfig=$("$cluster" serviceaccount kitae-system "$user" kitae-operator)
    kubectl delete clusterrolebinding "test-kitae-system-$user" >/dev/null
    launch_operator
    within 10 logged "list failed.*forbidden"
    contains "$(curl -s "http://127.0.0.1:$port/readyz")" "forbidden"
    curl -sf "http://127.0.0.1:$port/healthz"
    grant "$user"
    within 60 ready "$port" "$operator"
    lives late
    revoke "$user"
}

only_what_is_selected() {
    start_operator --selector team=a
    job other 1 run-seconds=0.5
    create_job ours <<<'  {template: {metadata: {}, spec: {containers: [{name: main, image: example}]}}}'
    kubectl label trainingjob -n "$namespace" ours team=a >/dev/null
    phase ours Running
    expect "$(field other '{.status.startTime}')" ""
    kubectl label trainingjob -n "$namespace" ours team- >/dev/null # let go: its pods run on, nothing is done to them
    stays 3 kubectl get pods -n "$namespace" ours-worker-0 -o name
    kubectl label trainingjob -n "$namespace" ours team=a >/dev/null
    stays 3 expect "$(field ours '{.status.phase}')" Running
    each_pod_once
}

several_namespaces() {
    local first=$namespace
    new_namespace "$first-b"
    new_namespace "$first-c"
    start_operator --namespace "$first" --namespace "$first-b"
    namespace=$first && lives one
    namespace=$first-b && lives two
    namespace=$first-c && job three 1 && stays 2 expect "$(field three '{.status.startTime}')" ""
}

what_it_serves() {
    local text
    start_operator --log-format json --log-level debug
    lives told
    text=$(curl -sf "http://127.0.0.1:$port/metrics")
    for name in controller_runtime_reconcile_total controller_runtime_reconcile_errors_total workqueue_depth rest_client_requests_total \
        process_start_time_seconds leader_election_master_status kitae_watch_age_seconds kitae_watch_restarts_total kitae_watch_bytes_total kitae_watch_transport; do
        contains "$text" "# TYPE $name "
    done
    kill -USR1 "$operator"
    within 5 logged '"state"'
    python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]' <"$log"
    expect "$(curl -s -o "$scratch/body" -w '%{http_code}' "http://127.0.0.1:$port/nothing")" 404
}

only_reading() {
    start_operator
    expect "$(curl -s -m 5 -d x=y -o "$scratch/body" -w '%{http_code}' "http://127.0.0.1:$port/metrics")" 405
    curl -s -m 2 -X POST "http://127.0.0.1:$port/metrics" || true # without a length: whatever the answer,
    curl -s -m 2 -I "http://127.0.0.1:$port/healthz" || true
    head -c 100000 /dev/urandom | curl -s -m 2 telnet://127.0.0.1:"$port" >/dev/null || true
    ready "$port" "$operator" # it goes on
}

it "a server by its name is found" by_name
it "a token file that changes while its old token dies is read again" a_token_file_that_changes
it "rights that are revoked are waited for without a loop, and used when given back" rights_revoked
it "an operator without rights says so in readyz and begins when it gets them" no_rights_at_start
it "--selector: only what is selected is touched, and what leaves is let go" only_what_is_selected
it "--namespace may be repeated, and nothing else is touched" several_namespaces
it "metrics, JSON logs and SIGUSR1 tell what there is" what_it_serves
it "what it serves is for reading: POST is answered with 405" only_reading
