#include "mpi.h"

#include <string.h>

#include "../../operator/base/digest.h"
#include "../../operator/base/jb.h"
#include "../../operator/base/ssh_key.h"
#include "../../operator/base/strbuf.h"
#include "volumes.h"

#define MOUNT "/etc/mpi" /* where mpi-operator's users look for the hostfile */

_Static_assert((int)SSH_SEED == (int)SEED_LENGTH, "a key is made of what the engine gives");

static const char volume[] = "kitae-mpi";

/* -- roles -------------------------------------------------------------------------------------------------------- */

const struct trainingjob_spec_roles_depends_on launcher_waits[LAUNCHER_WAITS] = {
    { .role = "chief", .status = TRAININGJOB_SPEC_ROLES_DEPENDS_ON_STATUS_READY },
    { .role = "worker", .status = TRAININGJOB_SPEC_ROLES_DEPENDS_ON_STATUS_READY },
};

bool is_mpi(const struct job *job)
{
    return job->spec->framework == TRAININGJOB_SPEC_FRAMEWORK_MPI;
}

bool is_launcher(const struct job *job, const struct role *role)
{
    return is_mpi(job) && strcmp(role->name, "launcher") == 0;
}

const char *mpi_misses_role(const struct job *job)
{
    const struct role *launcher = find_role(job, "launcher");

    if (!is_mpi(job))
        return NULL;
    if (!launcher)
        return "spec.roles: MPI needs the role that runs mpirun: add {name: launcher, replicas: 1} to roles";
    if (launcher->replicas != 1)
        return arena_printf(job->arena,
                            "spec.roles[%d].replicas: one launcher runs mpirun for all workers: write 1, and the "
                            "number of workers in {name: worker, replicas: %d}",
                            launcher->order,
                            launcher->replicas);
    if (!find_role(job, "worker"))
        return "spec.roles: MPI needs the role whose pods mpirun starts processes in: add {name: worker} to roles";
    return NULL;
}

/* Listed in the hostfile in the order of ranks: chief, worker. */
static const struct role *role_from(const struct job *job, int rank)
{
    for (int i = 0; i < job->role_count; i++)
        if (job->roles[i].in_world && job->roles[i].first_rank == rank)
            return &job->roles[i];
    BUG("no role has rank %d", rank);
}

/* -- variables ---------------------------------------------------------------------------------------------------- */

static json_t *hostfile(const struct seat *seat)
{
    (void)seat;
    return jb_str(MOUNT "/hostfile");
}

static json_t *hydra_hostfile(const struct seat *seat)
{
    (void)seat;
    return jb_str(MOUNT "/hostfile.hydra");
}

static json_t *ssh_arguments(const struct seat *seat)
{
    (void)seat;
    return jb_str("-F " MOUNT "/ssh_config");
}

static json_t *yes(const struct seat *seat)
{
    (void)seat;
    return jb_str("true");
}

static json_t *slots(const struct seat *seat)
{
    return jb_fmt("%d", find_role(seat->job, "worker")->processes);
}

static json_t *interface(const struct seat *seat)
{
    (void)seat;
    return jb_str("eth0");
}

/*
 * All implementations together: none reads what is another's. Open MPI 5 has PRTE_MCA_* (mpi-operator #842). MPICH's
 * extra arguments are the LAUNCHER's: HYDRA_LAUNCH_EXTRA_ARGS, which mpi-operator sets, is read by nobody.
 */
const struct variable mpi_variables[] = {
    { "OMPI_MCA_orte_default_hostfile", hostfile },
    { "OMPI_MCA_orte_keep_fqdn_hostnames", yes },
    { "OMPI_MCA_plm_rsh_args", ssh_arguments },
    { "PRTE_MCA_prte_default_hostfile", hostfile },
    { "PRTE_MCA_prte_keep_fqdn_hostnames", yes },
    { "PRTE_MCA_plm_ssh_args", ssh_arguments },
    { "I_MPI_HYDRA_HOST_FILE", hydra_hostfile },
    { "I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS", ssh_arguments },
    { "I_MPI_PERHOST", slots },
    { "HYDRA_HOST_FILE", hydra_hostfile },
    { "HYDRA_LAUNCHER_EXTRA_ARGS", ssh_arguments },
    { NULL, NULL },
};

/*
 * Hydra tells the workers to call back to the launcher's host name, which they cannot resolve (no record has it); with
 * an interface, to its address.
 */
const struct variable mpi_interface[] = {
    { "I_MPI_HYDRA_IFACE", interface },
    { "HYDRA_IFACE", interface },
    { NULL, NULL },
};

bool has_own_network(const struct seat *seat)
{
    return !json_is_true(jb_get(seat->pod_spec, "hostNetwork"));
}

/* -- the Secret --------------------------------------------------------------------------------------------------- */

/*
 * The name tells one job from another by its uid, so that one that is taken is ours; and one hostfile from another, as
 * roles may change while nothing has begun.
 */
static const char *secret_name(const struct job *job)
{
    auto_strbuf struct strbuf hosts = { 0 };
    char digest[DIGEST_SHORT];

    for (int rank = 0; rank < job->world;) {
        const struct role *role = role_from(job, rank);

        strbuf_addf(&hosts, "%s %d %d\n", role->name, role->replicas, role->processes);
        rank += role->replicas;
    }
    digest_short((struct slice){ strbuf_text(&hosts), hosts.length }, digest);
    return arena_printf(job->arena, "%s-mpi-%.8s-%.8s", job->name, digest, job->in->self->uid);
}

