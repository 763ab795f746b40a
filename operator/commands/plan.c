/*
 * `kitae plan`: what a manifest would create, without a cluster; with --live, what it would change in one. The
 * decisions are the operator's own (engine/dry_run).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../base/file.h"
#include "../base/jb.h"
#include "../base/memory.h"
#include "../base/yaml.h"
#include "../cli/options.h"
#include "../engine/dry_run.h"
#include "../model/controller.h"
#include "beside.h"
#include "commands.h"
#include "live.h"

enum { INVALID = 1, USAGE = 2 };

/* No server has named the object yet; this stands for its uid wherever children carry it. */
#define PLACEHOLDER_UID "00000000-0000-0000-0000-000000000000"

static const char usage[] =
    "Usage: kitae plan -f FILE [FLAGS]\n"
    "\n"
    "Prints the objects that Kitae would create for the resources in FILE, decided by the operator's own code, "
    "without\n"
    "a cluster. With --live: what applying FILE would change in the cluster now, and which rollout would follow; "
    "nothing\n"
    "is written there. Documents of other kinds are skipped. Exits with 0 when all is well, with 1 when something in a "
    "file "
    "is\n"
    "invalid or would not be accepted, with 2 when the command line is wrong or a file cannot be read.";

static struct option options[] = {
    { "filename", 'f', OPTION_LIST, "FILE", "the manifest, YAML or JSON; - is standard input; may be repeated" },
    { "output", 'o', OPTION_CHOICE, "yaml|names", "whole objects, or a line for each (default: yaml)" },
    { "live", 0, OPTION_SWITCH, NULL, "against what is in the cluster (default: as if nothing were there)" },
    { "namespace",
      'n',
      OPTION_TEXT,
      "NAME",
      "with --live: of resources that name none (default: that of the context)" },
    CLUSTER_OPTIONS,
    { "verbose", 'v', OPTION_SWITCH, NULL, "list the rules that only a server checks (default: only their number)" },
    { NULL },
};

/* A file that was read. */
struct source {
    const char *name; /* in messages */
    struct yaml yaml;
};

/* One run of the command. */
struct planner {
    const char *file;                     /* being planned */
    const struct yaml_document *document; /* ... in it */
    json_t *beside;     /* what all files have of Kitae's, and is well written, by kind, namespace and name */
    const char *prefix; /* of paths: "items[2]" of a List, else "" */
    bool only_names;
    struct session *session; /* NULL: without a cluster */
    const char *namespace;   /* of resources that name none */
    unsigned problems, found, printed;
    bool seen[KIND_COUNT];
};

/* -- what is said of a file ---------------------------------------------------------------------------------------- */

static void say(struct planner *planner, const char *path, const char *label, const char *text)
{
    auto_strbuf struct strbuf whole = { 0 };

    fflush(stdout); /* so that both streams read in order when they go to the same place */
    strbuf_addf(&whole, "%s%s%s", planner->prefix, *planner->prefix && *path ? "." : "", path);
    fprintf(stderr, "%s:%u: %s%s\n", planner->file, yaml_line(planner->document, strbuf_text(&whole)), label, text);
}

static void problem(struct planner *planner, const char *path, const char *text)
{
    planner->problems++;
    say(planner, path, "", text);
}

/* A fields_report. */
static void field_problem(void *context, const char *path, const char *text)
{
    auto_strbuf struct strbuf line = { 0 };

    strbuf_addf(&line, "%s: %s", path, text);
    problem(context, path, strbuf_text(&line));
}

/* -- one resource -------------------------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), wanted = strlen(end);

    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* The group of an apiVersion like "group/version" is ours. */
static bool is_our_group(const char *api_version)
{
    const char *slash = strchr(api_version, '/');
    auto_free char *group = xstrndup(api_version, slash ? (size_t)(slash - api_version) : 0);

    return strcmp(group, "kitae.dev") == 0 || ends_with(group, ".kitae.dev");
}

