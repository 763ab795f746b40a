/*
 * golden ROOT [KIND/CASE...]: runs the cases under ROOT (all, or those named): observed.yaml is what the operator sees,
 * want.yaml what it would do. INDEX.md beside this file lists them and says how they are written. Prints "ok" or
 * "not ok" for each, with a diff; UPDATE_GOLDEN=1 rewrites want.yaml instead. Exits with 1 when a case fails.
 */

#define _GNU_SOURCE /* asprintf */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../operator/base/file.h"
#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "../../operator/base/yaml.h"
#include "../../operator/engine/dry_run.h"
#include "../../operator/model/controller.h"
#include "sample.h"

static void sample_finish(struct sample *sample)
{
    json_decref(sample->header);
    json_decref(sample->objects);
}

/* -- completing what observed.yaml leaves out ---------------------------------------------------------------------- */

/* Adds to `value` what it lacks of `with`, at any depth of objects; what is there stays. */
static void complete(json_t *value, const json_t *with)
{
    const char *key;
    json_t *member;

    json_object_foreach((json_t *)with, key, member) {
        json_t *own = json_object_get(value, key);

        if (!own)
            jb_set(value, key, jb_copy(member));
        else if (json_is_object(own) && json_is_object(member))
            complete(own, member);
    }
}

static void complete_metadata(json_t *object)
{
    const char *name = jb_get_str(jb_get(object, "metadata"), "name");
    json_auto_t *metadata = OBJ({ "namespace", jb_str("default") },
                                { "uid", jb_fmt("uid-of-%s", name) },
                                { "resourceVersion", jb_str("1") },
                                { "generation", jb_int(1) });

    complete(jb_child_object(object, "metadata"), metadata);
}

struct complaint {
    const char *what;
    unsigned count;
    char first[512];
};

static void complain(void *context, const char *path, const char *problem)
{
    struct complaint *complaint = context;

    if (!complaint->count++)
        snprintf(complaint->first, sizeof(complaint->first), "%s: %s: %s", complaint->what, path, problem);
}

/* Judges the custom resource as the server does, and fills in its defaults. */
static int check_resource(json_t *resource, const char *what, struct error *err)
{
    const struct controller *controller =
        controller_find(kind_find(jb_get_str(resource, "apiVersion"), jb_get_str(resource, "kind")));
    struct complaint complaint = { .what = what };

    if (!controller)
        return error_set(err, ERROR_INVALID, "the first object is of no kind with a controller");
    fields_check(controller->document, "", resource, complain, &complaint);
    return complaint.count ? error_set(err, ERROR_INVALID, "%s", complaint.first) : 0;
}

/* Those of an object just created. */
static json_t *first_children(const json_t *resource)
{
    json_auto_t *objects = ARR(jb_copy(resource));
    json_t *fresh = json_array_get(objects, 0), *children = json_array();
    struct dry_run_input input = { .objects = objects };
    auto_dry_run struct dry_run run = { 0 };
    struct error err;

    json_object_del(fresh, "status");
    json_object_del(jb_child_object(fresh, "metadata"), "deletionTimestamp");
    if (dry_run(&input, &run, &err) == 0)
        json_array_extend(children, run.bodies);
    return children;
}

static void complete_child_as(json_t *child, const json_t *made)
{
    complete(child, made);
    serving_complete_route(child, made);
}

/* A child is as Kitae makes the one of that kind and name, but for what the case says. */
static void complete_child(json_t *child, const json_t *made)
{
    if (!jb_get(child, "apiVersion"))
        jb_set(child, "apiVersion", jb_str("v1"));
    for (size_t i = 0; i < json_array_size(made); i++) {
        const json_t *one = json_array_get(made, i);

        if (strcmp(jb_get_str(one, "kind"), jb_get_str(child, "kind")) == 0 &&
            strcmp(jb_get_str(jb_get(one, "metadata"), "name"), jb_get_str(jb_get(child, "metadata"), "name")) == 0)
            complete_child_as(child, one);
    }
    complete_metadata(child);
}

static int complete_resource(const struct sample *sample, struct error *err)
{
    json_t *resource = json_array_get(sample->objects, 0);

    if (!resource)
        return error_set(err, ERROR_INVALID, "there is no custom resource");
    if (!jb_get(resource, "apiVersion"))
        jb_set(resource, "apiVersion", jb_str("kitae.dev/v1alpha1"));
    complete_metadata(resource);
    return json_is_true(jb_get(sample->header, "unchecked")) ? 0 : check_resource(resource, "observed.yaml", err);
}

