#include "facts.h"

#include <stdlib.h>
#include <string.h>

#include "../../operator/base/fields.h"
#include "../../operator/model/object.h"
#include "trees.h"
#include "world.h"

struct thing *fact_owner(const struct world *world, const json_t *child)
{
    const json_t *owner = tree_controller(child);

    if (strcmp(jb_get_str(owner, "kind"), "TrainingJob") != 0)
        return NULL;
    return server_find_uid(world, RESOURCE_JOBS, jb_get_str(owner, "uid"));
}

const char *fact_phase(const json_t *tree)
{
    return jb_get_str(jb_get(tree, "status"), "phase");
}

bool fact_is_terminal(const json_t *job)
{
    const json_t *status = jb_get(job, "status");

    return tree_condition_is_true(status, "Complete") || tree_condition_is_true(status, "Failed");
}

bool fact_outcome_is_recorded(const json_t *job)
{
    return fact_is_terminal(job) || strcmp(fact_phase(job), "Completing") == 0;
}

int fact_attempt(const json_t *job)
{
    return (int)jb_get_int(jb_get(job, "status"), "attempt", 0);
}

bool fact_is_replaced(const json_t *job, const char *role, int index, const char *uid)
{
    const json_t *replacing = jb_get(jb_get(job, "status"), "replacing");

    for (size_t i = 0; i < json_array_size(replacing); i++) {
        const json_t *entry = json_array_get(replacing, i);

        if (strcmp(jb_get_str(entry, "role"), role) == 0 && jb_get_int(entry, "index", -1) == index &&
            (!uid || strcmp(jb_get_str(entry, "uid"), uid) == 0))
            return true;
    }
    return false;
}

bool fact_attempt_is_suspended(const json_t *job)
{
    const json_t *attempts = jb_get(jb_get(job, "status"), "attempts");
    const json_t *last = json_array_get(attempts, json_array_size(attempts) - 1);

    return strcmp(jb_get_str(last, "reason"), "Suspended") == 0;
}

bool fact_attempt_failed(const json_t *job)
{
    const json_t *attempts = jb_get(jb_get(job, "status"), "attempts");
    const json_t *last = json_array_get(attempts, json_array_size(attempts) - 1);

    return jb_get_int(last, "attempt", 0) == fact_attempt(job) && jb_get(last, "reason") &&
           !fact_attempt_is_suspended(job);
}

bool fact_pod_is_over(const json_t *pod)
{
    return strcmp(fact_phase(pod), "Succeeded") == 0 || strcmp(fact_phase(pod), "Failed") == 0;
}

bool fact_has_finalizer(const json_t *tree, const char *name)
{
    return tree_array_has(jb_get(tree_metadata(tree), "finalizers"), name);
}

int fact_replicas(const json_t *job, const char *role)
{
    const json_t *found = jb_named(jb_get(jb_get(job, "spec"), "roles"), role);

    return found ? (int)jb_get_int(found, "replicas", 1) : -1;
}

int fact_total_replicas(const json_t *job)
{
    const json_t *roles = jb_get(jb_get(job, "spec"), "roles");
    int total = 0;

    for (size_t i = 0; i < json_array_size(roles); i++)
        total += (int)jb_get_int(json_array_get(roles, i), "replicas", 1);
    return total;
}

static bool is_of(const json_t *job, const char *framework)
{
    return strcmp(jb_get_str(jb_get(job, "spec"), "framework"), framework) == 0;
}

bool fact_misses_role(const json_t *job)
{
    return is_of(job, "MPI") && (fact_replicas(job, "launcher") != 1 || fact_replicas(job, "worker") < 1);
}

bool fact_decides(const json_t *job, const char *role)
{
    bool chief = fact_replicas(job, "chief") > 0, worker = fact_replicas(job, "worker") > 0;

    if (is_of(job, "MPI"))
        return strcmp(role, "launcher") == 0;
    if (is_of(job, "TensorFlow")) { /* only the chief, worker 0 where there is none, or the first of other roles */
        const json_t *first = json_array_get(jb_get(jb_get(job, "spec"), "roles"), 0);

        return strcmp(role, chief ? "chief" : worker ? "worker" : jb_get_str(first, "name")) == 0;
    }
    return (!chief && !worker) || strcmp(role, "chief") == 0 || strcmp(role, "worker") == 0;
}

const char *fact_required(const json_t *job)
{
    const json_t *policy = jb_get(jb_get(job, "spec"), "successPolicy");

    return policy ? jb_get_str(policy, "require") : is_of(job, "TensorFlow") || is_of(job, "MPI") ? "First" : "All";
}

bool fact_ttl_is_over(const struct world *world, const json_t *job)
{
    const json_t *ttl = jb_get(jb_get(job, "spec"), "ttlSecondsAfterFinished");
    const char *ended = jb_get_str(jb_get(job, "status"), "completionTime");

    return ttl && fact_is_terminal(job) && fields_parse_time(ended) + json_integer_value(ttl) <= server_time(world);
}

const json_t *fact_role_status(const json_t *job, const char *role)
{
    return jb_named(jb_get(jb_get(job, "status"), "roles"), role);
}

bool fact_success_is_recorded(const json_t *job, const char *role, int index)
{
    const char *text = jb_get_str(fact_role_status(job, role), "succeededIndexes");

    while (*text) {
        char *end;
        long from = strtol(text, &end, 10), to = *end == '-' ? strtol(end + 1, &end, 10) : from;

        if (index >= from && index <= to)
            return true;
        text = *end == ',' ? end + 1 : end;
        if (*end && *end != ',')
            return false;
    }
    return false;
}

bool fact_is_invisible(const struct thing *thing)
{
    return !jb_get(jb_get(tree_metadata(thing->now->tree), "labels"), LABEL_MANAGED_BY);
}
