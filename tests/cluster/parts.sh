# shellcheck shell=bash
# The control plane: how each part is started, and how one sees that it is ready.
# A mode (kwok.sh, real.sh) adds its own parts and flags: apiserver_flags, kcm_flags.

# Answers to the admin at PATH of the API server.
api() {
    curl --silent --fail --noproxy '*' --max-time 5 --cacert "$pki/ca.crt" --cert "$pki/admin.crt" \
        --key "$pki/admin.key" "$server$1"
}

healthy_port() { curl --silent --fail --noproxy '*' --max-time 2 --insecure "https://127.0.0.1:$1$2"; }

start_etcd() {
    spawn etcd "$(binary etcd)" --name=default --data-dir="$dir/etcd" --logger=zap --log-level=warn \
        --listen-client-urls="$etcd_url" --advertise-client-urls="$etcd_url" \
        --listen-peer-urls="http://127.0.0.1:$etcd_peer_port" \
        --initial-advertise-peer-urls="http://127.0.0.1:$etcd_peer_port" \
        --initial-cluster="default=http://127.0.0.1:$etcd_peer_port" \
        --cert-file="$pki/server.crt" --key-file="$pki/server.key" --client-cert-auth --trusted-ca-file="$pki/ca.crt" \
        --quota-backend-bytes=8589934592
}

ready_etcd() {
    curl --silent --fail --noproxy '*' --max-time 2 --cacert "$pki/ca.crt" --cert "$pki/etcd-client.crt" \
        --key "$pki/etcd-client.key" "$etcd_url/readyz"
}

start_apiserver() {
    local audit=()
    if [ "$audit_log" ]; then
        audit=(--audit-policy-file="$here/audit.yaml" --audit-log-path="$dir/audit.log" --audit-log-maxsize=1000)
    fi
    spawn apiserver "$(binary kube-apiserver)" --secure-port="$apiserver_port" \
        --etcd-servers="$etcd_url" --etcd-cafile="$pki/ca.crt" \
        --etcd-certfile="$pki/etcd-client.crt" --etcd-keyfile="$pki/etcd-client.key" \
        --cert-dir="$pki" --tls-cert-file="$pki/server.crt" --tls-private-key-file="$pki/server.key" \
        --client-ca-file="$pki/ca.crt" --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
        --service-account-key-file="$pki/serviceaccount.pub" \
        --service-account-signing-key-file="$pki/serviceaccount.key" \
        --service-account-issuer=https://kubernetes.default.svc.cluster.local \
        --service-cluster-ip-range=10.96.0.0/16 --allow-privileged \
        --default-unreachable-toleration-seconds=5 "${audit[@]}" "${apiserver_flags[@]}"
}

# /readyz turns ok before the RBAC bootstrap is finished, and the controller-manager exits without this binding.
ready_apiserver() {
    local rbac=/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/rolebindings
    api /readyz && api "$rbac/system::extension-apiserver-authentication-reader"
}

start_kcm() {
    spawn kcm "$(binary kube-controller-manager)" --kubeconfig="$dir/kcm.kubeconfig" \
        --authentication-kubeconfig="$dir/kcm.kubeconfig" --authorization-kubeconfig="$dir/kcm.kubeconfig" \
        --bind-address=127.0.0.1 --secure-port="$kcm_port" \
        --tls-cert-file="$pki/server.crt" --tls-private-key-file="$pki/server.key" \
        --service-account-private-key-file="$pki/serviceaccount.key" --root-ca-file="$pki/ca.crt" \
        --use-service-account-credentials --leader-elect=false --kube-api-qps=1000 --kube-api-burst=2000 \
        --terminated-pod-gc-threshold=0 --node-eviction-rate=10 "${kcm_flags[@]}"
}

# Without the default ServiceAccount every pod is refused.
ready_kcm() { healthy_port "$kcm_port" /healthz && api /api/v1/namespaces/default/serviceaccounts/default; }

start_scheduler() {
    spawn scheduler "$(binary kube-scheduler)" --kubeconfig="$dir/scheduler.kubeconfig" \
        --authentication-kubeconfig="$dir/scheduler.kubeconfig" \
        --authorization-kubeconfig="$dir/scheduler.kubeconfig" \
        --bind-address=127.0.0.1 --secure-port="$scheduler_port" \
        --tls-cert-file="$pki/server.crt" --tls-private-key-file="$pki/server.key" \
        --leader-elect=false --kube-api-qps=1000 --kube-api-burst=2000
}

ready_scheduler() { healthy_port "$scheduler_port" /readyz; }

wait_ready() { wait_for 60 "$1 of cluster $name" "ready_$1"; }
