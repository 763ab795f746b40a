# Helpers of the integration tests: sourced. Everything waits on a condition with a deadline; nothing sleeps for luck.
# shellcheck shell=bash

passed=0 failed=0
kitae=$(realpath "${KITAE:-$root/build/kitae}")
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:exitcode=99} UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1}
logs=$(mktemp -d)
operators=()

# check NAME COMMAND...: one test. Its output is shown when it fails, with the end of the operator's log.
check() {
    local name=$1 out=$logs/check
    shift
    if "$@" >"$out" 2>&1; then
        passed=$((passed + 1))
        echo "ok - $name"
    else
        failed=$((failed + 1))
        echo "not ok - $name"
        tail -n 15 "$out" | sed 's/^/    /'
        tail -n 8 "$logs"/operator-*.log 2>/dev/null | cut -c1-240 | sed 's/^/    | /'
    fi
}

# until_true SECONDS COMMAND...: polls ten times a second.
until_true() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || { echo "gave up waiting for: $*"; return 1; }
        read -rt 0.1 <> <(:) || true
    done
}

# start_operator NAME [FLAGS...]: waits until it is ready. Its pid is in $operator, its port in $port.
start_operator() {
    local name=$1
    shift
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "$kitae" run --listen "127.0.0.1:$port" "$@" >>"$logs/operator-$name.log" 2>&1 &
    operator=$!
    operators+=("$operator")
    until_true 30 curl -sf "http://127.0.0.1:$port/readyz"
}

# stop_operator PID [SIGNAL]: waits for its end; the exit status is its own.
stop_operator() {
    kill "-${2:-TERM}" "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

metric() { # PORT NAME-WITH-LABELS: a sample's value
    curl -sf "http://127.0.0.1:$1/metrics" | awk -v name="$2" '$1 == name { print $2 }'
}

writes() { # PORT: all writes so far
    curl -sf "http://127.0.0.1:$1/metrics" | awk '/^rest_client_requests_total/ && !/method="GET"/ { n += $2 } END { print n + 0 }'
}

# job NAME REPLICAS [ANNOTATION=VALUE...]: applies a job whose pods behave as tests/cluster/stages.yaml says.
job() {
    local name=$1 replicas=$2 annotation annotations=
    shift 2
    for annotation in "$@"; do
        annotations="$annotations\"test.kitae.dev/${annotation%%=*}\": \"${annotation#*=}\", "
    done
    kubectl apply -f - <<YAML
apiVersion: kitae.dev/v1alpha1
kind: TrainingJob
metadata: {name: $name, namespace: $namespace}
spec:
  framework: PyTorch
  roles: [{name: worker, replicas: $replicas}]
  template:
    metadata: {annotations: {${annotations%, }}}
    spec: {containers: [{name: main, image: example}]}
YAML
}

field() { kubectl get trainingjob -n "$namespace" "$1" -o "jsonpath=$2"; }
phase_is() { [ "$(field "$1" '{.status.phase}')" = "$2" ]; }
reason_is() { [ "$(field "$1" "{.status.conditions[?(@.type=='$2')].reason}")" = "$3" ]; }
message_has() { field "$1" '{.status.message}' | grep -qF -- "$2"; }
pods_of() { kubectl get pods -n "$namespace" -l "kitae.dev/job=$1" --no-headers -o custom-columns=N:.metadata.name 2>/dev/null; }
count_is() { [ "$(pods_of "$1" | wc -l)" -eq "$2" ]; }
gone() { ! kubectl get "$@" -o name 2>/dev/null | grep . >/dev/null; } # grep -q would end kubectl, and the pipe in vain
