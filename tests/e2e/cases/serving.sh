# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# image: answer
# needs: gateway
# ServingEndpoints under constant load, through a real gateway: whatever happens to a revision, to the operator or to the
# API server, no request fails.
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

# endpoint VERSION ROLLOUT [VARIABLE=VALUE...]: the endpoint `shop`, whose server says that it is that version.
endpoint() {
    local variables='' one
    for one in "${@:3}"; do variables+=", {name: ${one%%=*}, value: \"${one#*=}\"}"; done
    kubectl apply -n "$namespace" -f - >/dev/null <<END
apiVersion: kitae.dev/v1alpha1
kind: ServingEndpoint
metadata: {name: shop}
spec:
  replicas: ${replicas:-2}
  protocol: ${protocol:-HTTP}
  route: {parentRefs: [{name: public, namespace: gateways}], hostnames: [$host]}
  rollout: $2
  template:
    metadata: {annotations: {prometheus.io/scrape: "true", prometheus.io/port: "8080"}}
    spec:
      containers:
      - name: server
        image: kitae.dev/e2e-answer:test
        imagePullPolicy: Never
        env: [{name: VERSION, value: $1}$variables]
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
        lifecycle: {preStop: {sleep: {seconds: 5}}}
        securityContext: {runAsNonRoot: true, runAsUser: 65532}
END
}

say() { get servingendpoint shop -o "jsonpath=$1"; }
shows() { [ "$(say "$1")" = "$2" ] || { say '{.status}'; return 1; } } # shows JSONPATH VALUE
is_ready() { shows '{.status.conditions[?(@.type=="Ready")].status}/{.status.phase}' True/Ready; }
serves() { # VERSION: that is stable, ready, and the only one
    is_ready && shows '{.status.candidate}' '' && [ "$(ask "$host" / | head -n 1)" = "$1" ]
}
candidate() { say '{.status.candidate.revision}' | grep .; }

start_serving() {
    host=$namespace.example.com
    start_operator --probe --prometheus-url "$prometheus"
}
start_shop_load() { start_load "$host" /predict --answer-header X-Version; }

first_revision() {
    endpoint blue '{strategy: BlueGreen, scaleDownDelaySeconds: 5}'
    within 60 serves blue
}

# shellcheck disable=SC2016 # $(candidate) is Kitae's
errors_check='{name: errors, prometheus: {query: "sum(rate(http_requests_total{namespace=\"$(namespace)\",service=\"$(candidate)\",code=~\"5..\"}[5s])) / sum(rate(http_requests_total{namespace=\"$(namespace)\",service=\"$(candidate)\"}[5s]))", samplesQuery: "sum(increase(http_requests_total{namespace=\"$(namespace)\",service=\"$(candidate)\"}[10s]))", minSamples: 20}, max: "0.01"}'
canary="{strategy: Canary, scaleDownDelaySeconds: 5, intervalSeconds: 2, failureLimit: 1,
    steps: [{trafficPercent: 10, holdSeconds: 6}, {trafficPercent: 50, holdSeconds: 6}],
    checks: [{name: answers, probe: {path: /healthz}}]}"

# -- what a user does ---------------------------------------------------------------------------------------------------

a_canary_goes_all_the_way() {
    start_serving
    first_revision
    start_shop_load
    endpoint green "$canary"
    within 60 recent_percent green 7 13
    within 60 recent_percent green 45 55
    within 90 serves green
    within 20 recent_percent green 100 100
    within 60 is 1 count_deployments
    stop_load_and_expect_no_failure 3000
    expect "$(say '{.status.lastRollout.result}/{.status.stable.revision}')" "Promoted/$(get deployments -o 'jsonpath={.items[0].metadata.name}')"
    contains "$(say '{.status.conditions[?(@.type=="RouteProbed")].reason}')" Answers
    [ "$(say '{.status.lastRollout.startup.firstReadySeconds}')" -ge 0 ]
}
count_deployments() { get deployments -o name | wc -l; }

# It answers some requests with 500, and so those fail; none does that went to the stable revision, nor any afterwards.
a_bad_canary_is_taken_back() {
    local bad
    start_serving
    first_revision
    start_shop_load
    endpoint green "{strategy: Canary, scaleDownDelaySeconds: 5, intervalSeconds: 2, failureLimit: 1,
        steps: [{trafficPercent: 20, holdSeconds: 60}], checks: [$errors_check]}" FAIL_PERCENT=50
    within 60 recent_percent green 1 30
    bad=$(candidate)
    within 60 shows '{.status.phase}/{.status.lastRollout.result}' RolledBack/RolledBack
    within 20 recent_percent blue 100 100
    expect "$(say '{.status.rejected[0].revision}/{.status.rejected[0].reason}')" "$bad/ChecksFailed"
    contains "$(say '{.status.message}')" 'errors is 0.'
    within 90 is 1 count_deployments
    expect "$(say '{.status.conditions[?(@.type=="Ready")].status}/{.status.conditions[?(@.type=="Stalled")].reason}')" True/RolledBack
    not stop_load
    expect "$(grep ' FAILED ' "$load_log" | grep -cv 'status 500' || true)" 0
    # Not a request fails from now on.
    start_shop_load
    within 20 load_has_made 1000
    recent_percent blue 100 100
    stop_load_and_expect_no_failure
}