static void other_kind(struct planner *planner, const char *api_version, const char *kind)
{
    auto_strbuf struct strbuf text = { 0 };

    if (!*api_version || !*kind) {
        problem(planner, "", "apiVersion and kind are required");
    } else if (is_our_group(api_version)) {
        strbuf_addf(&text, "kind: this version of Kitae has no %.60s of %.60s; it has", kind, api_version);
        for (size_t i = 0; controllers[i]; i++)
            strbuf_addf(&text,
                        "%s %s of %s",
                        i ? "," : "",
                        kind_info(controllers[i]->kind)->kind,
                        kind_api_version(controllers[i]->kind));
        problem(planner, "kind", strbuf_text(&text));
    } else {
        strbuf_addf(&text, "skipped %.60s, which is no kind of Kitae's", kind);
        say(planner, "kind", "note: ", strbuf_text(&text));
    }
}

/* As the server would have it when it is new: no status, a uid, the namespace that kubectl would choose. */
static void make_new(json_t *resource, const char *namespace)
{
    json_t *metadata = jb_child_object(resource, "metadata");

    json_object_del(resource, "status");
    json_object_del(metadata, "deletionTimestamp");
    if (!jb_get(metadata, "namespace"))
        jb_set(metadata, "namespace", jb_str(namespace));
    jb_set(metadata, "uid", jb_str(PLACEHOLDER_UID));
    jb_set(metadata, "resourceVersion", jb_str("1"));
    jb_set(metadata, "generation", jb_int(1));
}

static bool check(struct planner *planner, const struct controller *controller, json_t *resource)
{
    unsigned before = planner->problems;
    const json_t *metadata;

    fields_check(controller->document, "", resource, field_problem, planner);
    metadata = jb_get(resource, "metadata");
    if (json_is_object(metadata) && !jb_get(metadata, "name"))
        field_problem(planner, "metadata.name", "is required: children are named after it");
    return planner->problems == before;
}

static void print_bodies(struct planner *planner, const json_t *bodies)
{
    for (size_t i = 0; i < json_array_size(bodies); i++) {
        auto_strbuf struct strbuf text = { 0 };

        yaml_dump(json_array_get(bodies, i), &text);
        printf("%s%s", planner->printed++ ? "---\n" : "", strbuf_text(&text));
    }
}

static void print_names(const json_t *names)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        printf("%s\n", json_string_value(json_array_get(names, i)));
}

/* The message of the condition Accepted when it is False; else NULL. */
static const char *refusal_of(const json_t *summary)
{
    const json_t *conditions = jb_get(jb_get(summary, "status"), "conditions");

    for (size_t i = 0; i < json_array_size(conditions); i++) {
        const json_t *condition = json_array_get(conditions, i);

        if (strcmp(jb_get_str(condition, "type"), "Accepted") == 0 &&
            strcmp(jb_get_str(condition, "status"), "False") == 0)
            return jb_get_str(condition, "message");
    }
    return NULL;
}

/* For messages that begin with the path of the field that they are about. */
static void problem_with_path(struct planner *planner, const char *message)
{
    auto_free char *path = xstrndup(message, strcspn(message, ": "));

    problem(planner, path, message);
}

/* Each line behind a mark, so that the output stays YAML. */
static void print_comment(const char *text)
{
    for (size_t length; *text; text += length + (text[length] == '\n')) {
        length = strcspn(text, "\n");
        printf("# %.*s\n", (int)length, text);
    }
}

/* What is there and would be changed or go. */
static void print_changes(const struct planner *planner, const json_t *summary)
{
    static const struct {
        const char *list, *what;
    } lists[] = { { "applies", "would change" }, { "drops", "would go" } };
    const json_t *scales = jb_get(summary, "scales");
    const char *name;
    json_t *value;

    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        const json_t *names = jb_get(summary, lists[i].list);

        for (size_t at = 0; planner->session && at < json_array_size(names); at++)
            printf("# %s: %s\n", lists[i].what, json_string_value(json_array_get(names, at)));
    }
    json_object_foreach((json_t *)scales, name, value)
        printf("# would have %d pods: %s\n", (int)json_integer_value(value), name);
}

