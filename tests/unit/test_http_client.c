#define _GNU_SOURCE /* strcasestr */
#include "../../operator/base/memory.h"
#include "../../operator/http/client.h"
#include "fake_server.h"
#include "unit.h"

enum { PATIENCE_MS = 10000 };

/* The client under test and the last answer it gave. */
static struct {
    struct fake_server server;
    struct http_client *client;
    struct strbuf url;
    unsigned answers;
    int status;
    bool maybe_done;
    unsigned retry_after_ms;
    uint64_t id, serial;
    char body[256], problem[256];
    uint64_t token;      /* the serial of the headers that are sent */
    bool send_401_again; /* with a newer token */
} it;

static size_t headers(void *context, const struct http_header **ret_list, uint64_t *ret_serial)
{
    static const struct http_header old[] = { { "Authorization", "Bearer old" }, { "Impersonate-Group", "a" } };
    static const struct http_header new[] = { { "Authorization", "Bearer new" }, { "Impersonate-Group", "a" } };

    assert_ptr_equal(context, &it);
    *ret_list = it.token > 1 ? new : old;
    *ret_serial = it.token;
    return 2;
}

static void answered(void *context,
                     struct http_request **request,
                     const struct http_response *response,
                     uint64_t serial)
{
    assert_ptr_equal(context, &it);
    assert_int_equal((*request)->id, response->id);
    if (response->status == 401 && it.send_401_again) {
        it.send_401_again = false;
        it.token = 2;
        http_client_send(it.client, take(*request));
        return;
    }
    it.answers++;
    it.id = response->id;
    it.serial = serial;
    it.status = response->status;
    it.maybe_done = response->maybe_done;
    it.retry_after_ms = response->retry_after_ms;
    snprintf(it.body, sizeof(it.body), "%.*s", (int)response->body.length, response->body.data);
    snprintf(it.problem, sizeof(it.problem), "%s", response->problem ? response->problem : "");
}

static void start(fake_serve *serve)
{
    struct http_settings settings = { .user_agent = "kitae/test (linux/any)" };

    memset(&it, 0, sizeof(it));
    it.token = 1;
    fake_start(&it.server, serve, NULL);
    strbuf_addf(&it.url, "http://127.0.0.1:%u/prefix", it.server.port);
    settings.url = strbuf_text(&it.url);
    it.client = http_client_create(&settings, headers, answered, &it);
}

static void finish(void)
{
    http_client_destroy(it.client);
    fake_stop(&it.server);
    strbuf_finish(&it.url);
}

static void step_until(const unsigned *count, unsigned wanted)
{
    int64_t until = fake_ms() + PATIENCE_MS;

    while (*count < wanted && fake_ms() < until) {
        http_client_wait(it.client, NULL, 0, 100);
        http_client_step(it.client);
    }
    assert_int_equal(*count, wanted);
}

static void send_request(enum http_method method, const char *body)
{
    struct http_request *request = http_request_create(
        method, xstrdup("/api/v1/pods?limit=1"), body ? "application/json" : NULL, body ? xstrdup(body) : NULL);

    static uint64_t last_id;

    request->id = ++last_id;
    request->timeout_ms = PATIENCE_MS;
    http_client_send(it.client, request);
}

static void ask(enum http_method method, const char *body)
{
    send_request(method, body);
    step_until(&it.answers, it.answers + 1);
}

/* -- what is sent, what comes back -------------------------------------------------------------------------------- */

static void serve_two(struct fake_server *server, int fd, unsigned nth)
{
    (void)nth;
    while (fake_reads(server, fd))
        fake_answers(fd, "200 OK", "", "{\"kind\":\"PodList\"}");
}

