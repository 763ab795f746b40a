#include "../../operator/base/jb.h"
#include "../../operator/engine/render.h"
#include "cluster_fixture.h"

static int wanted; /* by the plan */
static size_t failures;

static json_t *body(const struct observed *in, const struct identity *identity)
{
    (void)in;
    (void)identity;
    return OBJ({ "spec", OBJ({ "replicas", jb_int(7) }, { "paused", json_true() }) });
}

static void scale(const struct observed *in, struct plan *out)
{
    failures = in->failure_count;
    out->keep_status = true;
    plan_create_scaled(out, KIND_DEPLOYMENT, "chat-1", (struct identity){ "chat-1", 0, 0 }, body, wanted);
}

static const struct fields nothing = { .size = 1 };
static const enum kind owns[] = { KIND_DEPLOYMENT, KIND_COUNT };
static const enum kind none[] = { KIND_COUNT };
static const struct controller scaler = { .kind = KIND_SERVING_ENDPOINT,
                                          .owns = owns,
                                          .names = none,
                                          .regards = none,
                                          .document = &nothing,
                                          .spec = &nothing,
                                          .status = &nothing,
                                          .plan = scale };
static const struct controller *const list[] = { &scaler, NULL };

#define DEPLOYMENT(version, replicas)                                                                                  \
    "{\"metadata\":{\"name\":\"chat-1\",\"namespace\":\"ml\",\"uid\":\"u-d\",\"resourceVersion\":\"" version           \
    "\",\"labels\":{\"app.kubernetes.io/managed-by\":\"kitae\",\"kitae.dev/role\":\"chat-1\"},\"ownerReferences\":[{"  \
    "\"apiVersion\":\"kitae.dev/v1alpha1\",\"kind\":\"ServingEndpoint\",\"name\":\"chat\",\"uid\":\"u-e\","            \
    "\"controller\":true}]},\"spec\":{\"replicas\":" replicas ",\"paused\":false}}"

static void start(struct cluster *cluster, const char *deployment, int replicas)
{
    wanted = replicas;
    failures = 0;
    cluster_init(cluster, list, (struct engine_options){ 0 });
    cluster->deployment = deployment;
    cluster_settle(cluster);
}

static void scale__at_creation__is_in_the_body(void **state)
{
    static const struct {
        int wanted;
        const char *replicas;
    } cases[] = { { 3, "\"replicas\":3" }, { 0, "\"replicas\":0" }, { SCALE_FREE, "\"replicas\":7" } };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct cluster cluster;

        start(&cluster, NULL, cases[i].wanted);
        assert_int_equal(cluster.writes, 1);
        assert_contains(cluster.write_path, "POST /apis/apps/v1/namespaces/ml/deployments?");
        assert_contains(cluster.write_body, cases[i].replicas);
        engine_destroy(cluster.engine);
    }
}

static void scale__of_what_is_there__is_all_that_is_written(void **state)
{
    struct cluster cluster;

    (void)state;
    start(&cluster, DEPLOYMENT("5", "2"), 3);
    assert_int_equal(cluster.writes, 1);
    assert_contains(cluster.write_path, "PATCH /apis/apps/v1/namespaces/ml/deployments/chat-1?");
    assert_string_equal(cluster.write_body, "{\"metadata\":{\"uid\":\"u-d\"},\"spec\":{\"replicas\":3}}");
    cluster_wait(&cluster, 5000); /* nothing more before the watch has shown it */
    assert_int_equal(cluster.writes, 1);
    cluster_tell(&cluster, KIND_DEPLOYMENT, "MODIFIED", DEPLOYMENT("20", "3"));
    assert_int_equal(cluster.writes, 1);
    cluster_tell(&cluster, KIND_DEPLOYMENT, "MODIFIED", DEPLOYMENT("21", "9"));
    assert_int_equal(cluster.writes, 2);
    engine_destroy(cluster.engine);
}

static void scale__as_it_is_or_free__is_not_written(void **state)
{
    static const int cases[] = { 2, SCALE_FREE };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct cluster cluster;

        start(&cluster, DEPLOYMENT("5", "2"), cases[i]);
        assert_int_equal(cluster.writes, 0);
        engine_destroy(cluster.engine);
    }
}

/* Whether by RBAC or by a hook: the plan is told, and it is tried again. */
static void scale__refused__is_told_and_tried_again(void **state)
{
    static const int statuses[] = { 403, 422 };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        struct cluster cluster;

        wanted = 3;
        cluster_init(&cluster, list, (struct engine_options){ 0 });
        cluster.deployment = DEPLOYMENT("5", "2");
        cluster.write_status = statuses[i];
        cluster_settle(&cluster);
        assert_int_equal(cluster.writes, 1);
        assert_int_equal(failures, 1);
        cluster.write_status = 200;
        cluster_wait(&cluster, 2000);
        assert_int_equal(cluster.writes, 2);
        engine_destroy(cluster.engine);
    }
}

static void condition__unknown__says_so(void **state)
{
    auto_arena struct arena arena = { 0 };
    struct object self = { .kind = KIND_SERVING_ENDPOINT, .name = "chat", .generation = 4 };
    struct observed in = { .self = &self, .now = 1795413600, .arena = &arena };
    json_auto_t *before = json_object(), *after = NULL;
    auto_free char *text = NULL;
    struct plan plan;

    (void)state;
    plan_init(&plan, &arena);
    plan_condition_unknown(&plan, "DataPlane", "NoAnswer", "%d questions", 3);
    after = render_status(&in, &plan, before);
    text = jb_dump(after, true);
    assert_string_equal(text,
                        "{\"conditions\":[{\"lastTransitionTime\":\"2026-11-23T06:00:00Z\",\"message\":\"3 questions\","
                        "\"observedGeneration\":4,\"reason\":\"NoAnswer\",\"status\":\"Unknown\",\"type\":"
                        "\"DataPlane\"}],\"observedGeneration\":4}");
    plan_finish(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scale__at_creation__is_in_the_body),
        cmocka_unit_test(scale__of_what_is_there__is_all_that_is_written),
        cmocka_unit_test(scale__as_it_is_or_free__is_not_written),
        cmocka_unit_test(scale__refused__is_told_and_tried_again),
        cmocka_unit_test(condition__unknown__says_so),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return RUN_TESTS(tests);
}
