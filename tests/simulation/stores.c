#include "stores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../operator/base/memory.h"
#include "../../operator/model/object.h"
#include "deletion.h"
#include "invariants.h"
#include "kubelet.h"
#include "trees.h"
#include "world.h"

enum { CONTENTS = 4, DIGEST = 65, NAME = 80, MOST_REMOVED = 100 };

/* A place of versions: a DataSet's volume, or the store of a Model. It stays when its owner goes. */
struct shelf {
    struct shelf *next;
    enum resource owner; /* RESOURCE_DATA_SETS or RESOURCE_MODELS */
    char namespace[NAME], name[NAME];
    bool holds[CONTENTS]; /* by the content's number, which is its digest */
};

/* A pod of the agent at work. */
struct errand {
    struct errand *next;
    struct thing *job, *pod; /* pod NULL: not made yet */
    struct shelf *shelf;
    bool removes;
    int content;         /* that it brings */
    bool is_there;       /* it was when the pod looked, so it brings nothing */
    bool goes[CONTENTS]; /* it removes these */
};

/* -- contents and shelves ------------------------------------------------------------------------------------------ */

static const char *digest_of(int content, char text[DIGEST])
{
    snprintf(text, DIGEST, "%064d", content);
    return text;
}

static int content_of(const char *digest)
{
    return strlen(digest) == DIGEST - 1 ? atoi(digest + DIGEST - 3) : -1;
}

static struct shelf *shelf_of(struct world *world, enum resource owner, const char *namespace, const char *name)
{
    struct shelf *shelf;

    for (shelf = world->shelves; shelf; shelf = shelf->next)
        if (shelf->owner == owner && strcmp(shelf->namespace, namespace) == 0 && strcmp(shelf->name, name) == 0)
            return shelf;
    shelf = xcalloc(1, sizeof(*shelf));
    *shelf = (struct shelf){ .next = world->shelves, .owner = owner };
    snprintf(shelf->namespace, NAME, "%s", namespace);
    snprintf(shelf->name, NAME, "%s", name);
    world->shelves = shelf;
    return shelf;
}

/* The version of that content in the status, marked or not; NULL: it is not listed. */
static const json_t *listed(const struct thing *owner, int content)
{
    const json_t *versions = jb_get(jb_get(owner->now->tree, "status"), "versions");

    for (size_t i = 0; i < json_array_size(versions); i++)
        if (content_of(jb_get_str(json_array_get(versions, i), "digest")) == content)
            return json_array_get(versions, i);
    return NULL;
}

/* -- invariants ---------------------------------------------------------------------------------------------------- */

static void listed_is_there(struct world *world, const struct thing *owner, int content)
{
    BROKEN(world,
           "%s %s lists version %s, which is not there",
           resource_info(owner->resource)->plural,
           owner->name,
           jb_get_str(listed(owner, content), "name"));
}

static void check_listed(struct world *world, const struct thing *owner)
{
    const struct shelf *shelf = shelf_of(world, owner->resource, owner->namespace, owner->name);

    for (int content = 0; content < CONTENTS; content++) {
        const json_t *version = listed(owner, content);

        if (version && !json_is_true(jb_get(version, "removing")) && !shelf->holds[content])
            listed_is_there(world, owner, content);
    }
}

void stores_on_status(struct world *world, const struct thing *owner)
{
    check_listed(world, owner);
}

/* The content that a pod has mounted from this shelf; -1: none. One whose job is gone is on its way out, or nobody's.
 */
static int mounted(const struct world *world, const struct thing *pod, const struct shelf *shelf)
{
    const json_t *containers = jb_get(jb_get(pod->now->tree, "spec"), "containers");
    const json_t *mounts = jb_get(json_array_get(containers, 0), "volumeMounts");
    char volume[NAME + 16];
    const char *path;

    if (!server_owner(world, pod->now->tree))
        return -1;
    snprintf(volume, sizeof(volume), "kitae-data-%s", shelf->name);
    path = jb_get_str(jb_named(mounts, volume), "subPath");
    return shelf->owner == RESOURCE_DATA_SETS && strncmp(path, "versions/", 9) == 0 &&
                   strcmp(pod->namespace, shelf->namespace) == 0
               ? content_of(path + 9)
               : -1;
}

