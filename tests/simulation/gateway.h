#pragma once
/*
 * Gateway API: a controller that looks at routes late and says so in their status, and a data plane that follows later
 * still. What a route says, what the controller has accepted, and what really serves are three things.
 */

#include "server.h"

enum { MOST_BACKENDS = 8, SERVICE_NAME = 64 };

#define GATEWAY_NAMESPACE "kitae-system"
#define GATEWAY_NAME      "public"
#define GATEWAY_ADDRESS   "10.200.0.1"

struct backend {
    char service[SERVICE_NAME];
    int weight;
};

struct table {
    struct backend backends[MOST_BACKENDS];
    unsigned count;
    int64_t generation;
};

/* When requests last went to a Service. */
struct carried {
    char service[SERVICE_NAME];
    int64_t until;
};

struct traffic {
    struct traffic *next; /* newest first */
    struct thing *route;
    struct table accepted, served;
    bool accept_due, adopt_due;
    struct carried *carried;
    size_t carried_count, carried_capacity;
};

void gateway_begin(struct world *world); /* it is there from the start, comes later, or never */

/* Something became of an object; called for every change of anything. */
void gateway_notice(struct world *world, struct thing *thing);

/* The backends of a route as its spec has them; weights that it does not name are 1. */
void table_read(const json_t *route, struct table *ret);

/* The share of a Service in percent, rounded up; 0 when it gets nothing. */
int table_percent(const struct table *table, const char *service);

/* The route of that name and namespace that is there; NULL: none. */
struct traffic *gateway_traffic(const struct world *world, const char *namespace, const char *name);

/* When requests last went to this Service; -1: never. Now, when they still do. */
int64_t traffic_carried(const struct world *world, const struct traffic *traffic, const char *service);

/* The route that the data plane takes for a request; NULL: it knows none, and says 404. */
struct traffic *gateway_match(const struct world *world, const char *host, const char *path);

void gateway_finish(struct world *world);
