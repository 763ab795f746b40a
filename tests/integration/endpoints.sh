# shellcheck shell=bash disable=SC2154 # variables of lib.sh
# What tests of ServingEndpoints are written with, beside lib.sh: an endpoint, what it says, and a gateway.

endpoint() { # IMAGE [NAME], with more lines of its spec from standard input
    kubectl apply -f - >/dev/null <<END
apiVersion: kitae.dev/v1alpha1
kind: ServingEndpoint
metadata: {name: ${2:-shop}, namespace: $namespace}
spec:
  template:
    metadata: {annotations: {${pods:-}}}
    spec: {containers: [{name: server, image: $1, ports: [{containerPort: 8080}], resources: {requests: {cpu: 10m}}}]}
$(cat)
END
}
say() { get servingendpoint "${2:-shop}" -o "jsonpath=$1"; }
shows() { [ "$(say "$1")" = "$2" ] || { say '{.status}'; return 1; } } # JSONPATH VALUE
holds() { [ "$(say "{.status.conditions[?(@.type==\"$1\")].status}/{.status.conditions[?(@.type==\"$1\")].reason}")" = "$2" ] || { say '{.status}'; return 1; } }
is_ready() { shows '{.status.conditions[?(@.type=="Ready")].status}/{.status.phase}' True/Ready; }
stable() { say '{.status.stable.revision}' | grep .; }
candidate() { say '{.status.candidate.revision}' | grep .; }
serves() { is_ready && shows '{.status.candidate}' '' && [ "$(image_of "$(stable)")" = "$1" ]; } # IMAGE
image_of() { get deployment "$1" -o 'jsonpath={.spec.template.spec.containers[0].image}'; }
deployments() { get deployments -o 'jsonpath={.items[*].metadata.name}'; }
count() { get "$1" -l app.kubernetes.io/managed-by=kitae -o name | wc -l; }
count_is() { [ "$(count "$1")" = "$2" ] || { get "$1"; return 1; } } # KIND COUNT
patch() { kubectl patch servingendpoint -n "$namespace" shop --type=merge -p "$1" >/dev/null; }
weights() { get httproute shop -o 'jsonpath={range .spec.rules[0].backendRefs[*]}{.name}={.weight} {end}'; }
weighs() { [ "$(weights)" = "$1" ] || { weights; return 1; } }

# A gateway that takes every route of the namespace, and sees each change a little later.
start_gateway() {
    (while :; do
        take_routes || true # a route may go before it is taken
        sleep 0.1 # it is a loop that polls, as gateways are
    done) >/dev/null 2>&1 &
    helpers+=($!)
}
take_routes() {
    local kind name generation seen
    while read -r kind name generation seen; do
        [ "$generation" != "$seen" ] || continue
        kubectl patch "$kind" -n "$namespace" "$name" --subresource=status --type=merge -p "{\"status\":{\"parents\":[{
            \"parentRef\":{\"name\":\"public\"},\"controllerName\":\"test.kitae.dev/gateway\",\"conditions\":[
            {\"type\":\"Accepted\",\"status\":\"${accepts:-True}\",\"reason\":\"${accepts_reason:-Accepted}\",\"message\":\"${accepts_message:-}\",\"observedGeneration\":$generation,\"lastTransitionTime\":\"2026-01-01T00:00:00Z\"},
            {\"type\":\"ResolvedRefs\",\"status\":\"True\",\"reason\":\"ResolvedRefs\",\"message\":\"\",\"observedGeneration\":$generation,\"lastTransitionTime\":\"2026-01-01T00:00:00Z\"}]}]}}"
    done < <(get httproutes,grpcroutes -o 'jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.generation} {.status.parents[0].conditions[0].observedGeneration}{"\n"}{end}')
}

route='  route: {parentRefs: [{name: public}], hostnames: [shop.example.com]}'
canary() { echo "$route"; echo "  rollout: {strategy: Canary, scaleDownDelaySeconds: ${delay:-1}, progressDeadlineSeconds: ${deadline:-60}, steps: [{trafficPercent: 10, approval: Required}, {trafficPercent: 50, holdSeconds: 1}]}"; }
