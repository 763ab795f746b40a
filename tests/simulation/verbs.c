#include "verbs.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../operator/base/memory.h"
#include "../../operator/base/strbuf.h"
#include "admission.h"
#include "deletion.h"
#include "invariants.h"
#include "patches.h"
#include "target.h"
#include "trees.h"
#include "world.h"

/* -- answers ------------------------------------------------------------------------------------------------------ */

struct answer verbs_status(int code, const char *reason, const char *format, ...)
{
    char message[512];
    json_auto_t *body = NULL;
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    body = OBJ({ "kind", jb_str("Status") },
               { "apiVersion", jb_str("v1") },
               { "status", jb_str(code < 300 ? "Success" : "Failure") },
               { "message", jb_str(message) },
               { "reason", jb_str(reason) },
               { "code", jb_int(code) });
    return (struct answer){ .status = code, .body = jb_dump(body, false) };
}

static struct answer answer_object(int code, struct thing *thing)
{
    return (struct answer){ .status = code, .body = xstrdup(snapshot_text(thing->now)) };
}

static struct answer not_found(const struct target *target)
{
    return verbs_status(404, "NotFound", "%s \"%s\" not found", resource_info(target->resource)->plural, target->name);
}

/* -- lists, page by page ------------------------------------------------------------------------------------------ */

/* A list as it was when its first page was read. */
struct page {
    struct page *next;
    unsigned id;
    uint64_t version;
    struct snapshot **items;
    size_t count;
};

static int by_place(const void *a, const void *b)
{
    const struct thing *left = *(const struct thing *const *)a, *right = *(const struct thing *const *)b;
    int order = strcmp(left->namespace, right->namespace);

    return order ? order : strcmp(left->name, right->name);
}

static struct page *make_list(struct world *world, const struct target *target)
{
    struct server *server = &world->server;
    size_t all = server->counts[target->resource];
    struct page *page = xcalloc(1, sizeof(*page));

    *page =
        (struct page){ server->pages, ++server->last_page, server->version, xcalloc(all + 1, sizeof(*page->items)), 0 };
    server->pages = page;
    if (all)
        qsort(server->things[target->resource], all, sizeof(struct thing *), by_place);
    for (size_t i = 0; i < all; i++) {
        struct thing *thing = server->things[target->resource][i];

        if (target_covers(target, thing) && selector_matches(&target->selector, thing->now->tree))
            page->items[page->count++] = snapshot_ref(thing->now);
    }
    return page;
}

static void free_page(struct page *page)
{
    for (size_t i = 0; i < page->count; i++)
        snapshot_unref(page->items[i]);
    free(page->items);
    free(page);
}

static void forget_page(struct server *server, struct page *page)
{
    struct page **link = &server->pages;

    while (*link != page)
        link = &(*link)->next;
    *link = page->next;
    free_page(page);
}

void verbs_forget_pages(struct world *world)
{
    while (world->server.pages)
        forget_page(&world->server, world->server.pages);
}

static struct page *find_page(const struct server *server, const char *token, size_t *ret_from)
{
    unsigned id;

    if (sscanf(token, "%u-%zu", &id, ret_from) == 2)
        for (struct page *page = server->pages; page; page = page->next)
            if (page->id == id)
                return page;
    return NULL;
}

static char *render_page(const struct target *target, struct page *page, size_t from, size_t to)
{
    struct strbuf text = { 0 };

    strbuf_addf(&text,
                "{\"kind\":\"%sList\",\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"",
                resource_info(target->resource)->kind,
                resource_info(target->resource)->api_version,
                page->version);
    if (to < page->count)
        strbuf_addf(&text, ",\"continue\":\"%u-%zu\",\"remainingItemCount\":%zu", page->id, to, page->count - to);
    strbuf_adds(&text, "},\"items\":[");
    for (size_t i = from; i < to; i++) {
        strbuf_adds(&text, i > from ? "," : "");
        strbuf_adds(&text, snapshot_text(page->items[i]));
    }
    strbuf_adds(&text, "]}");
    return strbuf_detach(&text);
}

static struct answer list(struct world *world, const struct target *target)
{
    struct server *server = &world->server;
    size_t from = 0, limit = target->limit ? target->limit : SIZE_MAX, to;
    struct page *page = *target->token ? find_page(server, target->token, &from) : make_list(world, target);
    struct answer answer = { .status = 200 };

    if (!page || page->version < server->compacted[target->resource])
        return verbs_status(
            410, "Expired", "The provided continue parameter is too old to display a consistent list result");
    if (target->limit && world->weather.page && world->weather.page < limit)
        limit = world->weather.page;
    to = page->count - from < limit ? page->count : from + limit;
    answer.body = render_page(target, page, from, to);
    if (to == page->count)
        forget_page(server, page);
    return answer;
}

/* -- the verbs ---------------------------------------------------------------------------------------------------- */

static struct answer get(struct world *world, const struct target *target)
{
    struct thing *thing;

