/* `kitae run`: the operator. Options, wiring, signals; everything that goes on is in engine/. */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "../base/jb.h"
#include "../base/map.h"
#include "../base/memory.h"
#include "../base/strbuf.h"
#include "../cli/options.h"
#include "../driver/driver.h"
#include "../engine/log.h"
#include "../kube/config.h"
#include "../kube/url.h"
#include "../model/controller.h"
#include "commands.h"

static const char usage[] =
    "Usage: kitae run [FLAGS]\n"
    "\n"
    "Runs the operator: watches Kitae's resources and makes what they describe come true. Ends on SIGTERM or\n"
    "SIGINT when what is under way is done; SIGUSR1 logs what it holds. The environment in brackets does the\n"
    "same as the flag.";

static struct option options[] = {
    { "kubeconfig",
      0,
      OPTION_TEXT,
      "FILE",
      "how to reach the cluster (default: $KUBECONFIG, the pod's own, ~/.kube/config)" },
    { "context", 0, OPTION_TEXT, "NAME", "the kubeconfig's context (default: its current one)" },
    { "namespace", 'n', OPTION_LIST, "NAME", "work only there; may be repeated (default: all namespaces)" },
    { "selector", 'l', OPTION_TEXT, "SELECTOR", "work only on resources with these labels (default: all)" },
    { "leader-elect",
      0,
      OPTION_SWITCH,
      NULL,
      "work only while holding the lease (default: true in a cluster, else false)" },
    { "lease-namespace",
      0,
      OPTION_TEXT,
      "NAME",
      "where the lease is (default: the pod's namespace, else the context's)" },
    { "watch-transport",
      0,
      OPTION_CHOICE,
      "websocket|http",
      "how watches come (default: websocket, http while that is refused)" },
    { "agent-image", 0, OPTION_TEXT, "IMAGE", "what the pods that move data run (default: " DEFAULT_AGENT_IMAGE ")" },
    { "window", 0, OPTION_NUMBER, "N", "requests in flight at most (default: 16)" },
    { "listen",
      0,
      OPTION_TEXT,
      "ADDRESS:PORT",
      "serve /healthz, /readyz and /metrics there (default: 127.0.0.1:8080; off: none)" },
    { "report-url",
      0,
      OPTION_TEXT,
      "URL",
      "where pods tell how far they are: https://NAME:PORT of a Service in front of --report-listen (default: "
      "nowhere)" },
    { "report-listen", 0, OPTION_TEXT, "ADDRESS:PORT", "take those reports there (default: :8443)" },
    { "report-secret",
      0,
      OPTION_TEXT,
      "NAME",
      "the Secret beside the lease with the certificate for them, made when it is not there (default: kitae-reports)" },
    { "probe",
      0,
      OPTION_SWITCH,
      NULL,
      "ask what ServingEndpoints serve, at addresses of the cluster (default: true in a cluster, else false)" },
    { "prometheus-url",
      0,
      OPTION_TEXT,
      "URL",
      "the Prometheus whose numbers rollouts of ServingEndpoints may be judged by: http://NAME:PORT, with the prefix "
      "of "
      "its path (default: none)" },
    { "log-level", 0, OPTION_CHOICE, "debug|info|warn|error", "the least that is logged (default: info)" },
    { "log-format", 0, OPTION_CHOICE, "logfmt|json", "how it is logged (default: logfmt)" },
    { NULL },
};

static const char *text_of(const char *name)
{
    return option_named(options, name)->text;
}

static void setup_log(void)
{
    static const char *const levels[] = { "debug", "info", "warn", "error" };
    const char *level = text_of("log-level"), *format = text_of("log-format");
    enum log_level lowest = LOG_INFO;

    for (int i = 0; level && i < 4; i++)
        if (strcmp(level, levels[i]) == 0)
            lowest = (enum log_level)i;
    log_setup(lowest, format && strcmp(format, "json") == 0 ? LOG_JSON : LOG_LOGFMT);
}

static void random_bytes(void *bytes, size_t length)
{
    if (getrandom(bytes, length, 0) != (ssize_t)length) /* up to 256 bytes come whole */
        BUG("no randomness");
}

static uint64_t random_number(void)
{
    uint64_t number;

    random_bytes(&number, sizeof(number));
    return number;
}

/* "host_0123456789abcdef": who we are, in the lease and in events. */
static char *make_identity(uint64_t random)
{
    char host[65] = "unknown";
    char *identity;

    gethostname(host, sizeof(host) - 1);
    if (asprintf(&identity, "%s_%016llx", host, (unsigned long long)random) < 0)
        BUG("out of memory");
    return identity;
}

