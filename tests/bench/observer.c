/*
 * An independent watcher: sees jobs and pods of one namespace come and change, over watches of its own, and
 * takes the time of each. Jobs are TrainingJobs, or any other kind whose resource is named; then only that they come
 * and go counts. A watch that ends is taken up again at its last resourceVersion, so nothing is missed; a
 * version that is too old ends the program, since times would then be wrong.
 *
 * Prints "watching" when both watches are open, and at the end one line of JSON (sightings_report, and "closes": how
 * often a watch was closed). Exits with 1 when the time is up before all was seen, or more was seen than there should
 * be.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "../../operator/base/scan.h"
#include "../../operator/cli/options.h"
#include "../../operator/engine/answers.h"
#include "../../operator/engine/paths.h"
#include "../../operator/kube/watch_stream.h"
#include "session.h"
#include "sightings.h"

static struct option options[] = {
    { "kubeconfig", 'k', OPTION_TEXT, "FILE", "how to reach the cluster" },
    { "namespace", 'n', OPTION_TEXT, "NAME", "where (default: load)" },
    { "jobs", 'j', OPTION_NUMBER, "N", "how many are expected (default: 1)" },
    { "pods", 'p', OPTION_NUMBER, "N", "how many are expected in all (default: 1)" },
    { "resource", 'r', OPTION_TEXT, "PATH", "of jobs (default: apis/kitae.dev/v1alpha1/trainingjobs)" },
    { "until", 'u', OPTION_CHOICE, "added|running|jobs-running|finished|gone|whole", "when to end (default: running)" },
    { "left", 'l', OPTION_NUMBER, "N", "whole: jobs and pods are there; all pods of all jobs run again after N left" },
    { "timeout", 't', OPTION_NUMBER, "SECONDS", "when to give up (default: 300)" },
    { "settle", 's', OPTION_NUMBER, "SECONDS", "go on watching so long after the end, for what should not come" },
    { NULL },
};

static const char usage[] = "Usage: observer --kubeconfig FILE [FLAGS]\n"
                            "\n"
                            "Watches jobs and pods of a namespace and takes times.";

enum { REOPEN_MS = 100 };

struct watch {
    struct observer *observer;
    enum kind kind;
    struct watch_stream *stream;
    uint64_t version;
    int64_t reopen_at; /* ns */
    bool opened;       /* once, at least */
    bool closed;       /* and not open again yet */
    unsigned closes;
};

struct observer {
    struct session session;
    const char *namespace;
    const char *resource; /* of jobs, without the namespace; NULL: TrainingJobs */
    struct watch watches[2];
    struct sightings seen;
    const char *until;
    unsigned jobs, pods, left;
};

/* -- watching ------------------------------------------------------------------------------------------------------ */

static void take_object(struct watch *watch, const char *type, struct slice text)
{
    int64_t now = now_ns();
    struct object *object;
    struct error err;

    if (strcmp(type, "BOOKMARK") == 0) {
        watch->version = answer_version(text);
        return;
    }
    if (strcmp(type, "ERROR") == 0)
        die("the watch of %s: %.*s", kind_info(watch->kind)->plural, (int)text.length, text.data);
    if (object_decode(watch->kind, text, &object, &err) < 0)
        die("%s", err.message);
    watch->version = object->version;
    sightings_add(&watch->observer->seen, type, object, now);
    object_destroy(object);
}

static void take_message(struct watch *watch, struct slice message)
{
    auto_arena struct arena arena = { 0 };
    struct slice key, object = { NULL, 0 };
    const char *type = NULL;
    struct scan scan;

    scan_init(&scan, message);
    scan_open(&scan, SCAN_OBJECT);
    while (scan_key(&scan, &key)) {
        if (slice_is(key, "type"))
            type = scan_string(&scan, &arena);
        else if (slice_is(key, "object"))
            object = scan_raw(&scan);
        else
            scan_skip(&scan);
    }
    if (scan_failed(&scan) || !type || !object.data)
        die("a watch event that cannot be read: %.*s", (int)message.length, message.data);
    take_object(watch, type, object);
}

static void signalled(void *context, const struct watch_signal *signal, uint64_t credentials)
{
    struct watch *watch = context;

    (void)credentials;
    if (signal->type == WATCH_OPENED) {
        watch->opened = true;
    } else if (signal->type == WATCH_MESSAGE) {
        take_message(watch, signal->message);
    } else {
        if (signal->http_status == 410)
            die("the watch of %s: its version is too old", kind_info(watch->kind)->plural);
        watch->closed = true;
        watch->closes++;
        watch->reopen_at = now_ns() + (signal->refused ? REOPEN_MS * INT64_C(1000000) : 0);
    }
}

static void add_collection(struct strbuf *path, const struct watch *watch)
{
    const struct observer *observer = watch->observer;
    const char *plural = observer->resource ? strrchr(observer->resource, '/') : NULL;

    if (watch->kind == KIND_TRAINING_JOB && plural)
        strbuf_addf(path,
                    "/%.*s/namespaces/%s%s",
                    (int)(plural - observer->resource),
                    observer->resource,
                    observer->namespace,
                    plural);
    else
        path_collection(path, watch->kind, observer->namespace);
}

static void open_watch(struct watch *watch)
{
    struct observer *observer = watch->observer;
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };
    struct watch_command command = { .open = true, .transport = WATCH_HTTP, .timeout_ms = 3600 * 1000 };

    add_collection(&path, watch);
    strbuf_adds(&path, "?watch=true&allowWatchBookmarks=true");
    if (watch->version)
        strbuf_addf(&path, "&resourceVersion=%" PRIu64, watch->version);
    else
        strbuf_adds(&path, "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
    command.path = strbuf_detach(&path);
    watch->stream = watch_stream_create(observer->session.http, &command, signalled, watch);
}

