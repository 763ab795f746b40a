# shellcheck shell=bash disable=SC2154 # variables of lib.sh
# alone: what it does, it does to the pods of all namespaces.
# docs/uninstall.md: the lines of that page let go what has no operator any more.

documented() { sed -n "s/^    \($1.*\)/\1/p" "$root/docs/uninstall.md"; } # BEGINNING: the command that begins so

without_an_operator() {
    local line
    line=$(documented 'kubectl get pods')
    contains "$line" kitae.dev/record
    start_operator
    job held 3
    phase held Running
    kubectl patch pod -n "$namespace" held-worker-2 --type=json \
        -p '[{"op":"add","path":"/metadata/finalizers/-","value":"example.com/other"}]' >/dev/null
    kill_operator
    kubectl delete trainingjob -n "$namespace" held >/dev/null
    eval "$line"
    expect "$(get pods -o 'jsonpath={.items[*].metadata.finalizers[*]}' | tr -d ' ')" example.com/other
    kubectl patch pod -n "$namespace" held-worker-2 --type=merge -p '{"metadata":{"finalizers":null}}' >/dev/null
    kubectl delete namespace "$namespace" --timeout=60s >/dev/null
}

it "the kubectl line of docs/uninstall.md lets go of all pods, and leaves finalizers of others" without_an_operator
