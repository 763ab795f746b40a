# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# image: mpi
# From a bucket to jobs that train on it: a DataSet from a real S3 server, on a volume and as copies, version by version.
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

# A folder of the node as a volume that many may mount; the agent is nobody in particular.
volume_of() { # [DATASET]
    volume=$(mktemp -d -p "${XDG_CACHE_HOME:-$HOME/.cache}/kitae")
    at_end+=("rm -rf $volume" "kubectl delete pv $namespace-data --wait=false")
    chmod 777 "$volume"
    kubectl apply -f - >/dev/null <<END
apiVersion: v1
kind: PersistentVolume
metadata: {name: $namespace-data}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteMany]
  storageClassName: by-hand
  claimRef: {namespace: $namespace, name: ${1:-listings}-data}
  hostPath: {path: $volume}
END
}

create_dataset() {
    kubectl create -f - >/dev/null <<END
apiVersion: kitae.dev/v1alpha1
kind: DataSet
metadata: {name: $1, namespace: $namespace}
spec:
  source: {s3: {bucket: market, prefix: images/, endpoint: "http://s3.$namespace.svc.cluster.local:7070", addressing: Path, credentialsSecretRef: {name: reader}}}
$(cat)
END
}

reading_job() { # NAME DATA-ENTRY REPLICAS
    create_job "$1" <<END
  roles: [{name: worker, replicas: $3}]
  data: [$2]
  template:
    metadata: {}
    spec:
      containers:
      - name: main
        image: kitae.dev/e2e-mpi:test
        imagePullPolicy: Never
        command: [sh, -c, 'cd "\$KITAE_DATA_LISTINGS" && find . -type f ! -name .manifest | sort | xargs sha256sum && cat "\$KITAE_SHARD_DIR"/*.txt 2>/dev/null; true']
END
}

from_bucket_to_pods() {
    local first
    start_s3
    volume_of
    head -c 5000000 /dev/urandom | put images/a.bin
    echo cat | put images/labels/1.txt
    start_operator --agent-image kitae.dev/e2e-agent:test
    reading_job early '{dataSetRef: {name: listings}}' 1
    within 30 tells early 'DataSet listings does not exist'
    create_dataset listings <<'END'
  storage: {size: 1Gi, storageClassName: by-hand}
END
    within 90 dataset_is listings '{.status.phase}/{.status.latest}/{.status.versions[0].objects}' Ready/v1/2
    succeeds early 120
    contains "$(logs early-worker-0)" "$(sha256sum <"$volume/versions/$(say_dataset listings '{.status.digest}')/a.bin" | cut -d' ' -f1)  ./a.bin"
    first=$(field early '{.status.data[0].digest}')
    expect "$first" "$(say_dataset listings '{.status.digest}')"

    echo dog | put images/labels/1.txt
    request_sync listings now
    within 90 dataset_is listings '{.status.phase}/{.status.latest}' Ready/v2
    contains "$(say_dataset listings '{.status.conditions[?(@.type=="Drifted")].message}')" '1 changed'
    reading_job old '{dataSetRef: {name: listings, version: v1}}' 1
    reading_job copies '{dataSetRef: {name: listings}, delivery: Copy, shard: ByRank}' 2
    succeeds old 120
    succeeds copies 120
    contains "$(logs old-worker-0)" "$(echo cat | sha256sum | cut -d' ' -f1)"
    contains "$(logs copies-worker-1)" "$(echo dog | sha256sum | cut -d' ' -f1)"
    expect "$( (logs copies-worker-0; logs copies-worker-1) | grep -c '^labels/1.txt$')" 1
}