static void complete_names(json_t *objects)
{
    json_t *object;
    size_t index;

    json_array_foreach(objects, index, object) {
        if (!jb_get(object, "apiVersion"))
            jb_set(object, "apiVersion", jb_str("v1"));
        complete_metadata(object);
    }
}

/* What children look like when Kitae has made them. */
static int make_children(struct sample *sample, json_t *to, struct error *err)
{
    const json_t *resource = json_array_get(sample->objects, 0);
    json_auto_t *fresh = NULL, *more = NULL;

    if (strcmp(jb_get_str(resource, "kind"), "ServingEndpoint") == 0) {
        serving_expand(sample);
        complete_names(sample->objects);
        if (serving_name(sample, err) < 0)
            return -1;
        more = serving_made(sample);
        json_array_extend(to, more);
    }
    fresh = first_children(json_array_get(sample->objects, 0));
    json_array_extend(to, fresh);
    return 0;
}

static int complete_objects(struct sample *sample, struct error *err)
{
    json_auto_t *made = json_array();

    if (complete_resource(sample, err) < 0 || make_children(sample, made, err) < 0)
        return -1;
    for (size_t i = 1; i < json_array_size(sample->objects); i++)
        complete_child(json_array_get(sample->objects, i), made);
    return 0;
}

/* -- reading a case ------------------------------------------------------------------------------------------------ */

/* The first document is the header when it has no kind. */
static int read_sample(struct sample *sample, struct error *err)
{
    auto_free char *path = NULL;
    auto_strbuf struct strbuf text = { 0 };
    auto_yaml struct yaml yaml = { 0 };
    size_t first;

    if (asprintf(&path, "%s/observed.yaml", sample->folder) < 0)
        BUG("out of memory");
    if (file_read(path, &text, err) < 0 || yaml_parse(path, (struct slice){ text.data, text.length }, &yaml, err) < 0)
        return -1;
    first = yaml.count && !jb_get(yaml.documents[0].value, "kind");
    sample->header = first ? json_incref(yaml.documents[0].value) : json_object();
    sample->objects = json_array();
    for (size_t i = first; i < yaml.count; i++)
        jb_append(sample->objects, json_incref(yaml.documents[i].value));
    return complete_objects(sample, err) < 0 ? -1 : sample_read_header(sample, err);
}

/* -- running it ---------------------------------------------------------------------------------------------------- */

/* For the eye: {Accepted: "True, Accepted: The job is understood", ...}. */
static void shorten_conditions(json_t *status)
{
    json_auto_t *conditions = jb_copy(jb_get(status, "conditions"));
    json_t *condition, *brief;
    size_t index;

    if (!conditions)
        return;
    brief = json_object();
    json_array_foreach(conditions, index, condition)
        jb_set(brief,
               jb_get_str(condition, "type"),
               jb_fmt("%s, %s: %s",
                      jb_get_str(condition, "status"),
                      jb_get_str(condition, "reason"),
                      jb_get_str(condition, "message")));
    jb_set(status, "conditions", brief);
}

static void print_run(const struct sample *sample, const struct dry_run *run, struct strbuf *out)
{
    bool bodies = json_is_true(jb_get(sample->header, "bodies"));
    json_auto_t *summary = jb_copy(run->summary);

    if (!json_is_true(jb_get(sample->header, "conditions")))
        shorten_conditions(json_object_get(summary, "status"));
    yaml_dump(summary, out);
    for (size_t i = 0; bodies && i < json_array_size(run->bodies); i++) {
        strbuf_adds(out, "---\n");
        yaml_dump(json_array_get(run->bodies, i), out);
    }
}

/*
 * What holds for every plan: the server takes the status it asks for, and with that written and nothing else changed
 * there is no other status to write.
 */