/* "train-worker-0.train-hosts slots=8", or with ":8" for Hydra; a line for each worker. */
static json_t *hosts(const struct job *job, const char *before_count)
{
    auto_strbuf struct strbuf text = { 0 };

    for (int rank = 0; rank < job->world;) {
        const struct role *role = role_from(job, rank);

        for (int index = 0; index < role->replicas; index++, rank++)
            strbuf_addf(&text,
                        "%s-%s-%d.%s-hosts%s%d\n",
                        job->name,
                        role->name,
                        index,
                        job->name,
                        before_count,
                        role->processes);
    }
    return jb_strn(strbuf_text(&text), text.length);
}

/*
 * ssh refuses a private key of root's that others may read, and others cannot read one that only root may: each has its
 * own file. A name may reach DNS later than its pod is ready, and ssh gives up at once (mpi-operator #481): the `exec`
 * waits for it and never matches. An image may have an sshd
 * with host keys of its own, so that none is known here.
 */
static const char ssh_config[] =
    "Match exec \"command -v getent >/dev/null && for i in $(seq 30); do getent hosts %h >/dev/null && break; sleep 1; "
    "done; false\"\n"
    "Match localuser root\n"
    "    IdentityFile " MOUNT "/id_ed25519.root\n"
    "Match localuser *,!root\n"
    "    IdentityFile " MOUNT "/id_ed25519\n"
    "Match all\n"
    "    BatchMode yes\n"
    "    ConnectionAttempts 30\n"
    "    LogLevel ERROR\n"
    "    StrictHostKeyChecking no\n"
    "    UserKnownHostsFile /dev/null\n";

/* StrictModes would refuse files in a volume. sshd takes private keys as ssh does, so its own is in its command. */
static const char sshd_config[] = "AuthorizedKeysFile " MOUNT "/authorized_keys\n"
                                  "PasswordAuthentication no\n"
                                  "PidFile none\n"
                                  "StrictModes no\n";

static void add_keys(const struct observed *in, json_t *data)
{
    auto_strbuf struct strbuf private_key = { 0 }, public_key = { 0 };

    if (in->seed) {
        ssh_key_add(in->seed, in->self->name, &private_key, &public_key);
    } else {
        strbuf_adds(&private_key, "# A private key of OpenSSH's, ed25519, made when the Secret is sent.\n");
        strbuf_adds(&public_key, "# Its public key.\n");
    }
    jb_set(data, "id_ed25519", jb_str(strbuf_text(&private_key)));
    jb_set(data, "id_ed25519.pub", jb_str(strbuf_text(&public_key)));
}

static json_t *secret_body(const struct observed *in, const struct identity *identity)
{
    struct job job;
    json_t *data;

    (void)identity;
    job_init(&job, in);
    data = OBJ({ "hostfile", hosts(&job, " slots=") },
               { "hostfile.hydra", hosts(&job, ":") },
               { "ssh_config", jb_str(ssh_config) },
               { "sshd_config", jb_str(sshd_config) });
    add_keys(in, data);
    return OBJ({ "metadata", OBJ({ "labels", OBJ({ "kitae.dev/job", jb_str(job.name) }) }) },
               { "type", jb_str("Opaque") },
               { "immutable", json_true() },
               { "stringData", data });
}

void want_mpi_secret(const struct job *job, struct plan *out)
{
    if (is_mpi(job) && is_before_first_pod(job))
        plan_prepare(out, KIND_SECRET, secret_name(job), 0, secret_body);
}

/* -- in the pod --------------------------------------------------------------------------------------------------- */

/* `config` is for those who mount the volume as their ~/.ssh, too. */
static json_t *volume_items(void)
{
    static const struct {
        const char *key, *path;
        int mode;
    } files[] = {
        { "hostfile", "hostfile", 0444 },
        { "hostfile.hydra", "hostfile.hydra", 0444 },
        { "ssh_config", "ssh_config", 0444 },
        { "ssh_config", "config", 0444 },
        { "sshd_config", "sshd_config", 0444 },
        { "id_ed25519", "id_ed25519", 0444 },
        { "id_ed25519", "id_ed25519.root", 0400 },
        { "id_ed25519.pub", "id_ed25519.pub", 0444 },
        { "id_ed25519.pub", "authorized_keys", 0444 },
    };
    json_t *items = json_array();

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        jb_append(
            items,
            OBJ({ "key", jb_str(files[i].key) }, { "path", jb_str(files[i].path) }, { "mode", jb_int(files[i].mode) }));
    return items;
}

/* A worker that is told nothing else waits for mpirun, as with mpi-operator. As root, sshd needs the folder. */
static const char sshd[] = "mkdir -p /run/sshd 2>/dev/null; test -r " MOUNT "/id_ed25519.root && of=.root; "
                           "exec /usr/sbin/sshd -De -f " MOUNT "/sshd_config -h " MOUNT "/id_ed25519$of";

static void run_sshd(json_t *container)
{
    if (json_is_object(container) && !json_array_size(jb_get(container, "command")) &&
        !json_array_size(jb_get(container, "args")))
        jb_set(container, "command", ARR(jb_str("/bin/sh"), jb_str("-c"), jb_str(sshd)));
}

void mount_mpi_secret(const struct job *job, const struct role *role, json_t *pod_spec)
{
    if (!is_mpi(job) || (!role->in_world && !is_launcher(job, role)))
        return;
    add_volume(pod_spec,
               volume,
               "secret",
               OBJ({ "secretName", jb_str(secret_name(job)) }, { "items", volume_items() }),
               MOUNT,
               NULL,
               true);
    if (role->in_world)
        run_sshd(json_array_get(json_object_get(pod_spec, "containers"), 0));
}
