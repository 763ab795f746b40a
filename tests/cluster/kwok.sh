# shellcheck shell=bash
# The default mode of a cluster: nodes and pods simulated by kwok, every process on loopback.

# A kwok node renews its lease every lease/4 = 5 s; after 15 s of silence the controller-manager gives it up.
lease=20 grace=15
alive=test.kitae.dev/kubelet

mode_configure() {
    parts=(etcd apiserver kcm scheduler kwok)
    server=https://127.0.0.1:$apiserver_port
    apiserver_flags=(--bind-address=127.0.0.1 --advertise-address=127.0.0.1 --endpoint-reconciler-type=none)
    kcm_flags=(--node-monitor-period=1s --node-monitor-grace-period="${grace}s")
}

mode_prepare() { client kwok "/O=system:masters/CN=kwok"; }

# Every kwok process hands out pod addresses from a range of its own, because it does not know which ones are taken.
start_kwok() {
    local nth
    nth=$(cat "$dir/kwok.starts" 2>/dev/null || echo 0)
    echo $((nth + 1)) >"$dir/kwok.starts"
    HOME=$dir spawn kwok "$(binary kwok)" --kubeconfig="$dir/kwok.kubeconfig" \
        --config="$here/kwok.yaml" --config="$here/stages.yaml" \
        --cidr="10.$((64 + nth % 128)).0.1/16" --node-ip=10.63.0.1 --node-lease-duration-seconds=$lease
}

# Ready means every node that has a kubelet is Ready and free of taints.
ready_kwok() {
    local want have
    want=$(kubectl get nodes -l "$alive=alive" -o name | wc -l)
    have=$(kubectl get nodes -l "$alive=alive" -o go-template='{{range .items}}{{if not .spec.taints}}{{range .status.conditions}}{{if and (eq .type "Ready") (eq .status "True")}}ready{{"\n"}}{{end}}{{end}}{{end}}{{end}}' | wc -l)
    [ "$want" -gt 0 ] && [ "$have" = "$want" ]
}

node() {
    cat <<END
---
apiVersion: v1
kind: Node
metadata:
  name: $1
  labels: {$alive: alive, kubernetes.io/hostname: $1, kubernetes.io/os: linux, kubernetes.io/arch: amd64,
           topology.kubernetes.io/region: test, topology.kubernetes.io/zone: test-$2}
END
}

make_nodes() {
    local i letters=abc
    for ((i = 0; i < nodes; i++)); do
        node "node-$i" "${letters:i%3:1}"
    done | kubectl create -f - >/dev/null
}

mode_up() {
    start_kcm
    start_scheduler
    make_nodes
    start_kwok
    wait_ready kcm
    wait_ready scheduler
    wait_ready kwok
}

# kwok gives up on a write that was cut in flight and would leave its pod as it was for ever, so a new API server gets
# a new kwok, which looks at every pod again. The leases go, or the new one would wait for those of the old.
after_apiserver() {
    local lost
    gone kwok && return
    end kwok KILL
    kubectl delete leases --namespace=kube-node-lease --all >/dev/null
    start_kwok
    lost=$(kubectl get nodes -l "$alive=alive" -o name)
    [ -z "$lost" ] || wait_ready kwok
}

# Whether the controller-manager has given up node $1: its pods are being evicted.
unreachable() {
    kubectl get node "$1" -o jsonpath='{range .spec.taints[*]}{.key}:{.effect}{"\n"}{end}' |
        grep -qx node.kubernetes.io/unreachable:NoExecute
}

mode_node_lost() {
    local left
    left=$(kubectl get nodes -l "$alive=alive" -o name | grep -vxc "node/$1" || true)
    [ "$left" -gt 0 ] || fail "$1 is the last node, and Kubernetes evicts no pods when every node is lost"
    kubectl label node "$1" "$alive-" >/dev/null
    wait_for $((grace + 30)) "the controller-manager to give up $1" unreachable "$1"
}

mode_node_back() {
    kubectl label node "$1" "$alive=alive" >/dev/null
    wait_ready kwok
}

mode_down() { :; }
