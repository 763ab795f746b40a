# shellcheck shell=bash disable=SC2034
# What the tests of tests/integration/cases and tests/faults/cases are written with. `run` starts each file of them
# with tests/integration/case, which sources this. README.md tells how a test is written.
#
# A test is a function that `it` runs in a shell of its own, with `set -e`, a namespace of its own ($namespace) and no
# operator. Whatever it started is ended afterwards: an operator by SIGTERM, which must then exit with 0.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
kitae=$(realpath "${KITAE:-$root/build/kitae}")
cluster=$root/tests/cluster/cluster # for the tests
export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=0:exitcode=77} UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
number=0

# -- running tests --

# it "what must be true" FUNCTION [slow]: runs one test, prints ok, not ok or a skip.
it() {
    local name=$1 body=$2 begun=$SECONDS status report
    number=$((number + 1))
    [[ "$RUN_FILE: $name" =~ $RUN_PATTERN ]] || return 0
    if [ "${3:-}" = slow ] && [ -z "$RUN_SLOW" ]; then
        echo "ok - $name # skip slow: run --slow has it"
        return
    fi
    scratch=$RUN_LOGS/$RUN_FILE-$number
    rm -rf "$scratch"
    mkdir -p "$scratch"
    run_test "$body" >"$scratch/out" 2>&1 &
    wait $! && status=0 || status=$?
    [ $status -ne 0 ] || status=$(complaints)
    if [ "$status" = 0 ]; then
        echo "ok - $name ($((SECONDS - begun)) s)"
        [ -n "$RUN_KEEP" ] || rm -rf "$scratch"
        return
    fi
    report=$(tail -n 20 "$scratch/out" | sed 's/^/    /' | cut -c1-300
        tail -n 15 "$scratch"/operator-*.log 2>/dev/null | sed 's/^/    | /' | cut -c1-300
        complaints show | sed 's/^/    ! /' | cut -c1-300)
    printf 'not ok - %s (%s s; logs in %s)\n%s\n' "$name" $((SECONDS - begun)) "$scratch" "$report"
}

# What an operator must never write, whatever the test: 0, or 1 when it did.
complaints() {
    local pattern='AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|a bug of ours|BUG:|Assertion'
    if [ "${1:-}" ]; then
        grep -hE "$pattern" -A 12 "$scratch"/operator-*.log 2>/dev/null | head -40
    else
        grep -qsE "$pattern" "$scratch"/operator-*.log && echo 1 || echo 0
    fi
}

run_test() {
    set -eEuo pipefail
    operators=() helpers=() namespaces=() at_end=()
    trap 'finish_test $?' EXIT
    trap 'echo "line $LINENO of ${BASH_SOURCE[0]##*/}: $BASH_COMMAND ended with $?" >&2; trap - ERR' ERR
    new_namespace
    "$1"
    echo "the end of the test is reached"
}

# Ends what the test started, and does what it put into at_end (commands). An operator that does not end well fails the test.
finish_test() {
    local status=$1 pid command
    set +e
    trap - EXIT ERR
    delete_namespaces
    for pid in "${operators[@]}"; do
        is_running "$pid" || continue
        stop_operator "$pid" || { echo "the operator $pid ended with $?"; status=1; }
    done
    for pid in "${helpers[@]}"; do kill -KILL "$pid" 2>/dev/null; done
    strip_finalizers
    for command in "${at_end[@]}"; do $command; done
    exit "$status"
}

fail() {
    echo "FAILED: $*"
    exit 1
}

# -- waiting --

# within SECONDS COMMAND...: until it succeeds; shows what it last said when it never did.
within() {
    local seconds=$1 deadline=$((SECONDS + $1)) out
    shift
    until out=$("$@" 2>&1); do
        [ $SECONDS -lt "$deadline" ] || fail "in vain for $seconds s: $*${out:+; it said: $out}"
        sleep 0.1
    done
}

# stays SECONDS COMMAND...: it succeeds all the time.
stays() {
    local deadline=$((SECONDS + $1))
    shift
    while [ $SECONDS -lt $deadline ]; do
        "$@" || fail "no longer so: $*"
        sleep 0.1
    done
}

# wait_out SECONDS: for faults that must have had their time; everything else waits for a condition.
wait_out() {
    local until=$((SECONDS + $1))
    while [ $SECONDS -lt $until ]; do sleep 0.1; done
}

# expect WHAT WANTED: compares texts.
expect() { [ "$1" = "$2" ] || fail "'$1' instead of '$2'"; }

# contains TEXT PART
contains() { [[ $1 == *"$2"* ]] || fail "no '$2' in '$1'"; }

not() { ! "$@"; }

# -- namespaces --

