#pragma once
/*
 * What mpirun needs to reach the workers: a hostfile, keys for ssh, and the settings of both ends, all in one Secret
 * that every pod of launcher and workers has at /etc/mpi. It is made before the first pod of an attempt and never
 * looked at: we may create Secrets and nothing else.
 */

#include "environment.h"

bool is_mpi(const struct job *job);

/* The role that runs mpirun, and what it waits for where the user names nothing. */
bool is_launcher(const struct job *job, const struct role *role);
enum { LAUNCHER_WAITS = 2 };
extern const struct trainingjob_spec_roles_depends_on launcher_waits[LAUNCHER_WAITS];

/* What is wrong with the roles of an MPI job, with the path of the field; NULL: nothing. */
const char *mpi_misses_role(const struct job *job);

/* For the containers of the launcher. */
extern const struct variable mpi_variables[], mpi_interface[];
bool has_own_network(const struct seat *seat); /* of the pod, in which the interface is eth0; not that of its node */

void want_mpi_secret(const struct job *job, struct plan *out);
void mount_mpi_secret(const struct job *job, const struct role *role, json_t *pod_spec);
