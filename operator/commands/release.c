/* `kitae release`: for when the operator is gone for good. Takes its finalizer off the pods that still carry it. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../base/jb.h"
#include "../base/memory.h"
#include "../cli/options.h"
#include "../http/client.h"
#include "../kube/access.h"
#include "../model/object.h"
#include "commands.h"

static const char usage[] =
    "Usage: kitae release [FLAGS]\n"
    "\n"
    "Takes the finalizer " FINALIZER_RECORD " off all pods of Kitae, so that they, their namespaces and their\n"
    "nodes can go without an operator. Do it when the operator is gone for good: how pods ended that it had\n"
    "not recorded yet is lost. Exits with 1 when a pod could not be changed.";

static struct option options[] = {
    { "kubeconfig",
      0,
      OPTION_TEXT,
      "FILE",
      "how to reach the cluster (default: $KUBECONFIG, the pod's own, ~/.kube/config)" },
    { "context", 0, OPTION_TEXT, "NAME", "the kubeconfig's context (default: its current one)" },
    { "namespace", 'n', OPTION_LIST, "NAME", "only there; may be repeated (default: all namespaces)" },
    { "dry-run", 0, OPTION_SWITCH, NULL, "only print what would be changed (default: false)" },
    { NULL },
};

enum { TIMEOUT_MS = 30000, PAGE = 500 };

struct release {
    struct http_client *http;
    struct credentials *credentials;
    unsigned released, failed;
};

static size_t current_headers(void *context, const struct http_header **ret_list, uint64_t *ret_serial)
{
    struct credentials_headers headers = credentials_headers(((struct release *)context)->credentials);

    *ret_list = headers.list;
    *ret_serial = headers.serial;
    return headers.count;
}

/* One request and its answer as JSON. Anything but 2xx is an error, in the server's words. */
static int ask(struct release *release, struct http_request *take_request, json_t **ret, struct error *err)
{
    auto_strbuf struct strbuf body = { .maximum = STRBUF_MAX_RESPONSE };
    int status;

    take_request->timeout_ms = TIMEOUT_MS;
    if (http_client_perform(release->http, take_request, &status, &body, err) < 0 ||
        jb_parse((struct slice){ strbuf_text(&body), body.length }, ret, err) < 0)
        return -1;
    if (status >= 200 && status < 300)
        return 0;
    error_set(err,
              status == 404 ? ERROR_NOT_FOUND : ERROR_DENIED,
              "the server answers %d: %.400s",
              status,
              jb_get_str(*ret, "message"));
    json_decref(*ret);
    return -1;
}

/* What may carry a finalizer of ours, and where it is. */
struct held {
    const char *name, *finalizer;
    const char *group, *plural; /* of its path */
    bool labelled;              /* ours alone are listed */
};

static const struct held held[] = {
    { "pod", FINALIZER_RECORD, "/api/v1", "pods", true },
    { "dataset", FINALIZER_IN_USE, "/apis/kitae.dev/v1alpha1", "datasets", false },
    { "model", FINALIZER_IN_USE, "/apis/kitae.dev/v1alpha1", "models", false },
};

/* The finalizers without ours; NULL when it is not among them. The caller owns it. */
static json_t *others_finalizers(const struct held *what, const json_t *metadata)
{
    const json_t *finalizers = jb_get(metadata, "finalizers");
    json_t *others = json_array();
    bool found = false;

    for (size_t i = 0; i < json_array_size(finalizers); i++) {
        const json_t *finalizer = json_array_get(finalizers, i);

        if (strcmp(json_string_value(finalizer), what->finalizer) == 0)
            found = true;
        else
            jb_append(others, jb_copy(finalizer));
    }
    if (!found)
        json_decref(others);
    return found ? others : NULL;
}

/* On the version that was listed: whoever adds a finalizer in between is not overruled. */
static int strip(
    struct release *release, const struct held *what, const json_t *metadata, json_t *take_others, struct error *err)
{
    struct strbuf path = { 0 };
    json_auto_t *body = OBJ(
        { "metadata",
          OBJ({ "resourceVersion", jb_str(jb_get_str(metadata, "resourceVersion")) }, { "finalizers", take_others }) });
    json_auto_t *answer = NULL;

    strbuf_addf(&path,
                "%s/namespaces/%s/%s/%s",
                what->group,
                jb_get_str(metadata, "namespace"),
                what->plural,
                jb_get_str(metadata, "name"));
    return ask(
        release,
        http_request_create(HTTP_PATCH, strbuf_detach(&path), "application/merge-patch+json", jb_dump(body, false)),
        &answer,
        err);
}

