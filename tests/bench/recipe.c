#include "recipe.h"

#include <stdio.h>
#include <string.h>

#include "../../operator/base/file.h"
#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "../../operator/base/yaml.h"
#include "../../operator/engine/dry_run.h"
#include "../../operator/model/controller.h"

static const char no_uid[RECIPE_UID] = "11111111-1111-4111-8111-111111111111";

enum { DIGITS = 5 }; /* of the number in a job's name */

/* -- making -------------------------------------------------------------------------------------------------------- */

static int read_manifest(const char *path, json_t **ret, struct error *err)
{
    auto_strbuf struct strbuf text = { 0 };
    auto_yaml struct yaml yaml = { 0 };

    strbuf_init(&text, YAML_MAX_TEXT);
    if (file_read(path, &text, err) < 0)
        return -1;
    if (yaml_parse(path, (struct slice){ strbuf_text(&text), text.length }, &yaml, err) < 0)
        return -1;
    if (yaml.count != 1)
        return error_set(err, ERROR_INVALID, "%s: one document is expected", path);
    *ret = take(yaml.documents[0].value);
    return 0;
}

static void fit_in(json_t *job, const struct recipe_options *options, const char *name)
{
    json_t *metadata = jb_child_object(job, "metadata");
    json_t *role = json_array_get(jb_child_array(jb_child_object(job, "spec"), "roles"), 0);
    json_t *template = jb_child_object(jb_child_object(role, "template"), "metadata");

    jb_set(metadata, "name", jb_str(name));
    jb_set(metadata, "namespace", jb_str(options->namespace));
    jb_set(role, "replicas", jb_int(options->replicas));
    if (options->run_seconds)
        jb_set(jb_child_object(template, "annotations"), "test.kitae.dev/run-seconds", jb_str(options->run_seconds));
}

static void ignore(void *context, const char *path, const char *problem)
{
    (void)context;
    fprintf(stderr, "bench: %s: %s\n", path, problem);
}

/* As the server has it when it is new. */
static int as_created(json_t *job, struct error *err)
{
    json_t *metadata = jb_child_object(job, "metadata");

    if (fields_check(controllers[0]->document, "", job, ignore, NULL))
        return error_set(err, ERROR_INVALID, "the manifest is not valid");
    jb_set(metadata, "uid", jb_str(no_uid));
    jb_set(metadata, "resourceVersion", jb_str("1"));
    jb_set(metadata, "generation", jb_int(1));
    return 0;
}

static int plan(json_t *objects, struct dry_run *ret, struct error *err)
{
    struct dry_run_input input = { .objects = objects, .now = 1800000000 };

    return dry_run(&input, ret, err);
}

/* What its status is once all its pods have succeeded. */
static int finish_job(const json_t *job, const struct dry_run *begun, json_t **ret_status, struct error *err)
{
    json_auto_t *objects = ARR(jb_copy(job));
    auto_dry_run struct dry_run run = { 0 };

    jb_set(json_array_get(objects, 0), "status", jb_copy(jb_get(begun->summary, "status")));
    for (size_t i = 0; i < json_array_size(begun->bodies); i++) {
        json_t *child = jb_copy(json_array_get(begun->bodies, i));

        jb_set(jb_child_object(child, "metadata"), "uid", jb_fmt("child-%zu", i));
        jb_set(jb_child_object(child, "metadata"), "resourceVersion", jb_str("2"));
        jb_set(jb_child_object(child, "status"), "phase", jb_str("Succeeded"));
        jb_append(objects, child);
    }
    if (plan(objects, &run, err) < 0)
        return -1;
    *ret_status = jb_copy(jb_get(run.summary, "status"));
    return strcmp(jb_get_str(*ret_status, "phase"), "Succeeded") == 0
               ? 0
               : error_set(err, ERROR_INVALID, "a job whose pods have succeeded has not");
}

