# shellcheck shell=bash
# The mode of a cluster with one real node: kubelet, containerd and runc, kube-proxy and CoreDNS. All parts live in
# namespaces of their own (network, mounts, PIDs), made by real/enter; they end with the namespaces' first process,
# the part "node". The part "forward" listens on loopback outside and dials in, so ports are the same on both sides.
# Root only, and one such cluster at a time.

node_address=10.88.0.1
one_at_a_time=/run/kitae-real-cluster # holds the name and the folder; locked while the node lives

mode_configure() {
    local holder
    parts=(etcd apiserver kcm scheduler proxy dns kubelet containerd forward node)
    server=https://127.0.0.1:$apiserver_port
    more_names="IP:$node_address,DNS:node-0"
    cgroup=kitae-$name
    apiserver_flags=(--bind-address=0.0.0.0 --advertise-address="$node_address"
        --kubelet-preferred-address-types=InternalIP --kubelet-certificate-authority="$pki/ca.crt"
        --kubelet-client-certificate="$pki/admin.crt" --kubelet-client-key="$pki/admin.key")
    kcm_flags=(--enable-hostpath-provisioner)
    inside=()
    if holder=$(pid_of node); then inside=(nsenter --target="$holder" --mount --net --pid --wd=/); fi
}

# The host does not allow a real node: callers take the simulated one then.
refuse() {
    echo "cluster: no real cluster on this machine: $*" >&2
    exit 3
}

install_packages() {
    local package missing=() log
    for package in iproute2 iptables runc containernetworking-plugins util-linux mount gcc libc6-dev curl openssl; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep '^install ok' >/dev/null || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
        refuse "it needs the packages ${missing[*]}, and apt-get says: $(tail -n 3 "$log")"
    rm -f "$log"
}

# Whether the host allows what a node does: does it, in namespaces that end at once.
mode_check() {
    local folder said works=1 module
    [ "$(id -u)" = 0 ] || refuse "that takes root"
    install_packages
    for module in br_netfilter overlay veth; do modprobe -q $module 2>/dev/null || true; done
    mkdir -p "$clusters"
    folder=$(mktemp -d "$clusters/.check.XXXXXX")
    said=$(unshare --mount --net --pid --fork --mount-proc --kill-child \
        "$here/real/enter" "$folder" "kitae-check-$$" true 2>&1) || works=
    remove_cgroups "kitae-check-$$"
    rm -rf "$folder"
    [ "$works" ] || refuse "${said//$'\n'/; }"
}

remove_cgroups() {
    local mount type
    while read -r _ mount type _; do
        if [[ $type != cgroup && $type != cgroup2 ]] || [ ! -d "$mount/$1" ]; then continue; fi
        find "$mount/$1" -depth -type d -exec rmdir {} + || return
    done </proc/mounts
}

take_turn() {
    local other
    exec 7<>"$one_at_a_time"
    if ! flock -n 7; then
        read -r other <"$one_at_a_time"
        exec 7>&-
        fail "the real cluster \"${other%% *}\" is up (in ${other#* }), and there can be one at a time: cluster down --name ${other%% *}"
    fi
    echo "$name $dir" >"$one_at_a_time"
}

make_programs() {
    local program
    for program in pause forward; do
        cc -std=gnu17 -O2 -static -o "$dir/bin/$program" "$here/real/$program.c"
    done
    for program in kubelet kube-proxy containerd containerd-shim-runc-v2 ctr coredns; do
        ln -s "$(binary $program)" "$dir/bin/$program"
    done
}

make_files() {
    client kubelet "/O=system:nodes/CN=system:node:node-0"
    client proxy "/CN=system:kube-proxy"
    client dns "/O=system:masters/CN=coredns"
    mkdir -p "$dir/var/etc/cni"
    cp "$here/real/cni.conflist" "$dir/var/etc/cni/"
    cp "$here/real/containerd.toml" "$here/real/Corefile" "$dir/var/etc/"
    sed "s|@PKI@|$pki|; s|@CGROUP@|$cgroup|" "$here/real/kubelet.yaml" >"$dir/var/etc/kubelet.yaml"
}

