#include <string.h>

#include "../dataset/dataset.h"
#include "job.h"

/* -- which version ------------------------------------------------------------------------------------------------- */

static bool is_latest(const char *wanted)
{
    return !wanted || strcmp(wanted, "latest") == 0;
}

/* The name of the version that is meant: by tag, or as it stands; NULL: the newest one, which is not there yet. */
static const char *meant_version(const struct dataset_spec *set,
                                 const struct dataset_status *status,
                                 const char *wanted)
{
    if (is_latest(wanted))
        return status->latest;
    for (size_t i = 0; i < set->tags_count; i++)
        if (strcmp(set->tags[i].name, wanted) == 0)
            return set->tags[i].version;
    return wanted;
}

static const struct dataset_status_versions *find_version(const struct dataset_status *status, const char *meant)
{
    for (size_t i = 0; meant && i < status->versions_count; i++)
        if (strcmp(status->versions[i].name, meant) == 0 || strcmp(status->versions[i].digest, meant) == 0)
            return &status->versions[i];
    return NULL;
}

static void wait_for(struct job *job, const struct datum *datum, const char *what)
{
    if (!job->waits_for_data)
        job->waits_for_data = arena_printf(job->arena, "Waits for data: DataSet %s %s", datum->name, what);
}

static const char *missing_text(const struct job *job, const struct dataset_status *status, const char *wanted)
{
    if (is_latest(wanted))
        return arena_printf(job->arena,
                            "has no version yet%s%.600s",
                            status->message ? ". It says: " : "",
                            status->message ? status->message : "");
    return arena_printf(job->arena,
                        "has no version or tag %s; the newest one is %s",
                        wanted,
                        status->latest ? status->latest : "not there yet");
}

static void choose_version(struct job *job, struct datum *datum, const struct object *set)
{
    const struct dataset_status *status = object_part(&dataset_status_type, set->status, job->arena);
    const char *wanted = datum->spec->data_set_ref->version;
    const struct dataset_status_versions *version;

    if (!status || !datum->set) {
        wait_for(job, datum, "cannot be read by this version of Kitae");
        return;
    }
    version = find_version(status, meant_version(datum->set, status, wanted));
    if (!version)
        wait_for(job, datum, missing_text(job, status, wanted));
    else if (version->removing)
        wait_for(job, datum, arena_printf(job->arena, "is removing %s: name another version", version->name));
    else if (set->deleted_at)
        wait_for(job, datum, "is being deleted: make it anew");
    else {
        datum->version = version->name;
        datum->digest = version->digest;
    }
}

/* -- the pins ------------------------------------------------------------------------------------------------------ */

static bool same_text(const char *left, const char *right)
{
    return strcmp(left ? left : "", right ? right : "") == 0;
}

/* What was chosen stays, unless another version is asked for since, which only a suspended job may. */
static bool read_pin(const struct job *job, struct datum *datum)
{
    const struct trainingjob_status *status = job->status;

    for (size_t i = 0; i < status->data_count; i++) {
        const struct trainingjob_status_data *pin = &status->data[i];

        if (strcmp(pin->name, datum->name) != 0 || !pin->digest ||
            !same_text(pin->requested, datum->spec->data_set_ref->version))
            continue;
        datum->version = pin->version;
        datum->digest = pin->digest;
        datum->recorded = true;
        return true;
    }
    return false;
}

/* A version that goes before the first pod came was never used: another one is chosen. */
static bool is_going(const struct job *job, const struct datum *datum, const struct object *set)
{
    const struct dataset_status *status = set ? object_part(&dataset_status_type, set->status, job->arena) : NULL;
    const struct dataset_status_versions *version = status ? find_version(status, datum->digest) : NULL;

    return !version || version->removing || set->deleted_at;
}