static void print_plan(struct planner *planner, const json_t *resource, const struct dry_run *run)
{
    const char *refusal = refusal_of(run->summary);

    if (refusal) {
        problem_with_path(planner, refusal);
        return;
    }
    if (planner->session || run->preview)
        printf("# %s %s\n", jb_get_str(resource, "kind"), jb_get_str(jb_get(resource, "metadata"), "name"));
    print_comment(run->preview ? run->preview : "");
    print_changes(planner, run->summary);
    if (planner->only_names)
        print_names(jb_get(run->summary, "creates"));
    else
        print_bodies(planner, run->bodies);
}

static void plan_resource(struct planner *planner, json_t *resource)
{
    auto_dry_run struct dry_run run = { 0 };
    struct live live = { 0 };
    struct dry_run_input input = { .confirmed = true, .now = time(NULL) };
    struct error err;

    make_new(resource, planner->namespace);
    if (!planner->session)
        live.objects = ARR(json_incref(resource));
    else if (live_read(planner->session, resource, &live, &err) < 0) {
        problem(planner, "", err.message);
        return;
    }
    beside_add(planner->beside, live.objects);
    input.objects = live.objects;
    memcpy(input.absent, live.absent, sizeof(input.absent));
    if (dry_run(&input, &run, &err) < 0)
        problem_with_path(planner, err.message);
    else
        print_plan(planner, resource, &run);
    live_finish(&live);
}

static void take_resource(struct planner *planner, json_t *resource)
{
    const char *api_version = jb_get_str(resource, "apiVersion"), *kind = jb_get_str(resource, "kind");
    const struct controller *controller = controller_find(kind_find(api_version, kind));

    if (!controller) {
        other_kind(planner, api_version, kind);
        return;
    }
    planner->found++;
    planner->seen[controller->kind] = true;
    if (check(planner, controller, resource))
        plan_resource(planner, resource);
}

static void ignore_problem(void *context, const char *path, const char *text)
{
    (void)path;
    (void)text;
    *(bool *)context = true;
}

static void put_beside(struct planner *planner, json_t *resource)
{
    const struct controller *controller =
        controller_find(kind_find(jb_get_str(resource, "apiVersion"), jb_get_str(resource, "kind")));
    bool is_bad = !controller || !*jb_get_str(jb_get(resource, "metadata"), "name");

    if (!is_bad)
        fields_check(controller->document, "", resource, ignore_problem, &is_bad);
    if (is_bad)
        return;
    resource = jb_copy(resource);
    make_new(resource, planner->namespace);
    beside_put(planner->beside, resource);
}

/* -- files --------------------------------------------------------------------------------------------------------- */

typedef void visitor(struct planner *planner, json_t *resource);

/* What `kubectl get -o yaml` prints for several objects. */
static void visit_list(struct planner *planner, json_t *list, visitor *visit)
{
    json_t *items = json_object_get(list, "items");

    for (size_t i = 0; i < json_array_size(items); i++) {
        auto_strbuf struct strbuf prefix = { 0 };

        strbuf_addf(&prefix, "items[%zu]", i);
        planner->prefix = strbuf_text(&prefix);
        visit(planner, json_array_get(items, i));
        planner->prefix = "";
    }
}

static void visit_source(struct planner *planner, const struct source *source, visitor *visit)
{
    planner->file = source->name;
    for (size_t i = 0; i < source->yaml.count; i++) {
        const struct yaml_document *document = &source->yaml.documents[i];

        planner->document = document;
        if (strcmp(jb_get_str(document->value, "apiVersion"), "v1") == 0 &&
            strcmp(jb_get_str(document->value, "kind"), "List") == 0)
            visit_list(planner, document->value, visit);
        else
            visit(planner, document->value);
    }
}

static int read_standard_input(struct strbuf *text, struct error *err)
{
    char bytes[16 * 1024];
    size_t got;

    while (!text->overflow && (got = fread(bytes, 1, sizeof(bytes), stdin)) > 0)
        strbuf_append(text, bytes, got);
    if (ferror(stdin))
        return error_set(err, ERROR_INVALID, "standard input cannot be read: %m");
    return text->overflow ? error_set(err, ERROR_INVALID, "standard input is larger than %zu bytes", text->maximum) : 0;
}

