# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# What a kubeconfig may say, by both ways to the server: requests and chunked watches go by libcurl, websocket watches by
# libwebsockets. Each field works by both, or is refused in words that say where and why.

# -- what works --

# works_by TRANSPORT: a job lives, and all watches came that way.
works_by() {
    local transport=$1
    start_operator --watch-transport "$transport"
    lives "by-$transport-${#operators[@]}"
    watches_go_by "$transport"
    [ "$(metric kitae_watch_events_total)" -gt 0 ] || fail "no event came by $transport"
    stop_operator
}

works_by_both() {
    works_by http
    works_by websocket
}

watches_go_by() { # TRANSPORT: each of them
    local used
    used=$(curl -sf "http://127.0.0.1:$port/metrics" | sed -n 's/^kitae_watch_transport{.*transport="\([a-z]*\)".*/\1/p' | sort -u)
    expect "$used" "$1"
}

# cluster_with OLD NEW: the operator's kubeconfig, changed (sed), in $scratch.
cluster_with() {
    kubeconfig=$scratch/kubeconfig
    sed "s|$1|$2|" "$RUN_OPERATOR_KUBECONFIG" >"$kubeconfig"
}
add_to_cluster() { cluster_with '\( *\)server: .*' "&\n\1$1"; } # LINE

