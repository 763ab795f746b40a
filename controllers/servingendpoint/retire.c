#include "rollout.h"

/* Revisions come from here, and go when they have no traffic any more. */

/* Room for one more: the oldest that retires goes now. */
static bool make_room(struct endpoint *endpoint)
{
    for (int i = 0; i < endpoint->revision_count && endpoint->revision_count == MAX_REVISIONS; i++)
        if (endpoint->revisions[i].role == ROLE_RETIRING) {
            if (endpoint->revisions[i].retire_at > now(endpoint))
                endpoint->revisions[i].retire_at = now(endpoint);
            return false;
        }
    return endpoint->revision_count < MAX_REVISIONS;
}

static bool is_going(const struct endpoint *endpoint, const struct revision *revision)
{
    return revision->retire_at <= now(endpoint) || (revision->deployment && revision->deployment->deleted_at) ||
           (revision->service && revision->service->deleted_at);
}

/* The target's revision: kept from before, or a new one; NULL: not yet. */
struct revision *take_revision(struct endpoint *endpoint)
{
    struct revision *revision = find_revision(endpoint, endpoint->target.recipe.name);

    if (revision)
        return is_going(endpoint, revision) ? NULL : revision;
    if (!make_room(endpoint))
        return NULL;
    revision = &endpoint->revisions[endpoint->revision_count++];
    *revision = (struct revision){ .recipe = endpoint->target.recipe,
                                   .created_at = now(endpoint),
                                   .startup = { .scheduled = -1 } };
    return revision;
}

/* Not before the route and the Service of the endpoint's name have let go of it. */
static bool may_go(const struct endpoint *endpoint, const struct revision *revision)
{
    const char *name = revision->recipe.name;

    return revision->role == ROLE_RETIRING && now(endpoint) >= revision->retire_at && !route_names(endpoint, name) &&
           !is_route_hidden(endpoint) && !(endpoint->stable && is_named(endpoint, name));
}

/* A revision is forgotten when nothing of it is left. */
void forget_gone(struct endpoint *endpoint)
{
    for (int i = 0; i < endpoint->revision_count; i++) {
        struct revision *revision = &endpoint->revisions[i];

        if (revision->role == ROLE_RETIRING)
            look_again(endpoint, revision->retire_at);
        if (may_go(endpoint, revision) && !revision->deployment && !revision->service && !revision->autoscaler &&
            !revision->pods_left)
            revision->role = ROLE_NONE;
    }
}

void retire_revisions(const struct endpoint *endpoint, struct plan *out)
{
    for (int i = 0; i < endpoint->revision_count; i++) {
        const struct revision *revision = &endpoint->revisions[i];

        if (!revision->recorded || !may_go(endpoint, revision))
            continue;
        if (revision->autoscaler)
            plan_drop(out, revision->autoscaler);
        if (revision->deployment)
            plan_drop(out, revision->deployment);
        if (revision->service && !revision->pods_left) /* those that still answer are found by it */
            plan_drop(out, revision->service);
    }
}