# The first process of the namespaces: it keeps them, and the lock.
start_node() {
    inside=(unshare --mount --net --pid --fork --mount-proc --kill-child)
    spawn node "$here/real/enter" "$dir" "$cgroup" "$dir/bin/pause"
    mode_configure
}

ready_node() { [ "$(cat "/proc/$(pid_of node)/comm")" = pause ]; }

start_forward() {
    local inside=()
    spawn forward "$dir/bin/forward" "/proc/$(pid_of node)/ns/net" \
        "$apiserver_port" "$etcd_port" "$kcm_port" "$scheduler_port"
}

ready_forward() { :; }

start_containerd() {
    PATH=$dir/bin:$PATH spawn containerd "$dir/bin/containerd" --config=/var/etc/containerd.toml
}

ctr() { "${inside[@]}" "$dir/bin/ctr" --namespace=k8s.io "$@"; }

ready_containerd() { ctr version; }

start_kubelet() {
    spawn kubelet "$dir/bin/kubelet" --config=/var/etc/kubelet.yaml --kubeconfig="$dir/kubelet.kubeconfig" \
        --hostname-override=node-0 --node-ip=$node_address
}

in_network() { nsenter --target="$(pid_of node)" --net "$@"; }

healthy_inside() { in_network curl --silent --fail --noproxy '*' --max-time 2 "http://$1"; }

# Ready means that the scheduler may put pods there.
ready_kubelet() {
    local status
    healthy_inside 127.0.0.1:10248/healthz || return
    status=$(kubectl get node node-0 -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}{.spec.taints}')
    [ "$status" = True ]
}

start_proxy() {
    spawn proxy "$dir/bin/kube-proxy" --kubeconfig="$dir/proxy.kubeconfig" --hostname-override=node-0 \
        --proxy-mode=iptables --cluster-cidr=10.88.0.0/16 --conntrack-max-per-core=0 \
        --healthz-bind-address=127.0.0.1:10256
}

ready_proxy() { healthy_inside 127.0.0.1:10256/healthz; }

start_dns() {
    KUBECONFIG=$dir/dns.kubeconfig spawn dns "$dir/bin/coredns" -conf /var/etc/Corefile
}

ready_dns() { healthy_inside "$node_address:8181/ready"; }

# What containerd warns of is not for whoever only wants an image there, unless it fails.
mode_load_image() {
    local said
    said=$(ctr images import - <"$1" 2>&1) || fail "containerd takes no image from $1: $said"
}

# The first container of this host. In $cgroup, since everywhere else it would leave something.
try_container() {
    local said
    said=$(ctr run --rm --cgroup="/$cgroup/try" kitae.dev/pause:test try /pause -v 2>&1) ||
        refuse "no container runs: ${said//$'\n'/; }"
}

mode_prepare() {
    take_turn
    make_programs
    make_files
    start_node
    wait_ready node
    start_forward
    start_containerd
}

mode_up() {
    local part
    start_kcm
    start_scheduler
    wait_ready containerd
    "$here/../../tools/image" kitae.dev/pause:test "$dir/bin/pause=/pause" >"$dir/pause.tar"
    mode_load_image "$dir/pause.tar"
    try_container
    start_kubelet
    start_proxy
    start_dns
    kubectl create -f "$here/real/storageclass.yaml" >/dev/null
    for part in kcm scheduler kubelet proxy dns; do wait_ready $part; done
}

after_start() { :; }
mode_node_lost() { fail "a real cluster has one node, and Kubernetes evicts no pods when every node is lost"; }
mode_node_back() { mode_node_lost; }

# The node is gone, and with its first process went every other, every mount and the network.
mode_down() {
    local holder
    wait_for 10 "the cgroups of $name to be empty" remove_cgroups "$cgroup"
    read -r _ holder 2>/dev/null <"$one_at_a_time" || true
    [ "${holder:-}" != "$dir" ] || rm -f "$one_at_a_time"
    exec 7>&-
}
