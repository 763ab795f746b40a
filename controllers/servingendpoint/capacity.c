#include "endpoint.h"

/* Pods of a revision that serves all: with an autoscaler, as many as serve now. */
static int whole(const struct endpoint *endpoint)
{
    const struct autoscaling *scaling = &endpoint->scaling;
    bool freed = endpoint->candidate && endpoint->rollout.strategy == STRATEGY_RECREATE;
    int serving = freed ? endpoint->rollout.replicas : endpoint->stable ? endpoint->stable->replicas : 0;

    if (!scaling->on)
        return endpoint->replicas;
    serving = serving > scaling->max ? scaling->max : serving;
    return serving > scaling->min ? serving : scaling->min;
}

static int share(int pods, int percent)
{
    int part = (pods * percent + 99) / 100;

    return part ? part : 1;
}

/* The share that the candidate has, or is about to be given: it needs its pods before its traffic. */
static int coming_percent(const struct endpoint *endpoint)
{
    const struct rollout *rollout = &endpoint->rollout;
    const struct rules *rules = &endpoint->rules;
    int percent = rollout->traffic;

    if (is_initial(endpoint) || rollout->strategy != STRATEGY_CANARY || endpoint->candidate->proven ||
        rollout->state == STATE_PROMOTING || rollout->step >= rules->step_count)
        return 100;
    if (rules->steps[rollout->step].traffic_percent > percent)
        percent = (int)rules->steps[rollout->step].traffic_percent;
    return percent;
}

int pods_needed(const struct endpoint *endpoint)
{
    return is_initial(endpoint) ? 1 : share(whole(endpoint), coming_percent(endpoint));
}

bool is_freed(const struct endpoint *endpoint, const struct revision *revision)
{
    enum rollout_state state = endpoint->rollout.state;

    if (!endpoint->candidate || is_initial(endpoint) || endpoint->rollout.strategy != STRATEGY_RECREATE)
        return false;
    return revision != endpoint->candidate || state == STATE_FREEING || state == STATE_RETURNING;
}

/* A revision that gives its traffic back, or has given it back, stays as it is until it goes. */
static bool is_leaving(const struct endpoint *endpoint, const struct revision *revision)
{
    return revision->role == ROLE_RETIRING ||
           (revision == endpoint->candidate && endpoint->rollout.state == STATE_RETURNING);
}

int scale_of(const struct endpoint *endpoint, const struct revision *revision)
{
    if (is_freed(endpoint, revision))
        return 0;
    if (is_leaving(endpoint, revision))
        return SCALE_FREE;
    if (endpoint->scaling.on) /* no autoscaler acts on a Deployment that has 0 pods: it is woken up once */
        return revision->deployment && !revision->replicas ? floor_of(endpoint, revision) : SCALE_FREE;
    return revision == endpoint->candidate ? share(whole(endpoint), coming_percent(endpoint)) : endpoint->replicas;
}

int floor_of(const struct endpoint *endpoint, const struct revision *revision)
{
    if (revision == endpoint->candidate && !is_leaving(endpoint, revision))
        return share(whole(endpoint), coming_percent(endpoint));
    if (revision == endpoint->stable && endpoint->candidate) /* it may get all traffic back at any time */
        return whole(endpoint);
    return endpoint->scaling.min;
}

/* Where old pods make room, new ones wait until they are gone; a model is pinned, then looked at, then fetched. */
bool is_wanted(const struct endpoint *endpoint, const struct revision *revision)
{
    if ((revision != endpoint->stable && revision != endpoint->candidate) ||
        (revision->recipe.model && !revision->recorded))
        return false;
    return revision != endpoint->candidate || endpoint->rollout.state != STATE_FREEING;
}