static void keep_open(struct watch *watch)
{
    if (!watch->closed || now_ns() < watch->reopen_at)
        return;
    watch->closed = false;
    watch_stream_destroy(watch->stream);
    open_watch(watch);
}

/* The version to watch from; what is there already is not looked at. */
static void begin(struct watch *watch)
{
    struct observer *observer = watch->observer;
    auto_strbuf struct strbuf body = { .maximum = STRBUF_MAX_RESPONSE };
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };
    struct http_request *request;
    struct error err;
    int status;

    add_collection(&path, watch);
    strbuf_adds(&path, "?limit=1");
    request = http_request_create(HTTP_GET, strbuf_detach(&path), NULL, NULL);
    request->timeout_ms = 30000;
    if (http_client_perform(observer->session.http, request, &status, &body, &err) < 0)
        die("%s", err.message);
    if (status != 200)
        die("listing %s: %d %s", kind_info(watch->kind)->plural, status, strbuf_text(&body));
    watch->version = answer_version((struct slice){ strbuf_text(&body), body.length });
    open_watch(watch);
}

/* -- the end ------------------------------------------------------------------------------------------------------- */

static bool has_seen_all(const struct observer *observer)
{
    const struct sightings *seen = &observer->seen;
    const char *until = observer->until;

    if (seen->jobs_added < observer->jobs || seen->pods_added < observer->pods)
        return false;
    if (strcmp(until, "running") == 0)
        return seen->pods_running >= observer->pods;
    if (strcmp(until, "jobs-running") == 0)
        return seen->pods_running >= observer->pods && seen->jobs_running >= observer->jobs;
    if (strcmp(until, "finished") == 0)
        return seen->jobs_finished >= observer->jobs;
    if (strcmp(until, "whole") == 0)
        return seen->pods_left >= observer->left && seen->jobs_whole >= observer->jobs;
    if (strcmp(until, "gone") == 0)
        return seen->jobs_gone >= observer->jobs && seen->pods_gone >= observer->pods;
    return true;
}

/* Both watches are open and, when what is there counts, it has been seen. */
static bool is_ready(const struct observer *observer)
{
    return observer->watches[0].opened && observer->watches[1].opened &&
           (!observer->left || observer->seen.jobs_whole >= observer->jobs);
}

static void observe_until(struct observer *observer, int64_t deadline, bool stop_when_seen)
{
    bool announced = false;

    while (now_ns() < deadline && !(stop_when_seen && has_seen_all(observer))) {
        http_client_wait(observer->session.http, NULL, 0, REOPEN_MS);
        http_client_step(observer->session.http);
        for (int i = 0; i < 2; i++)
            keep_open(&observer->watches[i]);
        if (!announced && stop_when_seen && is_ready(observer)) {
            announced = true;
            printf("watching\n");
            fflush(stdout);
        }
    }
}

static void report(const struct observer *observer)
{
    json_auto_t *all = sightings_report(&observer->seen);
    auto_free char *text = NULL;

    jb_set(all, "closes", jb_int(observer->watches[0].closes + observer->watches[1].closes));
    text = jb_dump(all, false);
    printf("%s\n", text);
}

/* The request that begins asks one by one; there are no others. */
static void unexpected(void *context,
                       struct http_request **request,
                       const struct http_response *response,
                       uint64_t serial)
{
    (void)context;
    (void)response;
    (void)serial;
    die("an answer to %s, which was not asked", (*request)->path);
}

static long number_of(const char *name, long fallback)
{
    const struct option *option = option_named(options, name);

    return option->given ? option->number : fallback;
}

static void set_up(struct observer *observer)
{
    const struct option *namespace = option_named(options, "namespace"), *until = option_named(options, "until");
    struct error err;

    observer->namespace = namespace->given ? namespace->text : "load";
    observer->until = until->given ? until->text : "running";
    observer->jobs = (unsigned)number_of("jobs", 1);
    observer->pods = (unsigned)number_of("pods", 1);
    observer->left = (unsigned)number_of("left", 0);
    observer->resource = option_named(options, "resource")->text;
    sightings_init(&observer->seen);
    observer->seen.replicas = observer->jobs ? observer->pods / observer->jobs : 0;
    if (session_open(&observer->session,
                     option_named(options, "kubeconfig")->text,
                     "kitae-bench-observer",
                     unexpected,
                     observer,
                     &err) < 0)
        die("%s", err.message);
    for (int i = 0; i < 2; i++) {
        observer->watches[i] = (struct watch){ .observer = observer, .kind = i ? KIND_POD : KIND_TRAINING_JOB };
        if (observer->left)
            open_watch(&observer->watches[i]); /* with what is there */
        else
            begin(&observer->watches[i]);
    }
}

int main(int argc, char **argv)
{
    struct observer observer = { 0 };
    int result = options_parse(options, argc, argv, usage);
    bool complete;

    if (result)
        return result == 1 ? 0 : result;
    set_up(&observer);
    observe_until(&observer, now_ns() + number_of("timeout", 300) * INT64_C(1000000000), true);
    complete = has_seen_all(&observer);
    observe_until(&observer, now_ns() + number_of("settle", 0) * INT64_C(1000000000), false);
    report(&observer);
    if (!observer.left)
        complete &= observer.seen.jobs_added <= observer.jobs && observer.seen.pods_added <= observer.pods;
    for (int i = 0; i < 2; i++)
        watch_stream_destroy(observer.watches[i].stream);
    sightings_finish(&observer.seen);
    session_close(&observer.session);
    return !complete;
}