static void send__get_and_post__carry_what_they_must(void **state)
{
    const char *get, *post;

    (void)state;
    start(serve_two);
    ask(HTTP_GET, NULL);
    assert_int_equal(it.status, 200);
    assert_string_equal(it.body, "{\"kind\":\"PodList\"}");
    assert_int_equal(it.serial, 1);
    ask(HTTP_POST, "{\"a\":1}");
    assert_int_equal(it.status, 200);
    assert_int_equal(atomic_load(&it.server.connection_count), 1); /* kept alive */
    get = fake_request(&it.server, 0);
    post = fake_request(&it.server, 1);
    assert_memory_equal(get, "GET /prefix/api/v1/pods?limit=1 HTTP/1.1\r\n", 42);
    assert_non_null(strstr(get, "\r\nUser-Agent: kitae/test (linux/any)\r\n"));
    assert_non_null(strstr(get, "\r\nAuthorization: Bearer old\r\n"));
    assert_non_null(strstr(get, "\r\nImpersonate-Group: a\r\n"));
    assert_non_null(strstr(get, "\r\nAccept: application/json\r\n"));
    assert_null(strstr(get, "Accept-Encoding"));
    assert_null(strstr(get, "Content-Type"));
    assert_memory_equal(post, "POST /prefix", 12);
    assert_non_null(strstr(post, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(post, "\r\n\r\n{\"a\":1}"));
    assert_null(strstr(post, "Expect"));
    assert_string_equal(http_client_address(it.client), "127.0.0.1");
    finish();
}

static void send__other_methods__are_named(void **state)
{
    (void)state;
    start(serve_two);
    ask(HTTP_PATCH, "{}");
    ask(HTTP_PUT, "{}");
    ask(HTTP_DELETE, "{\"x\":2}");
    ask(HTTP_DELETE, NULL);
    assert_memory_equal(fake_request(&it.server, 0), "PATCH ", 6);
    assert_memory_equal(fake_request(&it.server, 1), "PUT ", 4);
    assert_memory_equal(fake_request(&it.server, 2), "DELETE ", 7);
    assert_non_null(strstr(fake_request(&it.server, 2), "{\"x\":2}"));
    assert_memory_equal(fake_request(&it.server, 3), "DELETE ", 7);
    assert_null(strstr(fake_request(&it.server, 3), "Content-Type"));
    finish();
}

static void serve_429(struct fake_server *server, int fd, unsigned nth)
{
    (void)nth;
    if (fake_reads(server, fd))
        fake_answers(fd, "429 Too Many Requests", "Retry-After: 2\r\n", "slow down");
}

static void answer__429__has_retry_after(void **state)
{
    (void)state;
    start(serve_429);
    ask(HTTP_POST, "{}");
    assert_int_equal(it.status, 429);
    assert_int_equal(it.retry_after_ms, 2000);
    assert_string_equal(it.body, "slow down");
    finish();
}

static void serve_401_to_old(struct fake_server *server, int fd, unsigned nth)
{
    const char *request;

    (void)nth;
    while ((request = fake_reads(server, fd)))
        fake_answers(fd, strstr(request, "Bearer new") ? "200 OK" : "401 Unauthorized", "", "");
}

static void answer__401__can_be_sent_again(void **state)
{
    (void)state;
    start(serve_401_to_old);
    it.send_401_again = true;
    ask(HTTP_POST, "{}");
    assert_int_equal(it.status, 200);
    assert_int_equal(it.serial, 2);
    assert_int_equal(fake_request_count(&it.server), 2);
    finish();
}

/* -- what may have been done -------------------------------------------------------------------------------------- */

static void serve_nothing(struct fake_server *server, int fd, unsigned nth)
{
    (void)nth;
    fake_reads(server, fd);
}

static void answer__closed_before_it__may_be_done(void **state)
{
    (void)state;
    start(serve_nothing);
    ask(HTTP_POST, "{}");
    assert_int_equal(it.status, 0);
    assert_true(it.maybe_done);
    assert_true(*it.problem);
    finish();
}

static void answer__nobody_listens__is_not_done(void **state)
{
    (void)state;
    start(serve_nothing);
    fake_stop(&it.server);
    ask(HTTP_POST, "{}");
    assert_int_equal(it.status, 0);
    assert_false(it.maybe_done);
    assert_non_null(strcasestr(it.problem, "connect"));
    http_client_destroy(it.client);
    strbuf_finish(&it.url);
}

static void serve_late(struct fake_server *server, int fd, unsigned nth)
{
    (void)nth;
    while (fake_reads(server, fd))
        fake_pause(500);
}

static void answer__too_late__may_be_done(void **state)
{
    struct http_request *request = http_request_create(HTTP_PATCH, xstrdup("/x"), "application/json", xstrdup("{}"));

    (void)state;
    start(serve_late);
    request->timeout_ms = 100;
    http_client_send(it.client, request);
    step_until(&it.answers, 1);
    assert_int_equal(it.status, 0);
    assert_true(it.maybe_done);
    finish();
}

/* The connection stays open behind the first answer, and dies when it is used again. */
static void serve_dead_connection(struct fake_server *server, int fd, unsigned nth)
{
    if (fake_reads(server, fd))
        fake_answers(fd, "200 OK", "", nth ? "second" : "first");
    fake_reads(server, fd);
}

static void dead_connection__read__is_repeated(void **state)
{
    (void)state;
    start(serve_dead_connection);
    ask(HTTP_GET, NULL);
    ask(HTTP_GET, NULL);
    assert_int_equal(it.status, 200);
    assert_string_equal(it.body, "second");
    assert_int_equal(fake_request_count(&it.server), 3);
    finish();
}

static void dead_connection__write__is_not_repeated(void **state)
{
    (void)state;
    start(serve_dead_connection);
    ask(HTTP_GET, NULL);
    ask(HTTP_POST, "{}");
    assert_int_equal(it.status, 0);
    assert_true(it.maybe_done);
    assert_true(*it.problem);
    fake_pause(50);
    assert_int_equal(fake_request_count(&it.server), 2);
    finish();
}

static void serve_half(struct fake_server *server, int fd, unsigned nth)
{
    (void)nth;
    if (fake_reads(server, fd))
        fake_says(fd, "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nonly this");
}

static void answer__half__is_none(void **state)
{
    (void)state;
    start(serve_half);
    ask(HTTP_POST, "{}");
    assert_int_equal(it.status, 0);
    assert_true(it.maybe_done);
    finish();
}

static void serve_flood(struct fake_server *server, int fd, unsigned nth)
{
    static char block[1024 * 1024];

    (void)nth;
    memset(block, 'x', sizeof(block));
    if (!fake_reads(server, fd))
        return;
    fake_says(fd, "HTTP/1.1 200 OK\r\nContent-Length: 70000000\r\n\r\n");
    for (int i = 0; i < 66; i++)
        fake_send(fd, block, sizeof(block));
}

static void answer__without_end__is_cut(void **state)
{
    (void)state;
    start(serve_flood);
    ask(HTTP_GET, NULL);
    assert_int_equal(it.status, 0);
    assert_string_equal(it.problem, "the answer is too large");
    finish();
}

/* -- many at once, waking, ending --------------------------------------------------------------------------------- */

static void send__many_at_once__share_connections(void **state)
{
    (void)state;
    start(serve_two);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 16; i++)
            send_request(i % 2 ? HTTP_POST : HTTP_GET, i % 2 ? "{}" : NULL);
        step_until(&it.answers, it.answers + 16);
        assert_int_equal(it.status, 200);
    }
    assert_true(atomic_load(&it.server.connection_count) <= 16);
    finish();
}

