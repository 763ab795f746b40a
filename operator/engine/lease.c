#include "lease.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "../base/digest.h"
#include "../base/jb.h"
#include "../base/memory.h"
#include "answers.h"
#include "log.h"
#include "state.h"

/* Operators that look at different objects must not exclude each other: the name covers what this one looks at. */
static char *lease_name(const struct engine_options *options)
{
    auto_strbuf struct strbuf scope = { 0 };
    char hash[DIGEST_SHORT];
    struct strbuf name = { 0 };

    for (const char *const *namespace = options->namespaces; namespace && *namespace; namespace ++)
        strbuf_addf(&scope, "%s,", *namespace);
    strbuf_addf(&scope, "/%s", options->selector ? options->selector : "");
    digest_short((struct slice){ strbuf_text(&scope), scope.length }, hash);
    strbuf_addf(&name, "kitae-%.8s", hash);
    return strbuf_detach(&name);
}

void lease_init(struct engine *engine)
{
    struct lease *lease = &engine->lease;
    struct strbuf path = { 0 };

    *lease = (struct lease){ 0 };
    if (!engine->options.leader_elect)
        return;
    lease->name = lease_name(&engine->options);
    lease->namespace = xstrdup(engine->options.lease_namespace);
    strbuf_addf(&path, "/apis/coordination.k8s.io/v1/namespaces/%s/leases/%s", lease->namespace, lease->name);
    lease->path = strbuf_detach(&path);
}

void lease_finish(struct lease *lease)
{
    free(lease->path);
    free(lease->name);
    free(lease->namespace);
    free(lease->seen_version);
    free(lease->acquired);
    *lease = (struct lease){ 0 };
}

bool lease_is_valid(const struct engine *engine)
{
    const struct lease *lease = &engine->lease;

    return !lease->path ||
           (lease->held && engine->now - lease->renewed_at < engine->options.timings.lease_renew_deadline);
}

static json_t *micro_time(int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    char text[32];
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    return jb_fmt("%s.%06dZ", text, (int)(wall_ms % 1000) * 1000);
}

/* Our record. An empty holder gives the lease away; a duration of 1 s lets the next one take it at once. */
static json_t *record(const struct engine *engine, bool release)
{
    const struct lease *lease = &engine->lease;
    int64_t seconds = release ? 1 : (engine->options.timings.lease_duration + 999) / 1000;

    return OBJ({ "apiVersion", jb_str("coordination.k8s.io/v1") },
               { "kind", jb_str("Lease") },
               { "metadata",
                 OBJ({ "name", jb_str(lease->name) },
                     { "namespace", jb_str(lease->namespace) },
                     { "resourceVersion", jb_str(lease->seen_version) }) },
               { "spec",
                 OBJ({ "holderIdentity", jb_str(release ? "" : engine->options.identity) },
                     { "leaseDurationSeconds", jb_int(seconds) },
                     { "acquireTime", jb_str(lease->acquired) },
                     { "renewTime", micro_time(engine->wall) },
                     { "leaseTransitions", jb_int(lease->transitions) }) });
}

static void send(
    struct engine *engine, enum http_method method, char *take_path, json_t *take_body, response_handler *handler)
{
    const char *type = take_body ? "application/json" : NULL;
    json_auto_t *body = take_body;
    struct http_request *request = http_request_create(method, take_path, type, body ? jb_dump(body, false) : NULL);
    int64_t limit = engine->options.timings.lease_renew_deadline / 2;

    request->urgent = true;
    request->timeout_ms = (unsigned)(limit > 1000 ? limit : 1000);
    engine->lease.under_way = true;
    engine->lease.asked_at = engine->now;
    engine_send(engine, request, handler, NULL);
}

/* Remembers the record on the server; its age starts anew whenever it changed. */
static void remember(struct engine *engine, const json_t *record)
{
    struct lease *lease = &engine->lease;
    const char *version = jb_get_str(jb_get(record, "metadata"), "resourceVersion");
    const json_t *spec = jb_get(record, "spec");

    if (lease->seen_version && strcmp(lease->seen_version, version) == 0)
        return;
    free(lease->seen_version);
    lease->seen_version = xstrdup(version);
    lease->seen_at = engine->now;
    lease->seen_duration = jb_get_int(spec, "leaseDurationSeconds", 1) * 1000;
    lease->transitions = jb_get_int(spec, "leaseTransitions", 0);
}

