/* `kitae lineage`: which job and data made a version of a model, and what was made from a version of data. */

#include "lineage.h"

#include <string.h>

#include "../base/jb.h"
#include "../base/memory.h"
#include "commands.h"
#include "session.h"

static const char usage[] =
    "Usage: kitae lineage model/NAME[:VERSION] [FLAGS]\n"
    "       kitae lineage dataset/NAME[:VERSION] [FLAGS]\n"
    "\n"
    "Which job made each version, in which attempt, from which data. Of a DataSet also: which jobs are pinned to each\n"
    "version, and which versions of Models and other DataSets were made from it. Exits with 1 when there is no such "
    "version.";

static struct option options[] = {
    CLUSTER_OPTIONS,
    { "namespace", 'n', OPTION_TEXT, "NAME", "where it is (default: that of the context)" },
    { NULL },
};

/* -- writing ------------------------------------------------------------------------------------------------------- */

static const char *name_of(const json_t *object)
{
    return jb_get_str(jb_get(object, "metadata"), "name");
}

static const json_t *status_list(const json_t *object, const char *field)
{
    return jb_get(jb_get(object, "status"), field);
}

/* "DataSet listings v7 (4e1243bd22c6)": so much of a digest as people compare. */
static void write_version(FILE *out, const char *kind, const char *name, const char *version, const json_t *of)
{
    fprintf(out, "%s %s %s (%.12s)", kind, name, version, jb_get_str(of, "digest"));
}

static void write_maker(FILE *out, const json_t *version)
{
    const json_t *maker = jb_get(version, "producedBy"), *data = jb_get(version, "data");
    int64_t attempt = jb_get_int(maker, "attempt", 0);

    if (!maker)
        return;
    fprintf(out, "  made by %s %s", jb_get_str(maker, "kind"), jb_get_str(maker, "name"));
    if (attempt)
        fprintf(out, ", attempt %d", (int)attempt);
    fprintf(out, "\n");
    for (size_t i = 0; i < json_array_size(data); i++) {
        const json_t *from = json_array_get(data, i);

        fprintf(out, "    from ");
        write_version(out, "DataSet", jb_get_str(from, "dataSet"), jb_get_str(from, "version"), from);
        fprintf(out, "\n");
    }
}

static bool is_model(const char *kind)
{
    return strcmp(kind, "Model") == 0;
}

static bool is_meant(const char *wanted, const char *version)
{
    return !wanted || strcmp(wanted, version) == 0;
}

/* Versions that somebody made: of a Model all, of a DataSet those that did not come by a sync. */
static int write_made(FILE *out, const char *kind, const json_t *object, const char *wanted)
{
    const json_t *versions = status_list(object, "versions");
    int found = 0;

    for (size_t i = 0; i < json_array_size(versions); i++) {
        const json_t *version = json_array_get(versions, i);

        if (!is_meant(wanted, jb_get_str(version, "name")) || (!is_model(kind) && !jb_get(version, "producedBy")))
            continue;
        found++;
        write_version(out, kind, name_of(object), jb_get_str(version, "name"), version);
        fprintf(out, "%s%s\n", is_model(kind) ? "  " : "", jb_get_str(version, "uri"));
        write_maker(out, version);
    }
    return found;
}

/* The entry of that DataSet, of a version that is meant; NULL: none. `key` holds the DataSet's name. */
static const json_t *find_data(const json_t *data, const char *key, const char *name, const char *wanted)
{
    for (size_t i = 0; i < json_array_size(data); i++) {
        const json_t *entry = json_array_get(data, i);

        if (strcmp(jb_get_str(entry, key), name) == 0 && jb_get(entry, "digest") &&
            is_meant(wanted, jb_get_str(entry, "version")))
            return entry;
    }
    return NULL;
}

static int write_readers(FILE *out, const json_t *jobs, const char *name, const char *wanted)
{
    int found = 0;

    for (size_t i = 0; i < json_array_size(jobs); i++) {
        const json_t *job = json_array_get(jobs, i);
        const json_t *pin = find_data(status_list(job, "data"), "name", name, wanted);

        if (!pin)
            continue;
        found++;
        write_version(out, "DataSet", name, jb_get_str(pin, "version"), pin);
        fprintf(out, "\n  read by TrainingJob %s (%s)\n", name_of(job), jb_get_str(jb_get(job, "status"), "phase"));
    }
    return found;
}

