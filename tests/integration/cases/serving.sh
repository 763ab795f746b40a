# shellcheck shell=bash disable=SC2154 # variables of lib.sh
# ServingEndpoints against a real control plane: Deployments, Services, autoscalers and routes are real, pods and the
# gateway are simulated. (That traffic follows: tests/e2e/cases/serving.sh.)

# shellcheck source=tests/integration/endpoints.sh
. "$root/tests/integration/endpoints.sh"

# -- from the first revision to the next ---------------------------------------------------------------------------------

the_first_one_is_ready() {
    start_operator
    endpoint reg/one <<<'  replicas: 2'
    within 30 serves reg/one
    expect "$(get service shop -o 'jsonpath={.spec.selector.kitae\.dev/role}')" "$(stable)"
    expect "$(get pdb shop -o 'jsonpath={.spec.maxUnavailable}')" 25%
    within 20 shows '{.status.podsReady} {.status.url}' "2/2 http://shop.$namespace.svc:8080"
    contains "$(say '{.status.selector}')" "kitae.dev/role=$(stable)"
    # Nothing is written while nothing changes.
    local before
    before=$(get servingendpoint shop -o 'jsonpath={.metadata.resourceVersion}')
    wait_out 4
    expect "$(get servingendpoint shop -o 'jsonpath={.metadata.resourceVersion}')" "$before"
}

a_canary_with_approval() {
    local one two
    start_operator
    start_gateway
    { canary; echo '  replicas: 4'; } | endpoint reg/one
    within 30 serves reg/one
    one=$(stable)
    within 10 weighs "$one=100 "
    { canary; echo '  replicas: 4'; } | endpoint reg/two
    within 30 holds Reconciling True/WaitingForApproval
    two=$(candidate)
    weighs "$one=90 $two=10 "
    expect "$(get deployment "$two" -o 'jsonpath={.spec.replicas}')" 1
    expect "$(get service shop -o 'jsonpath={.spec.selector.kitae\.dev/role}')" "$one"
    patch '{"spec":{"rollout":{"approve":"shop-ffffffff"}}}'
    stays 2 weighs "$one=90 $two=10 "
    patch "{\"spec\":{\"rollout\":{\"approve\":\"$two\"}}}"
    within 20 weighs "$one=50 $two=50 "
    [ "$(get deployment "$two" -o 'jsonpath={.status.readyReplicas}')" -ge 2 ]
    within 30 serves reg/two
    weighs "$two=100 "
    expect "$(get service shop -o 'jsonpath={.spec.selector.kitae\.dev/role}')" "$two"
    within 30 count_is deployments 1
    within 30 count_is services 2
    expect "$(say '{.status.lastRollout.result}')" Promoted
}

a_rollout_that_is_rejected() {
    local two
    start_operator
    start_gateway
    canary | endpoint reg/one
    within 30 serves reg/one
    canary | endpoint reg/two
    within 30 holds Reconciling True/WaitingForApproval
    two=$(candidate)
    patch "{\"spec\":{\"rollout\":{\"reject\":\"$two\"}}}"
    within 20 shows '{.status.phase}/{.status.rejected[0].reason}' RolledBack/Rejected
    weighs "$(stable)=100 "
    holds Stalled True/RolledBack
    holds Ready True/RouteAccepted
    within 60 count_is deployments 1
    # It is not tried again, until somebody asks for that.
    stays 2 shows '{.status.candidate}' ''
    patch '{"spec":{"rollout":{"reject":null}}}'
    kubectl annotate servingendpoint -n "$namespace" shop kitae.dev/requested-at=again >/dev/null
    within 30 holds Reconciling True/WaitingForApproval
    expect "$(candidate)" "$two"
}

pods_that_never_come_up() {
    start_operator
    start_gateway
    deadline=10 canary | endpoint reg/one
    within 30 serves reg/one
    deadline=10 pods='test.kitae.dev/never-start: "true", test.kitae.dev/waiting-reason: ImagePullBackOff, test.kitae.dev/message: "no such image"'
    canary | endpoint reg/two
    within 20 holds Reconciling True/ImagePullBackOff
    contains "$(say '{.status.message}')" 'no such image'
    within 30 shows '{.status.phase}/{.status.rejected[0].reason}' RolledBack/ProgressDeadlineExceeded
    contains "$(say '{.status.message}')" 'cannot pull its image'
    weighs "$(stable)=100 "
}

