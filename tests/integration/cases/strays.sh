# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# What people do to our children, and what becomes of those without an owner.

has_label() { [ "$(get "$1" "$2" -o 'jsonpath={.metadata.labels.app\.kubernetes\.io/managed-by}')" = kitae ]; }

puts_labels_back() { # KIND NAME
    local uid
    uid=$(uid "$1" "$2")
    kubectl label "$1" -n "$namespace" "$2" app.kubernetes.io/managed-by- >/dev/null
    within 20 has_label "$1" "$2"
    expect "$(uid "$1" "$2")" "$uid"
}

a_label_removed() {
    start_operator
    job stripped 2
    phase stripped Running
    puts_labels_back pod stripped-worker-1
    puts_labels_back service stripped-hosts
    stays 2 expect "$(field stripped '{.status.phase}')" Running
    each_pod_once
}

a_label_of_a_job_removed() {
    start_operator
    create_dataset listings </dev/null
    within 20 get job listings-sync-1
    puts_labels_back job listings-sync-1
}

a_label_removed_while_away() {
    start_operator
    job stripped 2
    phase stripped Running
    stop_operator
    kubectl label pod -n "$namespace" stripped-worker-1 app.kubernetes.io/managed-by- >/dev/null
    start_operator
    within 20 has_label pod stripped-worker-1
    stays 2 expect "$(field stripped '{.status.phase}')" Running
    each_pod_once
}

a_service_deleted() {
    start_operator
    job bare 2
    phase bare Running
    kubectl delete service -n "$namespace" bare-hosts >/dev/null
    within 20 kubectl get service -n "$namespace" bare-hosts -o name
    stays 1 expect "$(field bare '{.status.phase}')" Running
}

a_service_edited() {
    start_operator
    job bent 1
    phase bent Running
    kubectl patch service -n "$namespace" bent-hosts --type=merge -p '{"spec":{"selector":{"kitae.dev/job":"other"}}}' >/dev/null
    within 20 selects bent
}
selects() { [ "$(get service "$1-hosts" -o 'jsonpath={.spec.selector.kitae\.dev/job}')" = "$1" ]; }

# The CR and its owner reference are gone, and nobody told us.
an_owner_gone_while_away() {
    start_operator
    job gone 2
    phase gone Running
    stop_operator
    kubectl delete trainingjob -n "$namespace" gone --wait=false >/dev/null
    within 10 not get trainingjob gone
    within 20 all_terminate gone
    start_operator
    within 30 nothing_left
}
all_terminate() { [ "$(get pods -l "kitae.dev/job=$1" -o 'jsonpath={.items[*].metadata.deletionTimestamp}' | wc -w)" = 2 ]; }

# Others' finalizers and annotations are theirs.
a_finalizer_of_others() {
    start_operator
    job shared 1 run-seconds=1
    within 10 pods_are shared 1
    kubectl patch pod -n "$namespace" shared-worker-0 --type=merge \
        -p '{"metadata":{"finalizers":["kitae.dev/record","example.com/mine"],"annotations":{"example.com/note":"mine"}}}' >/dev/null
    phase shared Succeeded
    within 10 expect_finalizers shared-worker-0 example.com/mine
    expect "$(get pod shared-worker-0 -o 'jsonpath={.metadata.annotations.example\.com/note}')" mine
    kubectl patch pod -n "$namespace" shared-worker-0 --type=merge -p '{"metadata":{"finalizers":null}}' >/dev/null
}
expect_finalizers() { [ "$(get pod "$1" -o 'jsonpath={.metadata.finalizers[*]}')" = "$2" ]; }

# People and other controllers write to the job all the time: conflicts are met, and nothing of theirs is lost.
a_job_that_others_edit() {
    local i
    start_operator
    job busy 3 run-seconds=4
    for i in {1..60}; do
        kubectl annotate trainingjob -n "$namespace" busy "example.com/note=$i" --overwrite >/dev/null
    done
    phase busy Succeeded
    expect "$(field busy '{.metadata.annotations.example\.com/note}')" 60
    each_pod_once
}

# Pods of a job that is no more, in a namespace that an operator does not see, are let go by hand.
release() {
    start_operator
    job held 3
    phase held Running
    stop_operator
    "$kitae" release --kubeconfig "$RUN_OPERATOR_KUBECONFIG" --namespace "$namespace"
    not has_finalizers held
    kubectl delete namespace "$namespace" --timeout=60s >/dev/null
}

a_namespace_deleted() {
    local creates
    start_proxy
    start_operator
    job doomed 4 stop-seconds=2
    job waits 2 never-start=true
    phase doomed Running
    creates=$(requests 'verb=POST&path=/pods')
    kubectl delete namespace "$namespace" --timeout=60s >/dev/null
    echo "$(($(requests 'verb=POST&path=/pods') - creates)) creates in the dying namespace"
    [ $(($(requests 'verb=POST&path=/pods') - creates)) -le 8 ] || fail "too many"
    [ "$(wc -l <"$log")" -lt 100 ] || fail "the log is flooded"
}

it "a child that lost our label gets it back and is no other one" a_label_removed
it "a Job of a DataSet that lost our label gets it back" a_label_of_a_job_removed
it "a child that lost our label while the operator was away gets it back" a_label_removed_while_away
it "a service that somebody deleted is made again" a_service_deleted
it "a service that somebody edited is put right" a_service_edited
it "children whose owner went while the operator was away are let go" an_owner_gone_while_away
it "finalizers and annotations of others stay" a_finalizer_of_others
it "a job that others edit all the time succeeds, and keeps what they wrote" a_job_that_others_edit
it "kitae release lets go of all pods" release
it "a namespace deleted under way goes, without a loop of creates" a_namespace_deleted