static void keep_service(struct recipe *recipe, const json_t *body)
{
    json_auto_t *input = jb_copy(body);
    json_t *metadata = jb_child_object(input, "metadata");

    snprintf(recipe->service_hash,
             sizeof(recipe->service_hash),
             "%s",
             jb_get_str(jb_get(metadata, "annotations"), ANNOTATION_HASH));
    jb_set(metadata, "annotations", NULL);
    recipe->service = jb_dump(body, false);
    recipe->service_input = jb_dump(input, true);
}

static int keep_bodies(struct recipe *recipe, const struct dry_run *run, struct error *err)
{
    int pods = 0;

    recipe->pods = xcalloc((size_t)recipe->replicas, sizeof(*recipe->pods));
    for (size_t i = 0; i < json_array_size(run->bodies); i++) {
        const json_t *body = json_array_get(run->bodies, i);

        if (strcmp(jb_get_str(body, "kind"), "Service") == 0)
            keep_service(recipe, body);
        else if (pods < recipe->replicas)
            recipe->pods[pods++] = jb_dump(body, false);
    }
    if (!recipe->service || pods != recipe->replicas)
        return error_set(err, ERROR_INVALID, "the plan has %d pods, %d were expected", pods, recipe->replicas);
    return 0;
}

static int make(const struct recipe_options *options, struct recipe *recipe, json_t *job, struct error *err)
{
    auto_dry_run struct dry_run run = { 0 };
    json_auto_t *objects = ARR(json_incref(job)), *finished = NULL;

    fit_in(job, options, recipe->name);
    recipe->job = jb_dump(job, false);
    if (as_created(job, err) < 0 || plan(objects, &run, err) < 0 || keep_bodies(recipe, &run, err) < 0)
        return -1;
    if (options->finished && finish_job(job, &run, &finished, err) < 0)
        return -1;
    recipe->status = jb_dump(finished ? finished : jb_get(run.summary, "status"), false);
    return 0;
}

int recipe_make(const struct recipe_options *options, struct recipe *ret, struct error *err)
{
    json_auto_t *job = NULL;
    char name[RECIPE_NAME];

    snprintf(name, sizeof(name), "%s-%0*d", options->prefix, DIGITS, 0);
    *ret = (struct recipe){ .name = xstrdup(name), .replicas = options->replicas };
    if (read_manifest(options->manifest, &job, err) < 0 || make(options, ret, job, err) < 0) {
        recipe_finish(ret);
        return -1;
    }
    return 0;
}

void recipe_finish(struct recipe *recipe)
{
    for (int i = 0; recipe->pods && i < recipe->replicas; i++)
        free(recipe->pods[i]);
    free(recipe->pods);
    free(recipe->name);
    free(recipe->job);
    free(recipe->status);
    free(recipe->service);
    free(recipe->service_input);
    *recipe = (struct recipe){ 0 };
}

/* -- filling in ---------------------------------------------------------------------------------------------------- */

void recipe_name(const struct recipe *recipe, unsigned job, char ret[RECIPE_NAME])
{
    int prefix = (int)strlen(recipe->name) - DIGITS;

    snprintf(ret, RECIPE_NAME, "%.*s%0*u", prefix, recipe->name, DIGITS, job);
}

static void replace(char *text, const char *from, const char *to)
{
    size_t length = strlen(from);

    for (char *at = text; (at = strstr(at, from)); at += length)
        memcpy(at, to, length);
}

char *recipe_fill(const struct recipe *recipe, const char *text, unsigned job, const char *uid)
{
    char *filled = xstrdup(text), name[RECIPE_NAME];

    recipe_name(recipe, job, name);
    replace(filled, recipe->name, name);
    if (uid)
        replace(filled, no_uid, uid);
    return filled;
}

char *recipe_fill_service(const struct recipe *recipe, unsigned job, const char *uid)
{
    auto_free char *input = recipe_fill(recipe, recipe->service_input, job, uid);
    char *filled = recipe_fill(recipe, recipe->service, job, uid), hash[DIGEST_SHORT];

    digest_short(slice_of(input), hash);
    replace(filled, recipe->service_hash, hash);
    return filled;
}