editing_in_mid_rollout() {
    local one
    start_operator
    start_gateway
    canary | endpoint reg/one
    within 30 serves reg/one
    one=$(stable)
    canary | endpoint reg/two
    within 30 holds Reconciling True/WaitingForApproval
    canary | endpoint reg/three
    within 30 shows '{.status.lastRollout.result}' Superseded
    within 30 holds Reconciling True/WaitingForApproval
    expect "$(image_of "$(candidate)")" reg/three
    canary | endpoint reg/one
    within 30 is_ready
    expect "$(stable)" "$one"
    weighs "$one=100 "
    within 60 count_is deployments 1
}

# -- size -------------------------------------------------------------------------------------------------------------------

by_scale_and_by_an_autoscaler() {
    local one
    start_operator
    endpoint reg/one <<<'  replicas: 1'
    within 30 serves reg/one
    one=$(stable)
    kubectl scale -n "$namespace" servingendpoint/shop --replicas=3 >/dev/null
    within 20 shows '{.status.podsReady}' 3/3
    # Handed over to an autoscaler: nobody's pods go, and what somebody else writes stays.
    kubectl patch servingendpoint -n "$namespace" shop --type=merge -p '{"spec":{"replicas":null,"autoscaling":{"minReplicas":2,"maxReplicas":5,"cpuPercent":70}}}' >/dev/null
    within 20 get hpa "$one"
    expect "$(get hpa "$one" -o 'jsonpath={.spec.minReplicas}/{.spec.maxReplicas}/{.spec.scaleTargetRef.name}')" "2/5/$one"
    expect "$(get deployment "$one" -o 'jsonpath={.spec.replicas}')" 3
    kubectl scale -n "$namespace" "deployment/$one" --replicas=4 >/dev/null
    within 20 shows '{.status.podsReady}' 4/4
    stays 3 shows '{.status.podsReady}' 4/4
    # And taken back.
    kubectl patch servingendpoint -n "$namespace" shop --type=merge -p '{"spec":{"replicas":2,"autoscaling":null}}' >/dev/null
    within 20 shows '{.status.podsReady}' 2/2
    within 20 not get hpa "$one"
}

# -- recreate ---------------------------------------------------------------------------------------------------------------

the_old_pods_go_first() {
    start_operator
    endpoint reg/one <<<'  rollout: {strategy: Recreate}'
    within 30 serves reg/one
    endpoint reg/two <<<'  rollout: {strategy: Recreate}'
    within 60 serves reg/two
    within 30 count_is deployments 1
    deadline=10 pods='test.kitae.dev/never-start: "true"'
    endpoint reg/three <<<'  rollout: {strategy: Recreate, progressDeadlineSeconds: 10}'
    within 60 shows '{.status.phase}/{.status.rejected[0].reason}' RolledBack/ProgressDeadlineExceeded
    expect "$(image_of "$(stable)")" reg/two
    within 30 holds Ready True/PodsReady
}

# -- models -----------------------------------------------------------------------------------------------------------------

a_tag_moves() {
    kubectl create -f - >/dev/null <<END
apiVersion: kitae.dev/v1alpha1
kind: Model
metadata: {name: search, namespace: $namespace}
spec: {store: {s3: {bucket: models, prefix: search}}, tags: [{name: production, version: v1}]}
END
    start_operator
    endpoint reg/one <<<'  modelRef: {name: search, version: production}'
    within 20 holds Ready False/WaitingForModel
    within 20 kubectl patch model -n "$namespace" search --subresource=status --type=merge -p '{"status":{"phase":"Ready","latest":"v2","nextVersion":3,"versions":[
        {"name":"v1","digest":"1111111111111111111111111111111111111111111111111111111111111111","createdAt":"2026-01-01T00:00:00Z"},
        {"name":"v2","digest":"2222222222222222222222222222222222222222222222222222222222222222","createdAt":"2026-01-02T00:00:00Z"}]}}'
    within 30 serves reg/one
    expect "$(say '{.status.stable.model}')" search/v1
    contains "$(get deployment "$(stable)" -o 'jsonpath={.spec.template.spec.initContainers[0].args}')" 1111111111
    within 20 users_are 'ServingEndpoint/shop'
    kubectl patch model -n "$namespace" search --type=merge -p '{"spec":{"tags":[{"name":"production","version":"v2"}]}}' >/dev/null
    within 30 shows '{.status.stable.model}/{.status.phase}' search/v2/Ready
    contains "$(get deployment "$(stable)" -o 'jsonpath={.spec.template.spec.initContainers[0].args}')" 2222222222
    # The Model stays while somebody serves it.
    kubectl delete model -n "$namespace" search --wait=false >/dev/null
    stays 2 get model search -o name
    kubectl delete servingendpoint -n "$namespace" shop >/dev/null
    within 120 not get model search # when watches are as new as the lists that proved it
}
users_are() { [ "$(get model search -o 'jsonpath={.status.usedBy.first[*]}')" = "$1" ]; }

