#define _GNU_SOURCE /* strcasestr */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>

#include "../../operator/base/memory.h"
#include "../../operator/http/outside.h"
#include "../../operator/kube/certificate.h"
#include "fake_server.h"
#include "unit.h"

enum { PATIENCE_MS = 10000 };

/* The last findings; their texts are copies. */
static struct {
    struct fake_server server;
    struct http_client *client;
    struct outside *outside;
    unsigned answers;
    struct http_findings findings;
    char problem[256];
    struct strbuf body;
    SSL_CTX *tls;           /* of the server */
    char name_in_hello[64]; /* what it was asked for */
} it;

static size_t secret_headers(void *context, const struct http_header **ret_list, uint64_t *ret_serial)
{
    static const struct http_header list[] = { { "Authorization", "Bearer secret" } };

    (void)context;
    *ret_list = list;
    *ret_serial = 1;
    return 1;
}

static void no_answer(void *context,
                      struct http_request **request,
                      const struct http_response *response,
                      uint64_t serial)
{
    (void)context;
    (void)request;
    (void)response;
    (void)serial;
    fail();
}

static void found(void *context, const struct http_findings *findings)
{
    assert_ptr_equal(context, &it);
    it.answers++;
    it.findings = *findings;
    snprintf(it.problem, sizeof(it.problem), "%s", findings->problem ? findings->problem : "");
    strbuf_clear(&it.body);
    strbuf_append(&it.body, findings->body.data, findings->body.length);
}

static void start(fake_serve *serve)
{
    struct http_settings settings = { .url = "https://192.0.2.1:6443", .user_agent = "kitae/test (linux/any)" };

    memset(&it, 0, sizeof(it));
    setenv("http_proxy", "http://192.0.2.7:3128", 1); /* nobody is there */
    setenv("https_proxy", "http://192.0.2.7:3128", 1);
    fake_start(&it.server, serve, NULL);
    it.client = http_client_create(&settings, secret_headers, no_answer, &it);
    it.outside = outside_create(it.client, found, &it);
}

static void finish(void)
{
    outside_destroy(it.outside);
    http_client_destroy(it.client);
    fake_stop(&it.server);
    strbuf_finish(&it.body);
    SSL_CTX_free(it.tls);
}

static void send_question(struct http_question question, const char *scheme, const char *path)
{
    struct http_question *sent = xcalloc(1, sizeof(*sent));
    struct strbuf url = { 0 };

    strbuf_addf(&url, "%s://127.0.0.1:%u%s", scheme, it.server.port, path);
    *sent = question;
    sent->id = 7;
    sent->url = strbuf_detach(&url);
    sent->host = question.host ? xstrdup(question.host) : NULL;
    sent->count = question.count ? question.count : 1;
    sent->timeout_ms = question.timeout_ms ? question.timeout_ms : PATIENCE_MS;
    outside_ask(it.outside, sent);
}

static void wait_for(unsigned answers)
{
    int64_t until = fake_ms() + PATIENCE_MS;

    while (it.answers < answers && fake_ms() < until) {
        http_client_wait(it.client, NULL, 0, 100);
        http_client_step(it.client);
    }
    assert_int_equal(it.answers, answers);
    assert_int_equal(it.findings.id, 7);
}

static void ask(struct http_question question, const char *scheme, const char *path)
{
    send_question(question, scheme, path);
    wait_for(it.answers + 1);
}

/* -- what is sent -------------------------------------------------------------------------------------------------- */

static void serve_well(struct fake_server *server, int fd, unsigned nth)
{
    (void)nth;
    while (fake_reads(server, fd))
        fake_answers(fd, "200 OK", "", "fine");
}

static void ask__request__is_plain_and_carries_no_credentials(void **state)
{
    const char *request;

    (void)state;
    start(serve_well);
    ask((struct http_question){ .host = (char *)"chat.example.org" }, "http", "/v1/../models?x=%20y");
    request = fake_request(&it.server, 0);
    assert_contains(request, "GET /v1/../models?x=%20y HTTP/1.1\r\n");
    assert_contains(request, "\r\nHost: chat.example.org\r\n");
    assert_contains(request, "\r\nUser-Agent: kitae/test (linux/any)\r\n");
    assert_null(strcasestr(request, "secret"));
    assert_null(strcasestr(request, "Proxy"));
    assert_int_equal(it.findings.good, 1);
    assert_int_equal(it.findings.status, 200);
    assert_null(it.findings.problem);
    assert_int_equal(it.body.length, 0); /* not wanted */
    finish();
}

