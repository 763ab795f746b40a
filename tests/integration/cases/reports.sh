# shellcheck shell=bash disable=SC2154 # variables of lib.sh
# What pods report over HTTPS. The pods are simulated, so curl reports for them, with real tokens of theirs. (That the
# agent reports by itself: tests/agent and tests/e2e.)

# start_reporting [FLAGS...]: an operator that takes reports; where, is in $reports_port.
start_reporting() {
    reports_port=$(free_port)
    start_operator --report-url "https://127.0.0.1:$reports_port" --report-listen "127.0.0.1:$reports_port" \
        --lease-namespace "$namespace" "$@"
}
fetch_authority() { get secret kitae-reports -o 'jsonpath={.data.ca\.crt}' 2>/dev/null | base64 -d >"$scratch/ca.crt" && [ -s "$scratch/ca.crt" ]; }
token_of() { # token_of POD [AUDIENCE]
    kubectl create token default -n "$namespace" --audience "${2:-kitae.dev/reports}" --bound-object-kind Pod --bound-object-name "$1"
}
report() { # report TOKEN BODY [PORT]: the status of the answer; what it says goes to $scratch/said
    curl -s -m 10 --cacert "$scratch/ca.crt" -o "$scratch/said" -w '%{http_code}' -H "Authorization: Bearer $1" -d "$2" \
        "https://127.0.0.1:${3:-$reports_port}/reports"
}
reported() { # reported STATUS WORDS TOKEN BODY [PORT]
    local status
    status=$(report "${@:3}")
    [ "$status" = "$1" ] || { echo "$status instead of $1: $(cat "$scratch/said")"; return 1; }
    contains "$(cat "$scratch/said")" "$2"
}

progress='{"what":"sync","objects":3,"bytes":1048576,"totalObjects":4,"totalBytes":4194304,"bytesPerSecond":1048576}'

progress_is_shown() {
    local token pod env
    start_reporting
    create_dataset listings </dev/null
    within 20 runs listings-sync-1
    fetch_authority
    pod=$(pod_of listings-sync-1)
    env=$(get pod "$pod" -o 'jsonpath={.spec.containers[0].env[?(@.name=="KITAE_REPORT_URL")].value}')
    expect "$env" "https://127.0.0.1:$reports_port"
    expect "$(get pod "$pod" -o 'jsonpath={.spec.containers[0].env[?(@.name=="KITAE_REPORT_CA")].value}')" "$(cat "$scratch/ca.crt")"
    expect "$(get pod "$pod" -o 'jsonpath={.spec.volumes[?(@.name=="kitae-report")].projected.sources[0].serviceAccountToken.audience}')" kitae.dev/reports
    token=$(token_of "$pod")
    reported 204 "" "$token" "$progress"
    within 10 dataset_is listings '{.status.progress}' 25%
    dataset_is listings '{.status.transfer.objects}/{.status.transfer.totalBytes}/{.status.transfer.etaSeconds}' 3/4194304/3
    dataset_is listings '{.status.conditions[?(@.type=="Reporting")].status}' True
    contains "$(say_dataset listings '{.status.message}')" "3 of 4 objects, 1.0Mi of 4.0Mi"
    reported 429 "every 10 seconds" "$token" "$progress"
    metric_is 'kitae_reports_total{code="429"}' 1
    metric_is kitae_reports_on 1
    kill_operator
    start_reporting # on another port, with the same authority; what it knows of the run is what the status says
    stays 2 dataset_is listings '{.status.progress}' 25%
    reported 204 "" "$token" "${progress/\"bytes\":1048576/\"bytes\":2097152}"
    within 10 dataset_is listings '{.status.progress}' 50%
    agent_ends listings-sync-1 0 '{"digest":"d1","objects":4,"bytes":4194304}'
    within 20 dataset_is listings '{.status.phase}/{.status.progress}{.status.transfer}' Ready/
}

only_pods_of_ours_report() {
    local pod
    start_reporting
    create_dataset listings </dev/null
    within 20 runs listings-sync-1
    fetch_authority
    pod=$(pod_of listings-sync-1)
    kubectl run stranger -n "$namespace" --image=example --restart=Never >/dev/null
    reported 401 "none of a pod" nonsense "$progress"
    reported 401 "none of a pod" "$(token_of "$pod" https://kubernetes.default.svc)" "$progress"
    reported 401 "none of a pod" "$(kubectl create token default -n "$namespace" --audience kitae.dev/reports)" "$progress"
    reported 403 "no object of Kitae" "$(token_of stranger)" "$progress"
    reported 400 "JSON object" "$(token_of "$pod")" '[1]'
    reported 400 "JSON object" "$(token_of "$pod")" '{"a":'
    reported 413 "4096 bytes" "$(token_of "$pod")" "{\"a\":\"$(printf '%05000d' 0)\"}"
    expect "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$scratch/ca.crt" "https://127.0.0.1:$reports_port/reports")" 405
    expect "$(curl -s -m 2 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$reports_port/reports" || true)" 000
    expect "$(say_dataset listings '{.status.progress}')" ""
    reported 204 "" "$(token_of "$pod")" '{}'
}

