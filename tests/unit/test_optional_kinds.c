#include "../../operator/engine/state.h"
#include "cluster_fixture.h"

/* What the last plan was shown. */
static struct {
    unsigned passes;
    bool absent;
    size_t routes;
} seen;

static void look(const struct observed *in, struct plan *out)
{
    seen.passes++;
    seen.absent = in->absent[KIND_HTTP_ROUTE];
    seen.routes = in->children[KIND_HTTP_ROUTE].count;
    assert_false(in->absent[KIND_GRPC_ROUTE] || in->absent[KIND_POD]);
    out->keep_status = true;
}

static const struct fields nothing = { .size = 1 };
static const enum kind owns[] = { KIND_HTTP_ROUTE, KIND_GRPC_ROUTE, KIND_DEPLOYMENT, KIND_COUNT };
static const enum kind none[] = { KIND_COUNT };
static const struct controller looker = { .kind = KIND_SERVING_ENDPOINT,
                                          .owns = owns,
                                          .names = none,
                                          .regards = none,
                                          .document = &nothing,
                                          .spec = &nothing,
                                          .status = &nothing,
                                          .plan = look };
static const struct controller *const list[] = { &looker, NULL };

static void start(struct cluster *cluster, int status)
{
    memset(&seen, 0, sizeof(seen));
    cluster_init(cluster, list, (struct engine_options){ 0 });
    cluster->route_lists_status = status;
    cluster_settle(cluster);
}

static void optional_kind__is_there__is_seen(void **state)
{
    struct cluster cluster;

    (void)state;
    start(&cluster, 200);
    assert_true(seen.passes > 0);
    assert_false(seen.absent);
    assert_int_equal(seen.routes, 1);
    engine_destroy(cluster.engine);
}

/* Whether it does not exist or may not be seen: neither a pass nor readyz waits for it. */
static void optional_kind__is_not_there__counts_as_empty(void **state)
{
    static const int statuses[] = { 404, 403 };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        struct cluster cluster;

        start(&cluster, statuses[i]);
        assert_true(seen.passes > 0);
        assert_true(seen.absent);
        assert_int_equal(seen.routes, 0);
        assert_true(engine_is_ready(cluster.engine));
        engine_destroy(cluster.engine);
    }
}

static void optional_kind__is_not_there__is_looked_for_calmly(void **state)
{
    struct cluster cluster;

    (void)state;
    start(&cluster, 404);
    assert_int_equal(cluster.route_lists, 1);
    cluster_wait(&cluster, 29000);
    assert_int_equal(cluster.route_lists, 1);
    cluster_wait(&cluster, 1000);
    assert_int_equal(cluster.route_lists, 2);
    assert_true(engine_next_tick(cluster.engine) > cluster.now);
    engine_destroy(cluster.engine);
}

static void optional_kind__comes__is_listed_and_watched(void **state)
{
    struct cluster cluster;

    (void)state;
    start(&cluster, 404);
    cluster.route_lists_status = 200;
    cluster_wait(&cluster, 30000);
    assert_false(seen.absent);
    assert_int_equal(seen.routes, 1);
    assert_int_not_equal(cluster.watches[KIND_HTTP_ROUTE].serial, 0);
    engine_destroy(cluster.engine);
}

static void optional_kind__goes__counts_as_empty(void **state)
{
    struct cluster cluster;
    unsigned before;

    (void)state;
    start(&cluster, 200);
    cluster_wait(&cluster, 10000);
    before = seen.passes;
    cluster.route_lists_status = cluster.route_watches_status = 404;
    cluster_end_route_watch(&cluster);
    cluster_settle(&cluster);
    cluster_wait(&cluster, 2000); /* the back-off of the watch, before it lists */
    assert_true(seen.passes > before);
    assert_true(seen.absent);
    assert_int_equal(seen.routes, 0);
    assert_true(engine_is_ready(cluster.engine));
    engine_destroy(cluster.engine);
}

/* Lists are allowed and watches are not: what a list has shown stays, and does not come and go with each. */
static void optional_kind__may_not_be_watched__stays_absent(void **state)
{
    struct cluster cluster;
    unsigned before;

    (void)state;
    memset(&seen, 0, sizeof(seen));
    cluster_init(&cluster, list, (struct engine_options){ 0 });
    cluster.route_watches_status = 403;
    cluster_settle(&cluster);
    assert_true(seen.absent);
    assert_int_equal(seen.routes, 1);
    before = cluster.route_lists;
    cluster_wait(&cluster, 30000);
    assert_int_equal(cluster.route_lists, before + 1);
    assert_true(seen.absent);
    assert_int_equal(seen.routes, 1);
    engine_destroy(cluster.engine);
}

static void namespaces__as_many_as_allowed__have_a_slot_each(void **state)
{
    size_t count = engine_max_namespaces();
    const char **names = xcalloc(count + 1, sizeof(*names));
    struct cluster cluster;

    (void)state;
    assert_true(count >= 32);
    for (size_t i = 0; i < count; i++)
        names[i] = "ml";
    cluster_init(&cluster, list, (struct engine_options){ .namespaces = names });
    assert_true(cluster.engine->reflector_count <= ENGINE_MAX_WATCHES);
    engine_destroy(cluster.engine);
    free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optional_kind__is_there__is_seen),
        cmocka_unit_test(optional_kind__is_not_there__counts_as_empty),
        cmocka_unit_test(optional_kind__is_not_there__is_looked_for_calmly),
        cmocka_unit_test(optional_kind__comes__is_listed_and_watched),
        cmocka_unit_test(optional_kind__goes__counts_as_empty),
        cmocka_unit_test(optional_kind__may_not_be_watched__stays_absent),
        cmocka_unit_test(namespaces__as_many_as_allowed__have_a_slot_each),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return RUN_TESTS(tests);
}
