#pragma once
/*
 * The model of the API server: objects, one counter of resourceVersions, and a log of all changes from which watches
 * are served. What it does with a request is in verbs.c, deletion and garbage collection in deletion.c.
 *
 * The tree of a snapshot never changes; a change makes a new snapshot.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;
struct life;
struct replica;
struct workload;
struct traffic;
struct process;

enum resource {
    RESOURCE_JOBS,
    RESOURCE_PODS,
    RESOURCE_SERVICES,
    RESOURCE_SECRETS,
    RESOURCE_CLAIMS,
    RESOURCE_BATCH_JOBS,
    RESOURCE_DEPLOYMENTS,
    RESOURCE_AUTOSCALERS,
    RESOURCE_BUDGETS,
    RESOURCE_HTTP_ROUTES,
    RESOURCE_GRPC_ROUTES,
    RESOURCE_LAST_CHILD = RESOURCE_GRPC_ROUTES,
    RESOURCE_EVENTS,
    RESOURCE_LEASES,
    RESOURCE_DATA_SETS,
    RESOURCE_MODELS,
    RESOURCE_ENDPOINTS,
    RESOURCE_GATEWAYS,  /* nobody lists or watches them */
    RESOURCE_CRON_JOBS, /* nobody makes any: they are listed and watched */
    RESOURCE_COUNT,
};

struct resource_info {
    const char *kind, *api_version, *prefix, *plural; /* prefix: "/api/v1" */
};
const struct resource_info *resource_info(enum resource resource);
bool resource_is_custom(enum resource resource);         /* one of our kinds */
bool resource_is_of_gateways(enum resource resource);    /* of Gateway API, which need not be there */
bool resource_counts_generation(enum resource resource); /* metadata.generation tells of changes of its spec */

struct snapshot {
    unsigned references;
    uint64_t version;
    json_t *tree;
    char *text; /* NULL until somebody asks */
};

/* An object; kept until the history ends, also when it is gone. */
struct thing {
    struct thing *next; /* all that ever were */
    enum resource resource;
    char *namespace, *name, *uid;
    struct snapshot *now; /* its last one when it is gone */
    bool gone;
    char *as_made;             /* what people made beside the operator, to the byte; NULL: not foreign */
    struct life *life;         /* pods of jobs: what really became of it */
    struct replica *replica;   /* pods of Deployments: likewise */
    struct workload *workload; /* Deployments */
    struct traffic *traffic;   /* routes */
};

struct change {
    struct thing *thing;
    int64_t at;
    uint64_t version;
    struct snapshot *before; /* NULL: the object is new */
    struct snapshot *after;
    bool removed;
};

struct namespace
{
    const char *name;
    bool terminating, gone;
};

enum { NAMESPACES = 3 };

/* Who changes something now. */
enum actor { ACTOR_CLUSTER, ACTOR_KUBELET, ACTOR_PERSON, ACTOR_OPERATOR };

struct page;

struct server {
    struct thing *all;                     /* newest first */
    struct thing **things[RESOURCE_COUNT]; /* those that are there */
    size_t counts[RESOURCE_COUNT], capacities[RESOURCE_COUNT];
    struct change *changes;
    size_t change_count, change_capacity;
    uint64_t version;
    uint64_t compacted[RESOURCE_COUNT]; /* older versions are gone: 410 */
    unsigned last_uid, last_page;
    struct namespace namespaces[NAMESPACES];
    struct page *pages;      /* lists that are being read page by page */
    int64_t down_until;      /* no answer to anything before */
    int64_t jobs_busy_until; /* the definition was edited: 429 for jobs before */
    bool old_definition;     /* the CRD lacks fields that the operator writes */
    bool quota;              /* pods are refused */
    bool has_gateways;       /* Gateway API is installed */
    enum actor acting;
    char sender[32]; /* ACTOR_OPERATOR: the identity of whoever sent the request */
};

void server_init(struct world *world);
void server_finish(struct world *world);

struct thing *server_find(const struct world *world, enum resource resource, const char *namespace, const char *name);
struct thing *server_find_uid(const struct world *world, enum resource resource, const char *uid);
struct thing *server_owner(const struct world *world,
                           const json_t *child);                           /* its controller, of any kind; NULL: none */
struct namespace *server_namespace(struct world *world, const char *name); /* NULL: never was */

/* Puts a new object in: uid, version and creation time are added. */
struct thing *server_insert(struct world *world, enum resource resource, json_t *take_tree);

/*
 * Gives an object its next state. Equal trees change nothing. One that is being deleted goes when nothing holds it any
 * more. Generation and system fields are the caller's.
 */
void server_replace(struct world *world, struct thing *thing, json_t *take_tree);
void server_remove(struct world *world, struct thing *thing);

const char *snapshot_text(struct snapshot *snapshot);
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot);

bool thing_is_deleting(const struct thing *thing);
int64_t server_time(const struct world *world);                 /* seconds since 1970 */
const char *server_format_time(int64_t seconds, char text[32]); /* RFC 3339; returns text */
