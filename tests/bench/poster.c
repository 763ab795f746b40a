/*
 * A client that only writes: for each of N jobs the custom resource, and as soon as its uid is known what the operator
 * would make of it: Service, pods, one status. Nothing is watched, planned or checked: the floor that an operator is
 * measured against. Transport, window, paths and bodies are the operator's. With --make jobs it only submits custom
 * resources, for the operator to work on; with --make nothing it deletes them, and with --make gaps pods that a file
 * names. With --form the job is another operator's resource, made around the same pods (jobs/).
 *
 * Prints one line of JSON: {"first_post", "last_answer" (CLOCK_MONOTONIC ns), "requests", "errors", "retries",
 * "cpu_seconds"}. Exits with 1 when a request was refused.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "../../operator/base/memory.h"
#include "../../operator/cli/options.h"
#include "../../operator/engine/paths.h"
#include "../../operator/model/object.h"
#include "recipe.h"
#include "session.h"

static struct option options[] = {
    { "kubeconfig", 'k', OPTION_TEXT, "FILE", "how to reach the cluster" },
    { "manifest", 'm', OPTION_TEXT, "FILE", "the TrainingJob to make copies of" },
    { "form", 'f', OPTION_TEXT, "FILE", "what the job is for another operator" },
    { "pods", 'l', OPTION_TEXT, "FILE", "names of pods, one a line, for --make gaps" },
    { "namespace", 'n', OPTION_TEXT, "NAME", "where (default: load)" },
    { "prefix", 'p', OPTION_TEXT, "NAME", "of the names of jobs (default: job)" },
    { "jobs", 'j', OPTION_NUMBER, "N", "how many (default: 1)" },
    { "replicas", 'r', OPTION_NUMBER, "N", "pods a job (default: 1)" },
    { "rate", 'a', OPTION_NUMBER, "N", "jobs a second (default: as fast as it goes)" },
    { "window", 'w', OPTION_NUMBER, "N", "requests in flight at most (default: 16)" },
    { "run-seconds", 's', OPTION_TEXT, "N", "pods succeed after that time (default: never)" },
    { "make", 'o', OPTION_CHOICE, "all|jobs|finished|nothing|gaps", "what to make of each job (default: all)" },
    { NULL },
};

static const char usage[] = "Usage: poster --kubeconfig FILE --manifest FILE [FLAGS]\n"
                            "\n"
                            "Writes jobs and what belongs to them, and reads nothing.";

enum make { MAKE_ALL, MAKE_JOBS, MAKE_FINISHED, MAKE_NOTHING, MAKE_GAPS };
enum { DEFAULT_WINDOW = 16, TIMEOUT_MS = 60000, MAX_TRIES = 10, BUSY_MS = 1000 };

/* The requests of a job, by number; the pods follow. */
enum { DO_JOB, DO_SERVICE, DO_STATUS, DO_PODS };

struct job {
    char uid[RECIPE_UID];
    char version[24];
};

struct poster {
    struct session session;
    struct recipe recipe;
    const char *namespace;
    enum make make;
    bool has_form;
    char **gaps; /* MAKE_GAPS: a pod for each job */
    unsigned jobs, window;
    int64_t gap_ns; /* between the submissions of two jobs; 0: none */
    struct job *job;
    unsigned steps;  /* requests a job may have */
    uint8_t *tries;  /* by request */
    uint64_t *ready; /* requests that wait to be sent, oldest first; each comes here once and once a retry */
    size_t ready_at, ready_count, ready_capacity;
    unsigned submitted; /* jobs */
    unsigned in_flight;
    int64_t hold_until; /* the server asked for a break */
    int64_t first_post, last_answer;
    unsigned requests, errors, retries;
};

/* -- requests ------------------------------------------------------------------------------------------------------ */

static void get_ready(struct poster *poster, uint64_t id)
{
    grow(poster->ready, poster->ready_count, poster->ready_capacity);
    poster->ready[poster->ready_count++] = id;
}

static char *body_of(const struct poster *poster, unsigned number, unsigned step)
{
    const struct recipe *recipe = &poster->recipe;
    const struct job *job = &poster->job[number];
    struct strbuf text = { 0 };

    if (step == DO_JOB)
        return recipe_fill(recipe, recipe->job, number, NULL);
    if (step == DO_SERVICE)
        return recipe_fill_service(recipe, number, job->uid);
    if (step >= DO_PODS)
        return recipe_fill(recipe, recipe->pods[step - DO_PODS], number, job->uid);
    strbuf_addf(&text,
                "{\"metadata\":{\"resourceVersion\":\"%s\"},\"status\":%s}",
                job->version,
                recipe->status); /* names no job */
    return strbuf_detach(&text);
}

