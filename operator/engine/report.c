#include "report.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "log.h"
#include "state.h"

static void single(struct strbuf *out, const char *name, enum metric_type type, const char *help, double value)
{
    metrics_family(out, name, type, help);
    metrics_sample(out, name, "", value);
}

/* -- names that people graph already: controller-runtime, client-go -------------------------------------------------
 */

static void report_reconciles(const struct engine *engine, struct strbuf *out)
{
    const struct engine_counters *counters = &engine->counters;
    static const char name[] = "controller_runtime_reconcile_total", controller[] = "controller=\"kitae\"";

    metrics_family(out, name, METRIC_COUNTER, "Passes by result.");
    metrics_sample(
        out, name, "controller=\"kitae\",result=\"success\"", (double)(counters->passes - counters->pass_errors));
    metrics_sample(out, name, "controller=\"kitae\",result=\"error\"", (double)counters->pass_errors);
    metrics_family(
        out, "controller_runtime_reconcile_errors_total", METRIC_COUNTER, "Passes that failed and back off.");
    metrics_sample(out, "controller_runtime_reconcile_errors_total", controller, (double)counters->pass_errors);
    metrics_family(
        out, "controller_runtime_reconcile_time_seconds", METRIC_HISTOGRAM, "Length of a pass, its writes included.");
    metrics_histogram(out, "controller_runtime_reconcile_time_seconds", controller, &counters->pass_seconds);
    metrics_family(out, "workqueue_depth", METRIC_GAUGE, "Keys that wait for a pass.");
    metrics_sample(out, "workqueue_depth", "name=\"kitae\"", (double)engine->queue.depth);
    metrics_family(out, "workqueue_adds_total", METRIC_COUNTER, "Keys that became dirty.");
    metrics_sample(out, "workqueue_adds_total", "name=\"kitae\"", (double)engine->queue.adds);
    metrics_family(out, "workqueue_queue_duration_seconds", METRIC_HISTOGRAM, "From dirty to planned.");
    metrics_histogram(out, "workqueue_queue_duration_seconds", "name=\"kitae\"", &counters->queue_seconds);
}

static void report_request_codes(const struct engine *engine, struct strbuf *out, enum http_method method)
{
    for (int status = 0; status < MAX_STATUS; status++) {
        auto_strbuf struct strbuf labels = { 0 };
        char code[16];

        if (!engine->counters.requests[method][status])
            continue;
        snprintf(code, sizeof(code), status ? "%d" : "<error>", status);
        metrics_label(&labels, "code", code);
        metrics_label(&labels, "host", engine->options.host ? engine->options.host : "");
        metrics_label(&labels, "method", http_method_name(method));
        metrics_sample(
            out, "rest_client_requests_total", strbuf_text(&labels), (double)engine->counters.requests[method][status]);
    }
}

static void report_reports(const struct engine *engine, struct strbuf *out)
{
    if (engine->reports.state == REPORTS_OFF)
        return;
    single(out, "kitae_reports_on", METRIC_GAUGE, "1 while pods can report.", engine->reports.state == REPORTS_ON);
    metrics_family(out, "kitae_reports_total", METRIC_COUNTER, "Reports of pods, by how they were answered.");
    for (int status = 0; status < MAX_STATUS; status++) {
        auto_strbuf struct strbuf labels = { 0 };
        char code[16];

        if (!engine->counters.reports[status])
            continue;
        snprintf(code, sizeof(code), "%d", status);
        metrics_label(&labels, "code", code);
        metrics_sample(out, "kitae_reports_total", strbuf_text(&labels), (double)engine->counters.reports[status]);
    }
}

static void report_questions(const struct engine *engine, struct strbuf *out)
{
    static const char *const types[] = { "probe", "query", "object" };
    static const char *const results[] = { "good", "bad", "error" };

    metrics_family(out, "kitae_questions_total", METRIC_COUNTER, "Questions of plans to others, by what came of them.");
    for (enum ask_type type = ASK_PROBE; type <= ASK_OBJECT; type++) {
        for (enum ask_result result = ASK_GOOD; result < ASK_RESULTS; result++) {
            auto_strbuf struct strbuf labels = { 0 };

            if (!engine->asks.counts[type][result])
                continue;
            metrics_label(&labels, "result", results[result]);
            metrics_label(&labels, "type", types[type]);
            metrics_sample(
                out, "kitae_questions_total", strbuf_text(&labels), (double)engine->asks.counts[type][result]);
        }
    }
    single(out,
           "kitae_questions_in_flight",
           METRIC_GAUGE,
           "Questions without an answer yet.",
           (double)engine->asks.flights.count);
}

