# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# The product as a user gets it: the image of a release, the chart, the examples; two replicas, of which the leader dies; an
# upgrade and an uninstallation with work under way. Nothing here runs from build/ but `kitae lineage`.
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"
chart=$root/charts/kitae
space=kitae-system

helm4() { "$tools/helm" "$@" --namespace "$space"; }
helm3() { "$tools/helm3" "$@" --namespace "$space"; }

# What the chart asks for by default, on the node; nothing of the tests' own installation is left.
prepare() {
    tools=$("$root/tests/charts/tools")
    export HELM_CONFIG_HOME=$scratch/helm HELM_CACHE_HOME=$scratch/helm HELM_DATA_HOME=$scratch/helm
    make --no-print-directory -C "$root" image >/dev/null
    "$cluster" load-image --name "$KITAE_CLUSTER" "$root/build/image.tar" >/dev/null
    "$kitae" release >/dev/null # of tests before, whose operators are gone
    kubectl delete crd --ignore-not-found --timeout=60s {trainingjobs,datasets,models,servingendpoints}.kitae.dev
    kubectl label namespace $space --overwrite pod-security.kubernetes.io/{enforce,warn}=restricted
    refused >"$scratch/refused" # an operator that is uninstalled gives its lease back when its rights are gone already
    at_end+=(clean_up)
}

# For the files that follow.
clean_up() {
    helm4 uninstall kitae --ignore-not-found --wait --timeout 60s
    kubectl delete secret -n $space kitae-reports --ignore-not-found
    kubectl apply --server-side --force-conflicts -f "$root/crds" >/dev/null
    "$root/tests/integration/wait-for-crd" trainingjobs
}

# -- the operator in the cluster --

operators() { kubectl get pods -n $space -l app.kubernetes.io/component=operator -o "jsonpath={range .items[*]}{.metadata.$1} {end}"; }
ready_replicas() { kubectl get deployment -n $space kitae -o 'jsonpath={.status.readyReplicas}'; }
leader() { kubectl get leases -n $space --sort-by=.spec.renewTime -o 'jsonpath={.items[-1:].spec.holderIdentity}'; }
leads_now() { # NOT-THIS: another holds the lease, and its pod is there
    local now pod
    now=$(leader)
    [ -n "$now" ] && [ "$now" != "$1" ] || { echo "the lease is held by '$now'"; return 1; }
    for pod in $(operators name); do [[ $now != "$pod"* ]] || return 0; done
    echo "$now is none of: $(operators name)"
    return 1
}
operator_logs() { kubectl logs -n $space -l app.kubernetes.io/component=operator --tail=-1 --prefix; }

kill_leader() {
    local before pod
    before=$(leader)
    for pod in $(operators name); do
        [[ $before != "$pod"* ]] || kubectl delete pod -n $space "$pod" --grace-period=0 --force 2>/dev/null
    done
    within 40 leads_now "$before"
}

# -- work --

# Two of the examples' S3 servers are of this namespace; the third is Amazon's, which is out of reach from here.
apply_examples() {
    local digits=$root/examples/digits
    start_s3
    to_s3 models -X PUT
    kubectl create secret generic -n "$namespace" s3 --from-literal=AWS_ACCESS_KEY_ID=tester --from-literal=AWS_SECRET_ACCESS_KEY=tested >/dev/null
    put digits/digits.csv <"$digits/digits.csv"
    create_volumes 2
    put_trainer_on_node
    examples=(-f "$root/examples/hello/" -f "$digits/" -f "$root/examples/chain/" -f "$root/examples/")
    kubectl apply -n "$namespace" "${examples[@]}"
}
long_job() { # NAME: the example, for some minutes
    sed "s/name: digits$/name: $1/; s/\"30\"/\"300\"/" "$root/examples/digits/job.yaml" | kubectl apply -n "$namespace" -f - >/dev/null
    within 60 is Running field "$1" '{.status.phase}'
}
pods_and_starts() { # LABEL=VALUE
    get pods -l "kitae.dev/$1" -o 'jsonpath={range .items[*]}{.metadata.uid} {.status.containerStatuses[0].restartCount}{"\n"}{end}'
}

