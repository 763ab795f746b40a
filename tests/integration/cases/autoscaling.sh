# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh and endpoints.sh define and read
# alone: while a stub is the metrics API of the cluster, every namespace that goes asks for it.
# ServingEndpoints with Kubernetes' autoscaler at work: the metrics are a stub's, all else is as in serving.sh. A pod
# requests 10m, and half of that is aimed at.

# shellcheck source=tests/integration/endpoints.sh
. "$root/tests/integration/endpoints.sh"

uses() { # CPU: of every pod from now on
    echo "$1" >"$scratch/cpu.part"
    mv "$scratch/cpu.part" "$scratch/cpu"
}

start_metrics() {
    uses 5m
    "$root/tests/integration/metrics-stub" "$scratch/cpu" "$KITAE_CLUSTER_DIR/pki" >"$scratch/metrics-port" 2>"$scratch/metrics.log" &
    helpers+=($!)
    within 10 grep . "$scratch/metrics-port"
    at_end+=('kubectl delete apiservice v1beta1.metrics.k8s.io')
    kubectl apply -f - >/dev/null <<END_OF_API
apiVersion: v1
kind: Service
metadata: {name: metrics, namespace: $namespace}
spec: {type: ExternalName, externalName: localhost}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec:
  group: metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {name: metrics, namespace: $namespace, port: $(<"$scratch/metrics-port")}
END_OF_API
    kubectl wait apiservice v1beta1.metrics.k8s.io --for=condition=Available --timeout=30s >/dev/null
}

# Kubernetes' own five minutes before fewer pods are too long to wait for.
autoscaled() {
    echo '  autoscaling: {minReplicas: 1, maxReplicas: 4, cpuPercent: 50, behavior: {scaleDown: {stabilizationWindowSeconds: 0}}}'
    echo "$route"
    echo '  rollout: {strategy: Canary, scaleDownDelaySeconds: 1, progressDeadlineSeconds: 120, steps: [{trafficPercent: 50, approval: Required}]}'
}

floor_is() { # REVISION PODS: the fewest that its autoscaler may want
    [ "$(get hpa "$1" -o 'jsonpath={.spec.minReplicas}')" = "$2" ] || { get hpa "$1"; return 1; }
}
sees() { # REVISION PERCENT: what its autoscaler last read
    [ "$(get hpa "$1" -o 'jsonpath={.status.currentMetrics[0].resource.current.averageUtilization}')" = "$2" ] || { get hpa "$1" -o 'jsonpath={.status}'; return 1; }
}
size_is() { # REVISION PODS: what its Deployment is told
    [ "$(get deployment "$1" -o 'jsonpath={.spec.replicas}')" = "$2" ] || { get deployment "$1"; return 1; }
}
ready_are() { # REVISION PODS
    [ "$(get deployment "$1" -o 'jsonpath={.status.readyReplicas}')" = "$2" ] || { get deployment "$1"; return 1; }
}
limited_by() { # REVISION REASON
    [ "$(get hpa "$1" -o 'jsonpath={.status.conditions[?(@.type=="ScalingLimited")].reason}')" = "$2" ] || { get hpa "$1" -o 'jsonpath={.status}'; return 1; }
}

writes_to_deployments() { # USER: verb, subresource or nothing, name
    "$root/tests/integration/audit" writes "$KITAE_AUDIT_LOG" "$namespace" "$1" | awk '$3 == "deployments" { $1 = $NF = ""; print }'
}
# The operator made Deployments and took them away; their size was the autoscaler's alone.
only_the_autoscaler_scaled() {
    local ours theirs
    ours=$(writes_to_deployments kitae-system:operator)
    theirs=$(writes_to_deployments kube-system:horizontal-pod-autoscaler)
    contains "$ours" "create deployments"
    not grep -E 'patch|update' <<<"$ours"
    contains "$theirs" "update deployments scale $1"
}

lets_start_one() { # REVISION: the first of its pods that may not start yet
    local waiting
    waiting=$(get pods -l "kitae.dev/role=$1" -o 'jsonpath={range .items[?(@.metadata.annotations.test\.kitae\.dev/never-start)]}{.metadata.name} {end}')
    kubectl annotate pod -n "$namespace" "${waiting%% *}" test.kitae.dev/never-start- >/dev/null
}

as_many_as_the_load_needs() {
    local one
    start_metrics
    start_operator
    start_gateway
    autoscaled | endpoint reg/one
    within 30 serves reg/one
    one=$(stable)
    within 60 sees "$one" 50
    floor_is "$one" 1
    size_is "$one" 1
    uses 9m
    within 60 shows '{.status.podsReady}' 4/4
    within 20 limited_by "$one" TooManyReplicas
    uses 1m
    within 60 shows '{.status.podsReady}' 1/1
    size_is "$one" 1
    only_the_autoscaler_scaled "$one"
}

a_canary_under_load() {
    local one two pods
    start_metrics
    start_operator
    start_gateway
    autoscaled | endpoint reg/one
    within 30 serves reg/one
    one=$(stable)
    uses 20m
    within 60 shows '{.status.podsReady}' 4/4
    uses 5m
    within 20 sees "$one" 50

    # Half of the traffic needs two of four pods: the autoscaler is told so, and the weight waits for both of them.
    pods='test.kitae.dev/never-start: "true"'
    autoscaled | endpoint reg/two
    within 20 candidate
    two=$(candidate)
    within 20 floor_is "$two" 2
    within 60 size_is "$two" 2
    stays 3 weighs "$one=100 "
    lets_start_one "$two"
    within 20 ready_are "$two" 1
    stays 3 weighs "$one=100 "
    lets_start_one "$two"
    within 20 weighs "$one=50 $two=50 "
    within 20 holds Reconciling True/WaitingForApproval

    # Little to do for anybody, and yet the old revision may get all back at any time.
    uses 1m
    within 20 sees "$one" 10
    within 20 limited_by "$one" TooFewReplicas
    floor_is "$one" 4
    stays 5 ready_are "$one" 4
    ready_are "$two" 2

    # All of the traffic needs four, whatever the load is; afterwards the load decides.
    patch "{\"spec\":{\"rollout\":{\"approve\":\"$two\"}}}"
    within 60 floor_is "$two" 4
    within 60 size_is "$two" 4
    weighs "$one=50 $two=50 "
    lets_start_one "$two"
    stays 3 weighs "$one=50 $two=50 "
    lets_start_one "$two"
    within 60 serves reg/two
    weighs "$two=100 "
    within 20 floor_is "$two" 1
    within 60 shows '{.status.podsReady}' 1/1
    within 30 count_is hpa 1
    within 30 count_is deployments 1
    only_the_autoscaler_scaled "$one"
    only_the_autoscaler_scaled "$two"
}

it "an autoscaler goes to its most pods and back, and only it writes how many there are" as_many_as_the_load_needs
it "a canary under an autoscaler: its floor brings pods before weight, the old revision keeps its own, then the load decides" a_canary_under_load