static bool deletes(const struct poster *poster)
{
    return poster->make == MAKE_NOTHING || poster->make == MAKE_GAPS;
}

static char *path_of(const struct poster *poster, unsigned number, unsigned step)
{
    struct strbuf path = { .maximum = STRBUF_MAX_TEXT };
    char name[RECIPE_NAME];

    recipe_name(&poster->recipe, number, name);
    if (poster->make == MAKE_GAPS)
        path_object(&path, KIND_POD, poster->namespace, poster->gaps[number]);
    else if (step == DO_SERVICE || step >= DO_PODS)
        path_collection(&path, step == DO_SERVICE ? KIND_SERVICE : KIND_POD, poster->namespace);
    else
        strbuf_adds(&path, poster->recipe.collection);
    if (poster->make == MAKE_NOTHING || step == DO_STATUS)
        strbuf_addf(&path, "/%s", name);
    strbuf_adds(&path, step == DO_STATUS ? "/status?" : "?");
    strbuf_adds(&path, "fieldManager=kitae&fieldValidation=Strict&timeout=30s");
    return strbuf_detach(&path);
}

static void send_one(struct poster *poster, uint64_t id)
{
    unsigned number = (unsigned)(id / poster->steps), step = (unsigned)(id % poster->steps);
    struct http_request *request;

    if (deletes(poster))
        request = http_request_create(HTTP_DELETE, path_of(poster, number, step), NULL, NULL);
    else
        request = http_request_create(step == DO_STATUS ? HTTP_PATCH : HTTP_POST,
                                      path_of(poster, number, step),
                                      step == DO_STATUS ? "application/merge-patch+json" : "application/json",
                                      body_of(poster, number, step));
    request->id = id;
    request->timeout_ms = TIMEOUT_MS;
    poster->in_flight++;
    poster->requests++;
    http_client_send(poster->session.http, request);
}

/* -- answers ------------------------------------------------------------------------------------------------------- */

static void job_created(struct poster *poster, unsigned number, struct slice body)
{
    struct job *job = &poster->job[number];
    uint64_t first = (uint64_t)number * poster->steps;
    struct object *object;
    struct error err;

    if (object_decode(KIND_TRAINING_JOB, body, &object, &err) < 0)
        die("a job that was created: %s", err.message);
    snprintf(job->uid, sizeof(job->uid), "%s", object->uid);
    snprintf(job->version, sizeof(job->version), "%" PRIu64, object->version);
    object_destroy(object);
    for (unsigned step = DO_PODS; step < poster->steps && poster->make == MAKE_ALL; step++)
        get_ready(poster, first + step);
    if (poster->make == MAKE_ALL || (poster->make == MAKE_JOBS && poster->has_form && poster->recipe.service))
        get_ready(poster, first + DO_SERVICE);
    if (poster->make == MAKE_ALL || poster->make == MAKE_FINISHED)
        get_ready(poster, first + DO_STATUS);
}

/* A job that cannot be created is fatal to what follows, so only what may pass by itself is tried again. */
static bool try_again(struct poster *poster, const struct http_response *response)
{
    if (response->status && response->status != 429 && response->status < 500)
        return false;
    if (++poster->tries[response->id] >= MAX_TRIES)
        return false;
    poster->retries++;
    poster->hold_until = now_ns() + (response->retry_after_ms ? response->retry_after_ms : BUSY_MS) * INT64_C(1000000);
    get_ready(poster, response->id);
    return true;
}

static bool is_fine(const struct poster *poster, const struct http_response *response)
{
    if (response->status >= 200 && response->status < 300)
        return true;
    return poster->tries[response->id] && response->status == 409; /* the lost answer was a yes */
}

static void answered(void *context,
                     struct http_request **request,
                     const struct http_response *response,
                     uint64_t serial)
{
    struct poster *poster = context;
    unsigned number = (unsigned)(response->id / poster->steps), step = (unsigned)(response->id % poster->steps);

    (void)serial;
    poster->in_flight--;
    poster->last_answer = now_ns();
    if (is_fine(poster, response)) {
        if (step == DO_JOB && !deletes(poster) && response->status != 409)
            job_created(poster, number, response->body);
    } else if (!try_again(poster, response) && !poster->errors++) {
        fprintf(stderr,
                "bench: the first refusal: %s %s: %d %.300s\n",
                http_method_name((*request)->method),
                (*request)->path,
                response->status,
                response->problem ? response->problem : response->body.data);
    }
}

/* -- the loop ------------------------------------------------------------------------------------------------------ */

static int64_t next_submission(const struct poster *poster)
{
    if (poster->submitted == poster->jobs)
        return INT64_MAX;
    return poster->first_post + poster->submitted * poster->gap_ns;
}

