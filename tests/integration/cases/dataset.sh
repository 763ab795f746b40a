# shellcheck shell=bash disable=SC2154 # variables of lib.sh
# DataSets against a real control plane. The agent's pods are simulated here: what they say at their end is written into
# their status, and the Job controller takes it from there. (That the agent does what it says: tests/agent, tests/e2e.)

version_comes() { # JOB DIGEST VERSION
    agent_ends "$1" 0 "{\"digest\":\"$2\",\"objects\":2,\"bytes\":20}"
    within 20 dataset_is listings '{.status.phase}/{.status.latest}' "Ready/$3"
}

retention_removes_what_nobody_uses() {
    start_operator
    create_dataset listings <<<'  retention: {keepLast: 1}'
    version_comes listings-sync-1 d1 v1
    kubectl create -f - >/dev/null <<END
apiVersion: kitae.dev/v1alpha1
kind: TrainingJob
metadata: {name: user, namespace: $namespace}
spec:
  data: [{dataSetRef: {name: listings}, delivery: Copy}]
  template: {metadata: {annotations: {test.kitae.dev/run-seconds: "3600"}}, spec: {containers: [{name: main, image: example}]}}
END
    phase user Running
    expect "$(field user '{.status.data[0].version}/{.status.data[0].digest}')" v1/d1
    within 20 dataset_is listings '{.status.usedBy.count}{.metadata.finalizers}' '1["kitae.dev/in-use"]'
    request_sync listings 2
    version_comes listings-sync-2 d2 v2
    request_sync listings 3
    version_comes listings-sync-3 d3 v3
    # v2 goes: nobody uses it, and a bookmark proves that the watch has seen all jobs. v1 stays: a job has pinned it.
    within 120 dataset_is listings '{.status.versions[*].name}' 'v1 v3'
    kubectl delete dataset -n "$namespace" listings --wait=false >/dev/null
    within 20 dataset_is listings '{.status.conditions[?(@.type=="Stalled")].reason}' InUse
    kubectl delete trainingjob -n "$namespace" user >/dev/null
    within 120 not get dataset listings
}

# The command of docs/dataset.md, for this DataSet.
request_as_documented() {
    local line
    line=$(grep -x 'kubectl annotate dataset .*' "$root/docs/dataset.md") || fail "docs/dataset.md has no such command"
    bash -c "${line/ recent / -n $namespace $1 }" >/dev/null
}

failures_are_told() {
    start_operator
    create_dataset listings </dev/null
    agent_ends listings-sync-1 1 '{"reason":"AccessDenied","message":"s3://market: 403: give it the right to list"}'
    within 30 dataset_is listings '{.status.phase}/{.status.sync.reason}' Failed/AccessDenied
    [[ $(say_dataset listings '{.status.message}') == *'give it the right to list'* ]] || fail "$(say_dataset listings '{.status.message}')"
    kill_operator
    request_as_documented listings
    start_operator
    version_comes listings-sync-2 d1 v1
}

runs_at() { # SCHEDULE ZONE
    [ "$(get cronjob listings-sync -o 'jsonpath={.spec.schedule} {.spec.timeZone}')" = "$1" ] || { get cronjob listings-sync; return 1; }
}

schedules_are_cron_jobs() {
    start_operator
    create_dataset listings <<<'  sync: {schedule: "*/5 * * * *", timeZone: Asia/Tokyo}'
    version_comes listings-sync-1 d1 v1
    kubectl create job -n "$namespace" --from=cronjob/listings-sync listings-sync-by-hand >/dev/null
    agent_ends listings-sync-by-hand 0 '{"digest":"d2","objects":1,"bytes":1,"changed":1}'
    within 30 dataset_is listings '{.status.latest}/{.status.sync.run}' v2/listings-sync-by-hand
    kubectl patch dataset -n "$namespace" listings --type=merge -p '{"spec":{"sync":{"schedule":"0 3 * * *"}}}' >/dev/null
    within 20 runs_at '0 3 * * * Asia/Tokyo'
    kubectl patch dataset -n "$namespace" listings --type=merge -p '{"spec":{"sync":{"schedule":null,"timeZone":null}}}' >/dev/null
    within 20 not get cronjob listings-sync
}

volumes_go_or_stay() {
    start_operator
    create_dataset goes <<<'  storage: {size: 1Gi}
  deletionPolicy: Delete'
    create_dataset stays <<<'  storage: {size: 1Gi}'
    within 20 get pvc goes-data stays-data
    kubectl delete datasets -n "$namespace" goes stays >/dev/null
    within 60 not get pvc goes-data
    within 60 not get jobs -l app.kubernetes.io/managed-by=kitae -o 'jsonpath={.items[0].metadata.name}'
    get pvc stays-data >/dev/null
}

it "retention removes a version that nobody uses, and deletion waits for who uses one" retention_removes_what_nobody_uses
it "a sync that fails says why, and another one is asked for while the operator is away" failures_are_told
it "a schedule is a CronJob, whose runs make versions, and which changes and goes with the schedule" schedules_are_cron_jobs
it "the volume goes with its DataSet when deletionPolicy says so, and else stays" volumes_go_or_stay
