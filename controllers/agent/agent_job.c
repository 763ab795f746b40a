#include "agent_job.h"

#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"

enum {
    USER = 65532, /* "nonroot" of the image */
    RETRIES = 6,
    REPORT_TOKEN_SECONDS = 3600,
};

const char *const s3_addressing[] = { NULL, "Virtual", "Path" };

static const char ca_volume[] = "kitae-ca";
#define CA_PATH "/etc/kitae/ca"

static const char report_volume[] = "kitae-report";
#define REPORT_PATH "/var/run/secrets/kitae.dev/report"

void agent_add_flag(json_t *args, const char *flag, const char *value)
{
    if (!value)
        return;
    jb_append(args, jb_fmt("--%s", flag));
    jb_append(args, jb_str(value));
}

void agent_add_place(json_t *args, const char *flag, const struct s3_place *place)
{
    jb_append(args, jb_fmt("--%s", flag));
    jb_append(args, jb_fmt("s3://%s/%s", place->bucket, place->prefix ? place->prefix : ""));
    agent_add_flag(args, "region", place->region);
    agent_add_flag(args, "endpoint", place->endpoint);
    agent_add_flag(args, "addressing", place->addressing);
    agent_add_flag(args, "ca-file", place->ca_config_map ? CA_PATH "/ca.crt" : NULL);
}

/* Only what the Secret has: the session token is there or not. */
static json_t *from_secret(const char *secret, const char *key, bool optional)
{
    return OBJ({ "name", jb_str(key) },
               { "valueFrom",
                 OBJ({ "secretKeyRef",
                       OBJ({ "name", jb_str(secret) },
                           { "key", jb_str(key) },
                           { "optional", optional ? json_true() : NULL }) }) });
}

static json_t *credentials(const struct s3_place *place)
{
    const char *secret = place->credentials_secret;

    if (!secret)
        return NULL;
    return ARR(from_secret(secret, "AWS_ACCESS_KEY_ID", false),
               from_secret(secret, "AWS_SECRET_ACCESS_KEY", false),
               from_secret(secret, "AWS_SESSION_TOKEN", true));
}

void agent_mount(json_t *container, const char *volume, const char *path, const char *sub_path, bool read_only)
{
    jb_append(jb_child_array(container, "volumeMounts"),
              OBJ({ "name", jb_str(volume) },
                  { "mountPath", jb_str(path) },
                  { "subPath", sub_path ? jb_str(sub_path) : NULL },
                  { "readOnly", read_only ? json_true() : NULL }));
}

static void mount_ca(json_t *container, const struct s3_place *place, json_t *pod_spec)
{
    json_t *volumes = jb_child_array(pod_spec, "volumes");

    if (!place->ca_config_map)
        return;
    if (!jb_named(volumes, ca_volume))
        jb_append(volumes,
                  OBJ({ "name", jb_str(ca_volume) }, { "configMap", OBJ({ "name", jb_str(place->ca_config_map) }) }));
    agent_mount(container, ca_volume, CA_PATH, NULL, true);
}

json_t *agent_container(
    const struct observed *in, const char *name, const struct s3_place *place, json_t *take_args, json_t *pod_spec)
{
    json_t *container = OBJ({ "name", jb_str(name) },
                            { "image", jb_str(in->agent_image) },
                            { "command", ARR(jb_str("kitae-agent")) },
                            { "args", take_args },
                            { "env", place ? credentials(place) : NULL },
                            { "resources",
                              OBJ({ "requests", OBJ({ "cpu", jb_str("100m") }, { "memory", jb_str("64Mi") }) },
                                  { "limits", OBJ({ "memory", jb_str("512Mi") }) }) },
                            { "securityContext",
                              OBJ({ "allowPrivilegeEscalation", json_false() },
                                  { "readOnlyRootFilesystem", json_true() },
                                  { "runAsNonRoot", json_true() },
                                  { "runAsUser", jb_int(USER) },
                                  { "capabilities", OBJ({ "drop", ARR(jb_str("ALL")) }) },
                                  { "seccompProfile", OBJ({ "type", jb_str("RuntimeDefault") }) }) });

    if (place)
        mount_ca(container, place, pod_spec);
    return container;
}

json_t *agent_pod_spec(const char *service_account)
{
    return OBJ({ "restartPolicy", jb_str("Never") },
               { "serviceAccountName", service_account ? jb_str(service_account) : NULL },
               { "automountServiceAccountToken", json_false() },
               { "securityContext",
                 OBJ({ "runAsNonRoot", json_true() },
                     { "runAsUser", jb_int(USER) },
                     { "runAsGroup", jb_int(USER) },
                     { "fsGroup", jb_int(USER) },
                     { "fsGroupChangePolicy", jb_str("OnRootMismatch") },
                     { "seccompProfile", OBJ({ "type", jb_str("RuntimeDefault") }) }) });
}

/* The agent says by its exit code what trying again cannot mend; what a node does to it is nobody's fault. */
static json_t *failure_policy(void)
{
    return OBJ({ "rules",
                 ARR(OBJ({ "action", jb_str("FailJob") },
                         { "onExitCodes", OBJ({ "operator", jb_str("In") }, { "values", ARR(jb_int(1), jb_int(2)) }) }),
                     OBJ({ "action", jb_str("Ignore") },
                         { "onPodConditions", ARR(OBJ({ "type", jb_str("DisruptionTarget") })) })) });
}

json_t *agent_metadata(const struct observed *in)
{
    return OBJ(
        { "labels",
          OBJ({ LABEL_MANAGED_BY, jb_str(LABEL_MANAGED_BY_VALUE) }, { LABEL_OWNER_UID, jb_str(in->self->uid) }) });
}

/* Where to tell how far it is, whose certificate that has, and the token to show there. */
static void let_report(const struct reporting *reporting, json_t *container)
{
    json_t *env = jb_child_array(container, "env");

    jb_append(env, OBJ({ "name", jb_str("KITAE_REPORT_URL") }, { "value", jb_str(reporting->url) }));
    jb_append(env, OBJ({ "name", jb_str("KITAE_REPORT_CA") }, { "value", jb_str(reporting->ca) }));
    jb_append(env, OBJ({ "name", jb_str("KITAE_REPORT_TOKEN_FILE") }, { "value", jb_str(REPORT_PATH "/token") }));
    agent_mount(container, report_volume, REPORT_PATH, NULL, true);
}

static void let_all_report(const struct observed *in, json_t *pod_spec)
{
    static const char *const lists[] = { "initContainers", "containers" };
    json_t *container;
    size_t at;

    if (!in->reporting || in->reporting->problem)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        json_array_foreach(json_object_get(pod_spec, lists[i]), at, container)
            let_report(in->reporting, container);
    jb_append(jb_child_array(pod_spec, "volumes"),
              OBJ({ "name", jb_str(report_volume) },
                  { "projected",
                    OBJ({ "sources",
                          ARR(OBJ({ "serviceAccountToken",
                                    OBJ({ "audience", jb_str(REPORT_AUDIENCE) },
                                        { "expirationSeconds", jb_int(REPORT_TOKEN_SECONDS) },
                                        { "path", jb_str("token") }) })) }) }));
}

json_t *agent_job(const struct observed *in, json_t *take_pod_spec)
{
    let_all_report(in, take_pod_spec);
    return OBJ({ "spec",
                 OBJ({ "backoffLimit", jb_int(RETRIES) },
                     { "podFailurePolicy", failure_policy() },
                     { "template", OBJ({ "metadata", agent_metadata(in) }, { "spec", take_pod_spec }) }) });
}
