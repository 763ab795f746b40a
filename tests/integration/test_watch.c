/*
 * Both carriers of watches, and the client beside them, against a real API server: everything below the engine, with
 * the real net thread. Needs KUBECONFIG of a cluster of its own, whose API server was started again, so that version 1
 * is too old for it: `make watch` gives one.
 */

#include <signal.h>
#include <time.h>

#include "../../operator/base/memory.h"
#include "../../operator/driver/net.h"
#include "../../operator/http/client.h"
#include "../../operator/kube/credentials.h"
#include "../../operator/kube/watch_stream.h"
#include "../unit/pem_samples.h"
#include "../unit/unit.h"

enum { PATIENCE_MS = 60000, UPDATES = 2000, OBJECTS = 20, WINDOW = 16, LARGE = 1000000 };

/* One watch, in the slot of its place here. */
struct seen {
    unsigned opened, closed, messages;
    unsigned last[OBJECTS]; /* the last number seen of each object: they only grow */
    size_t largest;
    struct watch_signal end;
    char first[256], problem[256];
};

static struct kube_config config;
static struct credentials *credentials;
static struct http_client *client;
static struct mailbox *inbox;
static struct health *health;
static struct net *net;
static struct watch_stream *stream; /* of slot 1 */
static struct seen seen[2];
static unsigned serial, in_flight, failed, missed;
static uint64_t version; /* of the last list */
static bool as_nobody;

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* -- what the driver does, in short ------------------------------------------------------------------------------- */

static size_t headers(void *context, const struct http_header **ret_list, uint64_t *ret_serial)
{
    struct credentials_headers all = credentials_headers(credentials);
    static const struct http_header nobody = { "Impersonate-User", "nobody" };

    (void)context;
    *ret_list = as_nobody ? &nobody : all.list;
    *ret_serial = all.serial;
    return as_nobody ? 1 : all.count;
}

static void answered(void *context,
                     struct http_request **request,
                     const struct http_response *response,
                     uint64_t of_credentials)
{
    auto_free char *body = xstrndup(response->body.data ? response->body.data : "", response->body.length);
    const char *text = strstr(body, "\"resourceVersion\":\"");

    (void)context;
    (void)of_credentials;
    in_flight--;
    failed += response->status < 200 || response->status > 299;
    if ((*request)->method == HTTP_GET && text)
        version = strtoull(text + 19, NULL, 10);
}

/* Numbers of an object must come in order, and none twice. */
static void check_order(struct seen *watch, const char *message)
{
    const char *name = strstr(message, "\"name\":\"w"), *number = strstr(message, "\"n\":\"");
    unsigned object, n;

    if (!name || !number)
        return;
    object = (unsigned)strtoul(name + 9, NULL, 10);
    n = (unsigned)strtoul(number + 5, NULL, 10);
    assert_true(object < OBJECTS);
    if (n <= watch->last[object])
        missed++;
    watch->last[object] = n;
}

static void signalled(const struct watch_signal *signal)
{
    struct seen *watch = &seen[signal->slot];
    auto_free char *text = NULL;

    if (signal->serial != serial)
        return;
    switch (signal->type) {
    case WATCH_OPENED:
        watch->opened++;
        break;
    case WATCH_MESSAGE:
        text = xstrndup(signal->message.data, signal->message.length);
        if (!watch->messages++)
            snprintf(watch->first, sizeof(watch->first), "%.250s", text);
        if (signal->message.length > watch->largest)
            watch->largest = signal->message.length;
        check_order(watch, text);
        break;
    case WATCH_CLOSED:
        watch->closed++;
        watch->end = *signal;
        snprintf(watch->problem, sizeof(watch->problem), "%s", signal->problem);
        break;
    }
}

static void stream_signalled(void *context, const struct watch_signal *signal, uint64_t of_credentials)
{
    (void)context;
    (void)of_credentials;
    signalled(signal);
}

static void turn(void)
{
    http_client_wait(client, NULL, 0, 100);
    http_client_step(client);
    for (struct letter *letter = mailbox_take(inbox), *next; letter; letter = next) {
        next = letter->next;
        signalled(&((struct news *)letter)->signal);
        news_free(letter);
    }
}

