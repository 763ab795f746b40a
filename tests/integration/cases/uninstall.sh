# shellcheck shell=bash disable=SC2154 # variables of lib.sh
# alone: what it does, it does to the pods of all namespaces, and to the resource definition.
# docs/uninstall.md: every command of that page is run here as it stands.

# documented BEGINNING: the one command of the page that begins so.
documented() {
    local lines
    lines=$(sed -n "s/^    \($1.*\)/\1/p" "$root/docs/uninstall.md")
    [ -n "$lines" ] && [ "$(wc -l <<<"$lines")" = 1 ] || fail "not one command '$1' but: $lines"
    echo "$lines"
}

# run_documented BEGINNING: with the program in PATH, as a user has it.
run_documented() {
    local line
    line=$(documented "$1")
    mkdir -p "$scratch/bin"
    ln -sf "$kitae" "$scratch/bin/kitae"
    PATH=$scratch/bin:$PATH bash -c "$line"
}

# Three pods that run, the last with a finalizer of somebody else too, and a DataSet in use; no operator, and both deleted.
left_alone() {
    start_operator
    job held 3
    phase held Running
    kubectl patch pod -n "$namespace" held-worker-2 --type=json \
        -p '[{"op":"add","path":"/metadata/finalizers/-","value":"example.com/other"}]' >/dev/null
    kill_operator
    kubectl delete trainingjob -n "$namespace" held >/dev/null
    within 20 all_terminate held 3
    kubectl create -f - >/dev/null <<END
apiVersion: kitae.dev/v1alpha1
kind: DataSet
metadata: {name: used, namespace: $namespace, finalizers: [kitae.dev/in-use]}
spec: {source: {s3: {bucket: market}}}
END
    kubectl delete dataset -n "$namespace" used --wait=false >/dev/null
    get dataset used >/dev/null || fail "the finalizer does not hold the DataSet"
}
all_terminate() { [ "$(get pods -l "kitae.dev/job=$1" -o 'jsonpath={.items[*].metadata.deletionTimestamp}' | wc -w)" = "$2" ]; }

only_others_finalizer() {
    expect "$(get pods -o 'jsonpath={.items[*].metadata.finalizers[*]}' | tr -d ' ')" example.com/other
    kubectl patch pod -n "$namespace" held-worker-2 --type=merge -p '{"metadata":{"finalizers":null}}' >/dev/null
    kubectl delete namespace "$namespace" --timeout=60s >/dev/null
}

by_kubectl() {
    left_alone
    run_documented 'kubectl get pods'
    run_documented 'kubectl get datasets'
    within 20 not get dataset used
    only_others_finalizer
}

by_release() {
    left_alone
    run_documented 'kitae release'
    within 20 not get dataset used
    only_others_finalizer
}

# The definition comes back for the tests that follow.
everything() {
    at_end+=(define_again)
    start_operator --everywhere
    job runs 2
    job done 1 run-seconds=0.5
    phase runs Running
    phase done Succeeded
    run_documented 'kubectl delete servingendpoints,trainingjobs,datasets,models'
    within 60 nothing_left
    stop_operator
    run_documented 'kubectl delete crd'
    expect "$(kubectl get crd trainingjobs.kitae.dev --ignore-not-found)" ""
    define_again
    start_operator
    lives again
}
define_again() {
    kubectl apply --server-side --force-conflicts -f "$root/crds" >/dev/null
    "$root/tests/integration/wait-for-crd" trainingjobs
}

it "the kubectl line of docs/uninstall.md lets go of all pods, and leaves finalizers of others" by_kubectl
it "kitae release as docs/uninstall.md has it lets go of all pods, and leaves finalizers of others" by_release
it "the first commands of docs/uninstall.md leave nothing, and Kitae can be put in again" everything