static void ask__host_that_would_end_the_line__is_not_sent(void **state)
{
    (void)state;
    start(serve_well);
    ask((struct http_question){ .host = (char *)"a\r\nX-Admin: yes" }, "http", "/");
    assert_null(strcasestr(fake_request(&it.server, 0), "X-Admin"));
    finish();
}

static void ask__several_requests__go_one_by_one_on_connections_of_their_own(void **state)
{
    (void)state;
    start(serve_well);
    ask((struct http_question){ .count = 5 }, "http", "/");
    assert_int_equal(it.findings.count, 5);
    assert_int_equal(it.findings.good, 5);
    assert_int_equal(atomic_load(&it.server.connection_count), 5);
    assert_int_equal(fake_request_count(&it.server), 5);
    finish();
}

/* -- what comes back ----------------------------------------------------------------------------------------------- */

static void serve_in_turn(struct fake_server *server, int fd, unsigned nth)
{
    static const char *const answers[] = { "200 OK", "302 Found", "503 Service Unavailable", "404 Not Found" };

    if (!fake_reads(server, fd) || nth == 4)
        return; /* closed without a word */
    if (nth == 1)
        fake_pause(60);
    fake_answers(fd, answers[nth % 4], "Location: /elsewhere\r\n", "x");
}

static void ask__different_answers__are_counted(void **state)
{
    (void)state;
    start(serve_in_turn);
    ask((struct http_question){ .count = 5 }, "http", "/");
    assert_int_equal(it.findings.count, 5);
    assert_int_equal(it.findings.good, 2); /* the redirect is good, and not followed */
    assert_int_equal(it.findings.status, 503);
    assert_in_range(it.findings.slowest_ms, 60, PATIENCE_MS);
    assert_string_equal(it.problem, "Empty reply from server");
    assert_int_equal(fake_request_count(&it.server), 5);
    finish();
}

static void serve_nothing(struct fake_server *server, int fd, unsigned nth)
{
    (void)nth;
    if (fake_reads(server, fd))
        fake_reads(server, fd); /* until the client goes */
}

static void ask__no_answer__ends_in_time(void **state)
{
    (void)state;
    start(serve_nothing);
    ask((struct http_question){ .count = 2, .timeout_ms = 50 }, "http", "/");
    assert_int_equal(it.findings.count, 2);
    assert_int_equal(it.findings.good, 0);
    assert_int_equal(it.findings.status, 0);
    assert_in_range(it.findings.slowest_ms, 50, PATIENCE_MS);
    assert_contains(it.problem, "timed out");
    assert_null(strstr(it.problem, "after")); /* so many milliseconds: other words each time */
    finish();
}

