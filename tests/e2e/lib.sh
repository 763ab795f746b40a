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