all_examples() {
    succeeds hello 120
    succeeds digits 180
    succeeds learn-digits 240
    phase digits-failing Failed 60
    contains "$(field digits-failing '{.status.message}')" "worker-2 failed"
    contains "$(field reads-images '{.status.message}')" "DataSet images"
    expect "$(say_model '{.status.phase}/{.status.latest}/{.status.producedBy}')" Ready/v1/TrainingJob/learn-digits
    contains "$(from_s3 "models/digits/versions/$(say_model '{.status.versions[0].digest}')/digits.txt" | head -1)" hidden
    within 120 is True say_endpoint '{.status.conditions[?(@.type=="Ready")].status}'
    within 20 answers_with v1
    contains "$("$kitae" lineage model/digits:v1 --namespace "$namespace")" "from DataSet digits v1"
    kubectl diff -n "$namespace" "${examples[@]}" # nothing of what was applied is otherwise now
    expect "$(field digits '{.status.attempt}')/$(field learn-digits '{.status.attempt}')" 1/1
}

# Whatever Kitae held is let go, and what users made can be deleted without it; then the definitions go.
nothing_hangs() {
    not kubectl get deployment -n $space kitae 2>/dev/null
    not grep kitae.dev/ <<<"$(kubectl get pods -n "$namespace" -o 'jsonpath={.items[*].metadata.finalizers}')"
    kubectl get crd trainingjobs.kitae.dev datasets.kitae.dev models.kitae.dev >/dev/null # kept, with what users made
    [ "$(field "$1" '{.metadata.name}')" = "$1" ]
    kubectl delete servingendpoints,trainingjobs,datasets,models --all -n "$namespace" --timeout=60s >/dev/null
    within 60 no_pods_of_jobs
    kubectl delete crd {trainingjobs,datasets,models,servingendpoints}.kitae.dev --timeout=60s >/dev/null
}
no_pods_of_jobs() { is '' get pods -l kitae.dev/job -o name; }
refused() { # what the operator asked for and had no right to
    { "$root/tests/integration/audit" rights "$KITAE_AUDIT_LOG" $space:kitae "$root/tests/integration/role.yaml" /dev/null || true; } | sed -n '/^refused/p'
}
no_complaint() {
    not grep -E ' level=error |forbidden' <<<"$(operator_logs)"
    diff "$scratch/refused" <(refused)
}

whole_product() {
    local before serving
    prepare
    helm4 install kitae "$chart" --wait --timeout 180s
    expect "$(ready_replicas)" 2
    helm4 test kitae --timeout 120s
    within 40 leads_now nobody

    apply_examples
    within 60 is Running field digits '{.status.phase}'
    kill_leader
    all_examples
    within 60 is 2 ready_replicas

    long_job during
    before=$(pods_and_starts job=during)
    serving=$(pods_and_starts endpoint=digits)
    no_complaint
    helm4 upgrade kitae "$chart" --wait --timeout 180s --set log.level=debug
    contains "$(kubectl get pods -n $space -l app.kubernetes.io/component=operator -o 'jsonpath={.items[*].spec.containers[0].args}')" --log-level=debug
    expect "$(pods_and_starts job=during)" "$before"
    expect "$(pods_and_starts endpoint=digits)" "$serving"
    answers_with v1
    expect "$(field during '{.status.phase}/{.status.attempt}')" Running/1
    no_complaint

    helm4 uninstall kitae --wait --timeout 120s
    nothing_hangs during
}

# Helm 3, Roles alone: another namespace is none of its business.
namespaced() {
    local watched=$namespace other
    prepare
    put_trainer_on_node
    kubectl apply --server-side --force-conflicts -f "$root/crds" >/dev/null
    "$root/tests/integration/wait-for-crd" trainingjobs
    helm3 install kitae "$chart" --wait --timeout 180s --set "watchNamespaces={$watched}" \
        --set crds.enabled=false,rbac.aggregate=false,flowSchema.enabled=false,reports.enabled=false
    [ -z "$(kubectl get clusterroles,clusterrolebindings -l app.kubernetes.io/instance=kitae -o name)" ]
    helm3 test kitae --timeout 120s
    kubectl apply -n "$watched" -f "$root/examples/hello/"
    succeeds hello 120
    new_namespace "$watched-other"
    kubectl apply -n "$namespace" -f "$root/examples/hello/"
    stays 5 is Pending/ field hello '{.status.phase}/{.status.message}' # nobody looks at it
    other=$namespace namespace=$watched
    no_complaint
    long_job during
    helm3 uninstall kitae --wait --timeout 120s
    kubectl delete trainingjobs --all -n "$other" --timeout=60s
    nothing_hangs during
}

it "helm install, examples/, the leader dies, helm upgrade, helm uninstall: all work ends well and nothing hangs" whole_product
it "the same in one namespace, with Roles alone" namespaced
