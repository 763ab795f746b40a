#include "../../operator/base/memory.h"
#include "../../operator/http/client.h"
#include "../../operator/serve/metrics.h"
#include "../../operator/serve/server.h"
#include "fake_server.h" /* for its clock and sending only */
#include "unit.h"

static struct lws_context *lws;
static struct server *server;
static struct health *health;
static struct http_client *client;
static pthread_t thread;
static atomic_bool stop;
static unsigned port;
static struct strbuf metrics, body;
static int status;

static int64_t boot_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void metrics_wanted(void *context)
{
    assert_ptr_equal(context, &server);
    server_metrics(server, strbuf_text(&metrics));
}

static void *service(void *context)
{
    while (!atomic_load(&stop))
        lws_service(context, 0);
    return NULL;
}

static size_t no_headers(void *context, const struct http_header **ret_list, uint64_t *ret_serial)
{
    (void)context;
    *ret_list = NULL;
    *ret_serial = 0;
    return 0;
}

/* A port that was free a moment ago. */
static unsigned free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    getsockname(fd, (struct sockaddr *)&address, &length);
    close(fd);
    return ntohs(address.sin_port);
}

static int listen_at(const char *where, struct error *err)
{
    struct lws_context_creation_info info = { .port = CONTEXT_PORT_NO_LISTEN,
                                              .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
                                              .fd_limit_per_thread = 256 };

    lws_set_log_level(0, NULL);
    lws = lws_create_context(&info);
    assert_non_null(lws);
    return server_create(lws, where, health, metrics_wanted, &server, &server, err);
}

static int start(void **state)
{
    auto_strbuf struct strbuf url = { 0 }, where = { 0 };
    struct http_settings settings = { .user_agent = "test" };
    struct error err;

    (void)state;
    port = free_port();
    health = health_create();
    strbuf_addf(&where, "127.0.0.1:%u", port);
    assert_int_equal(listen_at(strbuf_text(&where), &err), 0);
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&thread, NULL, service, lws), 0);
    strbuf_addf(&url, "http://127.0.0.1:%u", port);
    settings.url = strbuf_text(&url);
    client = http_client_create(&settings, no_headers, NULL, NULL);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    atomic_store(&stop, true);
    lws_cancel_service(lws);
    pthread_join(thread, NULL);
    lws_context_destroy(lws);
    server_destroy(server);
    health_destroy(health);
    http_client_destroy(client);
    strbuf_finish(&metrics);
    strbuf_finish(&body);
    return 0;
}

static void ask_with(enum http_method method, const char *path)
{
    const char *text = method == HTTP_GET ? NULL : "{}";
    struct http_request *request = http_request_create(method, xstrdup(path), "a/b", text ? xstrdup(text) : NULL);
    struct error err;

    request->timeout_ms = 10000;
    strbuf_clear(&body);
    if (http_client_perform(client, request, &status, &body, &err) < 0)
        fail_msg("%s: %s", path, err.message);
}

static void ask(const char *path)
{
    ask_with(HTTP_GET, path);
}

static void healthz__heartbeat_young_or_old__tells(void **state)
{
    (void)state;
    ask("/healthz"); /* before the first beat: it has not been stuck yet */
    assert_int_equal(status, 200);
    health_beat(health, boot_ms() - HEALTH_STUCK_MS + 5000, "");
    ask("/healthz");
    assert_int_equal(status, 200);
    assert_string_equal(strbuf_text(&body), "ok\n");
    health_beat(health, boot_ms() - HEALTH_STUCK_MS - 5000, "");
    ask("/healthz");
    assert_int_equal(status, 503);
    assert_contains(strbuf_text(&body), "has not moved for 35 s");
}

static void readyz__ready_or_not__tells(void **state)
{
    (void)state;
    ask("/readyz");
    assert_int_equal(status, 503);
    assert_string_equal(strbuf_text(&body), "starting\n");
    health_beat(health, boot_ms(), "pods: not listed yet");
    ask("/readyz");
    assert_int_equal(status, 503);
    assert_string_equal(strbuf_text(&body), "pods: not listed yet\n");
    health_beat(health, boot_ms(), "");
    ask("/readyz");
    assert_int_equal(status, 200);
}

static void metrics__small_and_large__arrive_whole(void **state)
{
    (void)state;
    strbuf_adds(&metrics, "a 1\n");
    ask("/metrics");
    assert_int_equal(status, 200);
    assert_string_equal(strbuf_text(&body), "a 1\n\n");
    for (int i = 0; i < 100000; i++)
        strbuf_addf(&metrics, "kitae_watch_events_total{kind=\"pod\",n=\"%d\"} 1\n", i);
    ask("/metrics");
    assert_int_equal(body.length, metrics.length + 1);
    assert_memory_equal(strbuf_text(&body), strbuf_text(&metrics), metrics.length);
    ask("/healthz");
    assert_int_equal(status, 200);
}

static void others__are_refused(void **state)
{
    (void)state;
    ask("/");
    assert_int_equal(status, 404);
    ask("/metrics/../etc/passwd");
    assert_int_equal(status, 404);
    ask_with(HTTP_POST, "/metrics");
    assert_int_equal(status, 405);
    ask("/healthz");
    assert_int_equal(status, 200);
}

static void broken_requests__harm_nobody(void **state)
{
    static const char *const requests[] = { "",
                                            "\r\n\r\n",
                                            "GET",
                                            "GET /metrics HTTP/1.1\r\n",
                                            "\xff\xfe\x01\r\n\r\n",
                                            "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\n" };
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                   .sin_port = htons((uint16_t)port) };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        fake_says(fd, requests[i]);
        fake_pause(10);
        close(fd);
        ask("/healthz");
        assert_int_equal(status, 200);
    }
}

static void listen__bad_or_taken__is_refused(void **state)
{
    static const char *const bad[] = { "8080", "localhost", ":0", ":65536", ":x", "127.0.0.1:", "" };
    struct lws_context *running = lws;
    struct server *first = server;
    auto_strbuf struct strbuf where = { 0 };
    struct error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(listen_at(bad[i], &err), -1);
        assert_int_equal(err.kind, ERROR_INVALID);
        assert_contains(err.message, "--listen");
        lws_context_destroy(lws);
    }
    strbuf_addf(&where, "127.0.0.1:%u", port);
    assert_int_equal(listen_at(strbuf_text(&where), &err), -1);
    assert_contains(err.message, "taken");
    lws_context_destroy(lws);
    lws = running;
    server = first;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(healthz__heartbeat_young_or_old__tells, start, finish),
        cmocka_unit_test_setup_teardown(readyz__ready_or_not__tells, start, finish),
        cmocka_unit_test_setup_teardown(metrics__small_and_large__arrive_whole, start, finish),
        cmocka_unit_test_setup_teardown(others__are_refused, start, finish),
        cmocka_unit_test_setup_teardown(broken_requests__harm_nobody, start, finish),
        cmocka_unit_test_setup_teardown(listen__bad_or_taken__is_refused, start, finish),
    };

    return RUN_TESTS(tests);
}