# A good one and a bad one that never gets traffic: its own probe fails before.
a_sick_one_never_gets_traffic() {
    start_serving
    first_revision
    start_shop_load
    endpoint green "{strategy: Canary, scaleDownDelaySeconds: 5, progressDeadlineSeconds: 15, steps: [{trafficPercent: 20}]}" SICK=1
    within 60 shows '{.status.phase}/{.status.rejected[0].reason}' RolledBack/ProgressDeadlineExceeded
    stop_load_and_expect_no_failure 2000
    expect "$(sed -n 's/^answer green: //p' "$scratch/load.sums")" ''
}

blue_green_switches() {
    start_serving
    first_revision
    start_shop_load
    endpoint green '{strategy: BlueGreen, scaleDownDelaySeconds: 5}'
    within 60 serves green
    within 20 recent_percent green 100 100
    # Back again: the old one is made anew, or still warm.
    endpoint blue '{strategy: BlueGreen, scaleDownDelaySeconds: 5}'
    within 60 serves blue
    within 20 recent_percent blue 100 100
    stop_load_and_expect_no_failure 1000
    expect "$(get service shop -o 'jsonpath={.spec.selector.kitae\.dev/role}')" "$(say '{.status.stable.revision}')"
}

# -- bad days -------------------------------------------------------------------------------------------------------------

an_operator_killed_in_mid_rollout() {
    start_serving
    first_revision
    start_shop_load
    endpoint green "$canary"
    within 60 recent_percent green 7 13
    kill_operator
    stays 3 recent_percent green 1 20
    start_serving
    within 90 recent_percent green 45 55
    kill_operator
    start_serving
    within 90 serves green
    within 20 recent_percent green 100 100
    stop_load_and_expect_no_failure 3000
}

an_api_server_restarted_in_mid_rollout() {
    start_serving
    first_revision
    start_shop_load
    endpoint green "$canary"
    within 60 recent_percent green 7 13
    "$cluster" restart-apiserver --name "$KITAE_CLUSTER" >/dev/null
    within 120 serves green
    within 20 recent_percent green 100 100
    stop_load_and_expect_no_failure 3000
}

edits_in_mid_rollout() {
    start_serving
    first_revision
    start_shop_load
    endpoint green "$canary"
    within 60 recent_percent green 7 13
    endpoint red "$canary"
    within 60 recent_percent green 0 0
    within 60 recent_percent red 7 13
    endpoint blue "$canary"
    within 60 serves blue
    within 20 recent_percent blue 100 100
    within 90 is 1 count_deployments
    stop_load_and_expect_no_failure 1500
}

# -- other kinds of servers ------------------------------------------------------------------------------------------------

called() { ask_grpc "$host" -v | sed -n 's/^x-version: //p' | grep .; }
calls_by_version() {
    local i
    for i in {1..10}; do called; done | sort | uniq -c | xargs
}

grpc_goes_through_its_route() {
    protocol=GRPC
    start_serving
    endpoint blue '{strategy: BlueGreen, scaleDownDelaySeconds: 5}'
    within 60 is_ready
    within 20 is "10 blue" calls_by_version
    endpoint green '{strategy: Canary, scaleDownDelaySeconds: 5, steps: [{trafficPercent: 50, approval: Required}]}'
    within 60 is "5 blue 5 green" calls_by_version
    kubectl patch servingendpoint -n "$namespace" shop --type=merge -p "{\"spec\":{\"rollout\":{\"approve\":\"$(candidate)\"}}}" >/dev/null
    within 60 is "10 green" calls_by_version
    within 60 is_ready
}

scaling_by_the_subresource() {
    start_serving
    first_revision
    start_shop_load
    kubectl scale -n "$namespace" servingendpoint/shop --replicas=4 >/dev/null
    within 60 shows '{.status.podsReady}/{.status.replicas}' 4/4/4
    kubectl scale -n "$namespace" servingendpoint/shop --replicas=1 >/dev/null
    within 90 shows '{.status.podsReady}/{.status.replicas}' 1/1/1
    stop_load_and_expect_no_failure 1000
}

it "a canary goes from nothing to all, by its steps, and no request fails" a_canary_goes_all_the_way
it "a canary that answers 500 is taken back by its check, is not tried again, and leaves no trace" a_bad_canary_is_taken_back
it "a revision that is not ready gets no request, and is taken back at its deadline" a_sick_one_never_gets_traffic
it "blue and green change places, there and back, and no request fails" blue_green_switches
it "the operator is killed twice in mid-rollout: the rollout goes on, and no request fails" an_operator_killed_in_mid_rollout
it "the API server is restarted in mid-rollout: the rollout goes on, and no request fails" an_api_server_restarted_in_mid_rollout
it "edited twice in mid-rollout, back at last: traffic first returns each time, and no request fails" edits_in_mid_rollout
it "gRPC is rolled out through a GRPCRoute" grpc_goes_through_its_route
it "kubectl scale reaches the pods, up and down, and no request fails" scaling_by_the_subresource
