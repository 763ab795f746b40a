#include <string.h>

#include "object.h"

#define KITAE   "kitae.dev", "v1alpha1"
#define GATEWAY "gateway.networking.k8s.io", "v1"

static const struct kind_info kinds[KIND_COUNT] = {
    [KIND_TRAINING_JOB] = { "TrainingJob", KITAE, "trainingjobs", "trainingjob", .keeps_status = true },
    [KIND_DATA_SET] = { "DataSet", KITAE, "datasets", "dataset", .keeps_status = true },
    [KIND_MODEL] = { "Model", KITAE, "models", "model", .keeps_status = true },
    [KIND_SERVING_ENDPOINT] = { "ServingEndpoint", KITAE, "servingendpoints", "servingendpoint", .keeps_status = true },
    [KIND_POD] = { "Pod", "", "v1", "pods", "pod", .child = true },
    [KIND_SERVICE] = { "Service", "", "v1", "services", "service", .child = true },
    [KIND_JOB] = { "Job", "batch", "v1", "jobs", "job", .child = true, .keeps_status = true },
    [KIND_CRON_JOB] = { "CronJob", "batch", "v1", "cronjobs", "cronjob", .child = true },
    [KIND_DEPLOYMENT] = { "Deployment",
                          "apps",
                          "v1",
                          "deployments",
                          "deployment",
                          .child = true,
                          .keeps_status = true },
    [KIND_AUTOSCALER] = { "HorizontalPodAutoscaler",
                          "autoscaling",
                          "v2",
                          "horizontalpodautoscalers",
                          "horizontalpodautoscaler",
                          .child = true,
                          .keeps_status = true },
    [KIND_BUDGET] = { "PodDisruptionBudget",
                      "policy",
                      "v1",
                      "poddisruptionbudgets",
                      "poddisruptionbudget",
                      .child = true },
    [KIND_HTTP_ROUTE] = { "HTTPRoute",
                          GATEWAY,
                          "httproutes",
                          "httproute",
                          .child = true,
                          .keeps_status = true,
                          .optional = true },
    [KIND_GRPC_ROUTE] = { "GRPCRoute",
                          GATEWAY,
                          "grpcroutes",
                          "grpcroute",
                          .child = true,
                          .keeps_status = true,
                          .optional = true },
    [KIND_SECRET] = { "Secret", "", "v1", "secrets", "secret", .child = true, .unseen = true },
    [KIND_CLAIM] = { "PersistentVolumeClaim",
                     "",
                     "v1",
                     "persistentvolumeclaims",
                     "persistentvolumeclaim",
                     .child = true,
                     .unseen = true },
};

static const char *const api_versions[KIND_COUNT] = {
    [KIND_TRAINING_JOB] = "kitae.dev/v1alpha1",
    [KIND_DATA_SET] = "kitae.dev/v1alpha1",
    [KIND_MODEL] = "kitae.dev/v1alpha1",
    [KIND_SERVING_ENDPOINT] = "kitae.dev/v1alpha1",
    [KIND_POD] = "v1",
    [KIND_SERVICE] = "v1",
    [KIND_JOB] = "batch/v1",
    [KIND_CRON_JOB] = "batch/v1",
    [KIND_DEPLOYMENT] = "apps/v1",
    [KIND_AUTOSCALER] = "autoscaling/v2",
    [KIND_BUDGET] = "policy/v1",
    [KIND_HTTP_ROUTE] = "gateway.networking.k8s.io/v1",
    [KIND_GRPC_ROUTE] = "gateway.networking.k8s.io/v1",
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
