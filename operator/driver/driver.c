#include "driver.h"

#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "../base/memory.h"
#include "../engine/log.h"
#include "../engine/report.h"
#include "../http/client.h"
#include "../http/outside.h"
#include "../kube/access.h"
#include "../kube/credentials.h"
#include "../kube/watch_stream.h"
#include "net.h"

enum {
    INBOX_LIMIT = 64 * 1024 * 1024, /* bytes of watch messages that wait for the engine */
    HEARTBEAT_MS = 5000,
    STOP_MS = 30000,
    QUIET_MS = 5000, /* without a word from any watch */
};

struct driver {
    const struct driver_options *options;
    struct access access;
    struct engine *engine;
    struct http_client *http;
    struct outside *outside;
    struct credentials *credentials;
    uint64_t generation; /* of the credentials' certificates in use */
    struct net *net;
    struct mailbox *inbox;
    struct health *health;
    struct watch_stream *streams[ENGINE_MAX_WATCHES]; /* chunked watches, by slot */
    uint64_t socket_credentials[ENGINE_MAX_WATCHES];  /* the serial that the slot's websocket was opened with */
    int signals;
    int64_t stop_at;   /* monotonic ms: when to give up stopping; 0: not stopping */
    int64_t worked_at; /* monotonic ms: the last word from a watch; 0: memory was given back since */
    bool ended;
};

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t monotonic_ms(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

static void deliver(struct driver *driver, struct event event)
{
    event.monotonic_ms = monotonic_ms();
    event.wall_ms = read_clock(CLOCK_REALTIME);
    engine_step(driver->engine, &event);
}

static void step(struct driver *driver, enum event_type type)
{
    deliver(driver, (struct event){ .type = type });
}

/* -- requests ----------------------------------------------------------------------------------------------------- */

static size_t current_headers(void *context, const struct http_header **ret_list, uint64_t *ret_serial)
{
    struct driver *driver = context;
    struct credentials_headers headers = credentials_headers(driver->credentials);

    *ret_list = headers.list;
    *ret_serial = headers.serial;
    return headers.count;
}

/* A 401 may only mean that the token has just been renewed: then the request goes again, once, with the new one. */
static void answered(void *context,
                     struct http_request **request,
                     const struct http_response *response,
                     uint64_t serial)
{
    struct driver *driver = context;

    if (response->status == 401 && credentials_rejected(driver->credentials, monotonic_ms(), serial)) {
        http_client_send(driver->http, take(*request));
        return;
    }
    deliver(driver, (struct event){ .type = EVENT_RESPONSE, .response = response });
}

static void found(void *context, const struct http_findings *findings)
{
    deliver(context, (struct event){ .type = EVENT_ANSWER, .findings = findings });
}

static struct socket_certificates socket_certificates(const struct driver *driver)
{
    struct credentials_tls tls = credentials_tls(driver->credentials);

    return (struct socket_certificates){ tls.ca, tls.certificate, tls.key };
}

static void refresh_credentials(struct driver *driver)
{
    struct http_settings settings;
    struct socket_certificates certificates;
    struct error err;

    if (credentials_poll(driver->credentials, monotonic_ms(), &err) < 0)
        log_warn("credentials could not be refreshed; the old ones stay in use", KV_STR("error", err.message));
    if (credentials_generation(driver->credentials) == driver->generation)
        return;
    driver->generation = credentials_generation(driver->credentials);
    settings = access_settings(&driver->access, driver->credentials);
    http_client_certificates(driver->http, &settings);
    certificates = socket_certificates(driver);
    net_certificates(driver->net, &certificates);
    log_info("certificates were renewed");
}

/* -- watches ------------------------------------------------------------------------------------------------------ */

/* A watch that was refused with 401 is tried again by the engine, then with a new token if there is one. */
static void watch_signalled(struct driver *driver, const struct watch_signal *signal, uint64_t credentials)
{
    if (signal->type == WATCH_CLOSED && signal->http_status == 401)
        credentials_rejected(driver->credentials, monotonic_ms(), credentials);
    driver->worked_at = monotonic_ms();
    deliver(driver, (struct event){ .type = EVENT_WATCH, .watch = signal });
}

static void stream_signalled(void *context, const struct watch_signal *signal, uint64_t credentials)
{
    watch_signalled(context, signal, credentials);
}

static void open_socket(struct driver *driver, struct watch_command *command)
{
    const struct kube_config *config = driver->options->config;
    const char *address = http_client_address(driver->http);
    struct credentials_headers headers = credentials_headers(driver->credentials);
    auto_free struct http_header *list = xcalloc(headers.count + 1, sizeof(*list));

    memcpy(list, headers.list, headers.count * sizeof(*list));
    list[headers.count] = (struct http_header){ "User-Agent", access_user_agent };
    driver->socket_credentials[command->slot] = headers.serial;
    net_open(driver->net, command, *address ? address : config->server.host, list, headers.count + 1);
}

static void carry_out(struct driver *driver, struct watch_command *command)
{
    struct watch_stream **stream = &driver->streams[command->slot];

    watch_stream_destroy(take(*stream));
    if (!command->open && command->transport == WATCH_WEBSOCKET)
        net_close(driver->net, command->slot, command->serial);
    else if (command->open && command->transport == WATCH_WEBSOCKET)
        open_socket(driver, command);
    else if (command->open)
        *stream = watch_stream_create(driver->http, command, stream_signalled, driver);
}

/* -- the loop ----------------------------------------------------------------------------------------------------- */

static void do_what_the_engine_wants(struct driver *driver)
{
    struct http_request *request;
    struct http_question *question;
    struct watch_command command;
    struct report_reply reply;
    const char *certificate, *key;

    while ((request = engine_take_request(driver->engine)))
        http_client_send(driver->http, request);
    while ((question = engine_take_question(driver->engine)))
        outside_ask(driver->outside, question);
    while (engine_take_watch(driver->engine, &command))
        carry_out(driver, &command);
    while (engine_take_reply(driver->engine, &reply))
        net_reply(driver->net, &reply);
    if (engine_take_certificate(driver->engine, &certificate, &key))
        net_report_certificate(driver->net, certificate, key);
}

static void send_metrics(struct driver *driver)
{
    struct strbuf text = { 0 };

    report_metrics(driver->engine, &text);
    net_metrics(driver->net, strbuf_detach(&text));
}

static void read_news(struct driver *driver)
{
    for (struct letter *letter = mailbox_take(driver->inbox), *next; letter; letter = next) {
        struct news *news = (struct news *)letter;

        next = letter->next;
        switch (news->type) {
        case NEWS_WATCH:
            watch_signalled(driver, &news->signal, driver->socket_credentials[news->signal.slot]);
            break;
        case NEWS_METRICS_WANTED:
            send_metrics(driver);
            break;
        case NEWS_REPORT:
            deliver(driver, (struct event){ .type = EVENT_REPORT, .report = &news->report });
            break;
        }
        news_free(letter);
    }
}

static void read_signals(struct driver *driver)
{
    struct signalfd_siginfo info;

    while (read(driver->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGUSR1) {
            report_log(driver->engine);
        } else if (driver->stop_at) {
            log_warn("ending at once, on a second signal");
            driver->ended = true;
        } else {
            log_info("stopping", KV_INT("signal", info.ssi_signo));
            driver->stop_at = monotonic_ms() + STOP_MS;
            step(driver, EVENT_STOP);
        }
    }
}

static int time_to_wait(const struct driver *driver)
{
    int64_t now = monotonic_ms(), until = now + HEARTBEAT_MS, other = engine_next_tick(driver->engine);

    if (other < until)
        until = other;
    other = credentials_next(driver->credentials, now);
    if (other < until)
        until = other;
    return until > now ? (int)(until - now) : 0;
}

/* malloc keeps what a burst needed, in holes between what is still held: after it, the holes go back to the system. */
static void give_memory_back(struct driver *driver)
{
    if (!driver->worked_at || monotonic_ms() < driver->worked_at + QUIET_MS)
        return;
    malloc_trim(0);
    driver->worked_at = 0;
}

static void turn(struct driver *driver)
{
    int fds[] = { driver->signals, credentials_fd(driver->credentials) };

    http_client_wait(driver->http, fds, ARRAY_SIZE(fds), time_to_wait(driver));
    read_signals(driver);
    refresh_credentials(driver);
    http_client_step(driver->http);
    read_news(driver);
    step(driver, EVENT_TICK);
    do_what_the_engine_wants(driver);
    give_memory_back(driver);
    health_beat(driver->health, monotonic_ms(), driver->stop_at ? "stopping" : engine_unready_reason(driver->engine));
    if (driver->stop_at && (engine_is_stopped(driver->engine) || monotonic_ms() >= driver->stop_at))
        driver->ended = true;
    if (engine_lost_lease(driver->engine))
        driver->ended = true;
}

/* -- setting up --------------------------------------------------------------------------------------------------- */

static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void wake_engine(void *context)
{
    http_client_wakeup(((struct driver *)context)->http);
}

/* libwebsockets cannot go through proxies as curl does, so watches go where requests go. */
static struct engine_options engine_options(const struct driver_options *options)
{
    struct engine_options engine = options->engine;

    if (options->config->proxy.host && engine.transport == WATCH_WEBSOCKET) {
        log_info("watches go by chunked HTTP, because there is a proxy", KV_STR("proxy", options->config->proxy.host));
        engine.transport = WATCH_HTTP;
        engine.transport_fixed = true;
    }
    return engine;
}

static int set_up(struct driver *driver, struct error *err)
{
    const struct driver_options *options = driver->options;
    struct http_settings settings;
    struct net_options net = { .config = options->config,
                               .listen = options->listen,
                               .report_listen = options->report_listen };
    struct engine_options engine = engine_options(options);

    if (credentials_create(options->config, monotonic_ms(), &driver->credentials, err) < 0)
        return -1;
    driver->generation = credentials_generation(driver->credentials);
    access_init(&driver->access, options->config);
    settings = access_settings(&driver->access, driver->credentials);
    driver->http = http_client_create(&settings, current_headers, answered, driver);
    driver->outside = outside_create(driver->http, found, driver);
    driver->inbox = mailbox_create(INBOX_LIMIT, wake_engine, driver);
    driver->health = health_create();
    net.certificates = socket_certificates(driver);
    net.health = driver->health;
    net.inbox = driver->inbox;
    if (net_create(&net, &driver->net, err) < 0)
        return -1;
    driver->engine = engine_create(&engine);
    return 0;
}

static void tear_down(struct driver *driver)
{
    net_destroy(driver->net);
    for (int i = 0; i < ENGINE_MAX_WATCHES; i++)
        watch_stream_destroy(driver->streams[i]);
    outside_destroy(driver->outside);
    http_client_destroy(driver->http);
    mailbox_destroy(driver->inbox, news_free);
    health_destroy(driver->health);
    engine_destroy(driver->engine);
    credentials_destroy(driver->credentials);
    close(driver->signals);
    access_finish(&driver->access);
}

int driver_run(const struct driver_options *options, struct error *err)
{
    struct driver driver = { .options = options, .signals = open_signals() };
    int result;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    result = set_up(&driver, err);
    if (result == 0) {
        step(&driver, EVENT_TICK);
        do_what_the_engine_wants(&driver);
    }
    while (result == 0 && !driver.ended)
        turn(&driver);
    if (result == 0 && engine_lost_lease(driver.engine))
        result = error_set(err, ERROR_DENIED, "another replica leads now");
    if (result == 0)
        log_info("ended");
    tear_down(&driver);
    return result;
}