# certificate_of SUBJECT [DAYS]: signed by the cluster's authority; $scratch/user.crt and user.key.
certificate_of() {
    local pki=${KITAE_CA%/*}
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$scratch/user.key" -subj "$1" \
        -addext "subjectAltName=IP:127.0.0.1" -out "$scratch/user.csr" 2>/dev/null
    openssl x509 -req -in "$scratch/user.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -copy_extensions copy \
        -set_serial "0x$(openssl rand -hex 8)" -days "${2:-30}" -out "$scratch/user.crt" 2>/dev/null
}

operators_group='/CN=someone/O=system:masters'

files_beside_it() {
    certificate_of "$operators_group"
    cp "$KITAE_CA" "$scratch/authority.crt"
    kubeconfig_with "    client-certificate: user.crt
    client-key: $scratch/user.key"
    sed -i 's|certificate-authority-data: .*|certificate-authority: authority.crt|' "$scratch/kubeconfig"
    works_by_both
}

data_in_it() {
    certificate_of "$operators_group"
    kubeconfig_with "    client-certificate-data: $(base64 -w0 <"$scratch/user.crt")
    client-key-data: $(base64 -w0 <"$scratch/user.key")"
    contains "$(<"$kubeconfig")" certificate-authority-data
    works_by_both
}

a_token() {
    kubeconfig_with "    token: $(token)"
    works_by_both
}

a_token_file() {
    token >"$scratch/token"
    kubeconfig_with "    tokenFile: token
    token: of-no-use" # as in client-go, the file wins
    works_by_both
}

# plugin STATUS [VERSION]: an executable that gives this status, and the user for it.
plugin() {
    local version=client.authentication.k8s.io/${2:-v1}
    cat >"$scratch/plugin" <<END
#!/bin/sh
echo "\$KUBERNETES_EXEC_INFO" >>"$scratch/info"
echo '{"apiVersion":"$version","kind":"ExecCredential","status":$1}'
END
    chmod +x "$scratch/plugin"
    kubeconfig_with "    exec: {apiVersion: $version, command: $scratch/plugin, interactiveMode: Never}"
}

a_plugin_with_a_token() {
    plugin "{\"token\":\"$(token)\"}"
    works_by_both
    contains "$(<"$scratch/info")" ExecCredential
    plugin "{\"token\":\"$(token)\"}" v1beta1
    works_by http
}

a_plugin_with_a_certificate() {
    certificate_of "$operators_group"
    plugin "$(python3 -c 'import json, sys; print(json.dumps({"clientCertificateData": open(sys.argv[1]).read(), "clientKeyData": open(sys.argv[2]).read()}).replace("\\n", "\\\\n"))' \
        "$scratch/user.crt" "$scratch/user.key")"
    works_by_both
}

insecurely() {
    cluster_with 'certificate-authority-data: .*' 'insecure-skip-tls-verify: true'
    works_by_both
}

another_name() {
    add_to_cluster 'tls-server-name: kubernetes.default.svc'
    works_by_both
}

# One who may do nothing but be somebody else: what leaves without the header is refused.
somebody_else() {
    local user=acts-$RUN_ID
    kubectl create clusterrole "$user" --verb=impersonate --resource=serviceaccounts --resource-name=operator >/dev/null
    kubeconfig=$scratch/kubeconfig
    cp "$("$cluster" serviceaccount kitae-system "$user" "$user")" "$kubeconfig"
    refused_by_server 'status=403 .*'"serviceaccount:kitae-system:$user"'.*cannot list'
    sed -i 's|^\( *\)token: .*|&\n\1as: system:serviceaccount:kitae-system:operator|' "$kubeconfig"
    works_by_both
    kubectl delete clusterrolebinding "test-kitae-system-$user" >/dev/null
    kubectl delete clusterrole "$user" >/dev/null
}

# libwebsockets goes through no proxy, so watches go by libcurl whatever the flag says, and the log tells so.
a_proxy() {
    local transport proxy
    "$root/tests/integration/connect-proxy" "$scratch/tunnels" >"$scratch/connect-proxy" &
    helpers+=($!)
    within 10 grep -q . "$scratch/connect-proxy"
    proxy=$(<"$scratch/connect-proxy")
    add_to_cluster "proxy-url: http://127.0.0.1:$proxy"
    for transport in http websocket; do
        start_operator --watch-transport "$transport"
        lives "by-$transport"
        watches_go_by http
        [ "$(connections_to "$proxy")" -gt 0 ] || fail "nothing goes to the proxy"
        expect "$(connections_to "${KITAE_APISERVER_URL##*:}")" 0
        stop_operator
    done
    logged 'watches go by chunked HTTP, because there is a proxy'
    expect "$(sort -u "$scratch/tunnels")" "CONNECT ${KITAE_APISERVER_URL#https://}"
    echo "$(wc -l <"$scratch/tunnels") tunnels"
}

# connections_to PORT: how many the operator has.
connections_to() {
    local sockets
    sockets=$(find "/proc/$operator/fd" -lname 'socket:*' -printf '%l\n' | tr -dc '0-9\n')
    awk -v end=":$(printf '%04X' "$1")" 'NR == FNR { ours[$1] = 1; next } substr($3, 9) == end && $10 in ours { n++ } END { print n + 0 }' \
        <(echo "$sockets") /proc/net/tcp
}

# -- what is refused --

# refused_at_once PATTERN [FLAGS...]: the operator ends with 1, and has said so in one line.
refused_at_once() {
    local pattern=$1 status=0
    shift
    launch_operator "$@"
    within 10 not is_running "$operator"
    wait "$operator" || status=$?
    expect "$status" 1
    logged "$pattern" || fail "no '$pattern' in: $(cat "$log")"
}

# refused_by_server PATTERN: it goes on, says why in the log and in readyz, and is not ready.
refused_by_server() {
    launch_operator
    within 10 logged "list failed.*$1"
    stays 1 not ready "$port" "$operator"
    stop_operator
}

user_is_refused() { # USER-LINES PATTERN
    kubeconfig_with "$1"
    refused_at_once "^kitae run: $kubeconfig:[0-9]+: users\[0\]\.user[.:] ?$2"
}

cluster_is_refused() { refused_at_once "^kitae run: $kubeconfig:[0-9]+: clusters\[0\]\.cluster\.$1"; } # PATTERN

bad_users() {
    local exec='apiVersion: client.authentication.k8s.io'
    user_is_refused "    tokenFile: nothing" "tokenFile: $scratch/nothing: cannot be read: No such file"
    user_is_refused "    client-certificate: $KITAE_CA" "client-key: is missing beside client-certificate"
    user_is_refused "    client-certificate-data: no-base64
    client-key-data: no-base64" "client-certificate-data: is not base64"
    user_is_refused "    client-certificate: $KITAE_CA
    client-key: ${KITAE_CA%/*}/admin.key" "the client certificate and the client key do not belong together"
    user_is_refused "    {username: someone, password: x, token: abc}" "username: conflicts with the token: keep one"
    user_is_refused "    password: x" "username: is missing beside password"
    user_is_refused "    {token: x, as-groups: [some]}" "as: is missing: as-uid, as-groups and as-user-extra need it"
    user_is_refused "    auth-provider: {name: gcp}" "auth-provider: 'gcp': .* not supported: use its exec plugin"
    user_is_refused "    exec: {$exec/v1alpha1, command: x, interactiveMode: Never}" "exec.apiVersion: '.*v1alpha1' is not supported: v1 and v1beta1 are"
    user_is_refused "    exec: {$exec/v1, command: x, interactiveMode: Always}" "exec.interactiveMode: is Always, but an operator has no terminal"
}

bad_plugins() {
    local exec='apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never'
    kubeconfig_with "    exec: {$exec, command: /bin/false}"
    refused_at_once "level=error .*credential plugin '/bin/false': it exited with code 1; its own words are in stderr"
    kubeconfig_with "    exec: {$exec, command: no-such-plugin, installHint: see example.com}"
    refused_at_once "level=error .*'no-such-plugin' is not there \(not in PATH\): see example.com"
    kubeconfig_with "    exec: {$exec, command: /bin/echo, args: [hello]}"
    refused_at_once "level=error .*'/bin/echo': its output is not an ExecCredential"
    plugin '{}'
    refused_at_once "level=error .*$scratch/plugin': its output has neither a token nor a client certificate"
    plugin '{"token":"x"}' v1
    sed -i 's|k8s.io/v1"|k8s.io/v1beta1"|' "$scratch/plugin"
    refused_at_once "level=error .*its output has another apiVersion than the kubeconfig asks for: .*/v1"
}

bad_clusters() {
    cluster_with 'certificate-authority-data: .*' 'certificate-authority: nothing.crt'
    cluster_is_refused "certificate-authority: $scratch/nothing.crt: cannot be read: No such file"
    cluster_with 'certificate-authority-data: .*' "certificate-authority-data: bm90aGluZw=="
    cluster_is_refused 'certificate-authority-data: is not in PEM form'
    add_to_cluster 'insecure-skip-tls-verify: true'
    cluster_is_refused 'insecure-skip-tls-verify: conflicts with certificate-authority: remove one of them'
    add_to_cluster 'proxy-url: ftp://127.0.0.1:1'
    cluster_is_refused 'proxy-url: unknown scheme: must be http, https or socks5'
    cluster_with 'server: .*' 'server: ftp://127.0.0.1'
    cluster_is_refused 'server: unknown scheme: must be https'
}

no_such_file_or_context() {
    kubeconfig=$scratch/nothing
    refused_at_once "^kitae run: $scratch/nothing: cannot be read: No such file"
    kubeconfig=$RUN_OPERATOR_KUBECONFIG
    refused_at_once "^kitae run: $kubeconfig: has no context 'other', only: " --context other
    cluster_with 'cluster: [^,]*, user' 'cluster: other, user'
    refused_at_once "contexts\[0\]\.context\.cluster: there is no cluster 'other', only: "
    cluster_with 'user: user,' 'user: other,'
    refused_at_once "contexts\[0\]\.context\.user: there is no user 'other', only: user"
    echo 'hello: [' >"$scratch/kubeconfig"
    refused_at_once "^kitae run: $kubeconfig:"
}

# A password is sent as it is, and the API server of today knows no passwords.
a_password() {
    kubeconfig_with "    {username: someone, password: something}"
    refused_by_server 'status=40[13]'
}

a_wrong_token() {
    kubeconfig_with "    token: nonsense"
    refused_by_server 'status=401 error=Unauthorized'
}

an_expired_user() {
    certificate_of "$operators_group" -1
    kubeconfig_with "    client-certificate: user.crt
    client-key: user.key"
    refused_by_server 'status=401'
    logged "level=warn msg=\"$kubeconfig:[0-9]+: users\[0\]\.user\.client-certificate: has expired on .*: renew it"
}

a_wrong_authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null -out "$scratch/ca" -subj /CN=other 2>/dev/null
    cluster_with 'certificate-authority-data: .*' 'certificate-authority: ca'
    refused_by_server 'certificate'
    add_to_cluster 'tls-server-name: other.example'
    refused_by_server "no alternative certificate subject name matches target host name 'other.example'"
}

