#include "weather.h"

#include "random.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

/* Zero in most histories, else anything up to most. */
static unsigned sometimes(struct random *random, unsigned most)
{
    return random_chance(random, 350) ? (unsigned)random_spread(random, 1, most) : 0;
}

static int64_t every(struct random *random, unsigned per_mille, int64_t low, int64_t high)
{
    return random_chance(random, per_mille) ? random_spread(random, low, high) : 0;
}

static void draw_network(struct weather *weather, struct random *random)
{
    weather->delay = random_spread(random, 2, random_chance(random, 200) ? 3 * SECOND : 200);
    weather->lost_request = sometimes(random, 150);
    weather->lost_reply = sometimes(random, 150);
    weather->error_reply = sometimes(random, 200);
    weather->done_but_error = sometimes(random, 100);
    weather->denied_event = sometimes(random, 500);
    weather->outage_every = every(random, 150, 20 * SECOND, 3 * MINUTE);
    weather->compaction_every = every(random, 300, 5 * SECOND, MINUTE);
    weather->definition_edit_every = every(random, 150, 20 * SECOND, 2 * MINUTE);
    weather->old_definition_until = every(random, 60, 5 * SECOND, 40 * SECOND);
    weather->quota_every = every(random, 150, 10 * SECOND, 2 * MINUTE);
    weather->page = random_chance(random, 300) ? (unsigned)random_between(random, 1, 6) : 0;
}

static void draw_watches(struct weather *weather, struct random *random)
{
    weather->lag = random_spread(random, 2, random_chance(random, 300) ? 20 * SECOND : SECOND);
    weather->batch = (unsigned)random_spread(random, 1, 32);
    weather->refused = sometimes(random, 600);
    weather->close_every = every(random, 350, 2 * SECOND, 2 * MINUTE);
    weather->mute = sometimes(random, 100);
}

static void draw_operator(struct weather *weather, struct random *random)
{
    weather->processes = random_chance(random, 250) ? 2 : 1;
    weather->leader_elect = weather->processes == 2 || random_chance(random, 100);
    weather->one_namespace = random_chance(random, 150);
    weather->selects = random_chance(random, 100);
    weather->crash_at_write = random_chance(random, 850) ? (unsigned)random_spread(random, 10, 150) : 0;
    weather->crash_every = every(random, 400, 10 * SECOND, 2 * MINUTE);
    weather->freeze_every = every(random, weather->processes == 2 ? 500 : 100, 30 * SECOND, 3 * MINUTE);
    weather->stop_every = every(random, 100, 20 * SECOND, 2 * MINUTE);
    weather->clock_jump_every = every(random, 100, 10 * SECOND, MINUTE);
    weather->restart_within = random_spread(random, 10, 20 * SECOND);
}

static void draw_pods(struct weather *weather, struct random *random)
{
    weather->schedule_within = random_spread(random, 5, 5 * SECOND);
    weather->pull_within = random_spread(random, 5, 20 * SECOND);
    weather->run_within = random_spread(random, 100, 2 * MINUTE);
    weather->stop_within = random_spread(random, 50, 30 * SECOND);
    weather->report_within = random_spread(random, 5, 5 * SECOND);
    weather->unschedulable = sometimes(random, 300);
    weather->pull_trouble = sometimes(random, 300);
    weather->fails = sometimes(random, 200);
    weather->is_killed = sometimes(random, 100);
    weather->is_evicted = sometimes(random, 100);
    weather->node_trouble_every = every(random, 200, 20 * SECOND, 3 * MINUTE);
}

/* The data plane is at most as late as the shortest delay that people ask for (wishes.c). */
static void draw_serving(struct weather *weather, struct random *random)
{
    weather->scale_within = random_spread(random, 5, 5 * SECOND);
    weather->ready_within = random_spread(random, 10, 20 * SECOND);
    weather->capacity = random_chance(random, 200) ? (unsigned)random_between(random, 3, 12) : 0;
    weather->route_lag = random_spread(random, 5, 5 * SECOND);
    weather->data_plane_lag = random_spread(random, 5, MOST_DATA_PLANE_LAG);
    weather->gateways_at = random_chance(random, 800)   ? 0
                           : random_chance(random, 500) ? random_between(random, 10 * SECOND, 2 * MINUTE)
                                                        : -1;
    weather->autoscale_every = every(random, 700, 3 * SECOND, 30 * SECOND);
    weather->replica_trouble_every = every(random, 400, 2 * SECOND, MINUTE);
    weather->lost_answer = sometimes(random, 300);
    weather->empty_answer = sometimes(random, 300);
    weather->has_prometheus = random_chance(random, 800);
    weather->can_probe = random_chance(random, 800);
    weather->few_requests = random_chance(random, 200);
}

/* In some histories nobody does anything but serve; and rollouts take time, in which somebody always does something. */
static void draw_endpoints(struct weather *weather, struct random *random)
{
    if (!random_chance(random, 300) || weather->selects || weather->clock_jump_every)
        return;
    weather->endpoints = (unsigned)random_between(random, 1, 2);
    if (random_chance(random, 700))
        weather->jobs = 0;
    if (random_chance(random, 500))
        weather->crash_every = weather->outage_every = 0;
    if (random_chance(random, 700))
        weather->quota_every = 0;
    weather->data = random_chance(random, 400);
    weather->meddle_every = random_spread(random, 2 * SECOND, 40 * SECOND);
    weather->busy_for = random_between(random, 2 * MINUTE, 8 * MINUTE);
}

void weather_draw(struct weather *weather, struct random *random)
{
    *weather = (struct weather){ 0 };
    draw_network(weather, random);
    draw_watches(weather, random);
    draw_operator(weather, random);
    draw_pods(weather, random);
    weather->jobs = (unsigned)random_between(random, 2, 6);
    /* A user out of scope is none that counts; and what is tried again by the clock needs a clock. */
    weather->data = random_chance(random, 400) && !weather->selects && !weather->clock_jump_every;
    weather->pods_at_most = (unsigned)random_between(random, 1, 12);
    weather->meddle_every = every(random, 600, 3 * SECOND, MINUTE);
    weather->busy_for = random_between(random, 30 * SECOND, 4 * MINUTE);
    draw_serving(weather, random);
    draw_endpoints(weather, random);
}

/* What belongs to the set-up stays: processes, lease, scope, page size, batches. */
void weather_calm(struct weather *weather)
{
    weather->delay = 3;
    weather->lag = 5;
    weather->restart_within = 1000;
    weather->schedule_within = weather->pull_within = weather->stop_within = weather->report_within = 1000;
    weather->run_within = 20 * SECOND;
    weather->lost_request = weather->lost_reply = weather->error_reply = weather->done_but_error = 0;
    weather->denied_event = weather->refused = weather->mute = weather->crash_at_write = 0;
    weather->unschedulable = weather->pull_trouble = weather->lost_answer = weather->empty_answer = 0;
    weather->scale_within = weather->ready_within = weather->route_lag = weather->data_plane_lag = 1000;
    weather->autoscale_every = weather->replica_trouble_every = 0;
    weather->outage_every = weather->compaction_every = weather->definition_edit_every = 0;
    weather->quota_every = weather->old_definition_until = weather->close_every = 0;
    weather->crash_every = weather->freeze_every = weather->stop_every = weather->clock_jump_every = 0;
    weather->node_trouble_every = weather->meddle_every = 0;
}
