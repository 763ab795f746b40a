# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# Two replicas and their lease. Each has a user of its own, so that the audit log tells them apart.

replica() { # a|b [FLAGS...]
    local kubeconfig
    kubeconfig=$("$cluster" serviceaccount kitae-system "replica-$1" kitae-operator)
    launch_operator --leader-elect=true --lease-namespace "$namespace" "${@:2}"
}

leads() { metric_is leader_election_master_status 1 "$1"; }
holder() { get leases -o 'jsonpath={.items[0].spec.holderIdentity}'; }
writes_of() { "$root/tests/integration/audit" writes "$KITAE_AUDIT_LOG" "$namespace" "replica-$1" "${2:-}" | grep -v leases; }

# The leader falls asleep for longer than its lease; the other one takes over; the first must not write when it wakes.
a_sleeping_leader() {
    local first first_port second second_port begun woken
    replica a
    first=$operator first_port=$port
    within 10 leads "$first_port"
    replica b
    second=$operator second_port=$port
    within 10 ready "$second_port" "$second"
    leads "$second_port" && fail "both lead"
    job before 2
    phase before Running
    kill -STOP "$first"
    begun=$SECONDS
    job meanwhile 2 run-seconds=1
    within 20 leads "$second_port" # 17 s, and what a busy machine takes
    echo "the new leader leads after $((SECONDS - begun)) s"
    phase meanwhile Succeeded
    while [ $((SECONDS - begun)) -lt 40 ]; do sleep 0.1; done
    woken=$(date -u +%FT%TZ)
    kill -CONT "$first"
    within 5 not is_running "$first"
    wait "$first" && fail "the old leader ended with 0"
    job after 2 run-seconds=1
    phase after Succeeded
    expect "$(writes_of a "$woken")" ""
    contains "$(holder)" _
    each_pod_once
}

# A killed leader is followed once its lease has run out.
a_killed_leader() {
    local first_port begun
    replica a
    first_port=$port
    within 10 leads "$first_port"
    kill_operator
    begun=$SECONDS
    replica b
    within 20 leads "$port"
    [ $((SECONDS - begun)) -ge 10 ] || fail "the lease was taken after $((SECONDS - begun)) s"
    job one 1 run-seconds=1
    phase one Succeeded
}

a_leader_that_goes() {
    local first first_port begun
    replica a
    first=$operator first_port=$port
    within 10 leads "$first_port"
    replica b
    within 10 ready "$port" "$operator"
    job steady 3
    phase steady Running
    jobs_under_way
    begun=$(date +%s%N)
    stop_operator "$first" || fail "it ended with $?"
    within 6 leads "$port"
    echo "the standby leads after $((($(date +%s%N) - begun) / 1000000)) ms"
    for i in 1 2 3 4 5; do phase "busy-$i" Succeeded; done
    stop_operator "$operator" || fail "it ended with $?"
    expect "$(holder)" ""
    each_pod_once
}
jobs_under_way() { for i in 1 2 3 4 5; do job "busy-$i" 4 run-seconds=1; done >/dev/null; }

# A standby only watches.
a_standby_writes_nothing() {
    replica a
    within 10 leads "$port"
    replica b
    within 10 ready "$port" "$operator"
    job one 3 run-seconds=1
    phase one Succeeded
    stays 2 expect "$(writes_of b)" ""
    metric_is kitae_store_objects 5 # a job, 3 pods, a service: it knows what there is
}

# Without an answer from the server the lease runs out, and with it the right to write.
a_leader_that_cannot_renew() {
    start_proxy
    launch_operator --leader-elect=true --lease-namespace "$namespace"
    within 10 leads "$port"
    rules '[{"do":"stall","path":"/leases/"}]'
    within 25 not is_running "$operator"
    wait "$operator" && fail "it ended with 0"
    logged "the lease was lost"
}

it "a leader that sleeps for 40 s is replaced in time, writes nothing when it wakes, and ends" a_sleeping_leader
it "a leader that was killed is followed when its lease has run out" a_killed_leader
it "a leader that is stopped in mid-work finishes, gives its lease back, and the standby leads at once" a_leader_that_goes
it "a standby writes nothing" a_standby_writes_nothing
it "a leader that cannot renew its lease ends and does not write" a_leader_that_cannot_renew