static void *wake_soon(void *context)
{
    fake_pause(50);
    http_client_wakeup(context);
    return NULL;
}

static void wait__time_fd_or_wakeup__ends_it(void **state)
{
    int64_t started = fake_ms();
    int pipes[2], none = -1;
    pthread_t thread;

    (void)state;
    start(serve_two);
    http_client_wait(it.client, &none, 1, 20); /* time is up */
    assert_true(fake_ms() - started >= 15);
    pthread_create(&thread, NULL, wake_soon, it.client);
    http_client_wait(it.client, NULL, 0, PATIENCE_MS);
    http_client_step(it.client);
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(write(pipes[1], "x", 1), 1);
    http_client_wait(it.client, pipes, 1, PATIENCE_MS);
    pthread_join(thread, NULL);
    assert_true(fake_ms() - started < PATIENCE_MS);
    close(pipes[0]);
    close(pipes[1]);
    finish();
}

static void destroy__requests_under_way__give_no_answer(void **state)
{
    (void)state;
    start(serve_late);
    send_request(HTTP_POST, "{}");
    send_request(HTTP_GET, NULL);
    http_client_wait(it.client, NULL, 0, 20);
    http_client_step(it.client);
    finish();
    assert_int_equal(it.answers, 0);
}

static void perform__waits_for_the_answer(void **state)
{
    auto_strbuf struct strbuf body = { 0 };
    struct error err;
    int status = 0;
    struct http_request *request = http_request_create(HTTP_GET, xstrdup("/x"), NULL, NULL);

    (void)state;
    start(serve_two);
    request->timeout_ms = PATIENCE_MS;
    assert_int_equal(http_client_perform(it.client, request, &status, &body, &err), 0);
    assert_int_equal(status, 200);
    assert_string_equal(strbuf_text(&body), "{\"kind\":\"PodList\"}");
    finish();
    start(serve_nothing);
    request = http_request_create(HTTP_GET, xstrdup("/x"), NULL, NULL);
    request->timeout_ms = PATIENCE_MS;
    assert_int_equal(http_client_perform(it.client, request, &status, &body, &err), -1);
    assert_int_equal(err.kind, ERROR_TRANSIENT);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(send__get_and_post__carry_what_they_must),
        cmocka_unit_test(send__other_methods__are_named),
        cmocka_unit_test(answer__429__has_retry_after),
        cmocka_unit_test(answer__401__can_be_sent_again),
        cmocka_unit_test(answer__closed_before_it__may_be_done),
        cmocka_unit_test(answer__nobody_listens__is_not_done),
        cmocka_unit_test(answer__too_late__may_be_done),
        cmocka_unit_test(dead_connection__read__is_repeated),
        cmocka_unit_test(dead_connection__write__is_not_repeated),
        cmocka_unit_test(answer__half__is_none),
        cmocka_unit_test(answer__without_end__is_cut),
        cmocka_unit_test(send__many_at_once__share_connections),
        cmocka_unit_test(wait__time_fd_or_wakeup__ends_it),
        cmocka_unit_test(destroy__requests_under_way__give_no_answer),
        cmocka_unit_test(perform__waits_for_the_answer),
    };

    return RUN_TESTS(tests);
}
