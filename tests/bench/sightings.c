#include "sightings.h"

#include <ctype.h>
#include <string.h>

#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "../../operator/base/scan.h"
#include "session.h"

static bool same_job(const void *value, const void *key)
{
    return strcmp(((const struct seen_job *)value)->name, key) == 0;
}

static bool same_pod(const void *value, const void *key)
{
    return strcmp(((const struct seen_pod *)value)->uid, key) == 0;
}

void sightings_init(struct sightings *seen)
{
    *seen = (struct sightings){ 0 };
    map_init(&seen->jobs, same_job);
    map_init(&seen->pods, same_pod);
}

void sightings_finish(struct sightings *seen)
{
    struct seen_job *job;
    struct seen_pod *pod;

    for (size_t at = 0; (job = map_next(&seen->jobs, &at));) {
        free(job->name);
        free(job);
    }
    for (size_t at = 0; (pod = map_next(&seen->pods, &at));) {
        free(pod->uid);
        free(pod);
    }
    map_finish(&seen->jobs);
    map_finish(&seen->pods);
}

/* -- adding -------------------------------------------------------------------------------------------------------- */

/* The job's part of a name, "job-00012" of "job-00012-worker-0": up to the first number that is long enough. */
static char *job_name(const char *name)
{
    size_t digits = 0, length = 0;

    while (name[length] && digits < JOB_DIGITS)
        digits = isdigit((unsigned char)name[length++]) ? digits + 1 : 0;
    return xstrndup(name, length);
}

/* The two watches run side by side: a pod may be seen before its job. */
static struct seen_job *job_of(struct sightings *seen, const char *object_name)
{
    auto_free char *name = job_name(object_name);
    struct seen_job *job = map_get(&seen->jobs, map_hash(0, name), name);

    if (job)
        return job;
    job = xcalloc(1, sizeof(*job));
    job->name = take(name);
    map_put(&seen->jobs, map_hash(0, job->name), job->name, job);
    return job;
}

/* In the arena; "" when there is none. */
static const char *phase_of(const struct object *object, struct arena *arena)
{
    const char *phase = NULL;
    struct slice key;
    struct scan scan;

    if (!object->status.data)
        return "";
    scan_init(&scan, object->status);
    scan_open(&scan, SCAN_OBJECT);
    while (scan_key(&scan, &key)) {
        if (slice_is(key, "phase"))
            phase = scan_string(&scan, arena);
        else
            scan_skip(&scan);
    }
    return phase ? phase : "";
}

static void add_job(struct sightings *seen, const struct object *object, int64_t now)
{
    auto_arena struct arena arena = { 0 };
    struct seen_job *job = job_of(seen, object->name);
    const char *phase = phase_of(object, &arena);

    if (!job->added) {
        job->added = seen->last_job = now;
        seen->first_job = seen->first_job ? seen->first_job : now;
        seen->jobs_added++;
    }
    if (strcmp(phase, "Running") == 0 && !job->running) {
        job->running = seen->last_job_running = now;
        seen->jobs_running++;
    }
    if ((strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0) && !job->finished) {
        job->finished = seen->last_job_finished = now;
        seen->jobs_finished++;
    }
}

static void pod_came(struct sightings *seen, const struct object *object, int64_t now)
{
    struct seen_job *job = job_of(seen, object->name);
    struct seen_pod *pod = xcalloc(1, sizeof(*pod));

    pod->uid = xstrdup(object->uid);
    map_put(&seen->pods, map_hash(0, pod->uid), pod->uid, pod);
    job->pods++;
    job->first_pod = job->first_pod ? job->first_pod : now;
    seen->first_pod = seen->first_pod ? seen->first_pod : now;
    seen->last_pod = now;
    seen->pods_added++;
}

/* The counts of what is, not of what was. */
static void count_pod(struct sightings *seen, struct seen_pod *pod, const struct object *object, bool gone, int64_t now)
{
    struct seen_job *job = job_of(seen, object->name);
    bool leaving = gone || object->deleted_at, at_work = object->pod.phase == POD_RUNNING && !leaving;
    bool was_whole = seen->replicas && job->at_work == seen->replicas, whole;

    seen->pods_left += leaving && !pod->leaving;
    job->at_work += (unsigned)at_work - (unsigned)pod->at_work;
    pod->leaving = leaving;
    pod->at_work = at_work;
    whole = seen->replicas && job->at_work == seen->replicas;
    seen->jobs_whole += (unsigned)whole - (unsigned)was_whole;
    if (whole && !was_whole)
        seen->last_whole = now;
}

