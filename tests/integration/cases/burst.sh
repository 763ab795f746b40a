# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# Many jobs at once.

two_hundred_jobs() {
    local writes
    start_operator
    jobs_at_once many 200 2 2
    within 240 all_succeeded 200
    within 20 no_finalizers_left
    expect "$(each_pod_once)" 400
    writes=$(writes_so_far)
    echo "$writes writes for 200 jobs of 2 pods"
    [ "$writes" -le $((200 * 14)) ] || fail "$writes writes"
    kubectl delete trainingjobs -n "$namespace" --all --timeout=60s >/dev/null
    within 60 nothing_left
}

# The whole budget of one pass and more.
a_job_of_300_pods() {
    start_operator
    job wide 300 run-seconds=5
    phase wide Running 60
    phase wide Succeeded 60
    expect "$(field wide '{.status.roles[0].succeededIndexes}')" 0-299
    expect "$(each_pod_once)" 300
}

# After the last job has settled nothing is written any more.
writes_nothing_when_idle() {
    local before
    start_operator
    jobs_at_once idle 5 2 600
    job waits 1 never-start=true waiting-reason=ErrImagePull
    create_job huge <<<'  {template: {metadata: {}, spec: {containers: [{name: main, image: example, resources: {requests: {cpu: 5k}}}]}}}'
    create_job refused <<<'  {suspend: true, template: {metadata: {}, spec: {containers: [{name: main, image: example}]}}}'
    job over 2 run-seconds=0.5
    within 60 phases_are Running 5
    phase over Succeeded
    reason huge Reconciling Unschedulable
    within 30 has_settled
    before=$(writes_so_far)
    stays 30 unchanged "$before"
    metric_is kitae_unchanged_writes_total 0
}
has_settled() { # 4 s without a write
    local before
    before=$(writes_so_far)
    (stays 4 unchanged "$before")
}
unchanged() { [ "$(writes_so_far)" = "$1" ]; }

it "200 jobs at once succeed, and no pod is created twice" two_hundred_jobs
it "a job of 300 pods runs, and no pod is created twice" a_job_of_300_pods
it "an operator whose jobs have settled writes nothing for 30 s" writes_nothing_when_idle