static int read_source(struct planner *planner, const char *file, struct source *ret)
{
    auto_strbuf struct strbuf text = { 0 };
    bool standard_input = strcmp(file, "-") == 0;
    struct error err;

    strbuf_init(&text, YAML_MAX_TEXT);
    if ((standard_input ? read_standard_input(&text, &err) : file_read(file, &text, &err)) < 0) {
        fprintf(stderr, "kitae plan: %s\n", err.message);
        return USAGE;
    }
    ret->name = standard_input ? "<stdin>" : file;
    if (yaml_parse(ret->name, (struct slice){ strbuf_text(&text), text.length }, &ret->yaml, &err) < 0) {
        planner->problems++;
        fprintf(stderr, "%s\n", err.message);
    }
    return 0;
}

/* All are read before the first is planned: what one names may stand in another. */
static int plan_files(struct planner *planner, const struct option *files)
{
    struct source *sources = xcalloc(files->list_count, sizeof(*sources));
    json_auto_t *beside = json_object();
    int result = 0;

    planner->beside = beside;
    for (size_t i = 0; !result && i < files->list_count; i++) {
        result = read_source(planner, files->list[i], &sources[i]);
        visit_source(planner, &sources[i], put_beside);
    }
    for (size_t i = 0; !result && i < files->list_count; i++)
        visit_source(planner, &sources[i], take_resource);
    for (size_t i = 0; i < files->list_count; i++)
        yaml_finish(&sources[i].yaml);
    free(sources);
    return result;
}

/* -- the command --------------------------------------------------------------------------------------------------- */

static void say_what_is_not_checked(const struct controller *controller, bool verbose)
{
    const char *const *rules = controller->document->rules;
    size_t count = 0;

    while (rules && rules[count])
        count++;
    fprintf(stderr,
            "note: not checked here: %zu rules for a %s that only a server checks (kubectl apply --dry-run=server -f "
            "FILE%s), "
            "and what its pod templates hold (kitae plan -f FILE | kubectl apply --dry-run=server -f -)\n",
            count,
            kind_info(controller->kind)->kind,
            verbose ? "" : "; --verbose lists them");
    for (size_t i = 0; verbose && i < count; i++)
        fprintf(stderr, "  %s\n", rules[i]);
}

static int finish(struct planner *planner, bool verbose)
{
    bool written = fflush(stdout) == 0 && !ferror(stdout);

    for (size_t i = 0; controllers[i]; i++)
        if (planner->seen[controllers[i]->kind])
            say_what_is_not_checked(controllers[i], verbose);
    if (!planner->found && !planner->problems) {
        fprintf(stderr, "kitae plan: there is nothing of Kitae's in it\n");
        return INVALID;
    }
    if (!written) {
        fprintf(stderr, "kitae plan: standard output cannot be written\n");
        return INVALID;
    }
    return planner->problems ? INVALID : 0;
}

static int command(int argc, char **argv)
{
    const struct option *files = option_named(options, "filename");
    const char *output, *namespace;
    struct planner planner = { .prefix = "", .namespace = "default" };
    struct session session;
    struct error err;
    int result = options_parse(options, argc, argv, usage);

    if (result)
        return result == 1 ? 0 : result;
    if (!files->list_count) {
        fprintf(stderr, "kitae plan: say which manifest: -f FILE, or -f - for standard input\n");
        return USAGE;
    }
    output = option_named(options, "output")->text;
    planner.only_names = output && strcmp(output, "names") == 0;
    if (option_named(options, "live")->on) {
        if (session_open(&session, options, &err) < 0) {
            fprintf(stderr, "kitae plan: %s\n", err.message);
            return INVALID;
        }
        planner.session = &session;
        namespace = option_named(options, "namespace")->text;
        planner.namespace = namespace ? namespace : session.config.namespace;
    }
    result = plan_files(&planner, files);
    if (planner.session)
        session_close(&session);
    return result ? result : finish(&planner, option_named(options, "verbose")->on);
}

const struct command plan_command = {
    "plan", "print what would be created for a manifest, offline", usage, options, .run = command,
};
