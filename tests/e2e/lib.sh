# shellcheck shell=bash
# What the tests of tests/e2e/cases have beside tests/integration/lib.sh, with which they are run.

logs() { kubectl logs -n "$namespace" "$1" --tail=-1; } # logs POD

said() { logs "$1" 2>/dev/null | grep -F -- "$2"; } # said POD TEXT

# succeeds JOB SECONDS: waits for it, and shows what its pods say when it does not.
succeeds() {
    local pod deadline=$((SECONDS + $2)) phase=''
    until [[ $phase = Succeeded || $phase = Failed ]] || [ $SECONDS -ge $deadline ]; do
        sleep 0.2
        phase=$(field "$1" '{.status.phase}')
    done
    [ "$phase" != Succeeded ] || return 0
    for pod in $(pods_of "$1"); do
        echo "-- $pod"
        logs "$pod" | tail -n 30
    done
    fail "$1 has not succeeded but: $(field "$1" '{.status.phase}: {.status.message}')"
}

# is WANTED COMMAND...: what it prints; with `within`, to wait for that.
is() {
    local want=$1 got
    shift
    got=$("$@")
    [ "$got" = "$want" ] || { echo "$got"; return 1; }
}

# program NAME FILE...: a ConfigMap of these files, from tests/e2e/programs unless they have a path.
program() {
    local name=$1 file from=()
    shift
    for file; do
        [[ $file = */* ]] && from+=("--from-file=$root/$file") || from+=("--from-file=$root/tests/e2e/programs/$file")
    done
    kubectl create configmap -n "$namespace" "$name" "${from[@]}"
}

# The image of examples/.
put_trainer_on_node() {
    cc -O2 -static -o "$scratch/digits" "$root"/examples/digits/*.c -lm
    "$root/tools/image" kitae.dev/digits:demo "$scratch/digits=/digits" >"$scratch/digits.tar"
    "$root/tests/cluster/cluster" load-image --name "${KITAE_CLUSTER_NAME:-e2e}" "$scratch/digits.tar" >/dev/null
}

# -- an S3 server in the cluster: Service s3, port 7070, bucket market, Secret reader ---------------------------------

# What runs in a pod of ours beside the server: the agent's image, with its pods' own rights.
start_s3() {
    "$root/tests/cluster/build" s3 >/dev/null || fail "no S3 server"
    "$root/tests/e2e/images/agent-image" >"$scratch/agent.tar"
    "$root/tests/cluster/cluster" load-image --name "${KITAE_CLUSTER_NAME:-e2e}" "$scratch/agent.tar" >/dev/null || fail "no image"
    kubectl create secret generic -n "$namespace" reader --from-literal=AWS_ACCESS_KEY_ID=tester \
        --from-literal=AWS_SECRET_ACCESS_KEY=tested >/dev/null
    kubectl apply -n "$namespace" -f - >/dev/null <<'END'
apiVersion: v1
kind: Pod
metadata: {name: s3, labels: {app: s3}}
spec:
  containers:
  - name: s3
    image: kitae.dev/e2e-agent:test
    imagePullPolicy: Never
    command: [versitygw, --access, tester, --secret, tested, --port, ":7070", posix, /buckets]
    ports: [{containerPort: 7070}]
    readinessProbe: {tcpSocket: {port: 7070}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: s3}
spec: {selector: {app: s3}, ports: [{port: 7070}]}
END
    kubectl wait -n "$namespace" --for=condition=Ready pod/s3 --timeout=60s >/dev/null || fail "the S3 server does not start"
    kubectl port-forward -n "$namespace" pod/s3 :7070 >"$scratch/forward" 2>&1 &
    helpers+=($!)
    within 20 grep -q 'Forwarding from 127' "$scratch/forward"
    s3=http://$(grep -om1 '127[^ ]*' "$scratch/forward")
    to_s3 market -X PUT
}

# from_s3 KEY [CURL-FLAG...]: what the server answers. to_s3 likewise, until it goes well.
from_s3() {
    local key=$1
    shift
    curl -sSf --aws-sigv4 aws:amz:us-east-1:s3 --user tester:tested -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@" "$s3/$key"
}
to_s3() { within 10 from_s3 "$@"; }

put() { # KEY: from standard input, into the bucket market
    cat >"$scratch/object"
    to_s3 "market/$1" -T "$scratch/object"
}

# -- volumes ----------------------------------------------------------------------------------------------------------

# Where claims that name no class find volumes: folders of the node, one for each job.
create_volumes() { # COUNT
    local i
    volumes=$(mktemp -d -p "${XDG_CACHE_HOME:-$HOME/.cache}/kitae")
    at_end+=("rm -rf $volumes" "kubectl delete storageclass,pv -l test.kitae.dev/of=$namespace --wait=false")
    for ((i = 0; i < $1; i++)); do
        mkdir -m 777 "$volumes/$i"
        cat <<END_OF_VOLUME
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: $namespace-$i, labels: {test.kitae.dev/of: $namespace}}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: $namespace
  hostPath: {path: $volumes/$i}
END_OF_VOLUME
    done >"$scratch/volumes.yaml"
    kubectl apply -f "$scratch/volumes.yaml" -f - >/dev/null <<END_OF_CLASS
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: $namespace
  labels: {test.kitae.dev/of: $namespace}
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
provisioner: kubernetes.io/no-provisioner
END_OF_CLASS
}
