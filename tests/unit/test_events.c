#include "../../operator/engine/log.h"
#include "../../operator/engine/state.h"
#include "engine_fixture.h"

static void random_bytes(void *bytes, size_t length)
{
    memset(bytes, 7, length);
}

static struct engine *start(void)
{
    static const struct controller *const none[] = { NULL };
    struct engine_options options = { .seed = 1,
                                      .identity = "me",
                                      .random_bytes = random_bytes,
                                      .timings = engine_default_timings,
                                      .controllers = none };

    return engine_create(&options);
}

static void say(struct engine *engine, const char *uid, const char *reason)
{
    struct noted_event note = { .kind = KIND_TRAINING_JOB,
                                .namespace = (char *)"default",
                                .name = (char *)"train",
                                .uid = (char *)uid,
                                .reason = (char *)reason,
                                .action = (char *)"Watch",
                                .note = (char *)"words" };

    recorder_emit(engine, &note, 1);
}

/* There is such an object. */
static void put(struct engine *engine, const char *uid)
{
    auto_strbuf struct strbuf text = { 0 };
    struct object *object;
    struct error err;

    strbuf_addf(&text,
                "{\"apiVersion\":\"kitae.dev/v1alpha1\",\"kind\":\"TrainingJob\",\"metadata\":{\"name\":\"job-of-%s\","
                "\"namespace\":\"default\",\"uid\":\"%s\",\"resourceVersion\":\"1\"},\"spec\":{}}",
                uid,
                uid);
    assert_int_equal(object_decode(KIND_TRAINING_JOB, (struct slice){ text.data, text.length }, &object, &err), 0);
    store_put(&engine->store, object);
}

static void said_of_what_is_gone__is_not_kept(void **state)
{
    struct engine *engine = start();

    (void)state;
    say(engine, "uid-1", "Succeeded");
    assert_int_equal(engine->counters.events_sent, 1);
    assert_int_equal(engine->recorder.said.count, 0);
    engine_destroy(engine);
}

static void said__is_forgotten_with_its_object(void **state)
{
    struct engine *engine = start();

    (void)state;
    put(engine, "uid-1");
    put(engine, "uid-12");
    say(engine, "uid-1", "Running");
    say(engine, "uid-1", "Succeeded");
    say(engine, "uid-12", "Running"); /* begins like the other */
    assert_int_equal(engine->recorder.said.count, 3);
    recorder_forget(&engine->recorder, "uid-1");
    assert_int_equal(engine->recorder.said.count, 1);
    recorder_forget(&engine->recorder, "uid-12");
    assert_int_equal(engine->recorder.said.count, 0);
    engine_destroy(engine);
}

static void the_same__is_sent_once(void **state)
{
    struct engine *engine = start();

    (void)state;
    put(engine, "uid-1");
    say(engine, "uid-1", "Running");
    say(engine, "uid-1", "Running");
    assert_int_equal(engine->counters.events_sent, 1);
    recorder_forget(&engine->recorder, "uid-1");
    say(engine, "uid-1", "Running"); /* another object would have another uid; this one is new to us */
    assert_int_equal(engine->counters.events_sent, 2);
    engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(said__is_forgotten_with_its_object),
        cmocka_unit_test(said_of_what_is_gone__is_not_kept),
        cmocka_unit_test(the_same__is_sent_once),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