says_what_is_wrong() {
    start_s3
    echo x | put images/x
    start_operator --agent-image kitae.dev/e2e-agent:test
    create_dataset listings </dev/null
    within 90 dataset_is listings '{.status.phase}' Ready
    kubectl delete secret -n "$namespace" reader >/dev/null
    request_sync listings again
    within 60 grep_dataset listings 'secret "reader" not found'
    kubectl create secret generic -n "$namespace" reader --from-literal=AWS_ACCESS_KEY_ID=tester \
        --from-literal=AWS_SECRET_ACCESS_KEY=wrong >/dev/null
    within 120 grep_dataset listings 'check the access key'
    expect "$(say_dataset listings '{.status.phase}/{.status.latest}')" Failed/v1
}
grep_dataset() { say_dataset "$1" '{.status.message}' | grep -F -- "$2"; }

# The agent's own reports: the operator runs in the node's network, where its pods can reach it.
progress_is_reported() {
    local reports_port node
    node=$("$root/tests/cluster/cluster" pid node --name "$KITAE_CLUSTER")
    printf '#!/bin/sh\nexec nsenter --target=%s --net "%s" "$@"\n' "$node" "$kitae" >"$scratch/kitae"
    chmod +x "$scratch/kitae"
    start_s3
    for i in 1 2 3 4 5 6; do head -c 50000000 /dev/urandom | put "images/$i"; done
    reports_port=$(free_port)
    kitae=$scratch/kitae
    launch_operator --agent-image kitae.dev/e2e-agent:test --report-url "https://10.88.0.1:$reports_port" \
        --report-listen ":$reports_port" --lease-namespace "$namespace"
    create_dataset listings <<'END'
  sync: {maxBytesPerSecond: 10M}
END
    within 60 progress_says '%$'
    echo "$(say_dataset listings '{.status.message}')"
    progress_says '%$' || fail "no percentage any more"
    [ "$(say_dataset listings '{.status.transfer.bytesPerSecond}')" -gt 1000000 ] || fail "$(say_dataset listings '{.status.transfer}')"
    within 120 dataset_is listings '{.status.phase}/{.status.progress}' Ready/
    expect "$(get pods -l batch.kubernetes.io/job-name=listings-sync-1 -o 'jsonpath={.items[*].spec.automountServiceAccountToken}')" false
}
progress_says() { say_dataset listings '{.status.progress}' | grep -E -- "$1"; }

# What one job makes of the data is what the next one reads.
from_job_to_job() {
    start_s3
    volume_of clean
    create_volumes 1
    start_operator --agent-image kitae.dev/e2e-agent:test
    kubectl create -f - >/dev/null <<END
apiVersion: kitae.dev/v1alpha1
kind: DataSet
metadata: {name: clean, namespace: $namespace}
spec: {storage: {size: 1Gi, storageClassName: by-hand}}
END
    create_job cleans <<END
  outputs: [{dataSetRef: {name: clean}, storage: {size: 1Gi}}]
  template:
    metadata: {}
    spec:
      containers:
      - name: main
        image: kitae.dev/e2e-mpi:test
        imagePullPolicy: Never
        command: [sh, -c, 'mkdir /output/part && echo tidy >/output/part/1.txt']
END
    create_job reads <<'END'
  data: [{dataSetRef: {name: clean}}]
  template:
    metadata: {}
    spec:
      containers:
      - name: main
        image: kitae.dev/e2e-mpi:test
        imagePullPolicy: Never
        command: [sh, -c, 'cat "$KITAE_DATA_CLEAN/part/1.txt"']
END
    succeeds cleans 120
    succeeds reads 120
    expect "$(logs reads-worker-0)" tidy
    expect "$(field reads '{.status.data[0].digest}')" "$(field cleans '{.status.outputs[0].digest}')"
    expect "$(say_dataset clean '{.status.versions[0].producedBy.name}')" cleans
}

it "what a job makes of data is a version of a DataSet, which the next job reads" from_job_to_job
it "a sync tells the operator how far it is, and the DataSet shows it" progress_is_reported
it "what lies in a bucket becomes versions that jobs train on, from a volume and as copies" from_bucket_to_pods
it "a missing Secret and a wrong key are told on the DataSet, and the version there is stays" says_what_is_wrong
