# shellcheck shell=bash
# The cluster's own authority, its certificates and its kubeconfigs. Everything is ECDSA and valid for 30 days.

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }

authority() {
    key "$pki/ca.key"
    openssl req -x509 -new -key "$pki/ca.key" -sha256 -days 30 -subj "/CN=kitae-test-$name" -out "$pki/ca.crt" \
        -addext "keyUsage=critical,digitalSignature,keyCertSign,cRLSign"
}

# certificate FILE SUBJECT [NAMES]: FILE.key and FILE.crt, for clients and, given NAMES (openssl's subjectAltName),
# for servers.
certificate() {
    local file=$pki/$1 extensions="extendedKeyUsage=clientAuth,serverAuth"
    [ "${3:-}" ] && extensions+=$'\n'"subjectAltName=$3"
    key "$file.key"
    openssl req -new -key "$file.key" -subj "$2" -out "$file.csr"
    openssl x509 -req -in "$file.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -set_serial "0x$(openssl rand -hex 8)" \
        -sha256 -days 30 -extfile <(echo "$extensions") -out "$file.crt" 2>/dev/null
    rm "$file.csr"
}

base64_of() { base64 -w0 <"$1"; }

# kubeconfig FILE USER-FIELDS...: a kubeconfig that needs no other file. USER-FIELDS are lines of its user.
kubeconfig() {
    local file=$1
    shift
    cat >"$file.part" <<END
apiVersion: v1
kind: Config
clusters:
- name: $name
  cluster:
    server: $server
    certificate-authority-data: $(base64_of "$pki/ca.crt")
users:
- name: user
  user:
$(printf '    %s\n' "$@")
contexts:
- name: $name
  context: {cluster: $name, user: user, namespace: default}
current-context: $name
END
    chmod 600 "$file.part"
    mv "$file.part" "$file"
}

# client NAME SUBJECT: a certificate and NAME.kubeconfig with it.
client() {
    certificate "$1" "$2"
    kubeconfig "$dir/$1.kubeconfig" "client-certificate-data: $(base64_of "$pki/$1.crt")" \
        "client-key-data: $(base64_of "$pki/$1.key")"
}

make_pki() {
    local names="IP:127.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
    names+=",DNS:kubernetes.default.svc.cluster.local,IP:10.96.0.1${more_names:+,$more_names}"
    authority
    certificate server "/CN=kitae-test-server" "$names"
    certificate etcd-client "/CN=kitae-test-etcd-client"
    key "$pki/serviceaccount.key"
    openssl ec -in "$pki/serviceaccount.key" -pubout -out "$pki/serviceaccount.pub" 2>/dev/null
    client admin "/O=system:masters/CN=admin"
    client kcm "/CN=system:kube-controller-manager"
    client scheduler "/CN=system:kube-scheduler"
    mv "$dir/admin.kubeconfig" "$dir/kubeconfig"
}
