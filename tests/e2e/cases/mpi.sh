# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# image: mpi
# mpirun (Debian's Open MPI) in a launcher starts processes in two workers over ssh.
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

# What a job of framework MPI is given by Kitae, made by hand: a key and the file of hosts.
by_hand() { # JOB
    ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$scratch/id_ed25519"
    printf '%s slots=2\n' "$1-worker-0.$1-hosts" "$1-worker-1.$1-hosts" >"$scratch/hostfile"
    kubectl create secret generic -n "$namespace" "$1-ssh" --from-file="$scratch/id_ed25519" \
        --from-file=authorized_keys="$scratch/id_ed25519.pub"
    kubectl create configmap -n "$namespace" "$1-hosts" --from-file="$scratch/hostfile"
}

launched_by_hand() {
    start_operator
    program sum mpi_sum.py
    by_hand sum
    create_job sum <<END
  successPolicy: {roles: [launcher]}
  roles:
  - name: launcher
    template:
      metadata: {}
      spec:
        containers:
        - name: main
          image: kitae.dev/e2e-mpi:test
          imagePullPolicy: Never
          command: [mpirun, python3, /program/mpi_sum.py]
          env:
          - {name: OMPI_MCA_orte_default_hostfile, value: /etc/mpi/hostfile}
          - {name: OMPI_MCA_orte_keep_fqdn_hostnames, value: "true"}
          - {name: OMPI_MCA_plm_rsh_args, value: -i /ssh/id_ed25519 -o ConnectionAttempts=30 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null}
          - {name: OMPI_ALLOW_RUN_AS_ROOT, value: "1"}
          - {name: OMPI_ALLOW_RUN_AS_ROOT_CONFIRM, value: "1"}
          volumeMounts: [{name: program, mountPath: /program}, {name: ssh, mountPath: /ssh}, {name: hosts, mountPath: /etc/mpi}]
        volumes:
        - {name: program, configMap: {name: sum}}
        - {name: ssh, secret: {secretName: sum-ssh, defaultMode: 0600}}
        - {name: hosts, configMap: {name: sum-hosts}}
  - name: worker
    replicas: 2
    template:
      metadata: {}
      spec:
        containers:
        - name: main
          image: kitae.dev/e2e-mpi:test
          imagePullPolicy: Never
          # Everybody may write to the folder of a volume.
          command: [/usr/sbin/sshd, -De, -o, StrictModes=no, -o, AuthorizedKeysFile=/ssh/authorized_keys]
          volumeMounts: [{name: program, mountPath: /program}, {name: ssh, mountPath: /ssh}]
        volumes:
        - {name: program, configMap: {name: sum}}
        - {name: ssh, secret: {secretName: sum-ssh, defaultMode: 0600}}
END
    succeeds sum 120
    for i in 0 1 2 3; do
        contains "$(logs sum-launcher-0)" "rank $i of 4 on sum-worker-$((i / 2)): sum 1111"
    done
}

it "mpirun reaches two workers, whose four processes add up what they bring (key and hosts made by hand)" launched_by_hand
