#include <stddef.h>
#include <string.h>
#include <time.h>

#include "../base/fields.h"
#include "../base/jb.h"
#include "../base/memory.h"
#include "../base/yaml.h"
#include "exec_plugin.h"
#include "pem.h"
#include "secrets.h"

struct status {
    const char *token, *certificate, *key;
    int64_t expires;
};

struct output {
    const char *api_version, *kind;
    const struct status *status;
};

static const struct field status_list[] = {
    { .name = "token", .type = FIELD_STRING, .offset = offsetof(struct status, token) },
    { .name = "clientCertificateData", .type = FIELD_STRING, .offset = offsetof(struct status, certificate) },
    { .name = "clientKeyData", .type = FIELD_STRING, .offset = offsetof(struct status, key) },
    { .name = "expirationTimestamp", .type = FIELD_TIME, .offset = offsetof(struct status, expires) },
};
static const struct fields status_fields = {
    .list = status_list, .count = ARRAY_SIZE(status_list), .size = sizeof(struct status), .open = true
};
static const struct field output_list[] = {
    { .name = "apiVersion", .type = FIELD_STRING, .offset = offsetof(struct output, api_version) },
    { .name = "kind", .type = FIELD_STRING, .offset = offsetof(struct output, kind) },
    { .name = "status", .type = FIELD_OBJECT, .offset = offsetof(struct output, status), .of = &status_fields },
};
static const struct fields output_fields = {
    .list = output_list, .count = ARRAY_SIZE(output_list), .size = sizeof(struct output), .open = true
};

static int64_t wall_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void exec_credential_finish(struct exec_credential *credential)
{
    if (!credential)
        return;
    free(credential->token);
    free(credential->certificate);
    free(credential->key);
    *credential = (struct exec_credential){ 0 };
}

static bool given(const char *text)
{
    return text && *text;
}

/* Some plugins print YAML, which JSON is too. */
static int decode(struct slice text, struct arena *arena, struct output *ret, struct error *err)
{
    auto_yaml struct yaml yaml = { 0 };
    auto_free char *json = NULL;
    struct scan scan;

    if (yaml_parse("its output", text, &yaml, err) < 0)
        return -1;
    if (yaml.count != 1 || !json_is_object(yaml.documents[0].value))
        return error_set(
            err, ERROR_INVALID, "its output is not an ExecCredential: it is %s", yaml.count ? "no object" : "empty");
    json = jb_dump(yaml.documents[0].value, false);
    scan_init(&scan, slice_of(json));
    if (fields_decode(&output_fields, "", &scan, arena, ret, err) < 0)
        return error_wrap(err, "its output");
    return 0;
}

static int check_status(const struct status *status, struct error *err)
{
    if (!status)
        return error_set(err, ERROR_INVALID, "its output has no status");
    if (!given(status->token) && !given(status->certificate) && !given(status->key))
        return error_set(err, ERROR_INVALID, "its output has neither a token nor a client certificate");
    if (given(status->certificate) != given(status->key))
        return error_set(err, ERROR_INVALID, "its output has a client certificate or key without the other");
    if (given(status->token) && secret_check_header(status->token, err) < 0)
        return error_wrap(err, "its output: status.token");
    if (given(status->key) && pem_check_pair(status->certificate, status->key, err) < 0)
        return error_wrap(err, "its output");
    return 0;
}

static int check_output(const struct exec_config *config, const struct output *output, struct error *err)
{
    if (!output->kind || strcmp(output->kind, "ExecCredential") != 0)
        return error_set(err, ERROR_INVALID, "its output is not an ExecCredential: another kind");
    if (!output->api_version || strcmp(output->api_version, config->api_version) != 0)
        return error_set(err,
                         ERROR_INVALID,
                         "its output has another apiVersion than the kubeconfig asks for: %s",
                         config->api_version);
    return check_status(output->status, err);
}

int exec_credential_parse(const struct exec_config *config,
                          struct slice text,
                          struct exec_credential *ret,
                          struct error *err)
{
    auto_arena struct arena arena = { 0 };
    struct output output;
    const struct status *status;

    if (decode(text, &arena, &output, err) < 0 || check_output(config, &output, err) < 0)
        return -1;
    status = output.status;
    *ret = (struct exec_credential){
        .token = given(status->token) ? xstrdup(status->token) : NULL,
        .certificate = given(status->certificate) ? xstrdup(status->certificate) : NULL,
        .key = given(status->key) ? xstrdup(status->key) : NULL,
        .expires_in_ms = status->expires ? status->expires * 1000 - wall_clock_ms() : INT64_MAX,
    };
    return 0;
}
