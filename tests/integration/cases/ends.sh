# shellcheck shell=bash disable=SC2154 # variables of lib.sh
# How a job ends, and what is left of it: successPolicy, activeDeadlineSeconds, cleanPodPolicy, ttlSecondsAfterFinished,
# dependsOn.

# create_with NAME ROLES LINE...: roles as YAML in one line; further lines of the spec.
create_with() {
    local name=$1 roles=$2
    shift 2
    create_job "$name" <<END
  roles: $roles
  template: {metadata: {annotations: {test.kitae.dev/stop-seconds: "1"}}, spec: {containers: [{name: main, image: example}]}}
$(printf '  %s\n' "$@")
END
}

# role NAME REPLICAS [SECONDS]: a role in one line; its pods succeed after so many seconds, or run on.
role() {
    local run=${3:+"test.kitae.dev/run-seconds: \"$3\""}
    echo "{name: $1, replicas: $2, template: {metadata: {annotations: {$run}}, spec: {containers: [{name: main, image: example}]}}}"
}

one_is_enough() {
    start_operator
    create_with any "[$(role worker 2), $(role fast 1 1)]" 'successPolicy: {roles: [worker, fast], require: Any}'
    phase any Succeeded
    expect "$(condition any Complete reason)" SuccessPolicyMet
    contains "$(condition any Complete message)" fast-0
    within 20 pods_are any 1 # those that still ran were stopped
}

replica_0_decides() {
    start_operator
    create_with first "[$(role chief 1 2), $(role ps 2)]" 'successPolicy: {roles: [chief], require: First}'
    phase first Succeeded
    within 20 pods_are first 1
}

the_deadline() {
    local started ended
    start_operator
    create_with late "[$(role worker 2)]" 'activeDeadlineSeconds: 4'
    phase late Running
    kill_operator # what is left of the time is in the status
    start_operator
    phase late Failed
    expect "$(condition late Failed reason)/$(field late '{.status.lastFailure.reason}')" DeadlineExceeded/DeadlineExceeded
    started=$(date -d "$(field late '{.status.startTime}')" +%s)
    ended=$(date -d "$(field late '{.status.completionTime}')" +%s)
    [ $((ended - started)) -ge 4 ] || fail "it ended $((ended - started)) s after its start"
    [ $((ended - started)) -le 8 ] || fail "it ended $((ended - started)) s after its start"
    within 20 pods_are late 0
}

nothing_is_left_but_the_job() {
    start_operator
    create_with clean "[$(role worker 2 1)]" 'cleanPodPolicy: All'
    phase clean Succeeded
    within 20 pods_are clean 0
    expect "$(count_of_role_succeeded clean)" 2
}
count_of_role_succeeded() { field "$1" '{.status.roles[0].succeeded}'; }

what_runs_is_left() {
    start_operator
    create_with open "[$(role worker 1 1), $(role ps 1)]" 'cleanPodPolicy: None'
    phase open Succeeded
    within 10 not has_finalizers open
    stays 2 pods_are open 2
    expect "$(get pod open-ps-0 -o 'jsonpath={.status.phase}')" Running
}

the_job_goes_with_its_ttl() {
    start_operator
    create_with brief "[$(role worker 2 1)]" 'ttlSecondsAfterFinished: 3'
    phase brief Succeeded
    kill_operator
    wait_out 3 # over while nobody is there
    start_operator
    within 10 not get trainingjob brief
    within 30 nothing_left brief
}

the_ttl_of_a_failure() {
    start_operator
    policy='{maxRestarts: 0}' job failing 1 run-seconds=0.5 exit-code=1
    kubectl patch trainingjob -n "$namespace" failing --type=merge -p '{"spec":{"ttlSecondsAfterFinished":0}}' >/dev/null
    within 30 not get trainingjob failing
    within 30 nothing_left failing
}

roles_that_wait() {
    start_operator
    create_job ordered <<'END'
  roles:
  - name: prepare
    template: {metadata: {annotations: {test.kitae.dev/run-seconds: "3"}}, spec: {containers: [{name: main, image: example}]}}
  - {name: ps, replicas: 2}
  - {name: worker, replicas: 2, dependsOn: [{role: ps, status: Ready}, {role: prepare, status: Complete}]}
  template: {metadata: {}, spec: {containers: [{name: main, image: example}]}}
END
    reason ordered Reconciling WaitingForRole
    contains "$(field ordered '{.status.message}')" "worker waits until all pods of prepare have succeeded"
    expect "$(pods_of ordered | grep -c worker)" 0
    phase ordered Running
    expect "$(pods_of ordered | grep -c worker)" 2
    each_pod_once
}

it "successPolicy Any: one success is enough, and the others are stopped" one_is_enough
it "successPolicy First: replica 0 decides" replica_0_decides
it "activeDeadlineSeconds stops a job in time, whoever died meanwhile" the_deadline
it "cleanPodPolicy All removes the pods and keeps the record" nothing_is_left_but_the_job
it "cleanPodPolicy None leaves what runs, without our finalizer" what_runs_is_left
it "ttlSecondsAfterFinished removes the job and all that is its own, also after a pause" the_job_goes_with_its_ttl
it "a failed job goes with its TTL, too" the_ttl_of_a_failure
it "dependsOn: a role starts when those before it are ready or complete" roles_that_wait
