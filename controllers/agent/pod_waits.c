#include "pod_waits.h"

#include <string.h>

#include "../../operator/base/memory.h"

static const struct wait_cause causes[] = {
    { "ErrImagePull", "ImagePullBackOff", "cannot pull its image", "check the image name and imagePullSecrets" },
    { "ImagePullBackOff", "ImagePullBackOff", "cannot pull its image", "check the image name and imagePullSecrets" },
    { "InvalidImageName", "InvalidImageName", "has an invalid image name", NULL },
    { "ErrImageNeverPull",
      "ErrImageNeverPull",
      "needs an image that is not on its node",
      "load it, or let it be pulled" },
    { "CreateContainerConfigError",
      "CreateContainerConfigError",
      "lacks a Secret or ConfigMap that its template names",
      "create it; the pod goes on by itself" },
    { "CreateContainerError", "CreateContainerError", "cannot be started by its node", "look at the pod's events" },
    { "RunContainerError", "RunContainerError", "cannot be started by its node", "check its command" },
    { "Unschedulable", "Unschedulable", "fits on no node", "free resources, or ask for less" },
};

const struct wait_cause *wait_cause_find(const char *reason)
{
    for (size_t i = 0; i < ARRAY_SIZE(causes); i++)
        if (strcmp(causes[i].reason, reason) == 0)
            return &causes[i];
    return NULL;
}
