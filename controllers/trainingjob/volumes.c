#include "volumes.h"

#include <string.h>

#include "../agent/agent_job.h"

static bool mounts_at(const json_t *container, const char *path)
{
    const json_t *mounts = jb_get(container, "volumeMounts");

    for (size_t i = 0; i < json_array_size(mounts); i++)
        if (strcmp(jb_get_str(json_array_get(mounts, i), "mountPath"), path) == 0)
            return true;
    return false;
}

static void mount(json_t *containers, const char *name, const char *path, const char *sub_path, bool read_only)
{
    json_t *container;
    size_t index;

    json_array_foreach(containers, index, container)
        if (!mounts_at(container, path))
            agent_mount(container, name, path, sub_path, read_only);
}

void add_volume(json_t *pod_spec,
                const char *name,
                const char *type,
                json_t *take_source,
                const char *path,
                const char *sub_path,
                bool read_only)
{
    json_t *volumes = jb_child_array(pod_spec, "volumes");

    if (jb_named(volumes, name))
        json_decref(take_source);
    else
        jb_append(volumes, OBJ({ "name", jb_str(name) }, { type, take_source }));
    mount(json_object_get(pod_spec, "containers"), name, path, sub_path, read_only);
    mount(json_object_get(pod_spec, "initContainers"), name, path, sub_path, read_only);
}