static int check_status(struct sample *sample, const json_t *summary, struct error *err)
{
    json_t *resource = json_array_get(sample->objects, 0);
    json_t *status = jb_copy(jb_get(summary, "status"));
    auto_dry_run struct dry_run again = { 0 };

    if (!status)
        return 0;
    jb_set(resource, "status", status);
    if (!json_is_true(jb_get(sample->header, "unchecked")) && check_resource(resource, "the new status", err) < 0)
        return -1;
    if (dry_run(&sample->input, &again, err) < 0)
        return -1;
    if (jb_get(again.summary, "status")) {
        auto_strbuf struct strbuf text = { 0 };

        yaml_dump(jb_get(again.summary, "status"), &text);
        return error_set(err, ERROR_INVALID, "a second pass writes another status: %s", strbuf_text(&text));
    }
    return 0;
}

static int run_sample(struct sample *sample, struct strbuf *ret_text, struct error *err)
{
    auto_dry_run struct dry_run run = { 0 };

    if (read_sample(sample, err) < 0 || dry_run(&sample->input, &run, err) < 0)
        return -1;
    print_run(sample, &run, ret_text);
    return check_status(sample, run.summary, err);
}

/* -- comparing ----------------------------------------------------------------------------------------------------- */

static void show_diff(const char *path, const struct strbuf *got)
{
    auto_free char *command = NULL;
    FILE *diff;

    if (asprintf(&command, "diff -u --label '%s' --label 'what the plan says' '%s' -", path, path) < 0)
        BUG("out of memory");
    fflush(stdout);
    diff = popen(command, "w");
    if (!diff)
        return;
    fputs(strbuf_text(got), diff);
    pclose(diff);
}

static bool write_file(const char *path, const struct strbuf *text)
{
    FILE *file = fopen(path, "w");
    bool written = file && fputs(strbuf_text(text), file) >= 0;

    return file && fclose(file) == 0 && written;
}

static bool compare(const char *path, const struct strbuf *got)
{
    auto_strbuf struct strbuf wanted = { 0 };
    struct error err;
    bool there = file_read(path, &wanted, &err) == 0;

    if (there && strcmp(strbuf_text(&wanted), strbuf_text(got)) == 0)
        return true;
    if (getenv("UPDATE_GOLDEN"))
        return write_file(path, got);
    if (there)
        show_diff(path, got);
    else
        printf("%s\n", err.message);
    return false;
}

static bool run_case(const char *root, const char *name)
{
    auto_free char *folder = NULL, *path = NULL;
    auto_strbuf struct strbuf got = { 0 };
    struct sample sample = { 0 };
    struct error err;
    bool passed;

    if (asprintf(&folder, "%s/%s", root, name) < 0 || asprintf(&path, "%s/want.yaml", folder) < 0)
        BUG("out of memory");
    sample.folder = folder;
    passed = run_sample(&sample, &got, &err) == 0;
    if (!passed)
        printf("  # %s\n", err.message);
    passed = passed && compare(path, &got);
    sample_finish(&sample);
    printf("%s %s\n", passed ? "ok" : "not ok", name);
    return passed;
}

/* -- finding them -------------------------------------------------------------------------------------------------- */

struct tally {
    int passed, failed;
};

static void count_case(const char *root, const char *name, struct tally *tally)
{
    if (run_case(root, name))
        tally->passed++;
    else
        tally->failed++;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_type == DT_DIR;
}

/* Runs the cases of one kind's folder, or with kind NULL those of all kinds, in the order of their names. */
static void run_folder(const char *root, const char *kind, struct tally *tally)
{
    auto_free char *path = NULL;
    struct dirent **entries;
    int count;

    if (asprintf(&path, "%s/%s", root, kind ? kind : "") < 0)
        BUG("out of memory");
    count = scandir(path, &entries, visible, alphasort);
    for (int i = 0; i < count; i++) {
        auto_free char *name = NULL;

        if (asprintf(&name, "%s%s%s", kind ? kind : "", kind ? "/" : "", entries[i]->d_name) < 0)
            BUG("out of memory");
        if (kind)
            count_case(root, name, tally);
        else
            run_folder(root, name, tally);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

int main(int argc, char **argv)
{
    struct tally tally = { 0 };

    if (argc < 2) {
        fprintf(stderr, "usage: golden ROOT [KIND/CASE...]\n");
        return 2;
    }
    json_object_seed(1);
    for (int i = 2; i < argc; i++)
        count_case(argv[1], argv[i], &tally);
    if (argc == 2)
        run_folder(argv[1], NULL, &tally);
    printf("golden: %d passed, %d failed, 0 skipped\n", tally.passed, tally.failed);
    return tally.failed || !tally.passed;
}
