#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../operator/base/file.h"
#include "../operator/base/memory.h"
#include "../operator/http/client.h"

enum {
    EVERY_MS = 10000,
    FIRST_MS = 1000,
    AGAIN_MS = 1000, /* another replica may be the one that takes them */
    ATTEMPTS = 5,
    STALL_MS = 5000,
    MAX_BODY = 512,
    MAX_SAID = 256,
};

struct report {
    struct http_client *http;
    const char *token_file;
    int64_t due, now; /* monotonic ms */
    char body[MAX_BODY];
    size_t length, said_length;
    char said[MAX_SAID];
    int attempt; /* of this body */
    int status;  /* of the answer that is coming */
    bool under_way, again, complained;
};

struct report *report_create(int64_t now_ms)
{
    struct http_settings settings = { .url = getenv("KITAE_REPORT_URL"),
                                      .ca = getenv("KITAE_REPORT_CA"),
                                      .user_agent = "kitae-agent/" KITAE_VERSION };
    struct report *report;

    if (!settings.url || !*settings.url)
        return NULL;
    if (settings.ca && !*settings.ca)
        settings.ca = NULL;
    report = xcalloc(1, sizeof(*report));
    report->http = http_client_create(&settings, NULL, NULL, NULL);
    report->token_file = getenv("KITAE_REPORT_TOKEN_FILE");
    report->due = now_ms + FIRST_MS;
    return report;
}

void report_destroy(struct report *report)
{
    if (!report)
        return;
    http_client_destroy(report->http);
    free(report);
}

static void complain(struct report *report, const char *problem)
{
    if (!report->complained)
        fprintf(stderr, "{\"warning\":\"the operator is not told how far this is: %s\"}\n", problem);
    report->complained = true;
}

/* -- one exchange -------------------------------------------------------------------------------------------------- */

static ssize_t read_body(void *context, uint64_t offset, void *buffer, size_t size)
{
    const struct report *report = context;
    size_t left = report->length - (size_t)offset, length = left < size ? left : size;

    memcpy(buffer, report->body + offset, length);
    return (ssize_t)length;
}

static bool receive(void *context, int status, const char *bytes, size_t length)
{
    struct report *report = context;
    size_t room = sizeof(report->said) - 1 - report->said_length, part = length < room ? length : room;

    report->status = status;
    if (part)
        memcpy(report->said + report->said_length, bytes, part);
    report->said_length += part;
    return true;
}

/* A replica that does not lead says 503; which one a new connection meets is a matter of luck. */
static void ended(void *context, const struct http_response *response, uint64_t serial)
{
    struct report *report = context;
    int status = response->status ? response->status : report->status;

    (void)serial;
    report->under_way = false;
    report->said[report->said_length] = '\0';
    report->said[strcspn(report->said, "\"\\\r\n")] = '\0';
    if (status >= 200 && status < 300) {
        report->complained = false;
        return;
    }
    if ((!status || status == 503) && report->attempt < ATTEMPTS) {
        report->again = true;
        report->due = report->now + AGAIN_MS;
        return;
    }
    if (status != 429)
        complain(report, *report->said ? report->said : response->problem ? "there is no answer" : "it is refused");
}

static void exchange(struct report *report)
{
    auto_strbuf struct strbuf token = { .maximum = STRBUF_MAX_TEXT };
    auto_strbuf struct strbuf authorization = { .maximum = 2 * STRBUF_MAX_TEXT };
    struct error err;

    report->attempt++;
    report->again = false;
    if (report->token_file && file_read(report->token_file, &token, &err) < 0) {
        complain(report, "its token cannot be read");
        return;
    }
    strbuf_addf(&authorization, "Bearer %.*s", (int)strcspn(strbuf_text(&token), "\r\n"), strbuf_text(&token));
    report->under_way = true;
    report->status = 0;
    report->said_length = 0;
    http_client_call(
        report->http,
        &(struct http_call){ .method = "POST",
                             .path = "/reports",
                             .headers = (struct http_header[]){ { "Authorization", strbuf_text(&authorization) },
                                                                { "Content-Type", "application/json" },
                                                                { "Connection", "close" } },
                             .header_count = 3,
                             .read = read_body,
                             .body_length = report->length,
                             .stall_ms = STALL_MS,
                             .receive = receive,
                             .end = ended,
                             .context = report });
}

bool report_step(struct report *report, int64_t now_ms)
{
    report->now = now_ms;
    if (report->under_way)
        http_client_step(report->http);
    if (report->under_way || now_ms < report->due)
        return false;
    if (report->again) {
        exchange(report);
        return false;
    }
    return true;
}

void report_send(struct report *report, const struct report_numbers *numbers)
{
    int length = snprintf(report->body,
                          sizeof(report->body),
                          "{\"what\":\"%s\",\"objects\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"totalObjects\":%" PRIu64
                          ",\"totalBytes\":%" PRIu64 ",\"bytesPerSecond\":%" PRIu64 "}",
                          numbers->what,
                          numbers->objects,
                          numbers->bytes,
                          numbers->total_objects,
                          numbers->total_bytes,
                          numbers->bytes_per_second);

    report->length = (size_t)length;
    report->attempt = 0;
    report->due = report->now + EVERY_MS;
    exchange(report);
    http_client_step(report->http);
}
