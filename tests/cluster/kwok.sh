# shellcheck shell=bash
# The default mode of a cluster: nodes and pods simulated by kwok, every process on loopback.

# kwok plays the kubelet of the nodes that have this label. A node's heart beats every 5 s, in bigger clusters less
# often; the controller-manager gives a node up that missed three.
alive=test.kitae.dev/kubelet

mode_configure() {
    parts=(etcd apiserver kcm scheduler kwok)
    server=https://127.0.0.1:$apiserver_port
    apiserver_flags=(--bind-address=127.0.0.1 --advertise-address=127.0.0.1 --endpoint-reconciler-type=none)
    heartbeat=$((5 + nodes / 10)) grace=$((3 * heartbeat))
    kcm_flags=(--node-monitor-period=1s --node-monitor-grace-period="${grace}s"
        --horizontal-pod-autoscaler-sync-period=1s)
}

mode_check() { :; }

mode_prepare() { client kwok "/O=system:masters/CN=kwok"; }

# Every kwok process hands out pod addresses from a range of its own, because it does not know which ones are taken.
start_kwok() {
    local nth
    nth=$(cat "$dir/kwok.starts" 2>/dev/null || echo 0)
    echo $((nth + 1)) >"$dir/kwok.starts"
    last_beat >"$dir/kwok.beat" || true
    HOME=$dir spawn kwok "$(binary kwok)" --kubeconfig="$dir/kwok.kubeconfig" \
        --config="$here/kwok.yaml" --config="$here/stages.yaml" \
        --cidr="10.$((64 + nth % 128)).0.1/16" --node-ip=10.63.0.1
}

# When a node's heart beat last.
last_beat() {
    kubectl get nodes -l "$alive=alive" \
        -o jsonpath='{range .items[*].status.conditions[?(@.type=="Ready")]}{.lastHeartbeatTime}{"\n"}{end}' | sort | tail -n 1
}

# Ready means that every node that has a kubelet is Ready and free of taints, and that a heart has beaten since this
# kwok was started: nodes stay Ready for a while when nobody plays their kubelet.
ready_kwok() {
    local want have
    [[ $(last_beat) > $(<"$dir/kwok.beat") ]] || return 1
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
  annotations: {test.kitae.dev/heartbeat-seconds: "$heartbeat"}
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

# kwok gives up on a write that was cut in flight or refused with a 500, and would leave its pod as it was for ever. So a
# new API server or etcd gets a new kwok, which looks at everything again. One that meets an API server in its first
# second has been seen to do nothing at all, so it is given a few tries.
after_start() {
    local try
    [[ $1 = etcd || $1 = apiserver ]] && ready_apiserver >/dev/null && [ -e "$dir/pids/kwok" ] || return 0
    for try in 1 2 3; do
        end kwok KILL
        start_kwok
        (wait_for $((heartbeat + 15)) "a heartbeat from kwok" ready_kwok) && return
        say "kwok does nothing after start $try"
    done
    fail "kwok does nothing; its log is $dir/logs/kwok.log"
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

mode_load_image() { fail "simulated pods have no images; a cluster made with --real has"; }

mode_down() { :; }