static void taken(struct engine *engine, void *context, const struct http_response *response)
{
    struct lease *lease = &engine->lease;
    json_auto_t *body = NULL;
    struct error err;

    (void)context;
    lease->under_way = false;
    if (response->status < 200 || response->status >= 300 || jb_parse(response->body, &body, &err) < 0) {
        free(take(lease->seen_version)); /* whatever happened to it, read it again */
        return;
    }
    remember(engine, body);
    lease->renewed_at = lease->asked_at;
    if (!lease->held)
        log_info("leading", KV_STR("lease", lease->name), KV_STR("identity", engine->options.identity));
    lease->held = true;
}

static void take_lease(struct engine *engine, bool create)
{
    struct lease *lease = &engine->lease;
    struct strbuf path = { 0 };

    if (!lease->held) {
        json_auto_t *now = micro_time(engine->wall);

        free(lease->acquired);
        lease->acquired = xstrdup(json_string_value(now));
        lease->transitions += !create;
    }
    strbuf_addf(&path, "/apis/coordination.k8s.io/v1/namespaces/%s/leases", lease->namespace);
    if (!create)
        strbuf_addf(&path, "/%s", lease->name);
    send(engine, create ? HTTP_POST : HTTP_PUT, strbuf_detach(&path), record(engine, false), taken);
}

static void looked(struct engine *engine, void *context, const struct http_response *response)
{
    struct lease *lease = &engine->lease;
    json_auto_t *body = NULL;
    const char *holder;
    struct error err;

    (void)context;
    lease->under_way = false;
    if (response->status == 404) {
        free(take(lease->seen_version));
        take_lease(engine, true);
        return;
    }
    if (response->status != 200 || jb_parse(response->body, &body, &err) < 0) {
        log_debug("the lease cannot be read", KV_INT("status", response->status));
        return;
    }
    remember(engine, body);
    holder = jb_get_str(jb_get(body, "spec"), "holderIdentity");
    if (lease->held && strcmp(holder, engine->options.identity) != 0)
        lease->lost = true;
    else if (!*holder || strcmp(holder, engine->options.identity) == 0 ||
             engine->now - lease->seen_at >= lease->seen_duration)
        take_lease(engine, false);
}

static int64_t retry_delay(struct engine *engine)
{
    int64_t retry = engine->options.timings.lease_retry;

    return retry + (int64_t)engine_random(engine, (uint64_t)retry / 5 + 1);
}

/* When to try again, or when the fence falls; an answer that is under way comes by itself. */
static int64_t next_look(const struct engine *engine)
{
    const struct lease *lease = &engine->lease;
    int64_t fence = lease->held ? lease->renewed_at + engine->options.timings.lease_renew_deadline : INT64_MAX;

    return lease->under_way || fence < lease->next_try ? fence : lease->next_try;
}

int64_t lease_tick(struct engine *engine)
{
    struct lease *lease = &engine->lease;

    if (!lease->path || lease->lost || lease->released)
        return INT64_MAX;
    if (lease->held && !lease_is_valid(engine)) {
        lease->lost = true;
        log_error("the lease was lost: it could not be renewed in time", KV_STR("lease", lease->name));
        return INT64_MAX;
    }
    if (engine->now >= lease->next_try && !lease->under_way) {
        lease->next_try = engine->now + retry_delay(engine);
        if (lease->held && lease->seen_version)
            take_lease(engine, false);
        else
            send(engine, HTTP_GET, xstrdup(lease->path), NULL, looked);
    }
    return next_look(engine);
}

static void given_back(struct engine *engine, void *context, const struct http_response *response)
{
    (void)context;
    (void)response;
    engine->lease.under_way = false;
    engine->lease.released = true;
}

/* Whose it is after a renewal of which no answer came: not ours, or not to be read, is nothing to give back. */
static void looked_before_leaving(struct engine *engine, void *context, const struct http_response *response)
{
    json_auto_t *body = NULL;
    struct error err;

    (void)context;
    engine->lease.under_way = false;
    engine->lease.released = true;
    if (response->status != 200 || jb_parse(response->body, &body, &err) < 0)
        return;
    remember(engine, body);
    engine->lease.released = strcmp(jb_get_str(jb_get(body, "spec"), "holderIdentity"), engine->options.identity) != 0;
}

void lease_release(struct engine *engine)
{
    struct lease *lease = &engine->lease;

    if (!lease->path || lease->released || lease->under_way || !lease_is_valid(engine))
        return;
    lease->leaving = true;
    if (lease->seen_version)
        send(engine, HTTP_PUT, xstrdup(lease->path), record(engine, true), given_back);
    else
        send(engine, HTTP_GET, xstrdup(lease->path), NULL, looked_before_leaving);
}