static void data_is_there(struct world *world, const struct thing *pod, const struct shelf *shelf)
{
    BROKEN(world, "%s reads a version of %s that is not there", pod->name, shelf->name);
}

void stores_pod_starts(struct world *world, const struct thing *pod)
{
    for (const struct shelf *shelf = world->shelves; shelf; shelf = shelf->next)
        if (mounted(world, pod, shelf) >= 0 && !shelf->holds[mounted(world, pod, shelf)])
            data_is_there(world, pod, shelf);
}

static void take_away(struct world *world, struct shelf *shelf, int content)
{
    const struct thing *owner = server_find(world, shelf->owner, shelf->namespace, shelf->name);
    const json_t *version = owner ? listed(owner, content) : NULL;

    shelf->holds[content] = false;
    if (version && !json_is_true(jb_get(version, "removing")))
        listed_is_there(world, owner, content);
    for (const struct life *life = world->lives; life; life = life->next)
        if (life->running && !life->thing->gone && mounted(world, life->thing, shelf) == content)
            data_is_there(world, life->thing, shelf);
}

/* -- pods that serve ----------------------------------------------------------------------------------------------- */

static const char *argument(const json_t *container, const char *flag)
{
    const json_t *args = jb_get(container, "args");

    for (size_t i = 0; i + 1 < json_array_size(args); i++)
        if (strcmp(json_string_value(json_array_get(args, i)), flag) == 0)
            return json_string_value(json_array_get(args, i + 1));
    return "";
}

/* The init container that fetches a version; NULL: none does. */
static const json_t *fetcher(const json_t *template)
{
    const json_t *containers = jb_get(jb_get(template, "spec"), "initContainers");

    for (size_t i = 0; i < json_array_size(containers); i++)
        if (*argument(json_array_get(containers, i), "--digest"))
            return json_array_get(containers, i);
    return NULL;
}

/* The last folder of a store. */
static const char *model_of(const json_t *container)
{
    const char *slash = strrchr(argument(container, "--store"), '/');

    return slash ? slash + 1 : "";
}

bool stores_serves(const json_t *template, const char *model, const char *digest)
{
    const json_t *container = fetcher(template);

    return container && strcmp(model_of(container), model) == 0 && strcmp(argument(container, "--digest"), digest) == 0;
}

bool stores_replica_fetches(struct world *world, const struct thing *pod)
{
    const json_t *container = fetcher(pod->now->tree);
    int content = container ? content_of(argument(container, "--digest")) : -1;

    return !container || (content >= 0 && content < CONTENTS &&
                          shelf_of(world, RESOURCE_MODELS, pod->namespace, model_of(container))->holds[content]);
}

/* -- the agent's pods ---------------------------------------------------------------------------------------------- */

static void step(struct world *world, int64_t within, agenda_action *action, struct errand *errand)
{
    agenda_add(&world->agenda, world->now + random_spread(&world->random, 1, within), action, errand);
}

static void set_status(struct world *world, struct thing *thing, json_t *take_status)
{
    json_t *tree = tree_edit(thing->now->tree);

    world->server.acting = ACTOR_KUBELET;
    jb_set(tree, "status", take_status);
    server_replace(world, thing, tree);
}

static json_t *now_text(const struct world *world)
{
    char text[32];

    return jb_str(server_format_time(server_time(world), text));
}

/* One whose Job or owner was deleted stops at once here: SIGTERM reaches the agent between two requests. */
static bool is_called_off(const struct world *world, const struct errand *errand)
{
    return errand->job->gone || thing_is_deleting(errand->job) || !server_owner(world, errand->job->now->tree);
}

