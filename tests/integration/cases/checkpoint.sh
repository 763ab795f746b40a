# shellcheck shell=bash disable=SC2154 # variables of lib.sh
# spec.checkpoint: a claim that is made once, kept across suspension and restart, and goes with its job.

a_claim_of_its_own() {
    local claim
    start_operator
    create_job saves <<END
  roles: [{name: worker, replicas: 2}]
  checkpoint: {storage: {size: 1Gi}, graceSeconds: 5}
  template: {metadata: {}, spec: {containers: [{name: main, image: example}]}}
END
    # Nothing provides volumes here, so that the scheduler lets the pods wait; they are there.
    within 20 pods_are saves 2
    claim=saves-checkpoint-$(uid trainingjob saves | cut -c1-8)
    expect "$(get pvc "$claim" -o 'jsonpath={.spec.accessModes[0]}/{.spec.resources.requests.storage}')" ReadWriteMany/1Gi
    expect "$(get pod saves-worker-1 -o 'jsonpath={.spec.volumes[?(@.name=="kitae-checkpoint")].persistentVolumeClaim.claimName}')" "$claim"
    expect "$(get pod saves-worker-1 -o 'jsonpath={.spec.terminationGracePeriodSeconds}')" 5
    expect "$(get pod saves-worker-1 -o 'jsonpath={.spec.containers[0].env[?(@.name=="KITAE_CHECKPOINT_DIR")].value}')" /checkpoints
    kubectl patch trainingjob -n "$namespace" saves --type=merge -p '{"spec":{"suspend":true}}' >/dev/null
    phase saves Suspended
    kill_operator # who does not know that the claim is there
    start_operator
    kubectl patch trainingjob -n "$namespace" saves --type=merge -p '{"spec":{"suspend":false}}' >/dev/null
    within 20 resumes saves
    "$root/tests/integration/audit" creates "$KITAE_AUDIT_LOG" "$namespace" persistentvolumeclaims
    kubectl delete trainingjob -n "$namespace" saves >/dev/null
    within 30 nothing_left saves
    within 30 is_going "$claim"
}
resumes() {
    [ "$(get pods -l "kitae.dev/job=$1,kitae.dev/attempt=2" -o name | wc -l)" = 2 ] &&
        expect "$(get pod "$1-worker-0" -o 'jsonpath={.spec.containers[0].env[?(@.name=="KITAE_RESUME")].value}')" true
}
# A claim keeps kubernetes.io/pvc-protection until its pods are gone.
is_going() { ! get pvc "$1" >/dev/null 2>&1 || [ -n "$(get pvc "$1" -o 'jsonpath={.metadata.deletionTimestamp}')" ]; }

a_claim_of_the_users() {
    start_operator
    create_job named <<END
  roles: [{name: worker}]
  checkpoint: {claimName: mine, mountPath: /ckpt}
  template: {metadata: {}, spec: {containers: [{name: main, image: example}]}}
END
    within 20 pods_are named 1
    expect "$(get pvc -o name)" ""
    expect "$(get pod named-worker-0 -o 'jsonpath={.spec.containers[0].volumeMounts[?(@.name=="kitae-checkpoint")].mountPath}')" /ckpt
    within 20 tells named "fits on no node"
}

it "checkpoint.storage: a claim is made once, kept across a suspension, and goes with the job" a_claim_of_its_own
it "checkpoint.claimName: the claim is mounted, none is made, and one that is missing is told" a_claim_of_the_users