    if (!*target->name)
        return list(world, target);
    thing = server_find(world, target->resource, target->namespace, target->name);
    return thing ? answer_object(200, thing) : not_found(target);
}

static struct answer post(struct world *world, const struct target *target, const json_t *body)
{
    const char *name = jb_get_str(tree_metadata(body), "name");
    json_auto_t *tree = tree_edit(body);
    struct answer answer;

    if (!*name || *target->name || !*target->namespace)
        return verbs_status(400, "BadRequest", "a POST needs a collection in a namespace, and a name");
    jb_set(tree_part(tree, "metadata"), "namespace", jb_str(target->namespace));
    if (jb_get(tree_metadata(tree), "resourceVersion"))
        return verbs_status(400, "BadRequest", "resourceVersion should not be set on objects to be created");
    if (admit_new(world, target, tree, &answer) < 0)
        return answer;
    if (server_find(world, target->resource, target->namespace, name))
        return verbs_status(
            409, "AlreadyExists", "%s \"%s\" already exists", resource_info(target->resource)->plural, name);
    if (target->resource == RESOURCE_PODS || resource_is_custom(target->resource))
        jb_set(tree, "status", NULL);
    admit_defaults(target->resource, tree);
    return answer_object(201, server_insert(world, target->resource, take(tree)));
}

static struct answer patch(struct world *world, const struct target *target, const char *type, const json_t *body)
{
    struct thing *thing = server_find(world, target->resource, target->namespace, target->name);
    struct answer answer;
    json_t *tree;

    if (!thing)
        return not_found(target);
    if (patch_tree(world, target, thing, type, body, &tree, &answer) < 0)
        return answer;
    server_replace(world, thing, tree);
    return answer_object(200, thing);
}

/* Only leases are ever replaced whole. */
static struct answer put(struct world *world, const struct target *target, const json_t *body)
{
    struct thing *thing = server_find(world, target->resource, target->namespace, target->name);
    struct answer answer;
    json_t *tree;

    if (target->resource != RESOURCE_LEASES)
        return verbs_status(405, "MethodNotAllowed", "the model knows PUT for leases only");
    if (!thing)
        return not_found(target);
    if (patch_tree(world, target, thing, "application/merge-patch+json", body, &tree, &answer) < 0)
        return answer;
    server_replace(world, thing, tree);
    return answer_object(200, thing);
}

static struct answer delete (struct world *world, const struct target *target, const json_t *body)
{
    struct thing *thing = server_find(world, target->resource, target->namespace, target->name);
    const json_t *preconditions = jb_get(body, "preconditions");
    const char *uid = jb_get_str(preconditions, "uid"), *version = jb_get_str(preconditions, "resourceVersion");

    if (!thing || !*target->name)
        return not_found(target);
    if (*uid && strcmp(uid, thing->uid) != 0)
        return verbs_status(
            409, "Conflict", "Precondition failed: UID in precondition: %s, UID in object meta: %s", uid, thing->uid);
    if (*version && strtoull(version, NULL, 10) != thing->now->version)
        return verbs_status(409, "Conflict", "Precondition failed: ResourceVersion");
    deletion_begin(world,
                   thing,
                   deletion_policy(jb_get_str(body, "propagationPolicy")),
                   jb_get_int(body, "gracePeriodSeconds", -1));
    return answer_object(200, thing);
}

static struct answer handle(struct world *world,
                            const struct http_request *request,
                            const struct target *target,
                            const json_t *body)
{
    if (resource_is_of_gateways(target->resource) && !world->server.has_gateways)
        return verbs_status(404, "NotFound", "the server could not find the requested resource");
    if (target->resource == RESOURCE_JOBS && world->now < world->server.jobs_busy_until) {
        struct answer answer = verbs_status(429, "TooManyRequests", "storage is (re)initializing");

        answer.retry_after_ms = 1000;
        return answer;
    }
    switch (request->method) {
    case HTTP_GET:
        return get(world, target);
    case HTTP_POST:
        return post(world, target, body);
    case HTTP_PATCH:
        return patch(world, target, request->content_type ? request->content_type : "", body);
    case HTTP_PUT:
        return put(world, target, body);
    case HTTP_DELETE:
        return delete (world, target, body);
    }
    return verbs_status(405, "MethodNotAllowed", "no such method");
}

struct answer verbs_handle(struct world *world, const struct http_request *request)
{
    json_auto_t *body = NULL;
    struct target target;
    struct error err;
    const char *problem = "body";
    bool understood = target_parse(request->path, &target, &problem);

    if (understood && request->body && jb_parse(slice_of(request->body), &body, &err) < 0) {
        problem = "body";
        understood = false;
    }
    if (!understood) {
        invariants_not_understood(world, request, problem);
        return verbs_status(400, "BadRequest", "%s", problem);
    }
    invariants_on_request(world, request, &target, body);
    return handle(world, request, &target, body);
}
