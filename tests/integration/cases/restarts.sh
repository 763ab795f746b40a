# shellcheck shell=bash disable=SC2154 # variables of lib.sh
# Restarts that something stands in the way of: quota, Pod Security, a drain; and a job as large as one may be.

quick='{backoff: {initialSeconds: 1, maxSeconds: 5}}'

fails() { kubectl annotate pod -n "$namespace" "$1" test.kitae.dev/exit-code=139 >/dev/null; } # POD

quota_in_the_middle() {
    start_operator
    policy=$quick job train 3
    phase train Running
    kubectl create quota -n "$namespace" few --hard=pods=2 >/dev/null
    fails train-worker-0
    within 60 tells train 'exceeded quota'
    expect "$(field train '{.status.attempt}')" 2
    [ "$(pods_of train | wc -l)" -le 2 ] || fail "more pods than the quota allows"
    kubectl delete quota -n "$namespace" few >/dev/null
    within 90 runs_again train 2
    pods_are train 3 || fail "not three pods"
}

# The pods of the next attempt come when those of the last are gone, so the job's own size is enough.
quota_as_large_as_the_job() {
    kubectl create quota -n "$namespace" exact --hard=pods=3 >/dev/null
    start_operator
    policy=$quick job train 3
    phase train Running
    fails train-worker-2
    within 60 runs_again train 2
    expect "$(get quota exact -o 'jsonpath={.status.used.pods}')" 3
    each_pod_once 2
}

pod_security_in_the_middle() {
    start_operator
    policy=$quick job train 2
    phase train Running
    kubectl label namespace "$namespace" pod-security.kubernetes.io/enforce=restricted >/dev/null
    fails train-worker-1
    within 60 tells train PodSecurity
    expect "$(condition train Reconciling reason)" PodSecurityDenied
    kubectl label namespace "$namespace" pod-security.kubernetes.io/enforce- >/dev/null
    within 90 runs_again train 2
}

# Nothing that Kitae adds to a pod breaks the strictest rules.
pod_security_that_is_met() {
    kubectl label namespace "$namespace" pod-security.kubernetes.io/enforce=restricted >/dev/null
    start_operator
    create_job strict <<END
  roles: [{name: worker, replicas: 2}]
  failurePolicy: $quick
  template:
    metadata: {}
    spec:
      securityContext: {runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
        - {name: main, image: example, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}
END
    phase strict Running
    fails strict-worker-0
    within 60 runs_again strict 2
    expect "$(metric kitae_children_refused_total)" 0
}

# What `kubectl drain` does with each pod of a node.
evict() {
    kubectl create --raw "/api/v1/namespaces/$namespace/pods/$1/eviction" -f - >/dev/null <<END
{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "$1", "namespace": "$namespace"}}
END
}
drained() {
    start_operator
    policy='{maxRestarts: 0, backoff: {initialSeconds: 1}}' job train 2
    phase train Running
    evict train-worker-0
    within 60 runs_again train 2
    evict train-worker-1
    within 60 runs_again train 3
    expect "$(field train '{.status.restartsWithoutProgress}')" 0
}

# All of them once more when one has failed.
two_thousand_pods() {
    start_operator
    policy=$quick job large 2000
    phase large Running 400
    expect "$(field large '{.status.podsReady}')" 2000/2000
    fails large-worker-1234
    within 600 runs_again large 2
    expect "$(field large '{.status.attempts[0].index}/{.status.attempts[0].exitCode}')" 1234/139
    expect "$(each_pod_once 2)" 2000
    kubectl delete trainingjob -n "$namespace" large >/dev/null
    within 300 nothing_left large
}

it "a quota that is used up in the middle of a restart is told, and the attempt goes on when it is raised" quota_in_the_middle
it "a quota as large as the job is enough for a restart" quota_as_large_as_the_job
it "Pod Security that denies a restart is told, and the attempt goes on when it is lifted" pod_security_in_the_middle
it "a job that meets the restricted Pod Security runs and restarts" pod_security_that_is_met
it "pods that are drained restart the job, and use up none of its restarts" drained
it "a job of 2,000 pods, the most there may be, runs, restarts and goes" two_thousand_pods slow