static void release_one(struct release *release, const struct held *what, const json_t *metadata, bool dry_run)
{
    const char *namespace = jb_get_str(metadata, "namespace"), *name = jb_get_str(metadata, "name");
    json_auto_t *others = others_finalizers(what, metadata);
    struct error err;

    if (!others)
        return;
    if (!dry_run && strip(release, what, metadata, take(others), &err) < 0) {
        release->failed++;
        fprintf(stderr, "kitae release: %s %s/%s: %s\n", what->name, namespace, name, err.message);
        return;
    }
    release->released++;
    printf("%s/%s in %s %s\n", what->name, name, namespace, dry_run ? "would be released" : "released");
}

/* All of one kind in a namespace, or in all (NULL), page by page. */
static int release_kind(
    struct release *release, const struct held *what, const char *namespace, bool dry_run, struct error *err)
{
    auto_strbuf struct strbuf token = { 0 };

    do {
        struct strbuf path = { 0 };
        json_auto_t *list = NULL;
        const json_t *items;

        strbuf_addf(&path,
                    "%s%s%s/%s?limit=%d%s&continue=",
                    what->group,
                    namespace ? "/namespaces/" : "",
                    namespace ? namespace : "",
                    what->plural,
                    PAGE,
                    what->labelled ? "&labelSelector=" LABEL_MANAGED_BY "%3D" LABEL_MANAGED_BY_VALUE : "");
        strbuf_add_escaped(&path, strbuf_text(&token));
        if (ask(release, http_request_create(HTTP_GET, strbuf_detach(&path), NULL, NULL), &list, err) < 0)
            return error_wrap(
                err, "cannot list %s%s%s", what->plural, namespace ? " of namespace " : "", namespace ? namespace : "");
        items = jb_get(list, "items");
        for (size_t i = 0; i < json_array_size(items); i++)
            release_one(release, what, jb_get(json_array_get(items, i), "metadata"), dry_run);
        strbuf_clear(&token);
        strbuf_adds(&token, jb_get_str(jb_get(list, "metadata"), "continue"));
    } while (token.length);
    return 0;
}

/* A kind whose definition is gone has nothing to release. */
static int release_all(struct release *release, const char *namespace, bool dry_run, struct error *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(held); i++)
        if (release_kind(release, &held[i], namespace, dry_run, err) < 0 && err->kind != ERROR_NOT_FOUND)
            return -1;
    return 0;
}

static int release_where_asked(struct release *release, struct error *err)
{
    const struct option *namespaces = option_named(options, "namespace");
    bool dry_run = option_named(options, "dry-run")->on;

    if (!namespaces->list_count)
        return release_all(release, NULL, dry_run, err);
    for (size_t i = 0; i < namespaces->list_count; i++)
        if (release_all(release, namespaces->list[i], dry_run, err) < 0)
            return -1;
    return 0;
}

static int64_t boot_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int release_from(const struct kube_config *config, struct release *release, struct error *err)
{
    struct http_settings settings;
    struct access access;
    int result;

    if (credentials_create(config, boot_ms(), &release->credentials, err) < 0)
        return -1;
    access_init(&access, config);
    settings = access_settings(&access, release->credentials);
    release->http = http_client_create(&settings, current_headers, NULL, release);
    result = release_where_asked(release, err);
    http_client_destroy(release->http);
    access_finish(&access);
    credentials_destroy(release->credentials);
    return result;
}

int command_release(int argc, char **argv)
{
    struct kube_config_options where;
    struct release release = { 0 };
    struct kube_config config;
    struct error err;
    int result = options_parse(options, argc, argv, usage);

    if (result)
        return result == 1 ? 0 : result;
    where = (struct kube_config_options){ .kubeconfig = option_named(options, "kubeconfig")->text,
                                          .context = option_named(options, "context")->text };
    if (kube_config_load(&where, &config, &err) < 0) {
        fprintf(stderr, "kitae release: %s\n", err.message);
        return 1;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    result = release_from(&config, &release, &err);
    kube_config_finish(&config);
    if (result < 0)
        fprintf(stderr, "kitae release: %s\n", err.message);
    printf("%u objects %s, %u failed\n",
           release.released,
           option_named(options, "dry-run")->on ? "would be released" : "released",
           release.failed);
    return result < 0 || release.failed ? 1 : 0;
}
