/* Many jobs come and go: what the engine holds does not grow with them. */

#include <malloc.h>

#include "../../controllers/trainingjob/trainingjob.h"
#include "cluster_fixture.h"

static const struct controller *const list[] = { &trainingjob_controller, NULL };

/* A job comes, a pod of it comes and goes, the job goes. */
static void live_and_die(struct cluster *cluster, int number)
{
    auto_strbuf struct strbuf job = { 0 }, pod = { 0 };
    int version = 100 + number * 10;

    strbuf_addf(
        &job,
        "{\"metadata\":{\"name\":\"job%d\",\"namespace\":\"ml\",\"uid\":\"uid-%08d\",\"resourceVersion\":\"%d\","
        "\"generation\":1},\"spec\":{\"template\":{\"metadata\":{},\"spec\":{\"containers\":[{\"name\":\"main\","
        "\"image\":\"train\"}]}}}}",
        number,
        number,
        version);
    strbuf_addf(
        &pod,
        "{\"metadata\":{\"name\":\"job%d-worker-0\",\"namespace\":\"ml\",\"uid\":\"pod-%08d\",\"resourceVersion\":"
        "\"%d\",\"labels\":{\"app.kubernetes.io/managed-by\":\"kitae\",\"kitae.dev/role\":\"worker\","
        "\"kitae.dev/index\":\"0\",\"kitae.dev/attempt\":\"1\"},\"ownerReferences\":[{\"apiVersion\":"
        "\"kitae.dev/v1alpha1\",\"kind\":\"TrainingJob\",\"name\":\"job%d\",\"uid\":\"uid-%08d\","
        "\"controller\":true}]},\"spec\":{},\"status\":{\"phase\":\"Running\"}}",
        number,
        number,
        version + 1,
        number,
        number);
    cluster_tell(cluster, KIND_TRAINING_JOB, "ADDED", strbuf_text(&job));
    cluster_tell(cluster, KIND_POD, "ADDED", strbuf_text(&pod));
    cluster_wait(cluster, 1000);
    cluster_tell(cluster, KIND_POD, "DELETED", strbuf_text(&pod));
    cluster_tell(cluster, KIND_TRAINING_JOB, "DELETED", strbuf_text(&job));
    cluster_wait(cluster, 1000);
}

/* What is used of the heap, after as many jobs again as there were before. */
static void jobs_that_are_gone__leave_nothing(void **state)
{
    enum { ROUND = 1000, PER_JOB = 16 };
    struct cluster cluster;
    size_t before, after;
    unsigned writes;

    (void)state;
    cluster_init(&cluster, list, (struct engine_options){ .identity = "me" });
    cluster.endpoints = NULL;
    cluster_settle(&cluster);
    for (int i = 0; i < ROUND; i++)
        live_and_die(&cluster, i);
    before = mallinfo2().uordblks;
    writes = cluster.writes;
    for (int i = ROUND; i < 2 * ROUND; i++)
        live_and_die(&cluster, i);
    after = mallinfo2().uordblks;
    assert_true(cluster.writes >= writes + 2 * ROUND); /* they were looked after */
    assert_in_range(after, 0, before + PER_JOB * ROUND);
    engine_destroy(cluster.engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_that_are_gone__leave_nothing),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return RUN_TESTS(tests);
}
