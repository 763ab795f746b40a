# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# What stands in a job's way is told on the job, and waited for.

resources() { # of the server: KIND NAME as given, created
    kubectl create -n "$namespace" "$@" >/dev/null
}

a_pod_has_the_name() {
    local stranger
    kubectl run -n "$namespace" taken-worker-1 --image=example --restart=Never >/dev/null
    stranger=$(uid pod taken-worker-1)
    start_operator
    job taken 2
    reason taken Reconciling NameTaken
    contains "$(field taken '{.status.message}')" taken-worker-1
    expect "$(uid pod taken-worker-1)" "$stranger"
    expect "$(get pod taken-worker-1 -o 'jsonpath={.metadata.ownerReferences}{.metadata.finalizers}')" ""
    kubectl delete pod -n "$namespace" taken-worker-1 --now >/dev/null
    phase taken Running 60
}

a_service_has_the_name() {
    local stranger
    resources service clusterip busy-hosts --clusterip=None
    stranger=$(uid service busy-hosts)
    start_operator
    job busy 1
    reason busy Reconciling NameTaken
    contains "$(field busy '{.status.message}')" busy-hosts
    expect "$(uid service busy-hosts)" "$stranger"
    kubectl delete service -n "$namespace" busy-hosts >/dev/null
    phase busy Running 60
}

# Somebody's pod that carries our labels is not ours either.
a_pod_only_looks_like_ours() {
    kubectl run -n "$namespace" fake-worker-0 --image=example --restart=Never \
        --labels=app.kubernetes.io/managed-by=kitae,kitae.dev/job=fake,kitae.dev/role=worker,kitae.dev/index=0,kitae.dev/attempt=1 >/dev/null
    start_operator
    job fake 1
    reason fake Reconciling NameTaken
    kubectl delete trainingjob -n "$namespace" fake >/dev/null
    stays 2 kubectl get pod -n "$namespace" fake-worker-0 -o name
}

the_quota_is_used_up() {
    local denied
    resources quota tight --hard=pods=2
    start_operator
    job poor 6
    reason poor Reconciling QuotaExceeded
    within 10 pods_are poor 2
    contains "$(field poor '{.status.message}')" "exceeded quota"
    denied=$(metric kitae_children_refused_total)
    sleep 0.1
    [ "${denied%.*}" -le 4 ] || fail "$denied refusals: the slow start went on"
    stays 3 pods_are poor 2
    kubectl patch quota -n "$namespace" tight --type=merge -p '{"spec":{"hard":{"pods":"10"}}}' >/dev/null
    phase poor Running 60
    each_pod_once
}

the_service_account_is_missing() {
    start_operator
    create_job nobody <<<'  {template: {metadata: {}, spec: {serviceAccountName: trainer, containers: [{name: main, image: example}]}}}'
    reason nobody Reconciling ServiceAccountMissing
    contains "$(field nobody '{.status.message}')" trainer
    resources serviceaccount trainer
    phase nobody Running 60
}

the_image_cannot_be_pulled() {
    start_operator
    job picture 2 never-start=true waiting-reason=ImagePullBackOff "message=no such image"
    reason picture Reconciling ImagePullBackOff
    within 10 tells picture imagePullSecrets
    tells picture "no such image"
    kubectl annotate pod -n "$namespace" --all test.kitae.dev/never-start- >/dev/null
    phase picture Running
    expect "$(condition picture Reconciling)" False
}

a_secret_is_missing() {
    start_operator
    job keyless 1 never-start=true waiting-reason=CreateContainerConfigError 'message=secret key not found'
    reason keyless Reconciling CreateContainerConfigError
    within 10 tells keyless "secret key not found"
}

no_node_is_big_enough() {
    start_operator
    create_job huge <<<'  {template: {metadata: {}, spec: {containers: [{name: main, image: example, resources: {requests: {cpu: 5k}}}]}}}'
    reason huge Reconciling Unschedulable
    within 10 tells huge "Insufficient cpu"
    expect "$(field huge '{.status.phase}')" Starting
}

# Each field whose behaviour comes later: field path as told, and the lines that set it, with ";" between them.
fields_without_behaviour() {
    local name number=0
    start_operator
    while IFS='|' read -r field lines; do
        number=$((number + 1)) name=later-$number
        create_job $name <<<"  template: {metadata: {}, spec: {containers: [{name: main, image: example}]}}"$'\n'"  ${lines//;/$'\n'  }"
        reason $name Accepted NotImplemented
        contains "$(condition $name Accepted message)" "$field"
        expect "$(condition $name Stalled)/$(field $name '{.status.phase}')" True/Pending
        pods_are $name 0 || fail "$name has pods"
    done <<'END'
spec.progress|progress: {stallSeconds: 900}
spec.scheduling|scheduling: {queueName: gpu}
END
    expect "$number" 2
}

# Taken out again, the job runs: what was refused was no failure.
a_refusal_can_be_corrected() {
    start_operator
    create_job later <<<'  {progress: {stallSeconds: 900}, template: {metadata: {}, spec: {containers: [{name: main, image: example}]}}}'
    reason later Accepted NotImplemented
    kubectl patch trainingjob -n "$namespace" later --type=merge -p '{"spec":{"progress":null}}' >/dev/null
    phase later Running
    expect "$(condition later Stalled)" False
}

the_server_refuses_the_pod() {
    start_operator
    create_job typo <<<'  {roles: [{name: worker, replicas: 4}], template: {metadata: {}, spec: {containers: [{name: main, image: example, imagee: x}]}}}'
    reason typo Accepted InvalidTemplate
    contains "$(field typo '{.status.message}')" imagee
    metric_is kitae_children_refused_total 1 || fail "more than the first pod was tried"
    kubectl patch trainingjob -n "$namespace" typo --type=json -p '[{"op":"remove","path":"/spec/template/spec/containers/0/imagee"}]' >/dev/null
    phase typo Running
}

# Pods must not suffer from a neighbour that can never work.
a_hopeless_job_does_not_slow_others() {
    local i
    start_operator
    for i in 1 2 3 4 5; do
        create_job hopeless-$i <<<'  {template: {metadata: {}, spec: {containers: [{name: main, image: example, imagee: x}]}}}'
    done
    job fine 2 run-seconds=0.5
    phase fine Succeeded 15
}

it "a stranger's pod of our name is left alone, told, and waited for" a_pod_has_the_name
it "a stranger's service of our name is left alone, told, and waited for" a_service_has_the_name
it "a stranger's pod with our labels is neither taken nor deleted" a_pod_only_looks_like_ours
it "a used up quota is told, not hammered, and waited for" the_quota_is_used_up
it "a missing ServiceAccount is told and waited for" the_service_account_is_missing
it "an image that cannot be pulled is told with advice, and goes by itself" the_image_cannot_be_pulled
it "a missing Secret is told" a_secret_is_missing
it "a job that fits on no node says so in the scheduler's words" no_node_is_big_enough
it "every field without behaviour is refused by its name" fields_without_behaviour
it "a job that was refused runs once it is corrected" a_refusal_can_be_corrected
it "what the server refuses is told in its words after one try, and can be corrected" the_server_refuses_the_pod
it "a job that can never work does not slow others" a_hopeless_job_does_not_slow_others