#define turn_until(condition)                                                                                          \
    do {                                                                                                               \
        int64_t until_ = now_ms() + PATIENCE_MS;                                                                       \
        while (!(condition) && now_ms() < until_)                                                                      \
            turn();                                                                                                    \
        assert_true(condition);                                                                                        \
    } while (0)

static void send_request(enum http_method method, const char *type, char *take_path, char *take_body)
{
    struct http_request *request = http_request_create(method, take_path, type, take_body);

    request->timeout_ms = PATIENCE_MS;
    in_flight++;
    http_client_send(client, request);
}

static char *print(const char *format, ...) printf_like(1, 2);
static char *print(const char *format, ...)
{
    struct strbuf text = { 0 };
    char part[512];
    va_list args;

    va_start(args, format);
    vsnprintf(part, sizeof(part), format, args);
    va_end(args);
    strbuf_adds(&text, part);
    return strbuf_detach(&text);
}

static void list(void)
{
    send_request(HTTP_GET, NULL, xstrdup("/api/v1/namespaces/default/configmaps?resourceVersion="), NULL);
    turn_until(!in_flight);
}

/* Opens both watches, with the query added to the path. */
static void open_both(const char *query)
{
    const struct http_header *list_of;
    struct watch_command command = { .open = true, .serial = ++serial, .timeout_ms = PATIENCE_MS };
    uint64_t of_credentials;
    size_t count;

    memset(seen, 0, sizeof(seen));
    command.path = print("/api/v1/namespaces/default/configmaps?watch=true&%s", query);
    count = headers(NULL, &list_of, &of_credentials);
    net_open(net, &command, http_client_address(client), list_of, count);
    watch_stream_destroy(take(stream));
    command.slot = 1;
    command.path = print("/api/v1/namespaces/default/configmaps?watch=true&%s", query);
    stream = watch_stream_create(client, &command, stream_signalled, NULL);
}

static void close_both(void)
{
    net_close(net, 0, serial);
    watch_stream_destroy(take(stream));
}

static void wake(void *context)
{
    (void)context;
    http_client_wakeup(client);
}

static int start(void **state)
{
    struct kube_config_options options = { 0 };
    struct net_options net_options = { .config = &config };
    struct http_settings settings = { .user_agent = "kitae/test" };
    struct credentials_tls tls;
    struct error err;

    (void)state;
    assert_int_equal(kube_config_load(&options, &config, &err), 0);
    assert_int_equal(credentials_create(&config, now_ms(), &credentials, &err), 0);
    tls = credentials_tls(credentials);
    settings.url = config.server.url;
    settings.ca = tls.ca;
    settings.certificate = tls.certificate;
    settings.key = tls.key;
    client = http_client_create(&settings, headers, answered, NULL);
    inbox = mailbox_create(64 * 1024 * 1024, wake, NULL);
    health = health_create();
    net_options.certificates = (struct socket_certificates){ tls.ca, tls.certificate, tls.key };
    net_options.inbox = inbox;
    net_options.health = health;
    return net_create(&net_options, &net, &err);
}

static int finish(void **state)
{
    (void)state;
    net_destroy(net);
    watch_stream_destroy(stream);
    http_client_destroy(client);
    mailbox_destroy(inbox, news_free);
    health_destroy(health);
    credentials_destroy(credentials);
    kube_config_finish(&config);
    return 0;
}

/* -- the tests ---------------------------------------------------------------------------------------------------- */

static void make_objects(void)
{
    for (int i = 0; i < OBJECTS; i++)
        send_request(HTTP_POST,
                     "application/json",
                     xstrdup("/api/v1/namespaces/default/configmaps"),
                     print("{\"metadata\":{\"name\":\"w%d\"},\"data\":{\"n\":\"0\"}}", i));
    turn_until(!in_flight);
}

static void make_large_object(void)
{
    auto_free char *filling = xcalloc(1, LARGE + 1);
    struct strbuf body = { 0 };

    memset(filling, 'x', LARGE);
    strbuf_adds(&body, "{\"metadata\":{\"name\":\"large\"},\"data\":{\"x\":\"");
    strbuf_adds(&body, filling);
    strbuf_adds(&body, "\"}}");
    send_request(HTTP_POST, "application/json", xstrdup("/api/v1/namespaces/default/configmaps"), strbuf_detach(&body));
    turn_until(!in_flight);
}

