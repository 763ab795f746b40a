#include "../../operator/base/jb.h"
#include "../agent/agent_job.h"
#include "../claim.h"
#include "dataset.h"

static const char volume[] = "data";

const char *dataset_claim_name(struct arena *arena, const char *dataset)
{
    return arena_printf(arena, "%s-data", dataset);
}

json_t *dataset_claim(const struct dataset_spec *spec, const char *dataset)
{
    const struct dataset_spec_storage *storage = spec->storage;

    return OBJ(
        { "metadata", OBJ({ "labels", OBJ({ "kitae.dev/dataset", jb_str(dataset) }) }) },
        { "spec",
          claim_spec(storage->size, storage->storage_class_name, storage->access_modes, storage->access_modes_count) });
}

json_t *dataset_claim_body(const struct observed *in, const struct identity *identity)
{
    (void)identity;
    return dataset_claim(in->spec, in->self->name);
}

void mount_data(const struct observed *in, json_t *container, json_t *pod_spec)
{
    const char *claim = dataset_claim_name(in->arena, in->self->name);

    jb_append(jb_child_array(pod_spec, "volumes"),
              OBJ({ "name", jb_str(volume) }, { "persistentVolumeClaim", OBJ({ "claimName", jb_str(claim) }) }));
    agent_mount(container, volume, DATA_PATH, NULL, false);
}
