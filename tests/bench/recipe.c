#include "recipe.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "../../operator/base/file.h"
#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "../../operator/base/yaml.h"
#include "../../operator/engine/dry_run.h"
#include "../../operator/engine/paths.h"
#include "../../operator/model/controller.h"
#include "session.h"

static const char no_uid[RECIPE_UID] = "11111111-1111-4111-8111-111111111111";

/* -- making -------------------------------------------------------------------------------------------------------- */

static int read_yaml(const char *path, size_t most, struct yaml *ret, struct error *err)
{
    auto_strbuf struct strbuf text = { 0 };

    strbuf_init(&text, YAML_MAX_TEXT);
    if (file_read(path, &text, err) < 0)
        return -1;
    if (yaml_parse(path, (struct slice){ strbuf_text(&text), text.length }, ret, err) < 0)
        return -1;
    if (ret->count < 1 || ret->count > most)
        return error_set(err, ERROR_INVALID, "%s: %zu documents at most are expected", path, most);
    return 0;
}

static int read_manifest(const char *path, json_t **ret, struct error *err)
{
    auto_yaml struct yaml yaml = { 0 };

    if (read_yaml(path, 1, &yaml, err) < 0)
        return -1;
    *ret = take(yaml.documents[0].value);
    return 0;
}

static json_t *only_role(json_t *job)
{
    return json_array_get(jb_child_array(jb_child_object(job, "spec"), "roles"), 0);
}

static void fit_in(json_t *job, const struct recipe_options *options, const char *name)
{
    json_t *metadata = jb_child_object(job, "metadata");
    json_t *template = jb_child_object(jb_child_object(only_role(job), "template"), "metadata");

    jb_set(metadata, "name", jb_str(name));
    jb_set(metadata, "namespace", jb_str(options->namespace));
    jb_set(only_role(job), "replicas", jb_int(options->replicas));
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

    if (fields_check(controller_find(KIND_TRAINING_JOB)->document, "", job, ignore, NULL))
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

/* -- other forms of the job ---------------------------------------------------------------------------------------- */

static json_t *filled(const json_t *value, const json_t *stand_ins);

/* A group of pods without any is not written down: what some operators make of "replicas: 0" is no fair test. */
static bool is_empty_group(const json_t *value)
{
    const json_t *replicas = json_is_object(value) ? jb_get(value, "replicas") : NULL;

    return json_is_integer(replicas) && json_integer_value(replicas) == 0;
}

/* "WITH: X" takes over the keys of X, beside those that are there. */
static json_t *filled_object(const json_t *value, const json_t *stand_ins)
{
    json_t *object = json_object();
    const char *key;
    json_t *member;

    json_object_foreach((json_t *)value, key, member) {
        json_auto_t *new = filled(member, stand_ins);

        if (strcmp(key, "WITH") == 0)
            json_object_update(object, new);
        else if (!is_empty_group(new))
            jb_set(object, key, jb_copy(new));
    }
    return object;
}

/* A copy with values in the place of the strings that stand for them. */
static json_t *filled(const json_t *value, const json_t *stand_ins)
{
    const json_t *stand_in = json_is_string(value) ? jb_get(stand_ins, json_string_value(value)) : NULL;
    json_t *array;

    if (json_is_object(value))
        return filled_object(value, stand_ins);
    if (!json_is_array(value))
        return jb_copy(stand_in ? stand_in : value);
    array = json_array();
    for (size_t i = 0; i < json_array_size(value); i++)
        json_array_append_new(array, filled(json_array_get(value, i), stand_ins));
    return array;
}

/* The plural of a kind is the kind in small letters and an s: true of all that there are in jobs/. */
static char *collection_of(const json_t *object, const char *namespace)
{
    const char *version = jb_get_str(object, "apiVersion");
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };

    strbuf_addf(&path, "/%s/%s/namespaces/%s/", strchr(version, '/') ? "apis" : "api", version, namespace);
    for (const char *at = jb_get_str(object, "kind"); *at; at++)
        strbuf_addc(&path, (char)tolower((unsigned char)*at));
    strbuf_addc(&path, 's');
    return strbuf_detach(&path);
}

static int make_form(const struct recipe_options *options, struct recipe *recipe, json_t *job, struct error *err)
{
    auto_yaml struct yaml yaml = { 0 };
    json_auto_t *stand_ins = NULL;
    json_t *template;

    if (read_yaml(options->form, 2, &yaml, err) < 0)
        return -1;
    fit_in(job, options, recipe->name);
    template = jb_child_object(only_role(job), "template");
    stand_ins = OBJ({ "NAME", jb_str(recipe->name) },
                    { "UID", jb_str(no_uid) },
                    { "REPLICAS", jb_int(options->replicas) },
                    { "REPLICAS-1", jb_int(options->replicas - 1) },
                    { "POD-METADATA", jb_copy(jb_get(template, "metadata")) },
                    { "POD-SPEC", jb_copy(jb_get(template, "spec")) });
    for (size_t i = 0; i < yaml.count; i++) {
        json_auto_t *body = filled(yaml.documents[i].value, stand_ins);

        *(i ? &recipe->service : &recipe->job) = jb_dump(body, false);
        if (i == 0)
            recipe->collection = collection_of(body, options->namespace);
    }
    return 0;
}

static int make_either(const struct recipe_options *options, struct recipe *recipe, json_t *job, struct error *err)
{
    if (options->form)
        return make_form(options, recipe, job, err);
    recipe->collection = collection_of(job, options->namespace);
    return make(options, recipe, job, err);
}

int recipe_make(const struct recipe_options *options, struct recipe *ret, struct error *err)
{
    json_auto_t *job = NULL;
    char name[RECIPE_NAME];

    snprintf(name, sizeof(name), "%s-%0*d", options->prefix, JOB_DIGITS, 0);
    *ret = (struct recipe){ .name = xstrdup(name), .replicas = options->replicas };
    if (read_manifest(options->manifest, &job, err) < 0 || make_either(options, ret, job, err) < 0) {
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
    free(recipe->collection);
    free(recipe->job);
    free(recipe->status);
    free(recipe->service);
    free(recipe->service_input);
    *recipe = (struct recipe){ 0 };
}

/* -- filling in ---------------------------------------------------------------------------------------------------- */

void recipe_name(const struct recipe *recipe, unsigned job, char ret[RECIPE_NAME])
{
    int prefix = (int)strlen(recipe->name) - JOB_DIGITS;

    snprintf(ret, RECIPE_NAME, "%.*s%0*u", prefix, recipe->name, JOB_DIGITS, job);
}

static void replace(char *text, const char *from, const char *to)
{
    size_t length = strlen(from);

    for (char *at = text; (at = strstr(at, from)); at += length)
        memcpy(at, to, length);
}

char *recipe_fill(const struct recipe *recipe, const char *text, unsigned job, const char *uid)
{
    char *copy = xstrdup(text), name[RECIPE_NAME];

    recipe_name(recipe, job, name);
    replace(copy, recipe->name, name);
    if (uid)
        replace(copy, no_uid, uid);
    return copy;
}

char *recipe_fill_service(const struct recipe *recipe, unsigned job, const char *uid)
{
    char *text = recipe_fill(recipe, recipe->service, job, uid), hash[DIGEST_SHORT];

    if (recipe->service_input) {
        auto_free char *input = recipe_fill(recipe, recipe->service_input, job, uid);

        digest_short(slice_of(input), hash);
        replace(text, recipe->service_hash, hash);
    }
    return text;
}
