# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# alone: what happens to the control plane here happens to every operator at it.

everywhere() {
    start_operator --everywhere --watch-transport http
    lives plain
    stop_operator
    start_operator --everywhere
    lives fancy
}

a_namespace_deleted_at_once() {
    local i
    start_operator --everywhere
    for i in 1 2 3 4 5 6 7 8 9 10; do job "early-$i" 5; done >/dev/null
    kubectl delete namespace "$namespace" --timeout=60s >/dev/null
    new_namespace "$namespace-b"
    lives fine
}

# The API server dies in the middle of a burst.
api_server_killed() {
    start_operator
    jobs_at_once many 40 2 3
    "$cluster" restart-apiserver --name "$KITAE_CLUSTER"
    is_running "$operator" || fail "the operator ended"
    lives after 45
    within 90 all_succeeded 41
    each_pod_once # a create that was under way may be missing in the audit log, as the server was killed
    expect "$(get pods -o name | wc -l)" 82
}

etcd_killed() {
    start_operator
    jobs_at_once many 20 2 3
    "$cluster" kill etcd --name "$KITAE_CLUSTER"
    wait_out 5
    "$cluster" start etcd --name "$KITAE_CLUSTER"
    within 30 kubectl get --raw /readyz
    "$cluster" restart kwok --name "$KITAE_CLUSTER" # it never repeats a write that was refused with a 500
    lives after 60
    within 90 all_succeeded 21
    expect "$(each_pod_once)" 42
}

# Cut off, the operator misses a deletion, an end and a beginning; then history is gone.
compacted_while_cut_off() {
    local revision
    start_proxy
    start_operator
    job deleted 2
    job ends 2
    phase deleted Running
    phase ends Running
    tell POST down >/dev/null
    kubectl delete trainingjob -n "$namespace" deleted --wait=false >/dev/null
    kubectl annotate pods -n "$namespace" -l kitae.dev/job=ends test.kitae.dev/run-seconds=0 >/dev/null
    job begins 2 run-seconds=0.5
    within 20 pods_ended ends
    revision=$(etcdctl endpoint status -w json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["Status"]["header"]["revision"])')
    etcdctl compact "$revision" >/dev/null
    "$cluster" restart-apiserver --name "$KITAE_CLUSTER" # its cache would still have the history
    tell POST up >/dev/null
    phase ends Succeeded 45
    phase begins Succeeded 45
    within 30 pods_are deleted 0
    [ "$(metric "kitae_watch_restarts_total{kind=\"trainingjob\",namespace=\"$namespace\",cause=\"expired\"}")" -ge 1 ] || fail "no 410 was met"
    each_pod_once
}
pods_ended() { [ "$(get pods -l "kitae.dev/job=$1" -o 'jsonpath={.items[*].status.phase}')" = "Succeeded Succeeded" ]; }

column() { # NAME: adds a printer column, which closes all watches of the kind
    kubectl patch crd trainingjobs.kitae.dev --type=json >/dev/null \
        -p "[{\"op\":\"add\",\"path\":\"/spec/versions/0/additionalPrinterColumns/-\",\"value\":{\"name\":\"$1\",\"type\":\"string\",\"jsonPath\":\".spec.framework\"}}]"
}
restore_crd() { kubectl apply --server-side --force-conflicts -f "$root/crds" >/dev/null; }

crd_edited_under_load() {
    local i
    at_end+=(restore_crd)
    start_operator
    jobs_at_once many 40 2 4
    for i in 1 2 3 4 5 6; do
        column "Extra$i"
        job "between-$i" 1 run-seconds=0.5
        wait_out 1
    done
    lives after 15
    within 60 all_succeeded 47
    expect "$(each_pod_once)" $((80 + 6 + 2))
    [ "$(metric kitae_watch_restarts_total)" -ge 3 ] || fail "no watch was closed"
}

# A definition that is older than the operator would prune what it writes down: it must not write, and must say so.
crd_that_is_too_old() {
    at_end+=(restore_crd)
    start_operator
    kubectl get crd trainingjobs.kitae.dev -o json | python3 -c '
import json, sys
crd = json.load(sys.stdin)
status = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]
del status["podsReady"]
print(json.dumps(crd))' | kubectl replace -f - >/dev/null
    job early 2
    within 40 unready_because "older than this operator"
    expect "$(pods_of early)" ""
    curl -sf "http://127.0.0.1:$port/healthz" >/dev/null
    restore_crd
    phase early Running 60
    within 60 ready "$port" "$operator"
    each_pod_once
}
unready_because() { [[ $(curl -s "http://127.0.0.1:$port/readyz") == *"$1"* ]]; }