static void report_requests(const struct engine *engine, struct strbuf *out)
{
    metrics_family(out, "rest_client_requests_total", METRIC_COUNTER, "Answers of the API server.");
    for (enum http_method method = HTTP_GET; method <= HTTP_DELETE; method++)
        report_request_codes(engine, out, method);
    metrics_family(
        out, "rest_client_request_duration_seconds", METRIC_HISTOGRAM, "From wanting to send to the answer.");
    for (enum http_method method = HTTP_GET; method <= HTTP_DELETE; method++) {
        auto_strbuf struct strbuf labels = { 0 };

        metrics_label(&labels, "verb", http_method_name(method));
        metrics_histogram(out,
                          "rest_client_request_duration_seconds",
                          strbuf_text(&labels),
                          &engine->counters.request_seconds[method]);
    }
    single(out,
           "rest_client_requests_in_flight",
           METRIC_GAUGE,
           "Requests without an answer yet.",
           outbox_in_flight(&engine->outbox));
}

static void report_lease(const struct engine *engine, struct strbuf *out)
{
    auto_strbuf struct strbuf labels = { 0 };

    metrics_label(&labels, "name", engine->lease.name ? engine->lease.name : "none");
    metrics_family(out, "leader_election_master_status", METRIC_GAUGE, "1 while this process leads.");
    metrics_sample(out, "leader_election_master_status", strbuf_text(&labels), engine_is_leader(engine));
}

/* -- our own: watches, store, events ---------------------------------------------------------------------------------
 */

static void watch_labels(const struct reflector *reflector, struct strbuf *labels)
{
    metrics_label(labels, "kind", kind_info(reflector->kind)->name);
    metrics_label(labels, "namespace", reflector->namespace ? reflector->namespace : "");
}

/* One family, a sample for each watch; `offset` names the counter in the struct. */
static void watch_counter(
    const struct engine *engine, struct strbuf *out, const char *name, const char *help, size_t offset)
{
    metrics_family(out, name, METRIC_COUNTER, help);
    for (size_t i = 0; i < engine->reflector_count; i++) {
        auto_strbuf struct strbuf labels = { 0 };

        watch_labels(&engine->reflectors[i], &labels);
        metrics_sample(out,
                       name,
                       strbuf_text(&labels),
                       (double)*(const uint64_t *)((const char *)&engine->reflectors[i] + offset));
    }
}

static void restart_cause(const struct reflector *reflector, struct strbuf *out, const char *cause, uint64_t count)
{
    auto_strbuf struct strbuf labels = { 0 };

    watch_labels(reflector, &labels);
    metrics_label(&labels, "cause", cause);
    metrics_sample(out, "kitae_watch_restarts_total", strbuf_text(&labels), (double)count);
}

static void report_restarts(const struct engine *engine, struct strbuf *out)
{
    metrics_family(out, "kitae_watch_restarts_total", METRIC_COUNTER, "Ends of watches by cause.");
    for (size_t i = 0; i < engine->reflector_count; i++) {
        const struct reflector *reflector = &engine->reflectors[i];

        restart_cause(reflector, out, "closed", reflector->restarts_closed);
        restart_cause(reflector, out, "expired", reflector->restarts_gone);
        restart_cause(reflector, out, "silent", reflector->restarts_silent);
    }
}

static void report_watch_states(const struct engine *engine, struct strbuf *out)
{
    metrics_family(out, "kitae_watch_age_seconds", METRIC_GAUGE, "Since the last event or bookmark.");
    for (size_t i = 0; i < engine->reflector_count; i++) {
        auto_strbuf struct strbuf labels = { 0 };

        if (engine->reflectors[i].absent) /* nothing is to be heard of what is not there */
            continue;
        watch_labels(&engine->reflectors[i], &labels);
        metrics_sample(out,
                       "kitae_watch_age_seconds",
                       strbuf_text(&labels),
                       (double)(engine->now - engine->reflectors[i].heard_at) / 1000);
    }
    metrics_family(out, "kitae_watch_transport", METRIC_GAUGE, "1 for the transport in use.");
    for (size_t i = 0; i < engine->reflector_count; i++) {
        auto_strbuf struct strbuf labels = { 0 };

        watch_labels(&engine->reflectors[i], &labels);
        metrics_label(&labels, "transport", engine->reflectors[i].transport == WATCH_WEBSOCKET ? "websocket" : "http");
        metrics_sample(out, "kitae_watch_transport", strbuf_text(&labels), 1);
    }
}

static void report_watches(const struct engine *engine, struct strbuf *out)
{
    watch_counter(
        engine, out, "kitae_watch_lists_total", "Lists that were finished.", offsetof(struct reflector, lists));
    watch_counter(engine,
                  out,
                  "kitae_watch_events_total",
                  "Watch events, bookmarks included.",
                  offsetof(struct reflector, events));
    watch_counter(engine, out, "kitae_watch_bytes_total", "Bytes of watch events.", offsetof(struct reflector, bytes));
    watch_counter(engine,
                  out,
                  "kitae_watch_fallbacks_total",
                  "Times a watch fell back to chunked HTTP.",
                  offsetof(struct reflector, fallbacks));
    report_restarts(engine, out);
    report_watch_states(engine, out);
}

