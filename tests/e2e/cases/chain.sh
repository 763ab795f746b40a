# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# examples/chain/ as it stands: one kubectl apply leads from a bucket to a published model, and to pods that answer with it.
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

model_is() { [ "$(say_model "$1")" = "$2" ] || { say_model '{.status}'; return 1; }; } # JSONPATH VALUE

# The model of a version, as the store has it.
published_model() { from_s3 "models/digits/versions/$(say_model "{.status.versions[?(@.name==\"$1\")].digest}")/digits.txt"; }

lineage() { "$kitae" lineage "$1" --namespace "$namespace"; }

from_bucket_to_model() {
    local digest first
    start_s3
    to_s3 models -X PUT
    kubectl create secret generic -n "$namespace" s3 --from-literal=AWS_ACCESS_KEY_ID=tester \
        --from-literal=AWS_SECRET_ACCESS_KEY=tested >/dev/null
    create_volumes 2
    put_trainer_on_node
    head -900 "$root/examples/digits/digits.csv" | put digits/first.csv
    start_operator --agent-image kitae.dev/e2e-agent:test
    kubectl apply -n "$namespace" -f "$root/examples/chain/" >/dev/null
    succeeds learn-digits 180
    contains "$(logs learn-digits-worker-0)" "training 3610 weights on 720 digits"
    expect "$(say_model '{.status.phase}/{.status.latest}/{.status.producedBy}')" "Ready/v1/TrainingJob/learn-digits"
    expect "$(field learn-digits '{.status.outputs[0].version}')" v1
    expect "$(say_model '{.status.versions[0].producedBy.uid}')" "$(uid trainingjob learn-digits)"
    expect "$(say_model '{.status.versions[0].data[0].dataSet}/{.status.versions[0].data[0].version}')" digits/v1
    expect "$(say_model '{.status.versions[0].data[0].digest}')" "$(say_dataset digits '{.status.digest}')"
    published_model v1 >"$scratch/model"
    expect "$(head -1 "$scratch/model")" "hidden 48"
    digest=$(say_model '{.status.versions[0].digest}')
    expect "$digest" "$(from_s3 "models/digits/versions/$digest/.manifest" | sha256sum | cut -d' ' -f1)"

    within 90 is True say_endpoint '{.status.conditions[?(@.type=="Ready")].status}'
    expect "$(say_endpoint '{.status.stable.model}')" digits/v1
    within 20 answers_with v1

    # More digits: a new version of the data, and a job that learns from it makes a new version of the model.
    tail -n +901 "$root/examples/digits/digits.csv" | put digits/second.csv
    request_sync digits more
    within 90 dataset_is digits '{.status.latest}' v2
    sed -n '/^kind: TrainingJob/,$p' "$root/examples/chain/chain.yaml" | sed '1i apiVersion: kitae.dev/v1alpha1' |
        sed 's/learn-digits/learn-more/' | kubectl apply -n "$namespace" -f - >/dev/null
    succeeds learn-more 180
    contains "$(logs learn-more-worker-0)" "on 1437 digits"
    expect "$(say_model '{.status.latest}/{.status.versions[1].producedBy.name}/{.status.versions[1].data[0].version}')" \
        v2/learn-more/v2
    published_model v2 | cmp -s - "$scratch/model" && fail "the second model is the first"

    # Nobody says so to the endpoint: the new version takes over when its pods are ready.
    within 120 is digits/v2 say_endpoint '{.status.stable.model}'
    expect "$(say_endpoint '{.status.lastRollout.result}')" Promoted
    within 20 answers_with v2

    # The same from both ends.
    lineage model/digits:v2 | grep -x '  made by TrainingJob learn-more, attempt 1' || fail "$(lineage model/digits:v2)"
    contains "$(lineage model/digits:v2)" "    from DataSet digits v2 ($(say_dataset digits '{.status.digest}' | cut -c1-12))"
    contains "$(lineage dataset/digits:v1)" "  read by TrainingJob learn-digits (Succeeded)"
    contains "$(lineage dataset/digits:v1)" "  made Model digits v1 (${digest:0:12}) by TrainingJob learn-digits"
    not lineage model/digits:v9 2>/dev/null

    # What nobody wants any more goes, from the bucket too, when the endpoint has let go of it.
    kubectl patch model -n "$namespace" digits --type=merge -p '{"spec":{"retention":{"keepLast":1}}}' >/dev/null
    within 180 model_is '{.status.versions[*].name}' v2
    not from_s3 "models/digits/versions/$digest/.manifest" >/dev/null 2>&1
    published_model v2 >/dev/null
}

it "one kubectl apply leads from a bucket to predictions, and new data to those of a new version" from_bucket_to_model