crd_missing_at_start() {
    at_end+=(restore_crd)
    kubectl delete crd trainingjobs.kitae.dev --timeout=60s >/dev/null
    start_proxy
    launch_operator --everywhere
    within 10 unready_because trainingjobs
    curl -sf "http://127.0.0.1:$port/healthz" >/dev/null
    wait_out 6
    is_running "$operator"
    [ "$(requests 'path=trainingjobs')" -le 8 ] || fail "$(requests 'path=trainingjobs') requests for a kind that is not there"
    restore_crd
    within 30 ready "$port" "$operator"
    lives early
}

# Its jobs go with it. The operator stays, lets go of the pods, and works again when the kind is back.
crd_removed_and_back() {
    at_end+=(restore_crd)
    start_operator
    job doomed 3
    phase doomed Running
    kubectl delete crd trainingjobs.kitae.dev --timeout=60s >/dev/null
    within 60 pods_are doomed 0
    is_running "$operator"
    restore_crd
    "$root/tests/integration/wait-for-crd" trainingjobs
    within 20 kubectl get trainingjobs -n "$namespace"
    lives reborn 60
}

# lose_a_node JOB [POLICY]: the one of its first pod, whose name is in $node then.
lose_a_node() {
    create_job "$1" <<END
  roles: [{name: worker, replicas: 4}]
  failurePolicy: {backoff: {initialSeconds: 0}${2:+, $2}}
  template:
    metadata: {}
    spec: {terminationGracePeriodSeconds: 1, containers: [{name: main, image: example}]}
END
    phase "$1" Running
    node=$(get pod "$1-worker-0" -o 'jsonpath={.spec.nodeName}')
    at_end+=(node_back)
    "$cluster" node-lost "$node" --name "$KITAE_CLUSTER"
}
node_back() { "$cluster" node-back "$node" --name "$KITAE_CLUSTER"; }

# Nobody knows whether pods on a lost node still run. So the next attempt waits for them, and says so.
node_lost() {
    start_operator
    lose_a_node spread
    within 90 tells spread "hangs on node $node, which does not answer: bring the node back"
    expect "$(field spread '{.status.phase}')" Restarting
    node_back
    within 60 runs_again spread
    expect "$(field spread '{.status.attempts[0].node}/{.status.attempts[0].reason}')" "$node/NodeLost"
    expect "$(field spread '{.status.restarts}/{.status.restartsWithoutProgress}')" 1/0
}

node_lost_for_good() {
    start_operator
    lose_a_node apart "nodeLostForceDeleteSeconds: 40"
    within 120 runs_again apart
    expect "$(field apart '{.status.attempts[0].node}/{.status.attempts[0].reason}')" "$node/NodeLost"
    not contains_word "$node" "$(get pods -l kitae.dev/job=apart -o 'jsonpath={.items[*].spec.nodeName}')"
}
# By kubectl, as a person does it: a disruption that uses up no restart, and the node stays empty.
node_drained() {
    start_operator
    policy='{maxRestarts: 0, backoff: {initialSeconds: 1}}' job moved 4
    phase moved Running
    node=$(get pod moved-worker-0 -o 'jsonpath={.spec.nodeName}')
    at_end+=(node_open)
    kubectl drain "$node" --pod-selector=kitae.dev/job=moved --timeout=60s
    within 60 runs_again moved
    expect "$(field moved '{.status.attempts[0].node}/{.status.attempts[0].reason}')" "$node/Disrupted"
    expect "$(field moved '{.status.restarts}/{.status.restartsWithoutProgress}')" 1/0
    not contains_word "$node" "$(get pods -l kitae.dev/job=moved -o 'jsonpath={.items[*].spec.nodeName}')"
}
node_open() { kubectl uncordon "$node" >/dev/null; }
contains_word() { [[ " $2 " == *" $1 "* ]]; }

it "all namespaces work by chunked HTTP and by websocket" everywhere
it "a namespace deleted while its jobs start goes" a_namespace_deleted_at_once
it "an API server that is killed and started again is survived under load, and no pod is created twice" api_server_killed
it "an etcd that is killed and started again is survived under load, and no pod is created twice" etcd_killed
it "what happened while the operator was cut off is seen after a compaction" compacted_while_cut_off
it "a CRD edited again and again under load is survived, and no pod is created twice" crd_edited_under_load
it "a CRD too old for the operator is told in readyz, and nothing is done that cannot be written down" crd_that_is_too_old
it "an operator without its CRD waits, and works when it is installed" crd_missing_at_start
it "a CRD that is removed takes jobs and pods with it, and works again when it is back" crd_removed_and_back
it "a lost node is told, and the job starts again when the node is back" node_lost
it "a node that is drained: the job starts again on the others" node_drained
it "a node lost for good: its pods are deleted by force when that is asked for" node_lost_for_good