static int write_made_from(FILE *out, const char *kind, const json_t *object, const char *name, const char *wanted)
{
    const json_t *versions = status_list(object, "versions");
    int found = 0;

    for (size_t i = 0; i < json_array_size(versions); i++) {
        const json_t *version = json_array_get(versions, i);
        const json_t *from = find_data(jb_get(version, "data"), "dataSet", name, wanted);

        if (!from)
            continue;
        found++;
        write_version(out, "DataSet", name, jb_get_str(from, "version"), from);
        fprintf(out, "\n  made ");
        write_version(out, kind, name_of(object), jb_get_str(version, "name"), version);
        fprintf(out, " by TrainingJob %s\n", jb_get_str(jb_get(version, "producedBy"), "name"));
    }
    return found;
}

/* Of all objects of a kind: the versions of the one that is asked for, and what was made from a DataSet of that name.
 */
static int write_kind(
    FILE *out, const char *kind, const json_t *objects, const char *asked, const char *name, const char *version)
{
    int found = 0;

    for (size_t i = 0; i < json_array_size(objects); i++) {
        const json_t *object = json_array_get(objects, i);

        if (strcmp(asked, kind) == 0 && strcmp(name_of(object), name) == 0)
            found += write_made(out, kind, object, version);
        if (!is_model(asked))
            found += write_made_from(out, kind, object, name, version);
    }
    return found;
}

int lineage_write(FILE *out, const struct lineage *all, const char *kind, const char *name, const char *version)
{
    const char *asked = strcmp(kind, "dataset") == 0 ? "DataSet" : "Model";
    int found = is_model(asked) ? 0 : write_readers(out, all->jobs, name, version);

    return found + write_kind(out, "DataSet", all->data_sets, asked, name, version) +
           write_kind(out, "Model", all->models, asked, name, version);
}

/* -- the command --------------------------------------------------------------------------------------------------- */

/* "model/search:v7", cut into its parts. */
struct question {
    char *text;
    const char *kind, *name, *version; /* version NULL: all */
};

static int read_question(const char *text, struct question *question, struct error *err)
{
    char *slash, *colon;

    question->text = xstrdup(text);
    slash = strchr(question->text, '/');
    if (slash)
        *slash = '\0';
    question->kind = question->text;
    if (!slash || !slash[1] || (strcmp(question->kind, "model") != 0 && strcmp(question->kind, "dataset") != 0))
        return error_set(err, ERROR_INVALID, "'%s': write model/NAME[:VERSION] or dataset/NAME[:VERSION]", text);
    question->name = slash + 1;
    colon = strchr(slash + 1, ':');
    if (colon) {
        *colon = '\0';
        question->version = colon + 1;
    }
    return 0;
}

static void keep(void *context, const json_t *object)
{
    json_array_append(context, (json_t *)object);
}

static int bring(struct session *session, const char *plural, json_t *list, struct error *err)
{
    const char *namespace = option_named(options, "namespace")->text;
    auto_strbuf struct strbuf path = { 0 };

    strbuf_addf(
        &path, "/apis/kitae.dev/v1alpha1/namespaces/%s/%s", namespace ? namespace : session->config.namespace, plural);
    return session_list(session, strbuf_text(&path), "", keep, list, err);
}

/* How many versions it told of; -1. */
static int answer(struct session *session, const struct question *question, struct error *err)
{
    json_auto_t *models = json_array(), *data_sets = json_array(), *jobs = json_array();
    const struct lineage all = { models, data_sets, jobs };

    if (bring(session, "models", models, err) < 0 || bring(session, "datasets", data_sets, err) < 0 ||
        bring(session, "trainingjobs", jobs, err) < 0)
        return -1;
    return lineage_write(stdout, &all, question->kind, question->name, question->version);
}

static int ask(const char *text)
{
    struct question question = { 0 };
    auto_free char *own = NULL;
    struct session session;
    struct error err;
    int found = -1;

    if (read_question(text, &question, &err) < 0) {
        fprintf(stderr, "kitae lineage: %s\n", err.message);
        free(question.text);
        return 2;
    }
    own = question.text;
    if (session_open(&session, options, &err) == 0) {
        found = answer(&session, &question, &err);
        session_close(&session);
    }
    if (found < 0)
        fprintf(stderr, "kitae lineage: %s\n", err.message);
    else if (!found)
        fprintf(stderr, "kitae lineage: nothing is known of %s\n", text);
    return found > 0 ? 0 : 1;
}

static int command(int argc, char **argv)
{
    const char *text = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
    int result = options_parse(options, text ? argc - 1 : argc, text ? argv + 1 : argv, usage);

    if (result)
        return result == 1 ? 0 : result;
    if (!text) {
        fprintf(stderr, "%s\n", usage);
        return 2;
    }
    return ask(text);
}

const struct command lineage_command = {
    "lineage",      "tell which job and data made a version of a model, and the other way round", usage, options,
    .run = command,
};
