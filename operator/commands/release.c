/* `kitae release`: for when the operator is gone for good. Takes its finalizer off the pods that still carry it. */

#include <stdio.h>
#include <string.h>

#include "../base/jb.h"
#include "../base/memory.h"
#include "../model/object.h"
#include "commands.h"
#include "session.h"

static const char usage[] =
    "Usage: kitae release [FLAGS]\n"
    "\n"
    "Takes the finalizers of Kitae off all pods, DataSets and Models, so that they, their namespaces and\n"
    "their nodes can go without an operator. Do it when the operator is gone for good: how pods ended that\n"
    "it had not recorded yet is lost. Exits with 1 when an object could not be changed.";

static struct option options[] = {
    CLUSTER_OPTIONS,
    { "namespace", 'n', OPTION_LIST, "NAME", "only there; may be repeated (default: all namespaces)" },
    { "dry-run", 0, OPTION_SWITCH, NULL, "only print what would be changed (default: false)" },
    { NULL },
};

struct release {
    struct session session;
    const struct held *what; /* is looked at now */
    bool dry_run;
    unsigned released, failed;
};

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
    return session_ask(
        &release->session,
        http_request_create(HTTP_PATCH, strbuf_detach(&path), "application/merge-patch+json", jb_dump(body, false)),
        &answer,
        err);
}

static void release_one(void *context, const json_t *object)
{
    struct release *release = context;
    const json_t *metadata = jb_get(object, "metadata");
    const char *namespace = jb_get_str(metadata, "namespace"), *name = jb_get_str(metadata, "name");
    json_auto_t *others = others_finalizers(release->what, metadata);
    struct error err;

    if (!others)
        return;
    if (!release->dry_run && strip(release, release->what, metadata, take(others), &err) < 0) {
        release->failed++;
        fprintf(stderr, "kitae release: %s %s/%s: %s\n", release->what->name, namespace, name, err.message);
        return;
    }
    release->released++;
    printf(
        "%s/%s in %s %s\n", release->what->name, name, namespace, release->dry_run ? "would be released" : "released");
}

/* All of one kind in a namespace, or in all (NULL). */
static int release_kind(struct release *release, const char *namespace, struct error *err)
{
    const char *query = release->what->labelled ? "&labelSelector=" LABEL_MANAGED_BY "%3D" LABEL_MANAGED_BY_VALUE : "";
    auto_strbuf struct strbuf path = { 0 };

    strbuf_addf(&path,
                "%s%s%s/%s",
                release->what->group,
                namespace ? "/namespaces/" : "",
                namespace ? namespace : "",
                release->what->plural);
    return session_list(&release->session, strbuf_text(&path), query, release_one, release, err);
}

/* A kind whose definition is gone has nothing to release. */
static int release_all(struct release *release, const char *namespace, struct error *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(held); i++) {
        release->what = &held[i];
        if (release_kind(release, namespace, err) < 0 && err->kind != ERROR_NOT_FOUND)
            return -1;
    }
    return 0;
}

static int release_where_asked(struct release *release, struct error *err)
{
    const struct option *namespaces = option_named(options, "namespace");

    if (!namespaces->list_count)
        return release_all(release, NULL, err);
    for (size_t i = 0; i < namespaces->list_count; i++)
        if (release_all(release, namespaces->list[i], err) < 0)
            return -1;
    return 0;
}

static int command(int argc, char **argv)
{
    struct release release = { 0 };
    struct error err;
    int result = options_parse(options, argc, argv, usage);

    if (result)
        return result == 1 ? 0 : result;
    release.dry_run = option_named(options, "dry-run")->on;
    if (session_open(&release.session, options, &err) < 0) {
        fprintf(stderr, "kitae release: %s\n", err.message);
        return 1;
    }
    result = release_where_asked(&release, &err);
    session_close(&release.session);
    if (result < 0)
        fprintf(stderr, "kitae release: %s\n", err.message);
    printf("%u objects %s, %u failed\n",
           release.released,
           release.dry_run ? "would be released" : "released",
           release.failed);
    return result < 0 || release.failed ? 1 : 0;
}

const struct command release_command = {
    "release",      "take Kitae's finalizers off, so that nothing waits for an operator that is gone", usage, options,
    .run = command,
};
