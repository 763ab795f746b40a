# shellcheck shell=bash disable=SC2154 # variables of lib.sh
# What training made becomes a version of a Model, against a real control plane. The agent's pods are simulated, as in
# dataset.sh. (That the agent publishes what it says: tests/agent, tests/e2e.)

create_model() { # NAME
    kubectl create -f - >/dev/null <<END
apiVersion: kitae.dev/v1alpha1
kind: Model
metadata: {name: $1, namespace: $namespace}
spec:
  store: {s3: {bucket: models, prefix: $1}}
END
}
say_model() { get model "$1" -o "jsonpath=$2"; }
model_is() { [ "$(say_model "$1" "$2")" = "$3" ] || { say_model "$1" '{.status}'; return 1; } } # NAME JSONPATH VALUE

# Nothing provides volumes here: COUNT of them by hand, for the claims of this test.
volumes_for() {
    local i
    for ((i = 0; i < $1; i++)); do
        at_end+=("kubectl delete pv $namespace-$i --wait=false")
        kubectl create -f - >/dev/null <<END
apiVersion: v1
kind: PersistentVolume
metadata: {name: $namespace-$i}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: $namespace, hostPath: {path: /tmp}}
END
    done
}

writing_job() { # NAME MODEL
    create_job "$1" <<END
  outputs: [{modelRef: {name: $2}, from: {role: worker, index: 0}, storage: {size: 1Gi, storageClassName: $namespace}}]
  template:
    metadata: {annotations: {test.kitae.dev/run-seconds: "0.5"}}
    spec: {containers: [{name: main, image: example}]}
END
}
published() { # JOB-OF-BATCH DIGEST: the agent says so
    agent_ends "$1" 0 "{\"container\":\"publish\",\"digest\":\"$2\",\"objects\":2,\"bytes\":20,\"uri\":\"s3://models/x/versions/$2/\"}"
}
phase_is() { [ "$(field "$1" '{.status.phase}')" = "$2" ] || { field "$1" '{.status.message}'; return 1; } }

an_output_becomes_a_version() {
    volumes_for 3
    start_operator
    writing_job first search >/dev/null
    within 30 tells first 'the output waits for Model search, which is not there: create it'
    expect "$(get pvc -o 'jsonpath={.items[*].spec.resources.requests.storage}')" 1Gi
    create_model search
    within 20 runs first-publish-0-1
    phase_is first Completing
    published first-publish-0-1 d1
    phase first Succeeded
    within 20 model_is search '{.status.phase}/{.status.latest}/{.status.versions[0].digest}' Ready/v1/d1
    expect "$(say_model search '{.status.versions[0].producedBy.name}')" first
    expect "$(field first '{.status.outputs[0].version}')" v1
    # The same content again makes no version, another one does.
    writing_job second search >/dev/null
    published second-publish-0-1 d1
    phase second Succeeded
    writing_job third search >/dev/null
    published third-publish-0-1 d2
    phase third Succeeded
    within 20 model_is search '{.status.latest}/{.status.versions[*].digest}' 'v2/d1 d2'
    within 10 not has_finalizers third
}

# Killed while it publishes, and while the Model is to list it: no second Job, no second version.
an_operator_killed_meanwhile() {
    volumes_for 1
    start_operator
    create_model search
    writing_job only search >/dev/null
    within 20 runs only-publish-0-1
    kill_operator
    published only-publish-0-1 d1
    start_operator
    phase only Succeeded
    expect "$(get jobs.batch -o name | wc -l)" 1
    model_is search '{.status.versions[*].digest}' d1
}

# What cannot be published is told with the agent's reason, and published when somebody asks after mending it.
a_failed_publish() {
    volumes_for 1
    start_operator
    create_model search
    writing_job only search >/dev/null
    agent_ends only-publish-0-1 1 '{"container":"publish","reason":"AccessDenied","message":"s3://models: 403: give it the right to write"}'
    within 30 tells only 'give it the right to write'
    expect "$(condition only Stalled reason)" AccessDenied
    phase_is only Completing
    kubectl annotate trainingjob -n "$namespace" only kitae.dev/requested-at=now >/dev/null
    within 30 runs only-publish-0-2
    published only-publish-0-2 d1
    phase only Succeeded
    model_is search '{.status.latest}' v1
}

it "what a job wrote becomes a version of its Model, once for the same content" an_output_becomes_a_version
it "an operator killed while an output is published makes no second Job and no second version" an_operator_killed_meanwhile
it "an output that cannot be published is told, and published when somebody asks" a_failed_publish
