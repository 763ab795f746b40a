/* How reports come to be taken: the certificate that they are answered with, and the right to look at tokens. */

#include "reports_setup.h"

#include <string.h>

#include "../base/base64.h"
#include "../base/jb.h"
#include "../base/memory.h"
#include "answers.h"
#include "log.h"

enum {
    TIMEOUT_MS = 5000,
    LOOK_SOON_MS = 10000,     /* at a Secret that is not there yet, or could not be had */
    LOOK_AGAIN_MS = 600000,   /* at what was refused; at what another replica keeps */
    LOOK_LATER_MS = 21600000, /* at the certificate's age */
    RENEW_BEFORE_S = 120 * 86400,
};

/* -- whether they are on ------------------------------------------------------------------------------------------- */

/* Plans made before know otherwise: all are made again. */
static void settle(struct engine *engine, enum reports_state state, int64_t look_in)
{
    struct reports *reports = &engine->reports;
    bool changed = reports->state != state;

    reports->state = state;
    reports->next_look = engine->now + look_in;
    reports->told.problem = state == REPORTS_ON ? NULL : reports->problem;
    if (changed)
        engine_kind_synced(engine);
}

static void refuse(struct engine *engine, int64_t look_in, char *take_problem)
{
    struct reports *reports = &engine->reports;

    if (!reports->problem || strcmp(reports->problem, take_problem) != 0)
        log_warn("pods cannot report how far they are", KV_STR("problem", take_problem));
    free(reports->problem);
    reports->problem = take_problem;
    settle(engine, REPORTS_REFUSED, look_in);
}

static char *problem_of(const struct http_response *response, const char *what, const char *advice)
{
    struct strbuf text = { 0 };
    char said[256];

    if (response->status)
        answer_message(response->body, said, sizeof(said));
    else
        snprintf(said, sizeof(said), "%s", response->problem);
    strbuf_addf(&text, "%s (%d: %s)%s", what, response->status, said, advice);
    return strbuf_detach(&text);
}

/* -- requests ------------------------------------------------------------------------------------------------------ */

static void send(struct engine *engine,
                 enum http_method method,
                 const char *path,
                 json_t *take_body,
                 response_handler *handler,
                 void *context)
{
    json_auto_t *body = take_body;
    struct http_request *request = http_request_create(
        method, xstrdup(path), body ? "application/json" : NULL, body ? jb_dump(body, false) : NULL);

    request->timeout_ms = TIMEOUT_MS;
    engine_send(engine, request, handler, context);
}

void reports_review(struct engine *engine, const char *token, response_handler *handler, void *context)
{
    send(engine,
         HTTP_POST,
         "/apis/authentication.k8s.io/v1/tokenreviews",
         OBJ({ "apiVersion", jb_str("authentication.k8s.io/v1") },
             { "kind", jb_str("TokenReview") },
             { "spec", OBJ({ "token", jb_str(token) }, { "audiences", ARR(jb_str(REPORT_AUDIENCE)) }) }),
         handler,
         context);
}

/* -- may tokens be reviewed? --------------------------------------------------------------------------------------- */

static void tried(struct engine *engine, void *context, const struct http_response *response)
{
    struct reports *reports = &engine->reports;

    (void)context;
    reports->under_way = false;
    if (response->status == 201) {
        if (reports->state != REPORTS_ON)
            log_info("pods can report how far they are", KV_STR("url", engine->options.report_url));
        free(take(reports->problem));
        settle(engine, REPORTS_ON, LOOK_LATER_MS);
    } else if (answer_classify(response) == ANSWER_DENIED) {
        refuse(engine,
               LOOK_AGAIN_MS,
               problem_of(response,
                          "the operator may not review tokens",
                          ": allow it to create tokenreviews.authentication.k8s.io, or run it without --report-url"));
    } else {
        refuse(engine, LOOK_SOON_MS, problem_of(response, "tokens cannot be reviewed", "; it is tried again"));
    }
}

void reports_try(struct engine *engine)
{
    engine->reports.under_way = true;
    reports_review(engine, "is-this-allowed", tried, NULL);
}

/* -- the Secret ---------------------------------------------------------------------------------------------------- */

static char *secret_path(const struct engine *engine, bool itself)
{
    struct strbuf path = { 0 };

    strbuf_addf(&path, "/api/v1/namespaces/%s/secrets", engine->options.lease_namespace);
    if (itself)
        strbuf_addf(&path, "/%s", engine->options.report_secret);
    return strbuf_detach(&path);
}

/* NULL when it is not there, or no text. */
static char *secret_text(const json_t *data, const char *key)
{
    struct strbuf text = { .maximum = STRBUF_MAX_TEXT };

    if (base64_decode(jb_get_str(data, key), &text) && text.length && !text.overflow)
        return strbuf_detach(&text);
    strbuf_finish(&text);
    return NULL;
}

static json_t *encoded(const char *text)
{
    auto_strbuf struct strbuf out = { 0 };

    base64_encode(text, strlen(text), &out);
    return jb_str(strbuf_text(&out));
}

static void take_certificates(struct reports *reports, struct certificate authority, struct certificate served)
{
    reports->is_new = true;
    certificate_finish(&reports->authority);
    certificate_finish(&reports->served);
    reports->authority = authority;
    reports->served = served;
    reports->told.ca = authority.pem;
}

