# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# image: answer
# needs: gateway
# The ground that endpoints stand on, without any endpoint: the gateway, gRPC, Prometheus, and the client that counts.
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

# answer VERSION REPLICAS [VARIABLE=VALUE...]: a server of that version (programs/answer), and a Service of it alone.
answer() {
    local variables='' one
    for one in "${@:3}"; do variables+=", {name: ${one%%=*}, value: \"${one#*=}\"}"; done
    kubectl apply -n "$namespace" -f - >/dev/null <<END
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1}
spec:
  replicas: $2
  selector: {matchLabels: {version: $1}}
  template:
    metadata:
      labels: {version: $1}
      annotations: {prometheus.io/scrape: "true", prometheus.io/port: "8080"}
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
---
apiVersion: v1
kind: Service
metadata: {name: $1}
spec:
  selector: {version: $1}
  ports: [{port: 8080}]
END
}

# route KIND BLUE-WEIGHT GREEN-WEIGHT: of the host $namespace.example.com.
route() {
    kubectl apply -n "$namespace" -f - >/dev/null <<END
apiVersion: gateway.networking.k8s.io/v1
kind: $1
metadata: {name: answer}
spec:
  parentRefs: [{name: public, namespace: gateways}]
  hostnames: [$namespace.example.com]
  rules:
  - backendRefs:
    - {name: blue, port: 8080, weight: $2}
    - {name: green, port: 8080, weight: $3}
END
}

blue_and_green() { # [VARIABLE-OF-GREEN=VALUE...]
    answer blue 2
    answer green 2 "$@"
    kubectl rollout status -n "$namespace" deployment/blue --timeout=60s >/dev/null
    kubectl rollout status -n "$namespace" deployment/green --timeout=60s >/dev/null
}

rate() { # SERVICE CODE
    echo "sum(rate(http_requests_total{namespace=\"$namespace\",service=\"$1\",code=\"$2\"}[5s]))"
}

traffic_moves_and_nothing_is_lost() {
    blue_and_green
    route HTTPRoute 80 20
    within 20 ask "$namespace.example.com" /predict
    start_load "$namespace.example.com" /predict --answer-header X-Version
    within 20 recent_percent blue 78 82
    within 20 recent_percent green 18 22
    within 20 prometheus_is "$(rate blue 200)" 150 170
    within 20 prometheus_is "$(rate green 200)" 35 45

    route HTTPRoute 50 50
    within 20 recent_percent green 48 52
    route HTTPRoute 0 100
    within 20 recent_percent green 100 100
    # Nobody is sent there any more, so that its pods can go, and the others take turns with new ones.
    kubectl delete deployment -n "$namespace" blue --wait >/dev/null
    kubectl rollout restart -n "$namespace" deployment/green >/dev/null
    kubectl rollout status -n "$namespace" deployment/green --timeout=90s >/dev/null
    stop_load_and_expect_no_failure 2000
    expect "$(get httproute answer -o 'jsonpath={.status.parents[0].conditions[?(@.type=="Accepted")].status}')" True
    expect "$(get gateway -n gateways public -o 'jsonpath={.status.addresses[0].value}')" "$gateway"
}

failures_are_seen() {
    blue_and_green FAIL_PERCENT=10
    route HTTPRoute 0 100
    within 20 ask "$namespace.example.com" /healthz
    start_load "$namespace.example.com" /predict --answer-header X-Version
    within 30 prometheus_is "$(rate green 500) / ($(rate green 200) + $(rate green 500))" 0.09 0.11
    not stop_load
    grep -E '^failure status 500: [0-9]+$' "$scratch/load.sums"
    grep -E '^answer green: [0-9]+$' "$scratch/load.sums"
}

# Which version answers a call.
called() { ask_grpc "$namespace.example.com" -v | sed -n 's/^x-version: //p' | grep .; }

calls_by_version() {
    local i
    for i in {1..10}; do called; done | sort | uniq -c | xargs
}

grpc_calls_are_answered() {
    blue_and_green
    route GRPCRoute 50 50
    within 20 called
    contains "$(ask_grpc "$namespace.example.com")" '"status": "SERVING"'
    expect "$(calls_by_version)" "5 blue 5 green"
    route GRPCRoute 100 0
    within 20 is "10 blue" calls_by_version
    not ask_grpc other.example.com
}

first_line() { curl -sSf --max-time 5 "$1" | head -n 1; }

services_have_names() {
    answer blue 1
    kubectl rollout status -n "$namespace" deployment/blue --timeout=60s >/dev/null
    within 20 is blue first_line "http://blue.$namespace.svc:8080/"
}

it "traffic moves by weights and pods are replaced under load, and no request fails; Prometheus sees it by Service" traffic_moves_and_nothing_is_lost
it "the client of that load and Prometheus see what fails" failures_are_seen
it "gRPC is answered through a GRPCRoute, by weights" grpc_calls_are_answered
it "a test beside the gateway reaches Services by name" services_have_names
