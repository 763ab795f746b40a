# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# The operator is killed with SIGKILL at each write of a job's life: before the server gets it, and after the server has
# carried it out but before the operator hears of it. The writes are counted at the proxy, until a life needs fewer.

# The lives: begin_X NAME makes the job, and sees to what happens to it; over_X NAME tells
# that it has ended, with nothing left to be written.
begin_success() { job "$1" 2 run-seconds=0.5; }
over_success() { ended "$1" Succeeded; }

begin_failure() {
    create_job "$1" <<END
  failurePolicy: {maxRestarts: 0}
  roles:
  - {name: chief, template: {metadata: {annotations: {test.kitae.dev/run-seconds: "0.5", test.kitae.dev/exit-code: "9"}}, spec: {containers: [{name: main, image: example}]}}}
  - {name: worker}
  template: {metadata: {}, spec: {containers: [{name: main, image: example}]}}
END
}
over_failure() { ended "$1" Failed && expect "$(field "$1" '{.status.lastFailure.exitCode}')" 9; }

# It is deleted as soon as it runs, whoever saw that.
begin_deletion() {
    job "$1" 2
    (kubectl wait -n "$namespace" "trainingjob/$1" --for='jsonpath={.status.phase}=Running' --timeout=60s &&
        kubectl delete trainingjob -n "$namespace" "$1" --wait=false) >/dev/null &
    helpers+=($!)
}
over_deletion() {
    not get trainingjob "$1" >/dev/null 2>&1 && [ -z "$(pods_of "$1")" ] && not get service "$1-hosts" >/dev/null 2>&1
}

# One of its pods fails as soon as all run.
begin_restart() {
    policy='{backoff: {initialSeconds: 0}}' job "$1" 2
    (kubectl wait -n "$namespace" "trainingjob/$1" --for='jsonpath={.status.phase}=Running' --timeout=60s &&
        kubectl annotate -n "$namespace" pod "$1-worker-1" test.kitae.dev/exit-code=7) >/dev/null &
    helpers+=($!)
}
over_restart() {
    in_its_second_attempt "$1" && expect "$(field "$1" '{.status.restarts}/{.status.restartsWithoutProgress}')" 1/1 &&
        expect "$(field "$1" '{.status.attempts[0].role}-{.status.attempts[0].index}/{.status.attempts[0].exitCode}')" worker-1/7
}
in_its_second_attempt() {
    runs_again "$1" &&
        [ "$(get pods -l "kitae.dev/job=$1,kitae.dev/attempt=2" -o name | wc -l)" = "$(pods_of "$1" | wc -w)" ]
}

# It is suspended as soon as it runs, and resumed as soon as it has stopped.
begin_suspension() {
    job "$1" 2
    (kubectl wait -n "$namespace" "trainingjob/$1" --for='jsonpath={.status.phase}=Running' --timeout=60s &&
        kubectl patch trainingjob -n "$namespace" "$1" --type=merge -p '{"spec":{"suspend":true}}' &&
        kubectl wait -n "$namespace" "trainingjob/$1" --for=condition=Suspended --timeout=60s &&
        kubectl patch trainingjob -n "$namespace" "$1" --type=merge -p '{"spec":{"suspend":false}}') >/dev/null &
    helpers+=($!)
}
over_suspension() {
    in_its_second_attempt "$1" && expect "$(field "$1" '{.status.restarts}/{.status.attempts[0].reason}')" 0/Suspended
}

begin_ttl() {
    create_job "$1" <<END
  ttlSecondsAfterFinished: 1
  roles: [{name: worker, replicas: 2}]
  template: {metadata: {annotations: {test.kitae.dev/run-seconds: "0.5"}}, spec: {containers: [{name: main, image: example}]}}
END
}
over_ttl() { over_deletion "$1"; }

# ended JOB PHASE: with its records made and its finalizers gone.
ended() {
    [ "$(field "$1" '{.status.phase}')" = "$2" ] && not has_finalizers "$1" &&
        [ -n "$(condition "$1" Complete reason)" ] && [ -n "$(field "$1" '{.status.completionTime}')" ]
}

# has_settled: nothing is written for a second.
has_settled() {
    local before i
    before=$(requests verb=write)
    for i in 1 2 3 4 5 6 7 8 9 10; do
        sleep 0.1
        [ "$(requests verb=write)" = "$before" ] || return 1
    done
}

