# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# The life of a TrainingJob on a good day.

finalizers_gone() { not has_finalizers "$1"; }
count_of_role() { field "$1" "{.status.roles[?(@.name=='$2')].$3}"; }

succeeds() {
    start_operator
    get trainingjob -w -o 'jsonpath={.status.phase}{"\n"}' >"$scratch/phases" &
    helpers+=($!)
    job good 3 run-seconds=2 start-seconds=1
    phase good Running
    expect "$(field good '{.status.podsReady}')" 3/3
    expect "$(condition good Running reason)" PodsRunning
    phase good Succeeded
    within 10 phases_in_order
    expect "$(count_of_role good worker succeededIndexes)" 0-2
    expect "$(count_of_role good worker desired)/$(count_of_role good worker active)/$(count_of_role good worker failed)" 3/0/0
    expect "$(condition good Complete reason)" WorkersSucceeded
    expect "$(condition good Failed)$(condition good Stalled)$(condition good Reconciling)" FalseFalseFalse
    expect "$(field good '{.status.observedGeneration}')" "$(field good '{.metadata.generation}')"
    [[ $(field good '{.status.startTime} {.status.completionTime} {.status.duration}') =~ ^2.*Z\ 2.*Z\ [0-9]+s$ ]] || fail "times"
    expect "$(events_of good)" "Running Succeeded "
    within 10 finalizers_gone good
    each_pod_once
}

phases_in_order() { # as kubectl, who may lag, has shown them
    [[ $(uniq "$scratch/phases" | tr "\n" " ") =~ ^(Pending\ )?Starting\ Running\ Succeeded\ $ ]] || { cat "$scratch/phases"; return 1; }
}

# What a pod of a job is given: identity, names, environment, an owner.
pods_know_who_they_are() {
    local pod=env-worker-1
    start_operator
    create_job env <<END
  framework: PyTorch
  roles:
  - {name: worker, replicas: 2}
  - {name: evaluator, replicas: 1, template: {metadata: {labels: {own: "yes"}}, spec: {containers: [{name: eval, image: other}]}}}
  template: {metadata: {}, spec: {initContainers: [{name: first, image: example}], containers: [{name: main, image: example}]}}
END
    phase env Running
    expect "$(get pod $pod -o 'jsonpath={.spec.hostname}.{.spec.subdomain}')" "env-worker-1.env-hosts"
    expect "$(get pod $pod -o 'jsonpath={.metadata.labels.kitae\.dev/job}/{.metadata.labels.kitae\.dev/role}/{.metadata.labels.kitae\.dev/index}/{.metadata.labels.kitae\.dev/attempt}')" env/worker/1/1
    expect "$(get pod $pod -o 'jsonpath={.metadata.ownerReferences[0].uid}/{.metadata.ownerReferences[0].controller}')" "$(uid trainingjob env)/true"
    expect "$(get pod $pod -o 'jsonpath={.metadata.finalizers[*]}')" kitae.dev/record
    expect "$(get pod $pod -o "jsonpath={.spec.containers[0].env[?(@.name=='PET_MASTER_ADDR')].value}")" env-worker-0.env-hosts
    expect "$(get pod $pod -o "jsonpath={.spec.initContainers[0].env[?(@.name=='KITAE_INDEX')].value}")" 1
    expect "$(get pod env-evaluator-0 -o 'jsonpath={.metadata.labels.own}/{.spec.containers[0].image}')" yes/other
    expect "$(get service env-hosts -o 'jsonpath={.spec.clusterIP}/{.spec.publishNotReadyAddresses}')" None/true
    expect "$(count_of_role env evaluator active)" 1
    each_pod_once
}

fails() {
    local words
    words=$(printf 'line %s\n' {1..300})$'\n'"Traceback: the tensor is on fire"
    start_operator
    create_job bad <<END
  failurePolicy: {maxRestarts: 0}
  roles:
  - name: chief
    template:
      metadata: {annotations: {test.kitae.dev/run-seconds: "1", test.kitae.dev/exit-code: "3", test.kitae.dev/message: "${words//$'\n'/\\n}"}}
      spec: {containers: [{name: main, image: example}]}
  - {name: worker, replicas: 2}
  template: {metadata: {annotations: {test.kitae.dev/stop-seconds: "2"}}, spec: {containers: [{name: main, image: example}]}}
END
    phase bad Completing
    expect "$(condition bad Failed)" False
    phase bad Failed
    expect "$(field bad '{.status.lastFailure.role}-{.status.lastFailure.index}/{.status.lastFailure.exitCode}/{.status.lastFailure.reason}')" chief-0/3/Error
    expect "$(field bad '{.status.lastFailure.node}')" "$(get pod bad-chief-0 -o 'jsonpath={.spec.nodeName}')"
    contains "$(field bad '{.status.lastFailure.logTail}')" "Traceback: the tensor is on fire"
    [ "$(field bad '{.status.lastFailure.logTail}' | wc -c)" -le 1024 ] || fail "the tail is longer than 1 KiB"
    contains "$(field bad '{.status.message}')" "chief-0 failed on node"
    contains "$(field bad '{.status.message}')" "exit code 3): Traceback: the tensor is on fire"
    expect "$(condition bad Failed)$(condition bad Stalled)$(condition bad Complete)" TrueTrueFalse
    contains "$(events_of bad)" Failed
    within 20 finalizers_gone bad
    within 20 pods_are bad 1 # those that still ran were stopped and are gone, the culprit stays to be looked at
    expect "$(pods_of bad)" bad-chief-0
    each_pod_once
}

