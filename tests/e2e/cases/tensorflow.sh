# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# image: tensorflow
# TF_CONFIG, read by TensorFlow itself (tensorflow-cpu of PyPI).
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

# tensorflow NAME ROLES DECIDING: the last decide when it is done.
tensorflow() {
    create_job "$1" <<END
  framework: TensorFlow
  roles: $2
  successPolicy: {roles: [$3]}
  template:
    metadata: {}
    spec:
      containers:
      - name: main
        image: kitae.dev/e2e-tensorflow:test
        imagePullPolicy: Never
        command: [python3, /program/tf_config.py]
        volumeMounts: [{name: program, mountPath: /program}]
      volumes: [{name: program, configMap: {name: tensorflow}}]
END
}

task() { logs "$1" | sed -n 's/^task \(.*\), .*/\1/p'; } # task POD
cluster_of() { logs "$1" | sed -n 's/^cluster //p'; }

adds() {
    start_operator
    program tensorflow tf_config.py
    tensorflow sum '[{name: chief, replicas: 1}, {name: worker, replicas: 2}]' chief,worker
    succeeds sum 300
    local hosts=sum-hosts.$namespace.svc:2222
    for pod in sum-chief-0 sum-worker-0 sum-worker-1; do
        contains "$(logs $pod)" "3 replicas, sum 111"
        expect "$(cluster_of $pod)" "{\"chief\": [\"sum-chief-0.$hosts\"], \"worker\": [\"sum-worker-0.$hosts\", \"sum-worker-1.$hosts\"]}"
    done
    expect "$(task sum-chief-0), $(task sum-worker-0), $(task sum-worker-1)" "chief 0, worker 0, worker 1"
}

all_roles() {
    local hosts=all-hosts.$namespace.svc:2222 pod
    start_operator
    program tensorflow tf_config.py
    tensorflow all '[{name: chief, replicas: 1}, {name: ps, replicas: 1}, {name: worker, replicas: 1}, {name: evaluator, replicas: 1}]' chief,ps,worker,evaluator
    succeeds all 300
    for pod in all-chief-0 all-ps-0 all-worker-0 all-evaluator-0; do
        expect "$(cluster_of $pod)" "{\"chief\": [\"all-chief-0.$hosts\"], \"ps\": [\"all-ps-0.$hosts\"], \"worker\": [\"all-worker-0.$hosts\"]}"
        expect "$(task $pod)" "$(cut -d- -f2 <<<$pod) 0"
    done
}

it "TensorFlow finds its peers by TF_CONFIG and adds what three of them bring" adds
it "TensorFlow reads chief, ps, worker and evaluator out of TF_CONFIG" all_roles