static const char rights[] = ": allow it to get, create and update that Secret, or run it without --report-url";

static void kept(struct engine *engine, void *context, const struct http_response *response)
{
    (void)context;
    engine->reports.under_way = false;
    switch (answer_classify(response)) {
    case ANSWER_OK:
    case ANSWER_EXISTS:
    case ANSWER_CONFLICT:
    case ANSWER_UNKNOWN:
        reports_look(engine); /* what counts is what lies there now */
        break;
    case ANSWER_DENIED:
        refuse(engine,
               LOOK_AGAIN_MS,
               problem_of(response, "the operator may not keep its certificate in a Secret", rights));
        break;
    default:
        refuse(engine,
               LOOK_SOON_MS,
               problem_of(response, "the operator's certificate cannot be kept in a Secret", "; it is tried again"));
    }
}

static json_t *secret_of(const struct engine *engine,
                         const struct certificate *authority,
                         const struct certificate *served)
{
    const char *version = engine->reports.version;

    return OBJ({ "apiVersion", jb_str("v1") },
               { "kind", jb_str("Secret") },
               { "metadata",
                 OBJ({ "name", jb_str(engine->options.report_secret) },
                     { "namespace", jb_str(engine->options.lease_namespace) },
                     { "resourceVersion", version ? jb_str(version) : NULL }) },
               { "type", jb_str("Opaque") },
               { "data",
                 OBJ({ "ca.crt", encoded(authority->pem) },
                     { "ca.key", encoded(authority->key) },
                     { "tls.crt", encoded(served->pem) },
                     { "tls.key", encoded(served->key) }) });
}

/* With an authority that can still sign, pods that run go on to trust us. */
static void keep_certificates(struct engine *engine)
{
    struct reports *reports = &engine->reports;
    const char *host = engine->options.report_host;
    int64_t now = engine_wall_seconds(engine);
    struct certificate fresh = { 0 }, served = { 0 };
    const struct certificate *authority = &reports->authority;
    auto_free char *path = secret_path(engine, reports->version != NULL);
    struct error err;

    if (certificate_issue(authority, host, now, &served, &err) < 0) {
        certificate_found("kitae reports", now, &fresh);
        authority = &fresh;
        if (certificate_issue(authority, host, now, &served, &err) < 0)
            BUG("%s", err.message);
    }
    reports->under_way = true;
    send(engine, reports->version ? HTTP_PUT : HTTP_POST, path, secret_of(engine, authority, &served), kept, NULL);
    certificate_finish(&fresh);
    certificate_finish(&served);
}

static void read_secret(struct engine *engine, const json_t *secret)
{
    struct reports *reports = &engine->reports;
    const json_t *data = jb_get(secret, "data");
    struct certificate authority = { secret_text(data, "ca.crt"), secret_text(data, "ca.key") };
    struct certificate served = { secret_text(data, "tls.crt"), secret_text(data, "tls.key") };
    bool is_known = authority.pem && served.pem && reports->served.pem &&
                    strcmp(reports->served.pem, served.pem) == 0 && strcmp(reports->authority.pem, authority.pem) == 0;

    free(reports->version);
    reports->version = xstrdup(jb_get_str(jb_get(secret, "metadata"), "resourceVersion"));
    if (!is_known) {
        take_certificates(reports, authority, served);
        return;
    }
    certificate_finish(&authority);
    certificate_finish(&served);
}

/* For the leader: the certificate is good, and will be for a while. */
static bool is_good(const struct engine *engine, int64_t for_seconds)
{
    const struct reports *reports = &engine->reports;

    return certificate_is_good(
        &reports->authority, &reports->served, engine->options.report_host, engine_wall_seconds(engine) + for_seconds);
}

static void looked(struct engine *engine, void *context, const struct http_response *response)
{
    struct reports *reports = &engine->reports;
    json_auto_t *secret = NULL;
    struct error err;

    (void)context;
    reports->under_way = false;
    if (response->status == 200 && jb_parse(response->body, &secret, &err) == 0) {
        read_secret(engine, secret);
    } else if (response->status == 404) {
        free(take(reports->version));
    } else {
        refuse(engine,
               answer_classify(response) == ANSWER_DENIED ? LOOK_AGAIN_MS : LOOK_SOON_MS,
               problem_of(response,
                          "the operator's certificate cannot be read from its Secret",
                          answer_classify(response) == ANSWER_DENIED ? rights : "; it is tried again"));
        return;
    }
    if (!engine_may_write(engine))
        reports->next_look = engine->now + (reports->version && is_good(engine, 0) ? LOOK_AGAIN_MS : LOOK_SOON_MS);
    else if (!reports->version || !is_good(engine, RENEW_BEFORE_S))
        keep_certificates(engine);
    else
        reports_try(engine);
}

void reports_look(struct engine *engine)
{
    auto_free char *path = secret_path(engine, true);

    engine->reports.under_way = true;
    send(engine, HTTP_GET, path, NULL, looked, NULL);
}

bool engine_take_certificate(struct engine *engine, const char **ret_certificate, const char **ret_key)
{
    struct reports *reports = &engine->reports;

    if (!reports->is_new)
        return false;
    reports->is_new = false;
    *ret_certificate = reports->served.pem;
    *ret_key = reports->served.key;
    return is_good(engine, 0);
}
