#include "processes.h"

#include <stdlib.h>
#include <string.h>

#include "../../operator/base/scan.h"

enum { MAX_PROCESSES = 1024 }; /* as for processesPerReplica */

static bool ends_with(struct slice text, const char *end)
{
    size_t length = strlen(end);

    return text.length >= length && memcmp(text.data + text.length - length, end, length) == 0;
}

/* nvidia.com/gpu, amd.com/gpu, google.com/tpu, nvidia.com/mig-1g.5gb, habana.ai/gaudi, aws.amazon.com/neuroncore */
static bool is_accelerator(struct slice resource)
{
    static const char mig[] = "nvidia.com/mig-";

    return ends_with(resource, "/gpu") || ends_with(resource, "/tpu") || ends_with(resource, "habana.ai/gaudi") ||
           ends_with(resource, "/neuroncore") ||
           (resource.length > strlen(mig) && memcmp(resource.data, mig, strlen(mig)) == 0);
}

static int at_most(long long count)
{
    return count > MAX_PROCESSES ? MAX_PROCESSES : count < 0 ? 0 : (int)count;
}

/* Cut off, as later sums are over thousands of pods. */
static int quantity(struct scan *scan, struct arena *arena)
{
    const char *text;

    if (scan_peek(scan) == SCAN_NUMBER)
        return at_most(scan_int(scan));
    text = scan_string(scan, arena);
    return text ? at_most(strtoll(text, NULL, 10)) : 0;
}

static int count_limits(struct scan *scan, struct arena *arena)
{
    struct slice key;
    int count = 0;

    scan_open(scan, SCAN_OBJECT);
    while (scan_key(scan, &key)) {
        if (is_accelerator(key))
            count = at_most(count + quantity(scan, arena));
        else
            scan_skip(scan);
    }
    return count;
}

/* Walks one object for one key; 0 when it is not there. `inner` reads the value. */
static int walk(struct scan *scan, struct arena *arena, const char *name, int (*inner)(struct scan *, struct arena *))
{
    struct slice key;
    int found = 0;

    scan_open(scan, SCAN_OBJECT);
    while (scan_key(scan, &key)) {
        if (slice_is(key, name) && scan_peek(scan) != SCAN_NULL)
            found = inner(scan, arena);
        else
            scan_skip(scan);
    }
    return found;
}

static int count_resources(struct scan *scan, struct arena *arena)
{
    return walk(scan, arena, "limits", count_limits);
}

static int most_of_containers(struct scan *scan, struct arena *arena)
{
    int most = 0;

    scan_open(scan, SCAN_ARRAY);
    while (scan_item(scan)) {
        int count = walk(scan, arena, "resources", count_resources);

        most = count > most ? count : most;
    }
    return most;
}

static int sum_of_containers(struct scan *scan, struct arena *arena)
{
    int sum = 0;

    scan_open(scan, SCAN_ARRAY);
    while (scan_item(scan))
        sum = at_most(sum + walk(scan, arena, "resources", count_resources));
    return sum;
}

static int most_of_spec(struct scan *scan, struct arena *arena)
{
    return walk(scan, arena, "containers", most_of_containers);
}

static int sum_of_spec(struct scan *scan, struct arena *arena)
{
    return walk(scan, arena, "containers", sum_of_containers);
}

/* 0 when the template cannot be read. */
static int count_template(const struct job *job, const struct role *role, int (*of_spec)(struct scan *, struct arena *))
{
    struct scan scan;
    int count;

    scan_init(&scan, job_template(job, role));
    count = walk(&scan, job->arena, "spec", of_spec);
    return scan_failed(&scan) ? 0 : count;
}

int accelerators_per_replica(const struct job *job, const struct role *role)
{
    return count_template(job, role, sum_of_spec);
}

/* One JAX process drives all accelerators of its pod: counted by them, it would wait for processes that nobody starts.
 */
static bool has_one_process(const struct job *job)
{
    return job->spec->framework == TRAININGJOB_SPEC_FRAMEWORK_JAX;
}

int processes_per_replica(const struct job *job, const struct role *role)
{
    int count;

    if (role->spec->has_processes_per_replica)
        return (int)role->spec->processes_per_replica;
    if (has_one_process(job))
        return 1;
    count = count_template(job, role, most_of_spec);
    return count < 1 ? 1 : at_most(count);
}
