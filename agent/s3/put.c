#include "put.h"

#include <stdlib.h>

#include "../../operator/base/memory.h"
#include "../sha256.h"
#include "call.h"
#include "xml.h"

enum {
    PART = 8 * 1024 * 1024, /* at least: there are at most MAX_PARTS of them */
    MAX_PARTS = 10000,
    AT_ONCE = 4, /* parts of one object */
    ETAG_MAX = 256,
};

struct part {
    struct s3_call call;
    struct put *put;
    unsigned number; /* from 1 */
    char *query;
};

struct put {
    struct s3 *s3;
    struct s3_put what;
    char *key;
    struct s3_call call; /* the whole object; or what begins, ends or takes back an upload in parts */
    char *upload_id, *query;
    char checksum[SHA256_BASE64]; /* of the whole object */
    struct strbuf document;
    uint64_t part_size;
    unsigned part_count, started, running;
    char **etags; /* of the parts, by number - 1 */
    struct part parts[AT_ONCE];
    struct failure failure; /* the first */
};

static void finish(struct put *put)
{
    put->what.done(put->what.context, put->failure.reason ? &put->failure : NULL);
    for (unsigned i = 0; i < put->part_count; i++)
        free(put->etags[i]);
    for (unsigned i = 0; i < AT_ONCE; i++)
        free(put->parts[i].query);
    free(put->etags);
    free(put->key);
    free(put->query);
    free(put->upload_id);
    strbuf_finish(&put->document);
    free(put);
}

static void note(struct put *put, const struct failure *failure)
{
    if (failure && !put->failure.reason)
        put->failure = *failure;
}

static void add_condition(const struct put *put, struct s3_call *call)
{
    if (put->what.only_if_absent)
        call->headers[call->header_count++] = (struct http_header){ "if-none-match", "*" };
}

static void add_checksum(struct put *put, struct s3_call *call)
{
    if (!put->what.sha256)
        return;
    sha256_base64(put->what.sha256, put->checksum);
    call->headers[call->header_count++] = (struct http_header){ "x-amz-checksum-sha256", put->checksum };
}

/* Sends a request about the upload; the body is put->document, or none. */
static void ask(struct put *put,
                const char *method,
                bool has_body,
                void (*done)(struct s3_call *call, const struct failure *failure))
{
    put->call = (struct s3_call){ .method = method,
                                  .key = put->key,
                                  .query = put->query,
                                  .has_body = has_body,
                                  .body = strbuf_text(&put->document),
                                  .body_length = put->document.length,
                                  .done = done,
                                  .context = put };
}

static void set_query(struct put *put, const char *upload_id)
{
    struct strbuf query = { 0 };

    strbuf_adds(&query, "uploadId=");
    strbuf_add_escaped(&query, upload_id);
    free(put->query);
    put->query = strbuf_detach(&query);
}

/* -- taking back -------------------------------------------------------------------------------------------------- */

/* When that fails too, the bucket keeps parts that nobody sees, until a lifecycle rule removes them. */
static void taken_back(struct s3_call *call, const struct failure *failure)
{
    (void)failure;
    finish(call->context);
}

static void take_back(struct put *put)
{
    strbuf_clear(&put->document);
    ask(put, "DELETE", false, taken_back);
    put->call.cleanup = true;
    s3_call_start(put->s3, &put->call);
}

/* -- parts -------------------------------------------------------------------------------------------------------- */

/*
 * The answer may have been lost of a request that was carried out; then the upload is gone, and the object is there
 * unless somebody else removed it. We say that it failed: the caller looks, and starts again.
 */
static void completed(struct s3_call *call, const struct failure *failure)
{
    struct put *put = call->context;

    note(put, failure);
    if (failure)
        take_back(put);
    else
        finish(put);
}

