# shellcheck shell=bash
# Which binaries the test control plane is made of, and where each is found. Sourced by build and cluster.

kubernetes=1.37.2 etcd=3.6.14 kwok=0.8.0 containerd=2.2.7 coredns=1.14.1
versitygw=1.7.0 # an S3 server
traefik=3.7.9 gateway_api=1.6.1 grpcurl=1.9.4 # a gateway, the kinds it is told by, and a client of gRPC
jobset=0.12.0 training_operator=1.9.4 # peers, for tests/bench; the versions in their go.mod
bin=${XDG_CACHE_HOME:-$HOME/.cache}/kitae/bin/k8s-$kubernetes-etcd-$etcd-kwok-$kwok

# Whether the program at $1 says that it is the version that the tests are written for.
right_version() {
    case ${1##*/} in
    kube-apiserver) [ "$("$1" --version 2>/dev/null)" = "Kubernetes v$kubernetes" ] ;;
    kubectl) "$1" version --client 2>/dev/null | grep -x "Client Version: v$kubernetes" >/dev/null ;;
    etcd) "$1" --version 2>/dev/null | grep -x "etcd Version: $etcd" >/dev/null ;;
    *) return 1 ;;
    esac
}

# Prints the path of the binary called $1 that somebody else put there: in KUBEBUILDER_ASSETS (whatever its version,
# that was a choice), or on PATH in the right version. Fails when there is none, and then build makes it.
provided() {
    local path
    if [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$1" ]; then
        echo "$KUBEBUILDER_ASSETS/$1"
        return
    fi
    [ -x "$bin/$1" ] && return 1
    path=$(type -P "$1") && right_version "$path" && readlink -f "$path"
}

# Prints the path of the binary called $1.
binary() { provided "$1" || echo "$bin/$1"; }
