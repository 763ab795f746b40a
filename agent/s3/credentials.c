#define _GNU_SOURCE /* strptime, timegm */
#include "credentials.h"

#include <string.h>
#include <time.h>

#include "../../operator/base/file.h"
#include "../../operator/base/memory.h"
#include "../../operator/http/client.h"
#include "xml.h"

enum { STS_WAIT_MS = 20 * 1000, TOKEN_MAX = 64 * 1024 };

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

static bool from_environment(struct s3_credentials *ret)
{
    const char *access_key = environment("AWS_ACCESS_KEY_ID"), *secret_key = environment("AWS_SECRET_ACCESS_KEY");
    const char *token = environment("AWS_SESSION_TOKEN");

    if (!access_key || !secret_key)
        return false;
    *ret = (struct s3_credentials){ .access_key = xstrdup(access_key),
                                    .secret_key = xstrdup(secret_key),
                                    .session_token = token ? xstrdup(token) : NULL };
    return true;
}

/* -- STS ---------------------------------------------------------------------------------------------------------- */

struct exchange {
    const char *form;
    struct strbuf answer;
    int status;
    char problem[256];
    bool over;
};

static ssize_t read_form(void *context, uint64_t offset, void *buffer, size_t size)
{
    const struct exchange *exchange = context;
    size_t left = strlen(exchange->form) - offset, length = left < size ? left : size;

    memcpy(buffer, exchange->form + offset, length);
    return (ssize_t)length;
}

static bool take_answer(void *context, int status, const char *bytes, size_t length)
{
    struct exchange *exchange = context;

    exchange->status = status;
    strbuf_append(&exchange->answer, bytes, length);
    return !exchange->answer.overflow;
}

static void take_end(void *context, const struct http_response *response, uint64_t serial)
{
    struct exchange *exchange = context;

    (void)serial;
    exchange->over = true;
    if (response->problem)
        snprintf(exchange->problem, sizeof(exchange->problem), "%s", response->problem);
}

static void post(const char *url, const char *ca, struct exchange *exchange)
{
    static const struct http_header headers[] = { { "Content-Type", "application/x-www-form-urlencoded" },
                                                  { "Accept", "application/xml" } };
    struct http_settings settings = { .url = url, .ca = ca, .user_agent = "kitae-agent/" KITAE_VERSION };
    struct http_client *client = http_client_create(&settings, NULL, NULL, NULL);
    struct http_call call = { .method = "POST",
                              .path = "/",
                              .headers = headers,
                              .header_count = ARRAY_SIZE(headers),
                              .read = read_form,
                              .body_length = strlen(exchange->form),
                              .stall_ms = STS_WAIT_MS,
                              .receive = take_answer,
                              .end = take_end,
                              .context = exchange };

    http_client_call(client, &call);
    while (!exchange->over) {
        http_client_wait(client, NULL, 0, STS_WAIT_MS);
        http_client_step(client);
    }
    http_client_destroy(client);
}

static char *find(struct slice document, const char *name)
{
    auto_strbuf struct strbuf text = { .maximum = TOKEN_MAX };

    return xml_find(document, name, &text) && text.length ? strbuf_detach(&text) : NULL;
}

static int64_t parse_time(const char *text)
{
    struct tm tm = { 0 };
    const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

    return end ? timegm(&tm) : 0;
}

static int read_answer(const struct exchange *exchange,
                       const char *url,
                       struct s3_credentials *ret,
                       struct failure *failure)
{
    struct slice body = { strbuf_text(&exchange->answer), exchange->answer.length };
    auto_free char *message = find(body, "Message"), *expires = find(body, "Expiration");
    struct s3_credentials found;

    if (*exchange->problem || exchange->status >= 500)
        return failure_set(
            failure,
            REASON_UNREACHABLE,
            "%s: the web identity could not be exchanged: %s (%d): check AWS_ENDPOINT_URL_STS and the network",
            url,
            *exchange->problem ? exchange->problem : "the server had trouble",
            exchange->status);
    found = (struct s3_credentials){ .access_key = find(body, "AccessKeyId"),
                                     .secret_key = find(body, "SecretAccessKey"),
                                     .session_token = find(body, "SessionToken"),
                                     .expires = parse_time(expires) };
    if (exchange->status == 200 && found.access_key && found.secret_key && found.session_token && found.expires) {
        *ret = found;
        return 0;
    }
    s3_credentials_finish(&found);
    return failure_set(failure,
                       REASON_BAD_CREDENTIALS,
                       "%s: role %s was refused: %s (%d): check the role's trust policy and the service account",
                       url,
                       environment("AWS_ROLE_ARN"),
                       message ? message : "the server does not say why",
                       exchange->status);
}

static char *make_form(const char *role, const char *token)
{
    const char *session = environment("AWS_ROLE_SESSION_NAME");
    struct strbuf form = { .maximum = 4 * TOKEN_MAX };

    strbuf_adds(&form, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=");
    strbuf_add_escaped(&form, role);
    strbuf_adds(&form, "&RoleSessionName=");
    strbuf_add_escaped(&form, session ? session : "kitae-agent");
    strbuf_adds(&form, "&WebIdentityToken=");
    strbuf_add_escaped(&form, token);
    return strbuf_detach(&form);
}

/* The token file is read each time: kubelet writes a new one into it every hour. */
static int from_web_identity(struct s3_credentials *ret, const char *region, const char *ca, struct failure *failure)
{
    const char *role = environment("AWS_ROLE_ARN"), *path = environment("AWS_WEB_IDENTITY_TOKEN_FILE");
    const char *endpoint = environment("AWS_ENDPOINT_URL_STS");
    auto_strbuf struct strbuf token = { .maximum = TOKEN_MAX }, url = { 0 };
    struct exchange exchange = { .answer = { .maximum = 4 * TOKEN_MAX } };
    auto_free char *form = NULL;
    struct error err;
    int result;

    if (file_read(path, &token, &err) < 0)
        return failure_from(failure, REASON_BAD_CREDENTIALS, &err);
    while (token.length && strchr(" \r\n", token.data[token.length - 1]))
        token.data[--token.length] = '\0';
    exchange.form = form = make_form(role, strbuf_text(&token));
    if (endpoint)
        strbuf_adds(&url, endpoint);
    else
        strbuf_addf(&url, "https://sts.%s.amazonaws.com%s", region, strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
    while (url.length && url.data[url.length - 1] == '/')
        url.data[--url.length] = '\0';
    post(strbuf_text(&url), ca, &exchange);
    result = read_answer(&exchange, strbuf_text(&url), ret, failure);
    strbuf_finish(&exchange.answer);
    return result;
}

int s3_credentials_load(struct s3_credentials *ret, const char *region, const char *ca, struct failure *failure)
{
    if (from_environment(ret))
        return 0;
    if (environment("AWS_ROLE_ARN") && environment("AWS_WEB_IDENTITY_TOKEN_FILE"))
        return from_web_identity(ret, region, ca, failure);
    *ret = (struct s3_credentials){ 0 };
    return 0;
}

void s3_credentials_finish(struct s3_credentials *credentials)
{
    free(credentials->access_key);
    free(credentials->secret_key);
    free(credentials->session_token);
    *credentials = (struct s3_credentials){ 0 };
}

bool s3_credentials_are_old(const struct s3_credentials *credentials, int64_t now)
{
    return credentials->expires && now + S3_CREDENTIALS_EARLY >= credentials->expires;
}
