# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# Jobs of framework MPI: their Secret is made once, before their pods, and nobody of ours looks at it.

mpi_job() { # NAME WORKERS [RUN-SECONDS of the launcher]
    local annotations=${3:+"test.kitae.dev/run-seconds: '$3'"}
    create_job "$1" <<END
  framework: MPI
  roles:
  - name: launcher
    template:
      metadata: {annotations: {$annotations}}
      spec: {containers: [{name: main, image: example, command: [mpirun, train]}]}
  - name: worker
    replicas: $2
    processesPerReplica: 4
    template: {metadata: {}, spec: {containers: [{name: main, image: example}]}}
END
}

secret_of() { get secrets -l "kitae.dev/job=$1" -o 'jsonpath={.items[*].metadata.name}'; }
file_of() { get secret "$1" -o "jsonpath={.data.${2//./\\.}}" | base64 -d; } # SECRET FILE
asked() { "$root/tests/integration/audit" asks "$KITAE_AUDIT_LOG" "$namespace" :operator secrets; }
made_once() { expect "$("$root/tests/integration/audit" creates "$KITAE_AUDIT_LOG" "$namespace" secrets)" 1; }

its_key_is_good() { # SECRET
    (umask 077 && file_of "$1" id_ed25519 >"$scratch/key")
    expect "$(ssh-keygen -y -f "$scratch/key")" "$(file_of "$1" id_ed25519.pub)"
}

a_life() {
    local secret owner
    start_operator
    mpi_job fluid 2 2
    phase fluid Running
    secret=$(secret_of fluid)
    owner=$(uid trainingjob fluid)
    expect "${secret##*-}" "${owner:0:8}"
    expect "$(get secret "$secret" -o 'jsonpath={.metadata.ownerReferences[*].uid} {.immutable}')" "$owner true"
    its_key_is_good "$secret"
    expect "$(file_of "$secret" hostfile)" $'fluid-worker-0.fluid-hosts slots=4\nfluid-worker-1.fluid-hosts slots=4'
    expect "$(get pod fluid-launcher-0 -o 'jsonpath={.spec.volumes[?(@.name=="kitae-mpi")].secret.secretName}')" "$secret"
    phase fluid Succeeded
    within 10 not get pod fluid-worker-0
    made_once
    expect "$(asked)" "create 201"
    each_pod_once
    kubectl delete trainingjob -n "$namespace" fluid >/dev/null
    within 30 not get secret "$secret"
}

# Killed when the Secret is there and no pod is: the next one asks again, is told that it is there, and goes on.
killed_between() {
    local secret key
    kubectl create quota -n "$namespace" none --hard=pods=0 >/dev/null
    start_operator
    mpi_job torn 2
    reason torn Reconciling QuotaExceeded
    secret=$(secret_of torn)
    key=$(file_of "$secret" id_ed25519.pub)
    kill_operator
    kubectl delete quota -n "$namespace" none >/dev/null
    start_operator
    phase torn Running
    expect "$(secret_of torn)" "$secret"
    expect "$(file_of "$secret" id_ed25519.pub)" "$key"
    made_once
    expect "$(asked | sort -u)" $'create 201\ncreate 409'
    each_pod_once
}

# With all pods there, an operator that starts has nothing to ask.
started_again() {
    local before
    start_operator
    mpi_job calm 2
    phase calm Running
    kill_operator
    before=$(asked)
    start_operator
    stays 3 expect "$(asked)" "$before"
    expect "$(writes_so_far)" 0
}

# Without the right to make Secrets the job says so, and makes no pod that would wait for one.
without_the_right() {
    kubectl create serviceaccount -n "$namespace" poor >/dev/null
    kubectl get clusterrole kitae-operator -o json |
        python3 -c 'import json, sys
role = json.load(sys.stdin)
role["metadata"] = {"name": sys.argv[1]}
role["rules"] = [rule for rule in role["rules"] if rule["resources"] != ["secrets"]]
json.dump(role, sys.stdout)' "$namespace-poor" | kubectl create -f - >/dev/null
    at_end+=("kubectl delete clusterrole,clusterrolebinding $namespace-poor")
    kubectl create clusterrolebinding "$namespace-poor" --clusterrole="$namespace-poor" --serviceaccount="$namespace:poor" >/dev/null
    kubeconfig_with "    token: $(kubectl create token poor -n "$namespace")"
    start_operator
    mpi_job barred 1
    reason barred Reconciling NotPermitted
    contains "$(field barred '{.status.message}')" "an administrator must let Kitae create it"
    stays 2 expect "$(pods_of barred)" ""
}

it "the Secret of an MPI job is made once, before its pods, with a good key, owned by the job, and read by nobody" a_life
it "an operator that is killed between the Secret and the pods is no reason for a second Secret" killed_between
it "an operator that starts beside a running MPI job asks for nothing" started_again
it "an operator that may not make Secrets says so, and makes no pods" without_the_right
