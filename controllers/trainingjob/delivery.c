#include <string.h>

#include "../../operator/base/jb.h"
#include "../agent/agent_job.h"
#include "../dataset/dataset.h"
#include "../dataset/source.h"
#include "job.h"
#include "volumes.h"

static const char shards[] = "/kitae/shards";
static const char shards_volume[] = "kitae-shards";
static const char version_path[] = "/kitae/version"; /* where shares are made from it */

const char *data_path(const struct job *job, const struct datum *datum)
{
    return datum->spec->mount_path ? datum->spec->mount_path : arena_printf(job->arena, "/data/%s", datum->name);
}

static const struct datum *sharded(const struct job *job)
{
    for (int i = 0; i < job->data_count; i++)
        if (job->data[i].spec->shard == TRAININGJOB_SPEC_DATA_SHARD_BYRANK)
            return &job->data[i];
    return NULL;
}

const char *shard_dir(const struct job *job)
{
    return sharded(job) ? shards : NULL;
}

static const char *volume_of(const struct job *job, const struct datum *datum)
{
    return arena_printf(job->arena, "kitae-data-%s", datum->name);
}

/* Runs before all of the template's own, which may want the data too. */
static void put_first(json_t *pod_spec, json_t *take_container)
{
    json_array_insert_new(jb_child_array(pod_spec, "initContainers"), 0, take_container);
}

/* -- one delivery each --------------------------------------------------------------------------------------------- */

static void mount_version(const struct job *job, const struct datum *datum, json_t *pod_spec)
{
    bool manifest_only = datum->spec->delivery == TRAININGJOB_SPEC_DATA_DELIVERY_MANIFESTONLY;
    const char *path = data_path(job, datum);

    add_volume(pod_spec,
               volume_of(job, datum),
               "persistentVolumeClaim",
               OBJ({ "claimName", jb_str(dataset_claim_name(job->arena, datum->name)) }, { "readOnly", json_true() }),
               manifest_only ? arena_printf(job->arena, "%s/.manifest", path) : path,
               arena_printf(job->arena, "versions/%s%s", datum->digest, manifest_only ? "/.manifest" : ""),
               true);
}

/* Each pod fetches its own, and goes no further when it is not what was pinned. */
static void fetch_copy(const struct job *job, const struct datum *datum, json_t *pod_spec)
{
    struct s3_place place = dataset_place(datum->set);
    json_t *args = dataset_fetch_args(datum->set, datum->digest, job->arena), *container;
    const char *volume = volume_of(job, datum), *path = data_path(job, datum);

    add_volume(pod_spec, volume, "emptyDir", json_object(), path, NULL, true);
    agent_add_flag(args, "to", path);
    container = agent_container(job->in, volume, &place, args, pod_spec);
    agent_mount(container, volume, path, NULL, false);
    put_first(pod_spec, container);
}

void add_placement(const struct dataset_spec *set, json_t *pod_spec)
{
    json_t *selector, *wanted;
    struct error err;

    if (!set->placement || jb_parse(set->placement->node_selector, &wanted, &err) < 0)
        return;
    selector = jb_child_object(pod_spec, "nodeSelector");
    json_object_update(selector, wanted);
    json_decref(wanted);
}

/* -- shards -------------------------------------------------------------------------------------------------------- */

/* A share for each process of this replica; a role outside the world has none. */
static void add_shards(
    const struct job *job, const struct datum *datum, const struct role *role, int index, json_t *pod_spec)
{
    bool copied = datum->spec->delivery == TRAININGJOB_SPEC_DATA_DELIVERY_COPY;
    json_t *args, *container;

    add_volume(pod_spec, shards_volume, "emptyDir", json_object(), shards, NULL, false);
    if (!role->in_world)
        return;
    args = ARR(jb_str("shard"));
    agent_add_flag(args, "manifest", arena_printf(job->arena, "%s/.manifest", version_path));
    agent_add_flag(args, "world", arena_printf(job->arena, "%d", job->world * role->processes));
    for (int process = 0; process < role->processes; process++)
        agent_add_flag(
            args, "rank", arena_printf(job->arena, "%d", (role->first_rank + index) * role->processes + process));
    agent_add_flag(args, "to", shards);
    container = agent_container(job->in, shards_volume, NULL, args, pod_spec);
    agent_mount(container, shards_volume, shards, NULL, false);
    agent_mount(container,
                volume_of(job, datum),
                version_path,
                copied ? NULL : arena_printf(job->arena, "versions/%s", datum->digest),
                true);
    put_first(pod_spec, container);
}

void add_data(const struct job *job, const struct role *role, int index, json_t *pod_spec)
{
    const struct datum *shared = sharded(job);

    if (shared)
        add_shards(job, shared, role, index, pod_spec);
    for (int i = 0; i < job->data_count; i++) {
        const struct datum *datum = &job->data[i];

        if (datum->spec->delivery == TRAININGJOB_SPEC_DATA_DELIVERY_COPY)
            fetch_copy(job, datum, pod_spec);
        else
            mount_version(job, datum, pod_spec);
        if (datum->set)
            add_placement(datum->set, pod_spec);
    }
}