static void make_pod(struct world *world, void *context);

/* The Job controller makes another pod for one that is gone. */
static bool lost_its_pod(struct world *world, struct errand *errand)
{
    if (errand->pod && !errand->pod->gone && !thing_is_deleting(errand->pod))
        return false;
    errand->pod = NULL;
    step(world, 5000, make_pod, errand);
    return true;
}

static json_t *job_condition(const struct world *world, const char *type)
{
    return OBJ({ "type", jb_str(type) }, { "status", jb_str("True") }, { "lastTransitionTime", now_text(world) });
}

static void end_job(struct world *world, void *context)
{
    struct errand *errand = context;
    bool failed = errand->pod && strcmp(jb_get_str(jb_get(errand->pod->now->tree, "status"), "phase"), "Failed") == 0;

    if (errand->job->gone)
        return;
    set_status(world,
               errand->job,
               OBJ({ "conditions", ARR(job_condition(world, failed ? "Failed" : "Complete")) },
                   { "completionTime", failed ? NULL : now_text(world) }));
}

static json_t *said(const struct errand *errand)
{
    char digest[DIGEST];

    return errand->removes
               ? jb_str("{\"removed\":1}")
               : jb_fmt("{\"digest\":\"%s\",\"objects\":1,\"bytes\":1}", digest_of(errand->content, digest));
}

static void end_pod(struct world *world, void *context)
{
    struct errand *errand = context;
    bool fails = random_chance(&world->random, world->weather.fails);

    if (is_called_off(world, errand) || lost_its_pod(world, errand))
        return;
    if (!fails)
        for (int content = 0; content < CONTENTS; content++)
            if (errand->goes[content])
                take_away(world, errand->shelf, content);
    if (!fails && !errand->removes && !errand->is_there)
        errand->shelf->holds[errand->content] = true;
    set_status(world,
               errand->pod,
               OBJ({ "phase", jb_str(fails ? "Failed" : "Succeeded") },
                   { "containerStatuses",
                     ARR(OBJ({ "name", jb_str("agent") },
                             { "state",
                               OBJ({ "terminated",
                                     OBJ({ "exitCode", jb_int(fails) },
                                         { "reason", jb_str(fails ? "Error" : "Completed") },
                                         { "finishedAt", now_text(world) },
                                         { "message",
                                           fails ? jb_str("{\"reason\":\"AccessDenied\",\"message\":\"403\"}")
                                                 : said(errand) }) }) })) }));
    step(world, world->weather.report_within, end_job, errand);
}

/* It looks what is there, and then it works. */
static void begin_pod(struct world *world, void *context)
{
    struct errand *errand = context;

    if (is_called_off(world, errand) || lost_its_pod(world, errand))
        return;
    errand->is_there = !errand->removes && errand->shelf->holds[errand->content];
    set_status(world, errand->pod, OBJ({ "phase", jb_str("Running") }));
    step(world, world->weather.run_within, end_pod, errand);
}

static void make_pod(struct world *world, void *context)
{
    struct errand *errand = context;
    const json_t *template = jb_get(jb_get(errand->job->now->tree, "spec"), "template");
    json_t *tree;

    if (is_called_off(world, errand))
        return;
    world->server.acting = ACTOR_CLUSTER;
    tree = OBJ({ "metadata",
                 OBJ({ "name", jb_fmt("%s-%u", errand->job->name, world->people_made++) },
                     { "namespace", jb_str(errand->job->namespace) },
                     { "labels", json_deep_copy(jb_get(jb_get(template, "metadata"), "labels")) },
                     { "ownerReferences",
                       ARR(OBJ({ "apiVersion", jb_str("batch/v1") },
                               { "kind", jb_str("Job") },
                               { "name", jb_str(errand->job->name) },
                               { "uid", jb_str(errand->job->uid) },
                               { "controller", json_true() })) }) },
               { "spec", json_deep_copy(jb_get(template, "spec")) },
               { "status", OBJ({ "phase", jb_str("Pending") }) });
    errand->pod = server_insert(world, RESOURCE_PODS, tree);
    step(world, world->weather.pull_within, begin_pod, errand);
}

