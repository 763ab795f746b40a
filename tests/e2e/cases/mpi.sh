# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# image: mpi
# mpirun (Debian's Open MPI) in a launcher starts processes in two workers over ssh, with what Kitae gives them.
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

mpirun_adds_up() {
    local i
    start_operator
    program sum mpi_sum.py
    create_job sum <<END
  framework: MPI
  roles:
  - name: launcher
    template:
      metadata: {}
      spec:
        containers:
        - name: main
          image: kitae.dev/e2e-mpi:test
          imagePullPolicy: Never
          command: [mpirun, --allow-run-as-root, python3, /program/mpi_sum.py]
          volumeMounts: [{name: program, mountPath: /program}]
        volumes: [{name: program, configMap: {name: sum}}]
  - name: worker
    replicas: 2
    processesPerReplica: 2
    template:
      metadata: {}
      spec:
        containers:
        - name: main
          image: kitae.dev/e2e-mpi:test
          imagePullPolicy: Never
          volumeMounts: [{name: program, mountPath: /program}]
        volumes: [{name: program, configMap: {name: sum}}]
END
    succeeds sum 300
    for i in 0 1 2 3; do
        contains "$(logs sum-launcher-0)" "rank $i of 4 on sum-worker-$((i / 2)): sum 1111"
    done
}

it "mpirun reaches two workers, whose four processes add up what they bring" mpirun_adds_up