# Waits for the kill (0) or for the end of the life (1).
killed_or_over() { # LIFE NAME
    local deadline=$((SECONDS + 60))
    while is_running "$operator"; do
        "over_$1" "$2" >/dev/null 2>&1 && has_settled && is_running "$operator" && return 1
        [ $SECONDS -lt $deadline ] || fail "$2: neither killed nor over after 60 s: $(field "$2" '{.status.phase}: {.status.message}')"
        sleep 0.05
    done
}

killed_at_each_write() { # LIFE before|after
    local life=$1 when=$2 n=1 name
    start_proxy
    while :; do
        name=$life-$n
        start_operator
        tell POST pid "{\"pid\":$operator}" >/dev/null
        rules "[{\"do\":\"kill\",\"verb\":\"write\",\"when\":\"$when\",\"skip\":$((n - 1)),\"times\":1}]"
        "begin_$life" "$name"
        killed_or_over "$life" "$name" || break
        fired 1 || fail "$name: the operator died by itself"
        no_rules
        start_operator
        within 60 "over_$life" "$name"
        stop_operator
        n=$((n + 1))
        [ $n -lt 60 ] || fail "a life of 60 writes"
    done
    echo "a life has at most $((n - 1)) writes; the operator was killed $when each of them"
    [ $n -gt 6 ] || fail "too few"
    case $life in
    deletion) each_pod_once ;;
    failure) [ "$(each_pod_once)" -le $((2 * n)) ] ;; # one may have failed before the other was made
    restart | suspension) expect "$(each_pod_once 2)" $((2 * n)) ;;
    *) expect "$(each_pod_once)" $((2 * n)) ;;
    esac
}

success_before() { killed_at_each_write success before; }
success_after() { killed_at_each_write success after; }
failure_before() { killed_at_each_write failure before; }
failure_after() { killed_at_each_write failure after; }
deletion_before() { killed_at_each_write deletion before; }
deletion_after() { killed_at_each_write deletion after; }
restart_before() { killed_at_each_write restart before; }
restart_after() { killed_at_each_write restart after; }
suspension_before() { killed_at_each_write suspension before; }
suspension_after() { killed_at_each_write suspension after; }
ttl_before() { killed_at_each_write ttl before; }
ttl_after() { killed_at_each_write ttl after; }

# A hundred kills, each at a write that a seed chooses, while others are in flight.
seeded_moments() {
    local kills=0 jobs=0 whens=(before after)
    RANDOM=${SEED:-20261123}
    start_proxy
    while [ $kills -lt 100 ]; do
        [ $((kills % 5)) -ne 0 ] || { jobs_at_once "many-$jobs" 5 2 0.5 && jobs=$((jobs + 5)); }
        rules "[{\"do\":\"kill\",\"verb\":\"write\",\"when\":\"${whens[RANDOM % 2]}\",\"skip\":$((RANDOM % 12)),\"times\":1}]"
        launch_operator
        tell POST pid "{\"pid\":$operator}" >/dev/null
        killed_soon || { jobs_at_once "many-$jobs" 5 2 0.5 && jobs=$((jobs + 5)) && killed_soon; } || fail "no write comes any more"
        kills=$((kills + 1))
    done
    no_rules
    start_operator
    within 120 all_succeeded $jobs
    within 20 no_finalizers_left
    echo "$kills kills, $jobs jobs"
    expect "$(each_pod_once)" $((2 * jobs))
}
killed_soon() {
    local deadline=$((SECONDS + 10))
    while is_running "$operator"; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.02
    done
}

it "killed before each write of a job that succeeds, it succeeds, and no pod is created twice" success_before
it "killed after each write of a job that succeeds, it succeeds, and no pod is created twice" success_after
it "killed before each write of a job that fails, it fails with its cause, and no pod is created twice" failure_before
it "killed after each write of a job that fails, it fails with its cause, and no pod is created twice" failure_after
it "killed before each write of a job that is deleted, nothing is left" deletion_before
it "killed after each write of a job that is deleted, nothing is left" deletion_after
it "killed before each write of a restart, the second attempt runs, and no pod of it is created twice" restart_before
it "killed after each write of a restart, the second attempt runs, and no pod of it is created twice" restart_after
it "killed before each write of a suspension, the job goes on when resumed, and no pod is created twice" suspension_before
it "killed after each write of a suspension, the job goes on when resumed, and no pod is created twice" suspension_after
it "killed before each write of a job that succeeds and has a TTL, nothing is left" ttl_before
it "killed after each write of a job that succeeds and has a TTL, nothing is left" ttl_after
it "killed 100 times with writes in flight, all jobs succeed, and no pod is created twice" seeded_moments