static void report_store(const struct engine *engine, struct strbuf *out)
{
    metrics_family(out, "kitae_store_objects", METRIC_GAUGE, "Objects held, by kind.");
    for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
        auto_strbuf struct strbuf labels = { 0 };

        if (kind_info(kind)->unseen)
            continue;
        metrics_label(&labels, "kind", kind_info(kind)->name);
        metrics_sample(out, "kitae_store_objects", strbuf_text(&labels), (double)engine->store.by_name[kind].count);
    }
    single(out, "kitae_store_bytes", METRIC_GAUGE, "Bytes of the objects held.", (double)engine->store.bytes);
    single(out,
           "kitae_events_sent_total",
           METRIC_COUNTER,
           "Kubernetes Events sent.",
           (double)engine->counters.events_sent);
    single(out,
           "kitae_events_dropped_total",
           METRIC_COUNTER,
           "Events not sent, or refused.",
           (double)engine->counters.events_dropped);
    single(out,
           "kitae_status_conflicts_total",
           METRIC_COUNTER,
           "Status writes that met a newer object.",
           (double)engine->counters.conflicts);
    single(out,
           "kitae_children_refused_total",
           METRIC_COUNTER,
           "Children the server refused.",
           (double)engine->counters.refused_writes);
    single(out,
           "kitae_unchanged_writes_total",
           METRIC_COUNTER,
           "Status writes that changed nothing: bugs.",
           (double)engine->counters.unchanged_writes);
}

/* -- the process -----------------------------------------------------------------------------------------------------
 */

static long resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long total = 0, resident = 0;

    if (!file)
        return 0;
    if (fscanf(file, "%ld %ld", &total, &resident) != 2)
        resident = 0;
    fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

static int open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = -3; /* ".", ".." and the folder itself */

    if (!folder)
        return 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* When the machine was started, in seconds since 1970; 0: not to be read. */
static double boot_time(void)
{
    FILE *file = fopen("/proc/stat", "re");
    char line[256]; /* longer lines come in pieces, and no piece of one begins so */
    long long seconds = 0;

    if (!file)
        return 0;
    while (fgets(line, sizeof(line), file) && sscanf(line, "btime %lld", &seconds) != 1)
        ;
    fclose(file);
    return (double)seconds;
}

/*
 * Field 22 of proc(5)'s stat counts ticks since boot. The second field is the program's name, which may hold spaces
 * and brackets of its own: what follows it is found from its last bracket. 0: not to be read.
 */
static double start_time(void)
{
    FILE *file = fopen("/proc/self/stat", "re");
    unsigned long long ticks = 0;
    double boot = boot_time();
    char text[1024];
    const char *at;

    if (!file)
        return 0;
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    at = strrchr(text, ')');
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    if (!at || boot <= 0 || sscanf(at, "%llu", &ticks) != 1)
        return 0;
    return boot + (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static void report_process(struct strbuf *out)
{
    const char *since = "process_start_time_seconds";
    double started = start_time();
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    single(out,
           "process_cpu_seconds_total",
           METRIC_COUNTER,
           "User and system time.",
           (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    single(out, "process_resident_memory_bytes", METRIC_GAUGE, "Resident memory.", (double)resident_bytes());
    single(out, "process_open_fds", METRIC_GAUGE, "Open files.", open_files());
    if (started > 0)
        single(out, since, METRIC_GAUGE, "When the process was started, seconds since 1970.", started);
}

void report_metrics(const struct engine *engine, struct strbuf *out)
{
    report_reconciles(engine, out);
    report_requests(engine, out);
    report_reports(engine, out);
    report_questions(engine, out);
    report_lease(engine, out);
    report_watches(engine, out);
    report_store(engine, out);
    report_process(out);
}

void report_log(const struct engine *engine)
{
    struct mallinfo2 heap = mallinfo2();

    log_info("state",
             KV_INT("queued", engine->queue.depth),
             KV_INT("keys", engine->queue.keys.count),
             KV_INT("in_flight", outbox_in_flight(&engine->outbox)),
             KV_INT("waiting", (int64_t)(engine->outbox.work.waiting + engine->outbox.news.waiting)),
             KV_INT("store_bytes", engine->store.bytes),
             KV_INT("heap_bytes", heap.uordblks),
             KV_STR("ready", engine_is_ready(engine) ? "yes" : engine_unready_reason(engine)),
             KV_STR("leads", engine_is_leader(engine) ? "yes" : "no"));
    for (size_t i = 0; i < engine->reflector_count; i++) {
        static const char *const states[] = { "wait-list", "listing", "wait-watch", "opening", "watching" };
        const struct reflector *reflector = &engine->reflectors[i];

        log_info("watch",
                 KV_STR("kind", kind_info(reflector->kind)->name),
                 KV_STR("namespace", reflector->namespace ? reflector->namespace : "all"),
                 KV_STR("state", states[reflector->state]),
                 KV_STR("transport", reflector->transport == WATCH_WEBSOCKET ? "websocket" : "http"),
                 KV_INT("objects", engine->store.by_name[reflector->kind].count),
                 KV_INT("version", reflector->version));
    }
}
