# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# image: torch
# torchrun in three pods (Debian's python3-torch, gloo): a process is killed, and nobody can tell from the result.
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

# ddp NAME PAUSE-SECONDS: a job that trains for 8 epochs. Its checkpoints are in a volume that Kitae asks for.
ddp() {
    create_job "$1" <<END
  framework: PyTorch
  roles: [{name: worker, replicas: 3}]
  failurePolicy: {maxRestarts: 2, backoff: {initialSeconds: 1}}
  checkpoint: {storage: {size: 10Mi, accessModes: [ReadWriteOnce]}, graceSeconds: 5}
  template:
    metadata: {}
    spec:
      containers:
      - name: main
        image: kitae.dev/e2e-torch:test
        imagePullPolicy: Never
        command: [torchrun, /program/ddp.py]
        env: # PET_REDIRECTS and PET_TEE say of a process that is not there what is so anyway: torch 1.13 stumbles over its
             # own default on Python 3.11 ("NoneType" object has no attribute "get")
        - {name: PET_REDIRECTS, value: "1:1"}
        - {name: PET_TEE, value: "1:1"}
        - {name: DIGITS, value: /program/digits.csv}
        - {name: EPOCHS, value: "8"}
        - {name: PAUSE_SECONDS, value: "$2"}
        volumeMounts: [{name: program, mountPath: /program}]
      volumes:
      - {name: program, configMap: {name: ddp}}
END
}

# What every pod of the job says of the end: one and the same.
result() {
    local all
    all=$(for i in 0 1 2; do logs "$1-worker-$i" | grep '^final loss'; done)
    [ "$(wc -l <<<"$all")" = 3 ] && [ "$(sort -u <<<"$all" | wc -l)" = 1 ] || fail "they disagree: $all"
    sort -u <<<"$all"
}

killed_and_resumed() {
    local undisturbed
    start_operator
    program ddp ddp.py examples/digits/digits.csv
    ddp undisturbed 0
    succeeds undisturbed 300
    undisturbed=$(result undisturbed)
    expect "$(field undisturbed '{.status.attempt}/{.status.restarts}')" 1/0

    ddp killed 2
    within 240 said killed-worker-0 'epoch 3/8'
    kubectl exec -n "$namespace" killed-worker-1 -- sh -c 'kill -KILL $(cat /tmp/trainer.pid)'
    within 120 is 2 field killed '{.status.attempt}'
    field killed '{.status.lastFailure}'
    succeeds killed 300
    expect "$(field killed '{.status.attempt}/{.status.restarts}')" 2/1
    for i in 0 1 2; do
        contains "$(logs killed-worker-$i)" "rank $i of 3, attempt 2"
        [[ $(logs killed-worker-$i) =~ resumed\ after\ epoch\ [3-7] ]] || fail "worker $i did not resume: $(logs killed-worker-$i)"
    done
    expect "$(result killed)" "$undisturbed"
    echo "both: $undisturbed"
}

it "three pods train with torchrun; one is killed, the job restarts from its checkpoint and ends with the same loss" killed_and_resumed