# -- what is wrong ------------------------------------------------------------------------------------------------------------

what_is_wrong_is_said() {
    start_operator
    kubectl apply -f - >/dev/null <<END
apiVersion: kitae.dev/v1alpha1
kind: ServingEndpoint
metadata: {name: shop, namespace: $namespace}
spec: {template: {metadata: {}, spec: {containers: [{name: server, image: reg/one}]}}}
END
    within 20 holds Accepted False/PortMissing
    contains "$(say '{.status.message}')" 'write spec.port'
    kubectl delete servingendpoint -n "$namespace" shop >/dev/null
    # The Gateway does not let it in.
    accepts=False accepts_reason=NotAllowedByListeners accepts_message='no listener allows this namespace'
    start_gateway
    canary | endpoint reg/one
    within 30 holds Routed False/NotAllowedByListeners
    holds Ready False/NotAllowedByListeners
    contains "$(say '{.status.conditions[?(@.type=="Routed")].message}')" 'no listener allows this namespace'
}

a_name_that_is_taken() {
    start_operator
    kubectl create service clusterip -n "$namespace" shop --tcp=80 >/dev/null
    endpoint reg/one <<<''
    within 30 says 'delete what has that name'
    expect "$(get service shop -o 'jsonpath={.metadata.ownerReferences}')" ''
    kubectl delete service -n "$namespace" shop >/dev/null
    within 60 serves reg/one
    within 20 not says 'delete what has that name'
}
says() { [[ $(say '{.status.message}') == *"$1"* ]] || { say '{.status.message}'; return 1; } }

# -- what is no longer asked for ----------------------------------------------------------------------------------------------

what_is_not_asked_for_goes() {
    start_operator
    start_gateway
    { echo "$route"; echo '  protocol: GRPC'; echo '  replicas: 2'; } | endpoint reg/one
    within 30 serves reg/one
    expect "$(get grpcroute shop -o 'jsonpath={.spec.hostnames[0]}')" shop.example.com
    # Edited by hand, it is as before; edited in the spec, it follows.
    kubectl patch pdb -n "$namespace" shop --type=merge -p '{"spec":{"maxUnavailable":"50%"}}' >/dev/null
    within 20 is_of pdb '{.spec.maxUnavailable}' 25%
    patch '{"spec":{"route":{"hostnames":["store.example.com"]}}}'
    within 20 is_of grpcroute '{.spec.hostnames[0]}' store.example.com
    patch '{"spec":{"route":null,"replicas":1}}'
    within 20 not get grpcroute shop
    within 20 not get pdb shop
    within 20 serves reg/one
    # HTTP likewise.
    kubectl delete servingendpoint -n "$namespace" shop >/dev/null
    echo "$route" | endpoint reg/two
    within 60 serves reg/two
    patch '{"spec":{"route":null}}'
    within 20 not get httproute shop
    within 20 serves reg/two
}
is_of() { [ "$(get "$1" shop -o "jsonpath=$2")" = "$3" ]; } # KIND JSONPATH VALUE

# -- deletion -------------------------------------------------------------------------------------------------------------------

nothing_is_left() {
    start_operator
    start_gateway
    { canary; echo '  replicas: 2'; } | endpoint reg/one
    within 30 serves reg/one
    kubectl delete servingendpoint -n "$namespace" shop >/dev/null
    within 60 all_gone
}
all_gone() { [ -z "$(get deployments,services,httproutes,pdb,hpa,pods -l app.kubernetes.io/managed-by=kitae -o name)" ]; }

it "the first revision is ready: Deployment, Service, stable name, budget; then nothing is written any more" the_first_one_is_ready
it "a canary: pods before weight, approval by name, promotion, and the old revision goes after its delay" a_canary_with_approval
it "a revision that a person rejects gives its traffic back and is tried again only when asked for" a_rollout_that_is_rejected
it "a revision whose pods never come up is taken back at its deadline, and the cause is told" pods_that_never_come_up
it "edited in mid-rollout, and edited back: traffic returns first, the first revision serves on" editing_in_mid_rollout
it "kubectl scale, an autoscaler, and back: no number of ours meets another's" by_scale_and_by_an_autoscaler
it "Recreate: the old pods go first, and come back when the new ones never do" the_old_pods_go_first
it "a tag that moves rolls out the version it means; the Model stays while it is served" a_tag_moves
it "a missing port and a route that no listener lets in are told, with what to do" what_is_wrong_is_said
it "a Service of that name that is somebody else's is left alone and told" a_name_that_is_taken
it "a route and a budget that are not asked for any more go; the revision serves on" what_is_not_asked_for_goes
it "a deleted endpoint leaves nothing" nothing_is_left