static void serve_half(struct fake_server *server, int fd, unsigned nth)
{
    (void)nth;
    if (!fake_reads(server, fd))
        return;
    fake_says(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    fake_reads(server, fd);
}

static void ask__half_an_answer__is_not_good(void **state)
{
    (void)state;
    start(serve_half);
    ask((struct http_question){ .timeout_ms = 100 }, "http", "/");
    assert_int_equal(it.findings.good, 0);
    assert_int_equal(it.findings.status, 200);
    assert_non_null(it.findings.problem);
    finish();
}

static void serve_much(struct fake_server *server, int fd, unsigned nth)
{
    char piece[1024];

    (void)nth;
    memset(piece, 'x', sizeof(piece));
    if (!fake_reads(server, fd))
        return;
    fake_says(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    for (int i = 0; i < 100000000 / 1024 && !atomic_load(&server->stop); i++)
        if (send(fd, piece, sizeof(piece), MSG_NOSIGNAL) <= 0)
            return;
}

/* A hundred megabytes are read by nobody. */
static void ask__large_answer__is_cut(void **state)
{
    (void)state;
    start(serve_much);
    ask((struct http_question){ 0 }, "http", "/");
    assert_int_equal(it.findings.good, 1);
    assert_null(it.findings.problem);
    ask((struct http_question){ .body_max = 1000 }, "http", "/");
    assert_int_equal(it.findings.good, 0);
    assert_true(it.findings.too_large);
    assert_string_equal(it.problem, "the answer is too large");
    finish();
}

static void ask__body__is_handed_over_when_it_is_wanted(void **state)
{
    (void)state;
    start(serve_well);
    ask((struct http_question){ .body_max = 4 }, "http", "/");
    assert_string_equal(strbuf_text(&it.body), "fine");
    assert_int_equal(it.findings.good, 1);
    finish();
}

static void destroy__question_under_way__ends_it(void **state)
{
    (void)state;
    start(serve_nothing);
    send_question((struct http_question){ .count = 20 }, "http", "/");
    send_question((struct http_question){ .count = 20 }, "http", "/");
    http_client_step(it.client);
    finish();
    assert_int_equal(it.answers, 0);
}

/* -- TLS ----------------------------------------------------------------------------------------------------------- */

static int note_name(SSL *ssl, int *alert, void *context)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    (void)alert;
    (void)context;
    snprintf(it.name_in_hello, sizeof(it.name_in_hello), "%s", name ? name : "");
    return SSL_TLSEXT_ERR_OK;
}

static void serve_tls(struct fake_server *server, int fd, unsigned nth)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    SSL *ssl = SSL_new(it.tls);
    char request[2048];

    (void)server;
    (void)nth;
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof(request)) > 0) {
        SSL_write(ssl, answer, sizeof(answer) - 1);
        SSL_shutdown(ssl);
    }
    ERR_clear_error();
    SSL_free(ssl);
}

/* With a certificate that no authority of this machine vouches for. */
static void start_tls(void)
{
    struct certificate authority, served;
    struct error err;
    BIO *pem, *key;
    X509 *certificate;
    EVP_PKEY *private;

    start(serve_tls);
    certificate_found("test", time(NULL), &authority);
    assert_int_equal(certificate_issue(&authority, "chat.example.org", time(NULL), &served, &err), 0);
    pem = BIO_new_mem_buf(served.pem, -1);
    key = BIO_new_mem_buf(served.key, -1);
    certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL);
    private = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
    it.tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_tlsext_servername_callback(it.tls, note_name);
    assert_int_equal(SSL_CTX_use_certificate(it.tls, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(it.tls, private), 1);
    X509_free(certificate);
    EVP_PKEY_free(private);
    BIO_free(pem);
    BIO_free(key);
    certificate_finish(&authority);
    certificate_finish(&served);
}

static void ask__https__names_the_host_in_the_hello(void **state)
{
    (void)state;
    start_tls();
    ask((struct http_question){ .host = (char *)"chat.example.org" }, "https", "/");
    assert_int_equal(it.findings.good, 1);
    assert_string_equal(it.name_in_hello, "chat.example.org");
    ask((struct http_question){ 0 }, "https", "/");
    assert_int_equal(it.findings.good, 1);
    assert_string_equal(it.name_in_hello, "");
    finish();
}

static void ask__https_checked__refuses_a_strange_certificate(void **state)
{
    (void)state;
    start_tls();
    ask((struct http_question){ .checked = true }, "https", "/");
    assert_int_equal(it.findings.good, 0);
    assert_int_equal(it.findings.status, 0);
    assert_contains(it.problem, "certificate");
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ask__request__is_plain_and_carries_no_credentials),
        cmocka_unit_test(ask__host_that_would_end_the_line__is_not_sent),
        cmocka_unit_test(ask__several_requests__go_one_by_one_on_connections_of_their_own),
        cmocka_unit_test(ask__different_answers__are_counted),
        cmocka_unit_test(ask__no_answer__ends_in_time),
        cmocka_unit_test(ask__half_an_answer__is_not_good),
        cmocka_unit_test(ask__large_answer__is_cut),
        cmocka_unit_test(ask__body__is_handed_over_when_it_is_wanted),
        cmocka_unit_test(destroy__question_under_way__ends_it),
        cmocka_unit_test(ask__https__names_the_host_in_the_hello),
        cmocka_unit_test(ask__https_checked__refuses_a_strange_certificate),
    };

    signal(SIGPIPE, SIG_IGN); /* a client that leaves while TLS says goodbye */
    return RUN_TESTS(tests);
}
