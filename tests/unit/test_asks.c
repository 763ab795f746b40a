#include "../../operator/engine/state.h"
#include "cluster_fixture.h"

enum { MAX_ASKS = 20 };

/* What plans ask, and what the last one was shown. */
static struct {
    struct ask asks[MAX_ASKS];
    size_t ask_count;
    unsigned passes;
    bool has_prometheus;
    size_t answer_count;
    struct answer answer; /* the first of them; its texts are copied */
    char error[256], value[64], text[256];
} it;

static void look(const struct observed *in, struct plan *out)
{
    it.passes++;
    it.has_prometheus = in->has_prometheus;
    it.answer_count = in->answer_count;
    it.answer = in->answer_count ? in->answers[0] : (struct answer){ 0 };
    snprintf(it.error, sizeof(it.error), "%s", it.answer.error ? it.answer.error : "");
    snprintf(it.value, sizeof(it.value), "%s", it.answer.value ? it.answer.value : "");
    snprintf(it.text, sizeof(it.text), "%s", it.answer.text.data ? it.answer.text.data : "");
    if (it.answer_count)
        assert_ptr_equal(answer_find(in, it.answer.key), &in->answers[0]);
    out->keep_status = true;
    for (size_t i = 0; i < it.ask_count; i++)
        plan_ask(out, it.asks[i]);
}

static const struct fields nothing = { .size = 1 };
static const enum kind none[] = { KIND_COUNT };
static const struct controller asker = { .kind = KIND_SERVING_ENDPOINT,
                                         .owns = none,
                                         .names = none,
                                         .regards = none,
                                         .document = &nothing,
                                         .spec = &nothing,
                                         .status = &nothing,
                                         .plan = look };
static const struct controller *const list[] = { &asker, NULL };

static const struct ask probe = { .type = ASK_PROBE,
                                  .key = "ready",
                                  .url = "http://10.0.0.9:80/healthz",
                                  .host = "chat.example.org",
                                  .count = 3,
                                  .every_s = 10,
                                  .timeout_ms = 500 };
static const struct ask query = {
    .type = ASK_QUERY, .key = "errors", .query = "sum(rate(errors{a=\"b\"}[5m]))", .every_s = 10, .timeout_ms = 2000
};
static const struct ask gateway = { .type = ASK_OBJECT,
                                    .key = "gateway",
                                    .path = "/apis/gateway.networking.k8s.io/v1/namespaces/net/gateways/public",
                                    .every_s = 10,
                                    .timeout_ms = 2000 };

static void start(struct cluster *cluster, const struct ask *ask, const char *prometheus)
{
    memset(&it, 0, sizeof(it));
    if (ask)
        it.asks[it.ask_count++] = *ask;
    cluster_init(cluster, list, (struct engine_options){ .prometheus_url = prometheus });
    cluster_settle(cluster);
}

/* The next question, which there must be; the caller frees it. */
static struct http_question *taken(struct cluster *cluster)
{
    struct http_question *question = engine_take_question(cluster->engine);

    assert_non_null(question);
    return question;
}

static void find(struct cluster *cluster, struct http_question *question, struct http_findings findings)
{
    findings.id = question->id;
    http_question_destroy(question);
    cluster_event(cluster, (struct event){ .type = EVENT_ANSWER, .findings = &findings });
    cluster_settle(cluster);
}

static void say(struct cluster *cluster, int status, const char *body)
{
    find(cluster, taken(cluster), (struct http_findings){ .count = 1, .status = status, .body = slice_of(body) });
}