static void find_datum(struct job *job, const struct trainingjob_spec_data *spec)
{
    struct datum *datum = &job->data[job->data_count++];
    const struct object *set = objects_find(job->in->referred, KIND_DATA_SET, spec->data_set_ref->name);

    *datum = (struct datum){ .spec = spec, .name = spec->data_set_ref->name };
    if (set)
        datum->set = object_part(&dataset_spec_type, set->spec, job->arena);
    if (read_pin(job, datum) && (has_pods(job) || !is_going(job, datum, set))) {
        if (!datum->set && spec->delivery == TRAININGJOB_SPEC_DATA_DELIVERY_COPY)
            wait_for(job, datum, "is gone, and with it where to copy from: make it anew");
        return;
    }
    datum->recorded = false;
    if (set)
        choose_version(job, datum, set);
    else
        wait_for(job, datum, "does not exist: create it, or correct spec.data");
}

void find_data(struct job *job)
{
    for (size_t i = 0; i < job->spec->data_count && job->data_count < MAX_DATA; i++)
        find_datum(job, &job->spec->data[i]);
}

bool data_is_pinned(const struct job *job)
{
    for (int i = 0; i < job->data_count; i++)
        if (!job->data[i].recorded)
            return false;
    return true;
}

void say_data(const struct job *job, struct plan *out)
{
    json_t *pins = job->data_count ? json_array() : NULL;

    for (int i = 0; i < job->data_count; i++) {
        const struct datum *datum = &job->data[i];
        const char *wanted = datum->spec->data_set_ref->version;

        jb_append(pins,
                  OBJ({ "name", jb_str(datum->name) },
                      { "requested", wanted ? jb_str(wanted) : NULL },
                      { "version", datum->version ? jb_str(datum->version) : NULL },
                      { "digest", datum->digest ? jb_str(datum->digest) : NULL }));
    }
    plan_status(out, "data", pins);
}

/* The pin is written: now either the DataSet's retention sees it, or this look sees the retention's mark. */
void confirm_data(const struct job *job, struct plan *out)
{
    for (int i = 0; i < job->data_count && !has_pods(job); i++)
        plan_confirm(out, KIND_DATA_SET, job->data[i].name);
}

/* -- what can never work ------------------------------------------------------------------------------------------- */

static bool is_shared(const struct dataset_spec_storage *storage)
{
    for (size_t i = 0; i < storage->access_modes_count; i++)
        if (strcmp(storage->access_modes[i], "ReadWriteMany") == 0 ||
            strcmp(storage->access_modes[i], "ReadOnlyMany") == 0)
            return true;
    return storage->access_modes_count == 0;
}

const char *unusable_data(const struct job *job)
{
    int shards = 0;

    for (int i = 0; i < job->data_count; i++) {
        const struct datum *datum = &job->data[i];
        bool copied = datum->spec->delivery == TRAININGJOB_SPEC_DATA_DELIVERY_COPY;

        shards += datum->spec->shard == TRAININGJOB_SPEC_DATA_SHARD_BYRANK;
        if (shards > 1)
            return arena_printf(job->arena,
                                "spec.data[%d].shard: one DataSet of a job can be sharded, as there is one "
                                "KITAE_SHARD_DIR: remove it here",
                                i);
        if (datum->set && copied && !datum->set->source)
            return arena_printf(job->arena,
                                "spec.data[%d]: DataSet %s has no source to copy from: leave delivery out, so that its "
                                "volume is mounted",
                                i,
                                datum->name);
        if (!datum->set || copied)
            continue;
        if (!datum->set->storage)
            return arena_printf(job->arena,
                                "spec.data[%d]: DataSet %s has no storage, so there is no volume to mount: write "
                                "delivery: Copy, or give a DataSet storage",
                                i,
                                datum->name);
        if (job->desired > 1 && !is_shared(datum->set->storage))
            return arena_printf(job->arena,
                                "spec.data[%d]: the volume of DataSet %s can be mounted on one node only, and the job "
                                "has %d pods: write delivery: Copy, or make a DataSet with ReadWriteMany",
                                i,
                                datum->name,
                                job->desired);
    }
    return NULL;
}
