# shellcheck shell=bash
# What the tests of tests/e2e/cases have beside tests/integration/lib.sh, with which they are run: logs and programs of
# pods, an S3 server, traffic through a gateway, volumes.

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
    "$root/tests/cluster/cluster" load-image --name "$KITAE_CLUSTER" "$scratch/digits.tar" >/dev/null
}

# -- an S3 server in the cluster: Service s3, port 7070, bucket market, Secret reader ---------------------------------

# What runs in a pod of ours beside the server: the agent's image, with its pods' own rights.
start_s3() {
    "$root/tests/cluster/build" s3 >/dev/null || fail "no S3 server"
    "$root/tests/e2e/images/agent-image" >"$scratch/agent.tar"
    "$root/tests/cluster/cluster" load-image --name "$KITAE_CLUSTER" "$scratch/agent.tar" >/dev/null || fail "no image"
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

# -- what examples/chain leads to: the Model digits, and the endpoint of its name ----------------------------------------

say_model() { get model digits -o "jsonpath=$1"; }

# The endpoint answers with that version of the model (VERSION), through the Service of its name: the first digit of the
# data is a 0, and the answer names the model by its digest.
answers_with() {
    local pixels digest
    pixels=$(head -1 "$root/examples/digits/digits.csv" | cut -d, -f1-64)
    digest=$(say_model "{.status.versions[?(@.name==\"$1\")].digest}")
    if ! { "$root/tests/e2e/inside" curl -sSf --max-time 5 -d "{\"pixels\": [$pixels]}" \
        "http://$(get service digits -o 'jsonpath={.spec.clusterIP}'):8080/predict" >"$scratch/answer" 2>&1 &&
        grep -F '"digit":0,' "$scratch/answer" | grep -qF "\"model\":\"$digest\""; }; then
        cat "$scratch/answer"
        return 1
    fi
}
say_endpoint() { get servingendpoint digits -o "jsonpath=$1"; }

# -- traffic: for files that say "# needs: gateway", which run in the node's network ------------------------------------

gateway=10.88.0.1 prometheus=http://10.88.0.1:9090

# ask HOST PATH [CURL-FLAG...]: one request through the gateway; fails for an answer of 400 and above.
ask() { curl -sSf --max-time 5 -H "Host: $1" "${@:3}" "http://$gateway$2"; }

# ask_grpc HOST [FLAG...]: one call through the gateway, of gRPC's health service. With -v headers are shown.
ask_grpc() {
    # shellcheck source=tests/cluster/binaries.sh disable=SC1091,SC2154
    (. "$root/tests/cluster/binaries.sh" && exec "$bin/grpcurl-$grpcurl" -plaintext -max-time 5 -authority "$1" \
        -import-path "$root/tests/e2e/programs/answer" -proto health.proto "${@:2}" \
        "$gateway:80" grpc.health.v1.Health/Check)
}

# start_load HOST PATH [FLAG...]: 200 requests a second through the gateway, from now on; they are under way when this
# returns. programs/load/load.c tells what counts, and which flags there are. $load is its pid, $load_log its log.
start_load() {
    [ -x "$RUN_LOGS/load" ] || cc -std=gnu17 -O2 -o "$RUN_LOGS/load" "$root"/tests/e2e/programs/load/*.c
    load_log=$scratch/load.log
    "$RUN_LOGS/load" --address "$gateway:80" --host "$1" --path "$2" --log "$load_log" "${@:3}" >"$scratch/load.sums" &
    load=$!
    helpers+=("$load")
    within 10 load_has_made 20
}

load_has_made() { [ "$(wc -l <"$load_log")" -ge "$1" ]; } # COUNT

# recent_answers [COUNT]: how many of the last so many answers came from whom: "blue 80" and the like, a line each.
recent_answers() {
    tail -n "${1:-200}" "$load_log" | sed 's/.* ms //' | sort | uniq -c | sed -E 's/^ *([0-9]+) (.*)/\2 \1/'
}

# recent_percent NAME LOWEST HIGHEST [COUNT]: whether the share of NAME in the last answers is that.
recent_percent() {
    local count=${4:-200} share
    share=$(($(recent_answers "$count" | sed -n "s/^$1 //p" | grep . || echo 0) * 100 / count))
    [ $share -ge "$2" ] && [ $share -le "$3" ] || { recent_answers "$count"; return 1; }
}

# Ends the load and keeps its log where those of tools/test are. Its sums are in $scratch/load.sums, its status is the
# status: 1 when a request failed.
stop_load() {
    local status=0 kept=$root/build/test-logs
    kill -TERM "$load"
    wait "$load" || status=$?
    mkdir -p "$kept"
    gzip -nc "$load_log" >"$kept/load-$RUN_FILE-$number.log.gz"
    cat "$scratch/load.sums"
    return $status
}

# stop_load_and_expect_no_failure [COUNT]: and at least so many requests (200).
stop_load_and_expect_no_failure() {
    stop_load || fail "requests failed: $(grep ' FAILED ' "$load_log" | head -n 5)"
    [ "$(sed -n 's/^requests \([0-9]*\) .*/\1/p' "$scratch/load.sums")" -ge "${1:-200}" ] || fail "too few requests"
}

# prometheus_query QUERY: the values, one a line; fails when there is none.
prometheus_query() {
    curl -sSf --max-time 5 -G "$prometheus/api/v1/query" --data-urlencode "query=$1" |
        python3 -c 'import json, sys
for series in json.load(sys.stdin)["data"]["result"]: print(series["value"][1])' | grep .
}

# prometheus_is QUERY LOWEST HIGHEST: one series, and its value is that.
prometheus_is() {
    prometheus_query "$1" | awk -v low="$2" -v high="$3" '
        { print; if (!($1 >= low && $1 <= high)) bad = 1 }
        END { exit bad || NR != 1 }'
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