static void probe__is_asked_at_once_and_every_so_often(void **state)
{
    struct http_question *question;
    struct cluster cluster;
    int64_t asked_at;
    unsigned passes;

    (void)state;
    start(&cluster, &probe, NULL);
    passes = it.passes;
    question = taken(&cluster);
    asked_at = (INT64_C(1790000000000) + cluster.now) / 1000;
    assert_string_equal(question->url, "http://10.0.0.9:80/healthz");
    assert_string_equal(question->host, "chat.example.org");
    assert_int_equal(question->count, 3);
    assert_int_equal(question->timeout_ms, 500);
    assert_false(question->checked);
    assert_int_equal(question->body_max, 0);
    cluster_wait(&cluster, 20000); /* one at a time */
    assert_null(engine_take_question(cluster.engine));
    assert_int_equal(it.answer_count, 0);
    find(&cluster, question, (struct http_findings){ .count = 3, .good = 2, .status = 503, .slowest_ms = 41 });
    assert_int_equal(it.passes, passes + 1);
    assert_int_equal(it.answer_count, 1);
    assert_string_equal(it.answer.key, "ready");
    assert_int_equal(it.answer.at, asked_at);
    assert_int_equal(it.answer.count, 3);
    assert_int_equal(it.answer.good, 2);
    assert_int_equal(it.answer.status, 503);
    assert_int_equal(it.answer.slowest_ms, 41);
    assert_null(it.answer.error);
    find(&cluster, taken(&cluster), (struct http_findings){ .count = 3, .good = 3, .status = 200 }); /* it is overdue */
    cluster_wait(&cluster, 9999);
    assert_null(engine_take_question(cluster.engine));
    assert_true(engine_next_tick(cluster.engine) <= cluster.now + 1);
    cluster_wait(&cluster, 1);
    http_question_destroy(taken(&cluster));
    engine_destroy(cluster.engine);
}

static void probe__nobody_answers__is_an_error(void **state)
{
    struct cluster cluster;

    (void)state;
    start(&cluster, &probe, NULL);
    find(&cluster,
         taken(&cluster),
         (struct http_findings){ .count = 3, .slowest_ms = 500, .problem = "Connection refused" });
    assert_string_equal(it.error, "Connection refused");
    assert_int_equal(it.answer.count, 3);
    assert_int_equal(it.answer.good + it.answer.slowest_ms, 0);
    assert_int_equal(cluster.engine->asks.counts[ASK_PROBE][ASK_FAILED], 1);
    engine_destroy(cluster.engine);
}

static void probe__nothing_good__is_counted_until_something_is(void **state)
{
    static const struct http_findings bad = { .count = 3, .status = 503 },
                                      good = { .count = 3, .good = 1, .status = 503 },
                                      silent = { .count = 3, .problem = "Connection refused" };
    static const struct http_findings *const looks[] = { &bad, &silent, &bad, &good, &bad };
    static const int misses[] = { 1, 2, 3, 0, 1 };
    struct cluster cluster;

    (void)state;
    start(&cluster, &probe, NULL);
    for (int i = 0; i < 5; i++) {
        find(&cluster, taken(&cluster), *looks[i]);
        assert_int_equal(it.answer.misses, misses[i]);
        cluster_wait(&cluster, 10000);
    }
    engine_destroy(cluster.engine);
}

static void query__goes_to_prometheus(void **state)
{
    struct http_question *question;
    struct cluster cluster;

    (void)state;
    start(&cluster, &query, "https://prometheus.example.org/prefix");
    assert_true(it.has_prometheus);
    question = taken(&cluster);
    assert_string_equal(question->url,
                        "https://prometheus.example.org/prefix/api/v1/query?timeout=2000ms&query="
                        "sum%28rate%28errors%7Ba%3D%22b%22%7D%5B5m%5D%29%29");
    assert_true(question->checked);
    assert_int_equal(question->count, 1);
    assert_null(question->host);
    find(
        &cluster,
        question,
        (struct http_findings){
            .count = 1,
            .good = 1,
            .status = 200,
            .body = slice_of("{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1,\"0.5\"]}}") });
    assert_string_equal(it.value, "0.5");
    assert_null(it.answer.error);
    cluster_wait(&cluster, 10000);
    say(&cluster, 400, "{\"status\":\"error\",\"error\":\"parse error\"}");
    assert_string_equal(it.error, "Prometheus refuses the query: parse error");
    assert_null(it.answer.value);
    cluster_wait(&cluster, 10000);
    find(&cluster,
         taken(&cluster),
         (struct http_findings){ .count = 1, .status = 200, .problem = "x", .too_large = true });
    assert_contains(it.error, "sum(...)");
    cluster_wait(&cluster, 10000);
    find(&cluster, taken(&cluster), (struct http_findings){ .count = 1, .problem = "Connection refused" });
    assert_string_equal(it.error, "no answer from Prometheus: Connection refused");
    engine_destroy(cluster.engine);
}

