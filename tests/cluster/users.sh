# shellcheck shell=bash
# Identities that are not the administrator, and what tests are told about the cluster.

# serviceaccount NAMESPACE NAME CLUSTERROLE: makes it, binds it in the whole cluster, and prints a kubeconfig with its
# token. A file with the token alone lies beside it, NAME.token.
serviceaccount() {
    local file=$dir/serviceaccounts/$1/$2 binding=test-$1-$2
    mkdir -p "${file%/*}"
    kubectl create namespace "$1" --dry-run=client -o yaml | kubectl apply -f - >/dev/null 2>&1
    kubectl create serviceaccount "$2" --namespace="$1" --dry-run=client -o yaml | kubectl apply -f - >/dev/null
    kubectl create clusterrolebinding "$binding" --clusterrole="$3" --serviceaccount="$1:$2" \
        --dry-run=client -o yaml | kubectl apply -f - >/dev/null
    (umask 077 && kubectl create token "$2" --namespace="$1" --duration=24h >"$file.token")
    kubeconfig "$file.kubeconfig" "token: $(<"$file.token")"
    echo "$file.kubeconfig"
}

# Lines for eval.
print_env() {
    local part
    printf 'export %s\n' "KUBECONFIG='$dir/kubeconfig'" "KUBECACHEDIR='$dir/kubecache'" "KITAE_CLUSTER='$name'" \
        "KITAE_CLUSTER_DIR='$dir'" "KITAE_CLUSTER_MODE='$mode'" "KITAE_APISERVER_URL='$server'" \
        "KITAE_CA='$pki/ca.crt'" "KITAE_ETCD_URL='$etcd_url'" "KITAE_AUDIT_LOG='${audit_log:+$dir/audit.log}'" \
        "ETCDCTL_ENDPOINTS='$etcd_url'" "ETCDCTL_CACERT='$pki/ca.crt'" "ETCDCTL_CERT='$pki/etcd-client.crt'" \
        "ETCDCTL_KEY='$pki/etcd-client.key'"
    for part in "${parts[@]}"; do
        printf "export KITAE_%s_PID='%s'\n" "$(tr a-z- A-Z_ <<<"$part")" "$(pid_of "$part" || true)"
    done
    # shellcheck disable=SC2016
    printf 'case $PATH in %s:*) ;; *) export PATH=%s:$PATH ;; esac\n' "'$dir/bin'" "'$dir/bin'"
}