static void fill_engine_options(const struct kube_config *config, const char *identity, struct engine_options *out)
{
    const struct option *elect = option_named(options, "leader-elect"), *probe = option_named(options, "probe"),
                        *namespaces = option_named(options, "namespace");
    const char *transport = text_of("watch-transport"), *lease_namespace = text_of("lease-namespace");

    *out =
        (struct engine_options){ .namespaces = namespaces->list_count ? namespaces->list : NULL,
                                 .selector = text_of("selector"),
                                 .transport =
                                     transport && strcmp(transport, "http") == 0 ? WATCH_HTTP : WATCH_WEBSOCKET,
                                 .transport_fixed = transport != NULL,
                                 .leader_elect = elect->given ? elect->on : !config->context,
                                 .lease_namespace = lease_namespace ? lease_namespace : config->namespace,
                                 .host = config->server.authority,
                                 .agent_image = text_of("agent-image") ? text_of("agent-image") : DEFAULT_AGENT_IMAGE,
                                 .identity = identity,
                                 .can_probe = probe->given ? probe->on : !config->context,
                                 .window = (unsigned)option_named(options, "window")->number,
                                 .seed = random_number(),
                                 .random_bytes = random_bytes,
                                 .timings = engine_default_timings,
                                 .controllers = controllers };
}

/* Where reports go; nothing to do without --report-url. */
static int fill_report_options(struct driver_options *out, struct arena *arena, struct error *err)
{
    const char *url = text_of("report-url"), *listen = text_of("report-listen"), *secret = text_of("report-secret");
    struct url parts;

    if (!url)
        return 0;
    if (url_parse(url, arena, &parts, err) < 0)
        return error_wrap(err, "--report-url");
    if (strcmp(parts.scheme, "https") != 0 || *parts.path || parts.user)
        return error_set(err, ERROR_INVALID, "--report-url: write https://NAME:PORT, and no more");
    out->engine.report_url = url;
    out->engine.report_host = parts.host;
    out->engine.report_secret = secret ? secret : "kitae-reports";
    out->report_listen = listen ? listen : ":8443";
    return 0;
}

/* Where queries go; nothing to do without --prometheus-url. The path's slashes at its end are cut. */
static int fill_prometheus(struct driver_options *out, struct arena *arena, struct error *err)
{
    const char *url = text_of("prometheus-url");
    struct url parts;

    if (!url)
        return 0;
    if (url_parse(url, arena, &parts, err) < 0)
        return error_wrap(err, "--prometheus-url");
    if (strcmp(parts.scheme, "https") != 0 && strcmp(parts.scheme, "http") != 0)
        return error_set(err, ERROR_INVALID, "--prometheus-url: it begins with http:// or https://");
    if (parts.user)
        return error_set(err,
                         ERROR_INVALID,
                         "--prometheus-url: a user and a password are not sent to Prometheus; leave them out, and let "
                         "the network or a proxy of yours see to who may ask");
    out->engine.prometheus_url =
        arena_printf(arena, "%s://%s%s", parts.scheme, url_authority(arena, &parts), parts.path);
    return 0;
}

static int check_namespaces(const struct engine_options *engine, struct error *err)
{
    size_t count = 0;

    while (engine->namespaces && engine->namespaces[count])
        count++;
    if (count <= engine_max_namespaces())
        return 0;
    return error_set(err,
                     ERROR_INVALID,
                     "--namespace: %zu are more than the %zu that can be watched one by one; without it all are, by "
                     "fewer watches",
                     count,
                     engine_max_namespaces());
}

static int run(const struct kube_config *config)
{
    auto_arena struct arena arena = { 0 };
    auto_free char *identity = make_identity(random_number());
    const char *listen = text_of("listen");
    struct driver_options driver = { .config = config };
    struct error err;

    fill_engine_options(config, identity, &driver.engine);
    if (!listen || strcmp(listen, "none") != 0)
        driver.listen = listen ? listen : "127.0.0.1:8080";
    log_info("starting",
             KV_STR("version", KITAE_VERSION),
             KV_STR("server", config->server.url),
             KV_STR("config", config->source));
    if (config->warning)
        log_warn(config->warning);
    if (check_namespaces(&driver.engine, &err) == 0 && fill_report_options(&driver, &arena, &err) == 0 &&
        fill_prometheus(&driver, &arena, &err) == 0 && driver_run(&driver, &err) == 0)
        return 0;
    log_error("ended", KV_STR("error", err.message));
    return 1;
}

static int command(int argc, char **argv)
{
    struct kube_config_options where;
    struct kube_config config;
    struct error err;
    int result = options_parse(options, argc, argv, usage);

    if (result)
        return result == 1 ? 0 : result;
    setup_log();
    json_object_seed(0);
    map_seed(random_number());
    where = (struct kube_config_options){ .kubeconfig = text_of("kubeconfig"), .context = text_of("context") };
    if (kube_config_load(&where, &config, &err) < 0) {
        fprintf(stderr, "kitae run: %s\n", err.message);
        return 1;
    }
    result = run(&config);
    kube_config_finish(&config);
    return result;
}

const struct command run_command = {
    "run", "run the operator", usage, options, .run = command,
};