static void fill_window(struct poster *poster)
{
    while (now_ns() >= next_submission(poster))
        get_ready(poster, (uint64_t)poster->submitted++ * poster->steps + DO_JOB);
    while (poster->in_flight < poster->window && poster->ready_at < poster->ready_count &&
           now_ns() >= poster->hold_until)
        send_one(poster, poster->ready[poster->ready_at++]);
}

static int time_to_wait(const struct poster *poster)
{
    int64_t now = now_ns(), until = next_submission(poster);

    if (poster->hold_until > now && poster->hold_until < until)
        until = poster->hold_until;
    if (until > now + 1000000000)
        return 1000;
    return until > now ? (int)((until - now + 999999) / 1000000) : 0;
}

static void run(struct poster *poster)
{
    poster->first_post = now_ns();
    fill_window(poster);
    while (poster->in_flight || poster->ready_at < poster->ready_count || poster->submitted < poster->jobs) {
        http_client_wait(poster->session.http, NULL, 0, time_to_wait(poster));
        http_client_step(poster->session.http);
        fill_window(poster);
    }
}

static double cpu_seconds(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void report(const struct poster *poster)
{
    printf("{\"first_post\": %" PRId64 ", \"last_answer\": %" PRId64
           ", \"requests\": %u, \"errors\": %u, \"retries\": %u, \"cpu_seconds\": %.3f}\n",
           poster->first_post,
           poster->last_answer,
           poster->requests,
           poster->errors,
           poster->retries,
           cpu_seconds());
}

static long number_of(const char *name, long fallback)
{
    const struct option *option = option_named(options, name);

    return option->given ? option->number : fallback;
}

static const char *text_of(const char *name, const char *fallback)
{
    const struct option *option = option_named(options, name);

    return option->given ? option->text : fallback;
}

static enum make make_of(const char *name)
{
    static const char *const names[] = { "all", "jobs", "finished", "nothing", "gaps" };

    for (int i = 0; i < 5; i++)
        if (strcmp(name, names[i]) == 0)
            return (enum make)i;
    die("--make %s", name);
}

/* One name a line; as many as there are jobs. */
static void read_gaps(struct poster *poster, const char *path)
{
    FILE *file = fopen(path, "re");
    char name[256];

    if (!file)
        die("%s cannot be read", path);
    poster->gaps = xcalloc(poster->jobs, sizeof(*poster->gaps));
    for (unsigned i = 0; i < poster->jobs; i++) {
        if (fscanf(file, "%255s", name) != 1)
            die("%s has fewer than %u names", path, poster->jobs);
        poster->gaps[i] = xstrdup(name);
    }
    fclose(file);
}

static void set_up(struct poster *poster)
{
    struct recipe_options recipe = { .manifest = text_of("manifest", "tests/bench/job.yaml"),
                                     .form = text_of("form", NULL),
                                     .namespace = text_of("namespace", "load"),
                                     .prefix = text_of("prefix", "job"),
                                     .run_seconds = text_of("run-seconds", NULL),
                                     .replicas = (int)number_of("replicas", 1) };
    long rate = number_of("rate", 0);
    struct error err;

    poster->make = make_of(text_of("make", "all"));
    poster->has_form = recipe.form;
    recipe.finished = poster->make == MAKE_FINISHED;
    if (recipe_make(&recipe, &poster->recipe, &err) < 0)
        die("%s", err.message);
    if (session_open(&poster->session, text_of("kubeconfig", NULL), "kitae-bench-poster", answered, poster, &err) < 0)
        die("%s", err.message);
    poster->namespace = recipe.namespace;
    poster->jobs = (unsigned)number_of("jobs", 1);
    poster->window = (unsigned)number_of("window", DEFAULT_WINDOW);
    poster->gap_ns = rate ? 1000000000 / rate : 0;
    poster->steps = DO_PODS + (unsigned)recipe.replicas;
    poster->job = xcalloc(poster->jobs, sizeof(*poster->job));
    if (poster->make == MAKE_GAPS)
        read_gaps(poster, text_of("pods", NULL));
    poster->tries = xcalloc((size_t)poster->jobs * poster->steps, sizeof(*poster->tries));
}

int main(int argc, char **argv)
{
    struct poster poster = { 0 };
    int result = options_parse(options, argc, argv, usage);

    if (result)
        return result == 1 ? 0 : result;
    set_up(&poster);
    run(&poster);
    report(&poster);
    session_close(&poster.session);
    recipe_finish(&poster.recipe);
    for (unsigned i = 0; poster.gaps && i < poster.jobs; i++)
        free(poster.gaps[i]);
    free(poster.gaps);
    free(poster.job);
    free(poster.tries);
    free(poster.ready);
    return poster.errors != 0;
}