# 200 connections that say nothing take neither the place of a report nor that of the watches for long.
idle_connections_are_dropped() {
    local pod i
    start_reporting
    create_dataset listings </dev/null
    within 20 runs listings-sync-1
    fetch_authority
    pod=$(pod_of listings-sync-1)
    python3 - "$reports_port" <<'END' &
import socket, sys, time
held = [socket.create_connection(('127.0.0.1', int(sys.argv[1]))) for _ in range(200)]
time.sleep(600)
END
    helpers+=($!)
    lives meanwhile
    within 40 reported 204 "" "$(token_of "$pod")" "$progress"
}

# Without the right to review tokens the work goes on, and the DataSet says what is missing.
without_token_reviews() {
    local kubeconfig role=kitae-no-reviews-$RUN_ID
    at_end+=("kubectl delete clusterrole $role")
    sed "s/name: kitae-operator/name: $role/; /tokenreviews/d" "$root/tests/integration/role.yaml" | kubectl create -f - >/dev/null
    kubeconfig=$("$cluster" serviceaccount kitae-system "no-reviews-$RUN_ID" "$role")
    start_reporting
    create_dataset listings </dev/null
    within 20 runs listings-sync-1
    fetch_authority
    within 10 dataset_is listings '{.status.conditions[?(@.type=="Reporting")].status}' False
    contains "$(say_dataset listings '{.status.conditions[?(@.type=="Reporting")].message}')" 'allow it to create tokenreviews.authentication.k8s.io'
    expect "$(get pod "$(pod_of listings-sync-1)" -o 'jsonpath={.spec.volumes[*].name}')" ""
    metric_is kitae_reports_on 0
    reported 503 "takes no reports" "$(token_of "$(pod_of listings-sync-1)")" "$progress"
    agent_ends listings-sync-1 0 '{"digest":"d1","objects":2,"bytes":20}'
    within 20 dataset_is listings '{.status.phase}' Ready
}

# A Secret that somebody damages is made anew; both replicas show the same certificate, and only the leader takes reports.
two_replicas() {
    local first_port second_port token i
    kubectl create secret generic kitae-reports -n "$namespace" --from-literal=ca.crt=nonsense >/dev/null
    reports_port=$(free_port)
    launch_operator --leader-elect=true --lease-namespace "$namespace" --report-url https://localhost --report-listen "127.0.0.1:$reports_port"
    first_port=$reports_port
    within 20 metric_is leader_election_master_status 1
    within 20 logged 'pods can report'
    reports_port=$(free_port)
    launch_operator --leader-elect=true --lease-namespace "$namespace" --report-url https://localhost --report-listen "127.0.0.1:$reports_port"
    second_port=$reports_port
    within 20 ready "$port" "$operator"
    fetch_authority
    create_dataset listings </dev/null
    within 20 runs listings-sync-1
    token=$(token_of "$(pod_of listings-sync-1)")
    expect "$(report_by_name "$token" "$first_port")" 204
    within 20 follower_points_on "$token" "$second_port"
    expect "$(served_by "$first_port")" "$(served_by "$second_port")"
}
report_by_name() { # TOKEN PORT: as the certificate's name says
    curl -s -m 10 --cacert "$scratch/ca.crt" -o "$scratch/said" -w '%{http_code}' -H "Authorization: Bearer $1" -d "$progress" "https://localhost:$2/reports"
}
follower_points_on() { [ "$(report_by_name "$1" "$2")" = 503 ] && contains "$(cat "$scratch/said")" "on another connection"; }
served_by() { openssl s_client -connect "127.0.0.1:$1" -servername localhost </dev/null 2>/dev/null | openssl x509 -noout -fingerprint; }

it "a pod's report is shown as progress, objects, bytes and time left, and outlives the operator in the status" progress_is_shown
it "only pods that work for an object of Kitae report, with a token for that alone" only_pods_of_ours_report
it "connections that say nothing are dropped, and neither reports nor watches suffer" idle_connections_are_dropped
it "without the right to review tokens the sync goes on, and a condition says what to allow" without_token_reviews
it "two replicas show one certificate, which is made anew when it is damaged; the follower points on" two_replicas