static void query__without_prometheus__says_what_to_do(void **state)
{
    struct cluster cluster;

    (void)state;
    start(&cluster, &query, NULL);
    assert_false(it.has_prometheus);
    assert_null(engine_take_question(cluster.engine));
    assert_contains(it.error, "--prometheus-url");
    engine_destroy(cluster.engine);
}

static void object__is_read_from_the_api_server(void **state)
{
    struct cluster cluster;

    (void)state;
    start(&cluster, &gateway, NULL);
    assert_null(engine_take_question(cluster.engine));
    assert_int_equal(cluster.object_reads, 1);
    assert_string_equal(cluster.read_path, gateway.path);
    assert_string_equal(it.error, "there is no such object");
    cluster.object = "{\"metadata\":{\"name\":\"public\",\"managedFields\":[{\"manager\":\"x\"}]},\"status\":{}}";
    cluster_wait(&cluster, 10000);
    assert_int_equal(cluster.object_reads, 2);
    assert_string_equal(it.text, "{\"metadata\":{\"name\":\"public\"},\"status\":{}}");
    assert_null(it.answer.error);
    cluster.object = "[]";
    cluster_wait(&cluster, 10000);
    assert_contains(it.error, "no object");
    engine_destroy(cluster.engine);
}

static void again(struct cluster *cluster)
{
    struct key *key = queue_find(&cluster->engine->queue, KIND_SERVING_ENDPOINT, "ml", "chat");

    queue_add(&cluster->engine->queue, key, cluster->now);
    cluster_settle(cluster);
}

static void question__asked_the_same__keeps_its_answer(void **state)
{
    struct cluster cluster;

    (void)state;
    start(&cluster, &probe, NULL);
    find(&cluster, taken(&cluster), (struct http_findings){ .count = 3, .good = 3, .status = 200 });
    it.asks[0].every_s = 4;
    again(&cluster);
    assert_int_equal(it.answer_count, 1);
    assert_null(engine_take_question(cluster.engine));
    cluster_wait(&cluster, 4000);
    http_question_destroy(taken(&cluster));
    engine_destroy(cluster.engine);
}

/* Each field makes it another question: it is asked at once, and what is known of the old one is no answer. */
static void question__changed__is_another(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct http_question *old;
        struct cluster cluster;

        start(&cluster, &probe, NULL);
        old = taken(&cluster);
        it.asks[0].url = i == 0 ? "http://10.0.0.8:80/" : probe.url;
        it.asks[0].host = i == 1 ? NULL : probe.host;
        it.asks[0].count = i == 2 ? 4 : probe.count;
        it.asks[0].timeout_ms = i == 3 ? 700 : probe.timeout_ms;
        it.asks[0].key = i == 4 ? "other" : probe.key;
        again(&cluster);
        find(&cluster, old, (struct http_findings){ .count = 3, .good = 3, .status = 200 });
        assert_int_equal(it.answer_count, 0);
        find(&cluster, taken(&cluster), (struct http_findings){ .count = 3, .good = 1, .status = 200 });
        assert_int_equal(it.answer_count, 1);
        assert_int_equal(it.answer.good, 1);
        engine_destroy(cluster.engine);
    }
}

static void question__not_asked_any_more__is_forgotten(void **state)
{
    struct http_question *old;
    struct cluster cluster;
    unsigned passes;

    (void)state;
    start(&cluster, &probe, NULL);
    old = taken(&cluster);
    it.ask_count = 0;
    again(&cluster);
    passes = it.passes;
    find(&cluster, old, (struct http_findings){ .count = 3, .good = 3, .status = 200 });
    assert_int_equal(it.passes, passes);
    cluster_wait(&cluster, 60000);
    assert_null(engine_take_question(cluster.engine));
    assert_int_equal(cluster.engine->asks.inquiries.count, 0);
    engine_destroy(cluster.engine);
}

static void object_gone__its_questions_are_forgotten(void **state)
{
    struct http_question *old;
    struct cluster cluster;

    (void)state;
    start(&cluster, &probe, NULL);
    old = taken(&cluster);
    cluster_tell(&cluster, KIND_SERVING_ENDPOINT, "DELETED", cluster_endpoint);
    assert_int_equal(cluster.engine->asks.inquiries.count, 0);
    find(&cluster, old, (struct http_findings){ .count = 3, .good = 3, .status = 200 });
    engine_destroy(cluster.engine);
}