tells_out_of_memory() {
    start_operator
    job hungry 1 run-seconds=0.5 oom=true
    phase hungry Failed
    expect "$(field hungry '{.status.lastFailure.reason}/{.status.lastFailure.exitCode}')" OOMKilled/137
    contains "$(field hungry '{.status.message}')" "ran out of memory"
}

tells_an_eviction() {
    start_operator
    job moved 2 run-seconds=0.5 evict=true
    phase moved Restarting
    expect "$(field moved '{.status.attempt}/{.status.attempts[0].reason}/{.status.lastFailure.reason}')" 2/Evicted/Evicted
    expect "$(field moved '{.status.restarts}/{.status.restartsWithoutProgress}')" 1/0
}

tells_a_lost_pod() {
    start_operator
    policy='{maxRestarts: 0}' job lost 2
    phase lost Running
    get pod lost-worker-1 -o name >/dev/null
    kubectl patch pod -n "$namespace" lost-worker-1 --type=merge -p '{"metadata":{"finalizers":null}}' >/dev/null
    kubectl delete pod -n "$namespace" lost-worker-1 --grace-period=0 --force >/dev/null 2>&1
    phase lost Failed
    expect "$(field lost '{.status.lastFailure.role}-{.status.lastFailure.index}')" worker-1
    each_pod_once
}

tells_a_deleted_pod() {
    start_operator
    policy='{maxRestarts: 0}' job robbed 2
    phase robbed Running
    kubectl delete pod -n "$namespace" robbed-worker-0 --wait=false >/dev/null
    phase robbed Failed
    expect "$(field robbed '{.status.lastFailure.reason}')" PodDeleted
    within 10 finalizers_gone robbed
    each_pod_once
}

restart_one_pod() {
    local first second
    start_operator
    policy='{rules: [{onExitCodes: [3], action: RestartPod}]}' job flaky 3
    phase flaky Running
    first=$(uid pod flaky-worker-1)
    second=$(uid pod flaky-worker-2)
    kubectl annotate -n "$namespace" pod flaky-worker-1 test.kitae.dev/exit-code=3 >/dev/null
    within 20 another_pod_runs flaky-worker-1 "$first"
    expect "$(uid pod flaky-worker-2)" "$second"
    within 10 nothing_replaced flaky
    expect "$(field flaky '{.status.attempt}/{.status.restarts}/{.status.restartsWithoutProgress}')" 1/1/1
    contains "$(events_of flaky)" RestartingPod
}
another_pod_runs() { [ "$(get pod "$1" -o 'jsonpath={.status.phase}')" = Running ] && [ "$(uid pod "$1")" != "$2" ]; }
nothing_replaced() { [ -z "$(field "$1" '{.status.replacing}')" ]; }

# Nothing runs twice and nothing is lost when the operator sleeps through the end of it.
sees_later_what_happened() {
    start_operator
    job early 2 run-seconds=2
    phase early Running
    stop_operator
    within 10 pods_have_ended early
    expect "$(pods_of early | wc -l)" 2
    start_operator
    phase early Succeeded
    within 10 finalizers_gone early
    each_pod_once
}
pods_have_ended() { [ "$(get pods -l "kitae.dev/job=$1" -o 'jsonpath={.items[*].status.phase}')" = "Succeeded Succeeded" ]; }

it "a job starts, runs and succeeds; status, events and finalizers tell it in order" succeeds
it "pods get identity, names, environment and an owner; roles may have their own template" pods_know_who_they_are
it "a failed pod fails the job, with its node, code and last words, after the others were stopped" fails
it "running out of memory is told" tells_out_of_memory
it "an eviction is told" tells_an_eviction
it "a pod that vanished without a trace fails the job" tells_a_lost_pod
it "a pod that somebody deleted fails the job and lets go of it" tells_a_deleted_pod
it "what happened while the operator was away is seen when it comes back" sees_later_what_happened
it "a rule with RestartPod: that pod alone is made anew, and the others run on" restart_one_pod
