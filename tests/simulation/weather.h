#pragma once
/*
 * What a history is like: how often what goes wrong. Drawn once per seed, most of it zero, so that histories differ in
 * character; all of it zero when the calm begins. Chances are per mille, times are virtual ms.
 */

#include <stdbool.h>
#include <stdint.h>

struct random;

enum { MOST_DATA_PLANE_LAG = 4000 };

struct weather {
    /* the network and the server */
    int64_t delay;           /* of a request on its way, and of its answer: at most */
    unsigned lost_request;   /* never gets there */
    unsigned lost_reply;     /* is carried out, and nobody hears of it */
    unsigned error_reply;    /* 429, 500, 503, 504; nothing is done */
    unsigned done_but_error; /* 500 or 504, and yet it was carried out */
    unsigned denied_event;   /* events are refused */
    int64_t outage_every;    /* the server restarts: 0 never */
    int64_t compaction_every;
    int64_t definition_edit_every; /* the CRD is edited: watches close, 429, 410 */
    int64_t old_definition_until;  /* the CRD lacks fields so long */
    int64_t quota_every;           /* a while in which pods are refused */
    unsigned page;                 /* objects a list gives at once; 0: as many as asked for */

    /* watches */
    int64_t lag;         /* of an event, at most */
    unsigned batch;      /* events delivered at once, at most */
    unsigned refused;    /* opens that are refused */
    int64_t close_every; /* a watch ends early */
    unsigned mute;       /* opens that never say anything */

    /* the operator */
    unsigned processes; /* 1 or 2; with 2 there is always a lease */
    bool leader_elect;
    bool one_namespace;      /* it looks at the first one only */
    bool selects;            /* it looks at jobs with a label only */
    unsigned crash_at_write; /* for each write */
    int64_t crash_every, freeze_every, stop_every, clock_jump_every;
    int64_t restart_within;

    /* pods and nodes */
    int64_t schedule_within, pull_within, run_within, stop_within, report_within;
    unsigned unschedulable, pull_trouble;
    unsigned fails, is_killed, is_evicted; /* how a pod ends; else it succeeds */
    int64_t node_trouble_every;

    /* Deployments and gateways */
    int64_t scale_within; /* between two pods of a Deployment */
    int64_t ready_within;
    unsigned capacity;       /* pods of Deployments that find a place; 0: all of them */
    int64_t route_lag;       /* until the controller has looked at a route */
    int64_t data_plane_lag;  /* ... and until what it has accepted serves */
    int64_t gateways_at;     /* when Gateway API is installed; -1: never */
    int64_t autoscale_every; /* an autoscaler changes its mind */
    int64_t replica_trouble_every;
    unsigned lost_answer;  /* a question to somebody outside is never answered, or with an error */
    unsigned empty_answer; /* a query finds nothing */
    bool has_prometheus, can_probe;
    bool few_requests; /* too few for checks that count them */

    /* people */
    unsigned jobs;         /* made in all */
    bool data;             /* there are DataSets and Models, and jobs that name them */
    unsigned pods_at_most; /* of a role */
    unsigned endpoints;    /* ServingEndpoints made in all */
    int64_t meddle_every;  /* something unkind is done to a job or its children */
    int64_t busy_for;
};

void weather_draw(struct weather *weather, struct random *random);
void weather_calm(struct weather *weather);