/* Object n % OBJECTS gets number n; never two writes to one object at once, so that the server keeps their order. */
static void write_updates(void)
{
    for (unsigned n = 1; n <= UPDATES; n++) {
        send_request(HTTP_PATCH,
                     "application/merge-patch+json",
                     print("/api/v1/namespaces/default/configmaps/w%u", n % OBJECTS),
                     print("{\"data\":{\"n\":\"%u\"}}", n));
        turn_until(in_flight < WINDOW);
        if (n % OBJECTS == 0)
            turn_until(!in_flight);
    }
    turn_until(!in_flight);
}

static void updates__under_load__arrive_once_and_in_order(void **state)
{
    auto_free char *query = NULL;

    (void)state;
    list();
    failed = missed = 0;
    make_objects();
    list();
    query = print("allowWatchBookmarks=true&resourceVersion=%llu", (unsigned long long)version);
    open_both(query);
    turn_until(seen[0].opened && seen[1].opened);
    write_updates();
    make_large_object();
    turn_until(seen[0].messages > UPDATES && seen[1].messages > UPDATES);
    assert_int_equal(failed, 0);
    assert_int_equal(missed, 0);
    assert_true(seen[0].largest > LARGE && seen[1].largest > LARGE);
    for (unsigned i = 0; i < OBJECTS; i++) {
        assert_int_equal(seen[0].last[i], seen[1].last[i]);
        assert_true(seen[0].last[i] > UPDATES - OBJECTS);
    }
    close_both();
}

static void end__of_the_server__is_told(void **state)
{
    (void)state;
    list();
    open_both("timeoutSeconds=1");
    turn_until(seen[0].closed && seen[1].closed);
    assert_int_equal(seen[0].opened, 1);
    assert_int_equal(seen[1].opened, 1);
    assert_false(seen[0].end.refused);
    assert_false(seen[1].end.refused);
    assert_string_equal(seen[0].problem, "closed by the server, code 1000");
}

static void old_version__is_an_error_event(void **state)
{
    (void)state;
    open_both("resourceVersion=1");
    turn_until(seen[0].closed && seen[1].closed);
    assert_contains(seen[0].first, "ERROR");
    assert_contains(seen[0].first, "410");
    assert_false(seen[0].end.refused);
    assert_true(strstr(seen[1].first, "410") || seen[1].end.http_status == 410);
}

static void refusals__have_their_status(void **state)
{
    (void)state;
    open_both("resourceVersion=nonsense");
    turn_until(seen[0].closed && seen[1].closed);
    assert_true(seen[0].end.upgrade_refused);
    assert_int_equal(seen[0].end.http_status, seen[1].end.http_status);
    as_nobody = true;
    open_both("");
    turn_until(seen[0].closed && seen[1].closed);
    as_nobody = false;
    assert_int_equal(seen[1].end.http_status, 403);
    assert_int_equal(seen[0].end.http_status, 403);
}

static void certificates__renewed__count_for_the_next_watch(void **state)
{
    struct credentials_tls tls = credentials_tls(credentials);
    struct socket_certificates bad = { certificate_a, tls.certificate, tls.key };
    struct socket_certificates both = { NULL, tls.certificate, tls.key };
    auto_strbuf struct strbuf bundle = { 0 };

    (void)state;
    strbuf_addf(&bundle, "%s\n%s", certificate_a, tls.ca); /* an old CA and the new one */
    both.ca = strbuf_text(&bundle);
    for (int round = 0; round < 3; round++) {
        net_certificates(net, &bad);
        open_both("");
        turn_until(seen[0].closed);
        assert_true(seen[0].end.refused);
        assert_false(seen[0].end.upgrade_refused);
        close_both();
        net_certificates(net, &both);
        open_both("");
        turn_until(seen[0].opened);
        close_both();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates__under_load__arrive_once_and_in_order),
        cmocka_unit_test(end__of_the_server__is_told),
        cmocka_unit_test(old_version__is_an_error_event),
        cmocka_unit_test(refusals__have_their_status),
        cmocka_unit_test(certificates__renewed__count_for_the_next_watch),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, start, finish);
}