/* -- Jobs ---------------------------------------------------------------------------------------------------------- */

static void read_digests(struct errand *errand, const json_t *args)
{
    for (size_t i = 0; i + 1 < json_array_size(args); i++) {
        const char *value = json_string_value(json_array_get(args, i + 1));
        int content = value ? content_of(value) : -1;

        if (strcmp(json_string_value(json_array_get(args, i)), "--digest") == 0 && content >= 0 && content < CONTENTS)
            errand->goes[content] = true;
    }
}

/* The DataSet whose volume, "<name>-data", the pod has mounted to write to; NULL: none. */
static struct shelf *shelf_of_volume(struct world *world, const struct thing *job)
{
    const json_t *spec = jb_get(jb_get(jb_get(job->now->tree, "spec"), "template"), "spec");
    const char *claim =
        jb_get_str(jb_get(jb_named(jb_get(spec, "volumes"), "data"), "persistentVolumeClaim"), "claimName");
    char name[NAME];

    snprintf(name, sizeof(name), "%.*s", (int)strlen(claim) - (int)strlen("-data"), claim);
    return *claim ? shelf_of(world, RESOURCE_DATA_SETS, job->namespace, name) : NULL;
}

/* The Model's name is the last folder of its store; a DataSet is the Job's owner, or has the volume. */
static struct shelf *shelf_of_job(struct world *world, const struct thing *job, const json_t *args)
{
    const json_t *owner = tree_controller(job->now->tree);
    const char *uri;

    if (strcmp(jb_get_str(owner, "kind"), "DataSet") == 0)
        return shelf_of(world, RESOURCE_DATA_SETS, job->namespace, jb_get_str(owner, "name"));
    for (size_t i = 0; i + 1 < json_array_size(args); i++)
        if (strcmp(json_string_value(json_array_get(args, i)), "--store") == 0) {
            uri = json_string_value(json_array_get(args, i + 1));
            return shelf_of(world, RESOURCE_MODELS, job->namespace, strrchr(uri, '/') + 1);
        }
    return shelf_of_volume(world, job);
}

void stores_added(struct world *world, struct thing *thing)
{
    const json_t *spec = jb_get(jb_get(jb_get(thing->now->tree, "spec"), "template"), "spec");
    const json_t *args = jb_get(json_array_get(jb_get(spec, "containers"), 0), "args");
    struct errand *errand;

    if (thing->resource != RESOURCE_BATCH_JOBS)
        return;
    errand = xcalloc(1, sizeof(*errand));
    *errand = (struct errand){ .next = world->errands,
                               .job = thing,
                               .shelf = shelf_of_job(world, thing, args),
                               .removes = strcmp(json_string_value(json_array_get(args, 0)), "remove") == 0,
                               .content = (int)random_below(&world->random, CONTENTS) };
    if (errand->removes)
        read_digests(errand, args);
    world->errands = errand;
    step(world, world->weather.schedule_within, make_pod, errand);
}

/* -- at the end ---------------------------------------------------------------------------------------------------- */

void stores_at_end(struct world *world)
{
    for (enum resource resource = RESOURCE_DATA_SETS; resource <= RESOURCE_MODELS; resource++)
        for (size_t i = 0; i < world->server.counts[resource]; i++)
            check_listed(world, world->server.things[resource][i]);
}

void stores_finish(struct world *world)
{
    while (world->errands) {
        struct errand *errand = world->errands;

        world->errands = errand->next;
        free(errand);
    }
    while (world->shelves) {
        struct shelf *shelf = world->shelves;

        world->shelves = shelf->next;
        free(shelf);
    }
}