/* Of one key so many are under way, and no more than so many are asked. */
static void questions_of_a_key__are_bounded(void **state)
{
    static char keys[MAX_ASKS][8];
    struct cluster cluster;
    unsigned asked = 0;

    (void)state;
    memset(&it, 0, sizeof(it));
    for (int i = 0; i < MAX_ASKS; i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%d", i);
        it.asks[i] = probe;
        it.asks[i].key = keys[i];
        it.asks[i].count = 1000;
    }
    it.ask_count = MAX_ASKS;
    cluster_init(&cluster, list, (struct engine_options){ 0 });
    cluster_settle(&cluster);
    for (unsigned before = 1; asked != before;) {
        struct http_question *questions[INQUIRY_MAX_IN_FLIGHT];
        int count = 0;

        before = asked;
        while (count < INQUIRY_MAX_IN_FLIGHT && (questions[count] = engine_take_question(cluster.engine)))
            count++;
        assert_null(engine_take_question(cluster.engine));
        for (int i = 0; i < count; i++, asked++) {
            assert_int_equal(questions[i]->count, INQUIRY_MAX_REQUESTS);
            find(&cluster, questions[i], (struct http_findings){ .count = 20, .good = 20, .status = 200 });
        }
    }
    assert_int_equal(asked, INQUIRY_MAX);
    assert_int_equal(it.answer_count, INQUIRY_MAX);
    engine_destroy(cluster.engine);
}

/* Forty endpoints with three questions each: all at once are bounded, and each endpoint has its turn before others have
 * two. */
static void questions_of_many__take_turns(void **state)
{
    enum { ENDPOINTS = 40 };
    auto_strbuf struct strbuf endpoints = { 0 };
    struct http_question *questions[ASKS_MAX_IN_FLIGHT];
    struct cluster cluster;

    (void)state;
    memset(&it, 0, sizeof(it));
    for (int i = 0; i < ENDPOINTS; i++)
        strbuf_addf(&endpoints,
                    "%s{\"metadata\":{\"name\":\"e%d\",\"namespace\":\"ml\",\"uid\":\"u%d\",\"resourceVersion\":\"3\","
                    "\"generation\":1},\"spec\":{},\"status\":{\"observedGeneration\":1,\"conditions\":[]}}",
                    i ? "," : "",
                    i,
                    i);
    for (int i = 0; i < 3; i++) {
        it.asks[i] = probe;
        it.asks[i].key = i == 0 ? "a" : i == 1 ? "b" : "c";
    }
    it.ask_count = 3;
    cluster_init(&cluster, list, (struct engine_options){ 0 });
    cluster.endpoints = strbuf_text(&endpoints);
    cluster_settle(&cluster);
    for (int i = 0; i < ASKS_MAX_IN_FLIGHT; i++)
        questions[i] = taken(&cluster);
    assert_null(engine_take_question(cluster.engine));
    for (int i = 0; i < ASKS_MAX_IN_FLIGHT; i++)
        find(&cluster, questions[i], (struct http_findings){ .count = 3, .good = 3, .status = 200 });
    for (const struct inquiry *at = cluster.engine->asks.inquiries.first; at; at = at->next) {
        size_t asked = 0;

        for (size_t i = 0; i < at->count; i++)
            asked += at->items[i].asked_at != 0;
        assert_in_range(asked, 1, 2);
    }
    engine_destroy(cluster.engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probe__is_asked_at_once_and_every_so_often),
        cmocka_unit_test(probe__nobody_answers__is_an_error),
        cmocka_unit_test(probe__nothing_good__is_counted_until_something_is),
        cmocka_unit_test(query__goes_to_prometheus),
        cmocka_unit_test(query__without_prometheus__says_what_to_do),
        cmocka_unit_test(object__is_read_from_the_api_server),
        cmocka_unit_test(question__asked_the_same__keeps_its_answer),
        cmocka_unit_test(question__changed__is_another),
        cmocka_unit_test(question__not_asked_any_more__is_forgotten),
        cmocka_unit_test(object_gone__its_questions_are_forgotten),
        cmocka_unit_test(questions_of_a_key__are_bounded),
        cmocka_unit_test(questions_of_many__take_turns),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return RUN_TESTS(tests);
}