static void add_pod(struct sightings *seen, const struct object *object, int64_t now)
{
    struct seen_pod *pod = map_get(&seen->pods, map_hash(0, object->uid), object->uid);

    if (!pod) {
        pod_came(seen, object, now);
        pod = map_get(&seen->pods, map_hash(0, object->uid), object->uid);
    }
    if (object->pod.phase != POD_PENDING && !pod->running) {
        pod->running = seen->last_running = job_of(seen, object->name)->last_running = now;
        seen->pods_running++;
    }
    count_pod(seen, pod, object, false, now);
}

static void pod_went(struct sightings *seen, const struct object *object, int64_t now)
{
    struct seen_pod *pod = map_get(&seen->pods, map_hash(0, object->uid), object->uid);

    seen->pods_gone++;
    seen->last_pod_gone = now;
    if (pod)
        count_pod(seen, pod, object, true, now);
}

void sightings_add(struct sightings *seen, const char *type, const struct object *object, int64_t now)
{
    bool gone = strcmp(type, "DELETED") == 0;

    if (gone && object->kind == KIND_POD) {
        pod_went(seen, object, now);
    } else if (gone) {
        seen->jobs_gone++;
    } else if (object->kind == KIND_POD) {
        add_pod(seen, object, now);
    } else {
        add_job(seen, object, now);
    }
}

/* -- reporting ----------------------------------------------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

/* The nearest-rank percentiles of values in ns, as ms. */
static json_t *percentiles(double *values, size_t count)
{
    static const struct {
        const char *name;
        double share;
    } ranks[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "max", 1 } };
    json_t *all = OBJ({ "count", jb_int((int64_t)count) });

    qsort(values, count, sizeof(*values), compare);
    for (size_t i = 0; i < ARRAY_SIZE(ranks) && count; i++) {
        size_t rank = (size_t)(ranks[i].share * (double)count + 0.999999);

        jb_set(all, ranks[i].name, json_real(values[rank ? rank - 1 : 0] / 1e6));
    }
    return all;
}

static void report_latencies(const struct sightings *seen, json_t *report)
{
    auto_free double *to_pod = xcalloc(seen->jobs.count + 1, sizeof(*to_pod));
    auto_free double *to_running = xcalloc(seen->jobs.count + 1, sizeof(*to_running));
    size_t pods = 0, running = 0;
    const struct seen_job *job;

    for (size_t at = 0; (job = map_next(&seen->jobs, &at));) {
        if (job->added && job->first_pod)
            to_pod[pods++] = (double)(job->first_pod - job->added);
        if (job->running && job->last_running)
            to_running[running++] = (double)(job->running - job->last_running);
    }
    jb_set(report, "job_to_first_pod_ms", percentiles(to_pod, pods));
    jb_set(report, "last_pod_running_to_job_running_ms", percentiles(to_running, running));
}

json_t *sightings_report(const struct sightings *seen)
{
    json_t *report = OBJ({ "first_job", jb_int(seen->first_job) },
                         { "last_job", jb_int(seen->last_job) },
                         { "first_pod", jb_int(seen->first_pod) },
                         { "last_pod", jb_int(seen->last_pod) },
                         { "last_running", jb_int(seen->last_running) },
                         { "last_job_running", jb_int(seen->last_job_running) },
                         { "last_job_finished", jb_int(seen->last_job_finished) },
                         { "last_pod_gone", jb_int(seen->last_pod_gone) },
                         { "jobs_added", jb_int(seen->jobs_added) },
                         { "jobs_running", jb_int(seen->jobs_running) },
                         { "jobs_finished", jb_int(seen->jobs_finished) },
                         { "jobs_gone", jb_int(seen->jobs_gone) },
                         { "pods_added", jb_int(seen->pods_added) },
                         { "pods_running", jb_int(seen->pods_running) },
                         { "pods_gone", jb_int(seen->pods_gone) },
                         { "last_whole", jb_int(seen->last_whole) },
                         { "jobs_whole", jb_int(seen->jobs_whole) },
                         { "pods_left", jb_int(seen->pods_left) });

    report_latencies(seen, report);
    return report;
}