static void complete(struct put *put)
{
    strbuf_clear(&put->document);
    strbuf_adds(&put->document, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (unsigned i = 0; i < put->part_count; i++)
        strbuf_addf(&put->document,
                    "<Part><PartNumber>%u</PartNumber><ETag>%s</ETag></Part>",
                    i + 1,
                    put->etags[i] ? put->etags[i] : "");
    strbuf_adds(&put->document, "</CompleteMultipartUpload>");
    ask(put, "POST", true, completed);
    add_condition(put, &put->call);
    s3_call_start(put->s3, &put->call);
}

static void part_done(struct s3_call *call, const struct failure *failure);

static void start_part(struct put *put, struct part *part)
{
    uint64_t from = put->started * put->part_size, left = put->what.size - from;
    struct strbuf query = { 0 };

    free(part->query);
    *part = (struct part){ .put = put, .number = ++put->started };
    strbuf_addf(&query, "partNumber=%u&%s", part->number, put->query);
    part->query = strbuf_detach(&query);
    part->call = (struct s3_call){ .method = "PUT",
                                   .key = put->key,
                                   .query = part->query,
                                   .has_body = true,
                                   .body = put->what.bytes ? (const char *)put->what.bytes + from : NULL,
                                   .fd = put->what.fd,
                                   .body_from = from,
                                   .body_length = left < put->part_size ? left : put->part_size,
                                   .done = part_done,
                                   .context = part };
    put->running++;
    s3_call_start(put->s3, &part->call);
}

/* ETags go into XML, so what is no plain text there is refused. */
static bool is_plain(const char *etag)
{
    return etag && strlen(etag) < ETAG_MAX && !strpbrk(etag, "<>&");
}

static void part_done(struct s3_call *call, const struct failure *failure)
{
    struct part *part = call->context;
    struct put *put = part->put;

    put->running--;
    note(put, failure);
    if (!failure) {
        const char *etag = s3_call_header(call, "ETag");

        if (is_plain(etag))
            put->etags[part->number - 1] = xstrdup(etag);
        else if (!put->failure.reason)
            failure_set(&put->failure,
                        REASON_SERVER_ERROR,
                        "%.300s: the server named no ETag for a part: check that the endpoint speaks S3",
                        put->key);
    }
    if (!put->failure.reason && put->started < put->part_count)
        start_part(put, part);
    if (put->running)
        return;
    if (put->failure.reason)
        take_back(put);
    else
        complete(put);
}

static void begun(struct s3_call *call, const struct failure *failure)
{
    struct put *put = call->context;
    auto_strbuf struct strbuf upload_id = { 0 };

    note(put, failure);
    if (!failure && (!xml_find((struct slice){ strbuf_text(&call->text), call->text.length }, "UploadId", &upload_id) ||
                     !upload_id.length))
        failure_set(&put->failure,
                    REASON_SERVER_ERROR,
                    "%.300s: the server named no upload: check that the endpoint speaks S3",
                    put->key);
    if (put->failure.reason) {
        finish(put);
        return;
    }
    set_query(put, strbuf_text(&upload_id));
    for (unsigned i = 0; i < AT_ONCE && put->started < put->part_count; i++)
        start_part(put, &put->parts[i]);
}

static void begin(struct put *put)
{
    uint64_t size = put->what.size;

    put->part_size = size / MAX_PARTS < PART ? PART : size / (MAX_PARTS - 1);
    put->part_count = (unsigned)((size + put->part_size - 1) / put->part_size);
    put->etags = xcalloc(put->part_count, sizeof(*put->etags));
    put->query = xstrdup("uploads");
    ask(put, "POST", true, begun);
    s3_call_start(put->s3, &put->call);
}

/* -- in one request ----------------------------------------------------------------------------------------------- */

static void written(struct s3_call *call, const struct failure *failure)
{
    struct put *put = call->context;

    note(put, failure);
    finish(put);
}

void s3_put(struct s3 *s3, const struct s3_put *what)
{
    struct put *put = xcalloc(1, sizeof(*put));

    *put = (struct put){ .s3 = s3, .what = *what, .key = xstrdup(what->key) };
    if (what->size > S3_PUT_SINGLE) {
        begin(put);
        return;
    }
    ask(put, "PUT", true, written);
    put->call.body = what->bytes;
    put->call.fd = what->fd;
    put->call.body_length = what->size;
    put->call.body_sha256 = what->sha256;
    add_condition(put, &put->call);
    add_checksum(put, &put->call);
    s3_call_start(s3, &put->call);
}

/* -- removing ----------------------------------------------------------------------------------------------------- */

struct removal {
    struct s3_call call;
    char *key;
    s3_done *done;
    void *context;
};

static void removed(struct s3_call *call, const struct failure *failure)
{
    struct removal *removal = call->context;

    removal->done(removal->context, failure && failure->reason != REASON_NO_SUCH_KEY ? failure : NULL);
    free(removal->key);
    free(removal);
}

void s3_delete(struct s3 *s3, const char *key, s3_done *done, void *context)
{
    struct removal *removal = xcalloc(1, sizeof(*removal));

    *removal = (struct removal){ .key = xstrdup(key), .done = done, .context = context };
    removal->call = (struct s3_call){ .method = "DELETE", .key = removal->key, .done = removed, .context = removal };
    s3_call_start(s3, &removal->call);
}

/* -- waiting for it ----------------------------------------------------------------------------------------------- */

struct outcome {
    struct failure *failure;
    bool over, failed;
};

static void note_outcome(void *context, const struct failure *failure)
{
    struct outcome *outcome = context;

    outcome->over = true;
    outcome->failed = failure;
    if (failure)
        *outcome->failure = *failure;
}

static int wait_for(struct s3 *s3, const struct outcome *outcome)
{
    while (!outcome->over)
        (void)s3_step(s3, 1000);
    return outcome->failed ? -1 : 0;
}

int s3_put_now(struct s3 *s3, struct s3_put put, struct failure *failure)
{
    struct outcome outcome = { .failure = failure };

    put.done = note_outcome;
    put.context = &outcome;
    s3_put(s3, &put);
    return wait_for(s3, &outcome);
}

int s3_delete_now(struct s3 *s3, const char *key, struct failure *failure)
{
    struct outcome outcome = { .failure = failure };

    s3_delete(s3, key, note_outcome, &outcome);
    return wait_for(s3, &outcome);
}
