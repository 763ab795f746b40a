# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# Deleting a job leaves nothing, whenever it happens.

delete_job() { # JOB [FLAGS...]
    kubectl delete trainingjob -n "$namespace" "$1" --timeout=30s "${@:2}" >/dev/null
}

leaves_nothing() {
    delete_job "$@"
    within 30 nothing_left
}

while_it_is_refused() {
    start_operator
    create_job pending <<<'  {progress: {stallSeconds: 900}, template: {metadata: {}, spec: {containers: [{name: main, image: example}]}}}'
    reason pending Accepted NotImplemented
    leaves_nothing pending
}

while_it_starts() {
    start_operator
    job starting 3 never-start=true
    phase starting Starting
    within 10 pods_are starting 3
    leaves_nothing starting
}

while_it_runs() {
    start_operator
    job running 3 stop-seconds=1
    phase running Running
    leaves_nothing running
}

while_it_completes() {
    start_operator
    create_job completing <<END
  failurePolicy: {maxRestarts: 0}
  roles:
  - {name: chief, template: {metadata: {annotations: {test.kitae.dev/run-seconds: "1", test.kitae.dev/exit-code: "1"}}, spec: {containers: [{name: main, image: example}]}}}
  - {name: worker, replicas: 2}
  template: {metadata: {annotations: {test.kitae.dev/stop-seconds: "10"}}, spec: {containers: [{name: main, image: example}]}}
END
    phase completing Completing
    leaves_nothing completing
}

after_success() {
    start_operator
    job finished 2 run-seconds=0.5
    phase finished Succeeded
    leaves_nothing finished
}

after_failure() {
    start_operator
    policy='{maxRestarts: 0}' job broken 2 run-seconds=0.5 exit-code=1
    phase broken Failed
    leaves_nothing broken
}

in_the_foreground() {
    start_operator
    job front 3
    phase front Running
    leaves_nothing front --cascade=foreground
}

# The pods belong to whoever took the owner away, and our finalizer must not hold them.
with_orphans() {
    start_operator
    job left 2
    phase left Running
    delete_job left --cascade=orphan
    within 20 not has_finalizers left
    expect "$(pods_of left | wc -l)" 2
    kubectl delete pods,services -n "$namespace" --all --wait=false >/dev/null
    within 20 nothing_left
}

while_the_operator_is_away() {
    start_operator
    job away 2
    phase away Running
    stop_operator
    delete_job away --wait=false
    within 20 pods_terminate away
    start_operator
    within 30 nothing_left
}
pods_terminate() { [ "$(get pods -l "kitae.dev/job=$1" -o 'jsonpath={.items[*].metadata.deletionTimestamp}' | wc -w)" = 2 ]; }

# A new job of the old name must not take the old one's pods for its own.
and_made_again_at_once() {
    local old
    start_operator
    job again 2 stop-seconds=2
    phase again Running
    old=$(uid pod again-worker-0)
    delete_job again
    job again 2 run-seconds=3
    phase again Succeeded
    [ "$(uid pod again-worker-0)" != "$old" ] || fail "the old pod was taken"
    leaves_nothing again
}

it "a job deleted while it is refused leaves nothing" while_it_is_refused
it "a job deleted while it starts leaves nothing" while_it_starts
it "a job deleted while it runs leaves nothing" while_it_runs
it "a job deleted while it completes leaves nothing" while_it_completes
it "a job deleted after success leaves nothing" after_success
it "a job deleted after failure leaves nothing" after_failure
it "a job deleted in the foreground leaves nothing" in_the_foreground
it "a job deleted without its pods leaves them, and without our finalizer" with_orphans
it "a job deleted while the operator is away leaves nothing once it is back" while_the_operator_is_away
it "a job deleted and made again under the same name gets pods of its own" and_made_again_at_once
