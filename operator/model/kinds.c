#include <string.h>

#include "object.h"

static const struct kind_info kinds[KIND_COUNT] = {
    [KIND_TRAINING_JOB] = { "TrainingJob", "kitae.dev", "v1alpha1", "trainingjobs", "trainingjob", false, false },
    [KIND_POD] = { "Pod", "", "v1", "pods", "pod", true, false },
    [KIND_SERVICE] = { "Service", "", "v1", "services", "service", true, false },
    [KIND_SECRET] = { "Secret", "", "v1", "secrets", "secret", true, true },
    [KIND_CLAIM] = { "PersistentVolumeClaim", "", "v1", "persistentvolumeclaims", "persistentvolumeclaim", true, true },
};

static const char *const api_versions[KIND_COUNT] = {
    [KIND_TRAINING_JOB] = "kitae.dev/v1alpha1",
    [KIND_POD] = "v1",
    [KIND_SERVICE] = "v1",
    [KIND_SECRET] = "v1",
    [KIND_CLAIM] = "v1",
};

const struct kind_info *kind_info(enum kind kind)
{
    return &kinds[kind];
}

const char *kind_api_version(enum kind kind)
{
    return api_versions[kind];
}

enum kind kind_find(const char *api_version, const char *name)
{
    for (enum kind kind = 0; kind < KIND_COUNT; kind++)
        if (strcmp(kinds[kind].kind, name) == 0 && strcmp(api_versions[kind], api_version) == 0)
            return kind;
    return KIND_COUNT;
}