# shellcheck disable=SC2120 # tests give one
new_namespace() { # [NAME]
    namespace=${1:-$RUN_FILE-$number-$RUN_ID}
    namespaces+=("$namespace")
    kubectl create namespace "$namespace" >/dev/null
    within 20 kubectl get serviceaccount -n "$namespace" default
}

delete_namespaces() {
    local one
    for one in "${namespaces[@]}"; do
        kubectl delete namespace "$one" --wait=false --ignore-not-found >/dev/null
    done
}

# Pods whose operator is gone keep their namespace for ever.
strip_finalizers() {
    local one pod
    for one in "${namespaces[@]}"; do
        for pod in $(kubectl get pods -n "$one" -o 'jsonpath={range .items[?(@.metadata.finalizers)]}{.metadata.name} {end}'); do
            kubectl patch pod -n "$one" "$pod" --type=merge -p '{"metadata":{"finalizers":null}}' >/dev/null 2>&1
        done
    done
}

# -- operators --

free_port() {
    local port
    while port=$((10000 + RANDOM % 10000)) && (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    echo "$port"
}

is_running() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    [[ ${stat##*) } != Z* ]]
}

# launch_operator [FLAGS...]: starts one that sees $namespace only (unless a flag says otherwise), and does not wait.
# Its pid is in $operator, its port in $port, its log in $log.
launch_operator() {
    local scope=(--namespace "$namespace")
    [[ " $* " != *" --everywhere "* && " $* " != *" --namespace "* ]] || scope=()
    port=$(free_port)
    log=$scratch/operator-${#operators[@]}.log
    "$kitae" run --kubeconfig "${kubeconfig:-$RUN_OPERATOR_KUBECONFIG}" --listen "127.0.0.1:$port" --leader-elect=false \
        "${scope[@]}" "${@/#--everywhere/--log-level=info}" >"$log" 2>&1 &
    operator=$!
    operators+=("$operator")
}

start_operator() {
    launch_operator "$@"
    within 30 ready "$port" "$operator"
}

ready() { # PORT PID
    is_running "$2" || fail "the operator has ended"
    curl -sf "http://127.0.0.1:$1/readyz"
}

# stop_operator [PID] [SIGNAL]: its exit status is the status.
stop_operator() {
    local pid=${1:-$operator} deadline=$((SECONDS + 40))
    kill "-${2:-TERM}" "$pid" 2>/dev/null
    while is_running "$pid"; do
        [ $SECONDS -lt $deadline ] || { kill -KILL "$pid"; echo "it did not end within 40 s"; }
        sleep 0.05
    done
    wait "$pid" 2>/dev/null
}

kill_operator() { stop_operator "${1:-$operator}" KILL || true; }

# metric NAME[{LABEL="VALUE",...}] [PORT]: the sum of its samples that have all these labels, in any order.
metric() {
    curl -sf "http://127.0.0.1:${2:-$port}/metrics" |
        awk -v wanted="$1" '
            BEGIN { count = split(wanted, part, /[{,}]/) }
            $1 == part[1] || index($1, part[1] "{") == 1 {
                labels = substr($1, length(part[1]) + 1)
                gsub(/[{}]/, ",", labels)
                for (i = 2; i <= count; i++)
                    if (part[i] != "" && !index(labels, "," part[i] ",")) next
                sum += $2
                seen = 1
            }
            END { if (!seen) exit 1; print sum }'
}

metric_is() { [ "$(metric "$1" "${3:-$port}")" = "$2" ]; }
metric_above() { [ "$(metric "$1" "${3:-$port}" | cut -d. -f1)" -gt "$2" ]; }
logged() { grep -qE -- "$1" "$log"; }

# writes_so_far [PORT]: of the operator, the lease apart.
writes_so_far() {
    curl -sf "http://127.0.0.1:${1:-$port}/metrics" |
        awk '/^rest_client_requests_total/ && !/method="GET"/ { n += $2 } END { print n + 0 }'
}

# -- users --

# kubeconfig_with USER-LINES: the cluster's, with another user.
kubeconfig_with() {
    kubeconfig=$scratch/kubeconfig
    awk -v user="$1" '/^users:/ { print "users:\n- name: user\n  user:\n" user; skip = 1; next } /^[a-z]/ { skip = 0 } !skip' \
        "$RUN_OPERATOR_KUBECONFIG" >"$kubeconfig"
}

token() { # [BOUND-TO-SECRET]
    kubectl create token operator --namespace=kitae-system ${1:+--bound-object-kind=Secret --bound-object-name="$1"}
}

# -- jobs --

# job NAME REPLICAS [ANNOTATION=VALUE...]: creates a job whose pods behave as tests/cluster/README.md says. With policy=
# before it, that is its failurePolicy.
job() {
    local name=$1 replicas=$2 annotations='' one
    shift 2
    for one in "$@"; do
        annotations+="\"test.kitae.dev/${one%%=*}\": \"${one#*=}\", "
    done
    create_job "$name" <<END
  roles: [{name: worker, replicas: $replicas}]
${policy:+  failurePolicy: $policy}
  template:
    metadata: {annotations: {${annotations%, }}}
    spec: {containers: [{name: main, image: example}]}
END
}

# create_job NAME: with the lines of its spec from standard input.
create_job() {
    kubectl create -f - <<END
apiVersion: kitae.dev/v1alpha1
kind: TrainingJob
metadata: {name: $1, namespace: $namespace}
spec:
$(cat)
END
}

# jobs_at_once PREFIX COUNT REPLICAS SECONDS: many jobs, whose pods run so long and succeed.
jobs_at_once() {
    local i
    for ((i = 0; i < $2; i++)); do
        cat <<END
---
apiVersion: kitae.dev/v1alpha1
kind: TrainingJob
metadata: {name: $1-$i, namespace: $namespace}
spec:
  roles: [{name: worker, replicas: $3}]
  template:
    metadata: {annotations: {test.kitae.dev/run-seconds: "$4"}}
    spec: {containers: [{name: main, image: example}]}
END
    done | kubectl create -f - >/dev/null
}

get() { kubectl get -n "$namespace" "$@"; }                # get KIND NAME -o ...
field() { get trainingjob "$1" -o "jsonpath=$2"; }         # field JOB '{.status.phase}'
tells() { [[ $(field "$1" '{.status.message}') == *"$2"* ]]; } # tells JOB WORDS: in its message
runs_again() { # runs_again JOB [ATTEMPT]: all pods of that attempt (2) run
    [ "$(field "$1" '{.status.attempt}/{.status.phase}')" = "${2:-2}/Running" ] || { field "$1" '{.status.message}'; return 1; }
}
condition() { field "$1" "{.status.conditions[?(@.type=='$2')].${3:-status}}"; } # condition JOB TYPE [reason|message]

# -- datasets --

create_dataset() { # NAME, with more lines of its spec from standard input
    kubectl create -f - >/dev/null <<END
apiVersion: kitae.dev/v1alpha1
kind: DataSet
metadata: {name: $1, namespace: $namespace}
spec:
  source: {s3: {bucket: market}}
$(cat)
END
}

pod_of() { get pods -l "batch.kubernetes.io/job-name=$1" -o 'jsonpath={.items[0].metadata.name}' 2>/dev/null; }
runs() { [ -n "$(pod_of "$1")" ] && [ "$(get pod "$(pod_of "$1")" -o 'jsonpath={.status.phase}')" = Running ]; }

# agent_ends JOB EXIT-CODE MESSAGE: its pod has ended so.
agent_ends() {
    local phase=Succeeded
    within 20 runs "$1"
    [ "$2" = 0 ] || phase=Failed
    python3 - "$2" "$phase" "$3" >"$scratch/ended" <<'END'
import json, sys, datetime
code, phase, message = sys.argv[1:]
now = datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')
name = json.loads(message).get('container', 'sync')
state = {'terminated': {'exitCode': int(code), 'reason': 'Error' if int(code) else 'Completed', 'startedAt': now, 'finishedAt': now, 'message': message}}
print(json.dumps({'status': {'phase': phase, 'containerStatuses': [
    {'name': name, 'image': 'x', 'imageID': 'x', 'ready': False, 'restartCount': 0, 'state': state}]}}))
END
    kubectl patch pod -n "$namespace" "$(pod_of "$1")" --subresource=status --type=merge --patch-file "$scratch/ended" >/dev/null
}

say_dataset() { get dataset "$1" -o "jsonpath=$2"; } # say_dataset NAME '{.status.phase}'
dataset_is() { # dataset_is NAME JSONPATH VALUE
    [ "$(say_dataset "$1" "$2")" = "$3" ] || { say_dataset "$1" '{.status}'; return 1; }
}
request_sync() { kubectl annotate dataset -n "$namespace" "$1" "kitae.dev/requested-at=$2" --overwrite >/dev/null; } # NAME VALUE

# phase JOB PHASE [SECONDS]: waits for it.
phase() {
    kubectl wait -n "$namespace" "trainingjob/$1" --for="jsonpath={.status.phase}=$2" --timeout="${3:-30}s" >/dev/null ||
        fail "$1 is not $2 but: $(field "$1" '{.status.phase}: {.status.message}')"
}

# reason JOB CONDITION REASON [SECONDS]: waits for it.
reason() {
    kubectl wait -n "$namespace" "trainingjob/$1" --timeout="${4:-30}s" >/dev/null \
        --for="jsonpath={.status.conditions[?(@.type=='$2')].reason}=$3" ||
        fail "$1's $2 is not $3 but: $(condition "$1" "$2" reason): $(field "$1" '{.status.message}')"
}

pods_of() { get pods -l "kitae.dev/job=$1" -o 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}'; }
pods_are() { [ "$(pods_of "$1" | wc -l)" -eq "$2" ]; }
uid() { get "$@" -o 'jsonpath={.metadata.uid}'; }
has_finalizers() { [ -n "$(get pods -l "kitae.dev/job=$1" -o 'jsonpath={.items[*].metadata.finalizers[*]}')" ]; }

no_finalizers_left() { [ -z "$(get pods -o 'jsonpath={.items[*].metadata.finalizers[*]}')" ]; }

# lives NAME [SECONDS]: a job of that name is created, runs and succeeds, and nothing of ours holds its pods.
lives() {
    job "$1" 2 run-seconds=0.5
    phase "$1" Succeeded "${2:-30}"
    within 10 not has_finalizers "$1"
}

phases_are() { # PHASE COUNT: so many jobs of the namespace are in it
    local phases
    phases=$(get trainingjobs -o 'jsonpath={range .items[*]}{.status.phase}{"\n"}{end}')
    [ "$(grep -cx "$1" <<<"$phases")" = "$2" ] || { show_jobs; return 1; }
}
all_succeeded() { phases_are Succeeded "$1"; } # COUNT

# show_jobs: those that have not succeeded, for a test that is about to fail.
show_jobs() {
    get trainingjobs -o 'custom-columns=NAME:.metadata.name,PHASE:.status.phase,MESSAGE:.status.message' | grep -v Succeeded
    get pods -o wide | grep -v Completed
}

# nothing_left [JOB]: no job, pod or service of ours in the namespace.
nothing_left() {
    local left
    left=$(get trainingjobs,pods,services,endpointslices -o name ${1:+-l "kitae.dev/job=$1"})
    [ -z "$left" ] || { echo "$left"; return 1; }
}

events_of() { # JOB: reasons of its events in order
    get events.events.k8s.io --sort-by=.metadata.creationTimestamp \
        -o "jsonpath={range .items[?(@.regarding.name=='$1')]}{.reason} {end}"
}

# Each pod of the namespace was created once, or once in each of so many attempts, according to the server's audit log:
# prints how many pods.
each_pod_once() { "$root/tests/integration/audit" creates "$KITAE_AUDIT_LOG" "$namespace" pods "${1:-1}"; }

# -- the fault proxy --

# start_proxy: $proxy_kubeconfig leads through it; $control is where it is told what to do.
start_proxy() {
    local lines
    make_proxy_certificate
    "$root/tests/faults/proxy" --upstream "$KITAE_APISERVER_URL" --ca "$KITAE_CA" --cert "$RUN_LOGS/proxy.crt" \
        --key "$RUN_LOGS/proxy.key" >"$scratch/proxy" 2>"$scratch/proxy.log" &
    helpers+=($!)
    within 10 grep -q ^control "$scratch/proxy"
    mapfile -t lines <"$scratch/proxy"
    control=${lines[1]#control }
    proxy_kubeconfig=$scratch/proxy.kubeconfig
    sed "s|server: .*|server: ${lines[0]#proxy }|" "$RUN_OPERATOR_KUBECONFIG" >"$proxy_kubeconfig"
    kubeconfig=$proxy_kubeconfig
}

make_proxy_certificate() {
    local pki=${KITAE_CA%/*} file
    [ ! -e "$RUN_LOGS/proxy.crt" ] || return 0
    file=$(mktemp "$RUN_LOGS/proxy.XXXXXX")
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$file.key" -subj /CN=fault-proxy \
        -out "$file.csr" 2>/dev/null
    openssl x509 -req -in "$file.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -set_serial "0x$(openssl rand -hex 8)" \
        -days 30 -extfile <(echo "subjectAltName=IP:127.0.0.1") -out "$file.crt" 2>/dev/null
    mv "$file.key" "$RUN_LOGS/proxy.key"
    mv "$file.crt" "$RUN_LOGS/proxy.crt"
}

tell() { curl -sSf -X "$1" "$control/$2" ${3:+-d "$3"}; } # tell VERB COMMAND [JSON]
rules() { tell PUT rules "$1" >/dev/null; }              # rules '[{"do":"drop",...}]': instead of those before
no_rules() { tell DELETE rules >/dev/null; }
fired() { [ "$(tell GET rules | python3 -c 'import json, sys; print(json.load(sys.stdin)[int(sys.argv[1])]["fired"])' "${2:-0}")" -ge "$1" ]; }

# requests [QUERY]: how many the proxy has seen, e.g. requests 'verb=write&path=pods'.
requests() { tell GET "requests?${1:-}" | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))'; }