an_expired_server() {
    certificate_of /CN=server -1
    "$root/tests/faults/proxy" --upstream "$KITAE_APISERVER_URL" --ca "$KITAE_CA" --cert "$scratch/user.crt" \
        --key "$scratch/user.key" >"$scratch/proxy" 2>"$scratch/proxy.log" &
    helpers+=($!)
    within 10 grep -q ^control "$scratch/proxy"
    cluster_with 'server: .*' "server: $(sed -n 's/^proxy //p' "$scratch/proxy")"
    refused_by_server 'certificate has expired'
}

a_proxy_that_is_not_there() {
    add_to_cluster 'proxy-url: http://127.0.0.1:1'
    refused_by_server 'Failed to connect to 127.0.0.1 port 1'
}

it "certificate-authority, client-certificate and client-key: files, also beside the kubeconfig" files_beside_it
it "certificate-authority-data, client-certificate-data and client-key-data" data_in_it
it "token" a_token
it "tokenFile, which wins over token" a_token_file
it "exec: a plugin gives a token" a_plugin_with_a_token
it "exec: a plugin gives a client certificate" a_plugin_with_a_certificate
it "insecure-skip-tls-verify" insecurely
it "tls-server-name" another_name
it "as: every request and every watch is somebody else's" somebody_else
it "proxy-url: all goes through it, watches by chunked HTTP" a_proxy
it "a user that cannot be is refused with file, line, field and what to write" bad_users
it "a plugin that fails, is not there or says nonsense is named" bad_plugins
it "a cluster that cannot be is refused with file, line, field and what to write" bad_clusters
it "a file, context, cluster or user that is not there is named, with those that are" no_such_file_or_context
it "username and password are sent, and refused by the server" a_password
it "a token the server does not know is told of" a_wrong_token
it "a client certificate that has expired is told of" an_expired_user
it "a server of a wrong authority, or of another name, is refused" a_wrong_authority
it "a server whose certificate has expired is refused" an_expired_server
it "a proxy that is not there is named" a_proxy_that_is_not_there
