#include "get.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../operator/base/memory.h"
#include "call.h"
#include "checksum.h"

enum { PART = 8 * 1024 * 1024, MAX_RANGES = 64 };

struct part {
    struct s3_call call;
    struct get *get;
    uint64_t at, end; /* what is to come; end may be S3_SIZE_UNKNOWN */
    char range[64];
};

struct get {
    struct s3 *s3;
    struct s3_get what; /* key and etag are ours */
    char *key, *etag;
    uint64_t next;                /* where the next part begins */
    unsigned running;             /* parts */
    struct failure failure;       /* the first */
    struct s3_checksum *checksum; /* of the whole object, when it comes whole and in order; NULL: none was named */
    struct part *parts;
    unsigned part_count;
};

static void prepare(struct s3_call *call)
{
    struct part *part = call->context;
    struct get *get = part->get;

    call->header_count = 0;
    if (*get->etag)
        call->headers[call->header_count++] = (struct http_header){ "if-match", get->etag };
    if (!part->at && part->end == get->what.size) { /* all of it */
        if (get->what.is_known)
            return;
        call->headers[call->header_count++] = (struct http_header){ "x-amz-checksum-mode", "ENABLED" };
        return;
    }
    if (part->end == S3_SIZE_UNKNOWN)
        snprintf(part->range, sizeof(part->range), "bytes=%llu-", (unsigned long long)part->at);
    else
        snprintf(part->range,
                 sizeof(part->range),
                 "bytes=%llu-%llu",
                 (unsigned long long)part->at,
                 (unsigned long long)part->end - 1);
    call->headers[call->header_count++] = (struct http_header){ "range", part->range };
}

static int fail(const struct get *get, enum reason reason, struct failure *failure, const char *cause)
{
    auto_strbuf struct strbuf uri = { 0 };

    s3_location_uri(s3_location(get->s3), get->key, &uri);
    return failure_set(failure, reason, "%.300s: %s: list again", strbuf_text(&uri), cause);
}

/* The size behind "/" of "bytes 0-9/100"; S3_SIZE_UNKNOWN when it is not said. */
static uint64_t total_size(const char *content_range)
{
    const char *slash = content_range ? strchr(content_range, '/') : NULL;
    unsigned long long size;
    char *end;

    if (!slash)
        return S3_SIZE_UNKNOWN;
    errno = 0;
    size = strtoull(slash + 1, &end, 10);
    return end == slash + 1 || *end || errno ? S3_SIZE_UNKNOWN : size;
}

static uint64_t first_byte(const char *content_range)
{
    return content_range && strncmp(content_range, "bytes ", 6) == 0 ? strtoull(content_range + 6, NULL, 10)
                                                                     : S3_SIZE_UNKNOWN;
}

static const char *header_of(void *call, const char *name)
{
    return s3_call_header(call, name);
}

/* Looks at the head: is it the object that was listed, and the part of it that was asked for? */
static int check_head(struct part *part, struct failure *failure)
{
    struct s3_call *call = &part->call;
    struct get *get = part->get;
    const char *range = s3_call_header(call, "Content-Range"), *etag;
    uint64_t size = range ? total_size(range) : S3_SIZE_UNKNOWN;

    if (call->status != 206 && part->at)
        return fail(get, REASON_SERVER_ERROR, failure, "the server answers without the range that was asked for");
    if (call->status == 206 && first_byte(range) != part->at)
        return fail(get, REASON_SERVER_ERROR, failure, "the server answers with another range than was asked for");
    if (size != S3_SIZE_UNKNOWN && get->what.size != S3_SIZE_UNKNOWN && size != get->what.size)
        return fail(get, REASON_TRUNCATED, failure, "it is not of the size that was listed");
    etag = s3_call_header(call, "ETag");
    if (!*get->etag && etag) {
        free(get->etag);
        get->etag = xstrdup(etag);
    }
    if (call->status == 200 && !get->what.is_known) {
        s3_checksum_destroy(get->checksum);
        get->checksum = s3_checksum_create(header_of, call);
    }
    return 0;
}

static int receive(struct s3_call *call, const char *bytes, size_t length, struct failure *failure)
{
    struct part *part = call->context;
    struct get *get = part->get;

    if (!length)
        return check_head(part, failure);
    if (length > part->end - part->at)
        return fail(get, REASON_TRUNCATED, failure, "it is longer than was listed");
    if (get->what.write(get->what.context, part->at, bytes, length, failure) < 0)
        return -1;
    if (get->checksum)
        s3_checksum_add(get->checksum, bytes, length);
    part->at += length;
    return 0;
}

static void finish(struct get *get)
{
    get->what.done(get->what.context, get->failure.reason ? &get->failure : NULL);
    s3_checksum_destroy(get->checksum);
    free(get->key);
    free(get->etag);
    free(get->parts);
    free(get);
}

static void done(struct s3_call *call, const struct failure *failure);

static void start_part(struct get *get, struct part *part)
{
    bool in_parts = get->part_count > 1;
    uint64_t left = get->what.size - get->next;

    *part = (struct part){ .get = get, .at = get->next };
    part->end = in_parts && left > PART ? get->next + PART : get->what.size;
    get->next = part->end;
    get->running++;
    part->call = (struct s3_call){
        .method = "GET", .key = get->key, .prepare = prepare, .receive = receive, .done = done, .context = part
    };
    s3_call_start(get->s3, &part->call);
}

static void check_end(struct part *part)
{
    struct get *get = part->get;

    if (part->end != S3_SIZE_UNKNOWN && part->at != part->end)
        fail(get, REASON_TRUNCATED, &get->failure, "it is shorter than was listed");
    else if (get->checksum && !s3_checksum_is_right(get->checksum))
        failure_set(
            &get->failure,
            REASON_CHECKSUM_MISMATCH,
            "%.300s: what came is not what the server keeps the %s of: check network and memory, then try again",
            get->key,
            s3_checksum_name(get->checksum));
}

static void done(struct s3_call *call, const struct failure *failure)
{
    struct part *part = call->context;
    struct get *get = part->get;

    get->running--;
    if (failure && !get->failure.reason)
        get->failure = *failure;
    if (!failure && !get->failure.reason)
        check_end(part);
    if (!get->failure.reason && get->next < get->what.size && get->what.size != S3_SIZE_UNKNOWN)
        start_part(get, part);
    if (!get->running)
        finish(get);
}

static unsigned count_parts(const struct s3_get *what)
{
    uint64_t left = what->size - what->from, parts = left / PART + 1;
    unsigned most = what->ranges < MAX_RANGES ? what->ranges : MAX_RANGES;

    if (what->size == S3_SIZE_UNKNOWN || most < 2 || left < 2 * PART)
        return 1;
    return parts < most ? (unsigned)parts : most;
}

void s3_get(struct s3 *s3, const struct s3_get *what)
{
    struct get *get = xcalloc(1, sizeof(*get));

    *get = (struct get){ .s3 = s3,
                         .what = *what,
                         .key = xstrdup(what->key),
                         .etag = xstrdup(what->etag ? what->etag : ""),
                         .next = what->from,
                         .part_count = count_parts(what) };
    get->parts = xcalloc(get->part_count, sizeof(*get->parts));
    for (unsigned i = 0; i < get->part_count && (!i || get->next < what->size); i++)
        start_part(get, &get->parts[i]);
}

/* -- as a whole --------------------------------------------------------------------------------------------------- */

struct text {
    struct strbuf *body;
    const char *key;
    struct failure *failure;
    bool over, failed;
};

static int add_text(void *context, uint64_t offset, const void *bytes, size_t length, struct failure *failure)
{
    struct text *text = context;

    (void)offset;
    strbuf_append(text->body, bytes, length);
    if (!text->body->overflow)
        return 0;
    return failure_set(failure, REASON_INVALID_KEY, "%.300s: is larger than %zu bytes", text->key, text->body->maximum);
}

static void text_done(void *context, const struct failure *failure)
{
    struct text *text = context;

    text->over = true;
    text->failed = failure;
    if (failure)
        *text->failure = *failure;
}

int s3_get_text(struct s3 *s3, const char *key, struct strbuf *body, struct failure *failure)
{
    struct text text = { .body = body, .key = key, .failure = failure };

    s3_get(s3,
           &(struct s3_get){
               .key = key, .size = S3_SIZE_UNKNOWN, .write = add_text, .done = text_done, .context = &text });
    while (!text.over)
        (void)s3_step(s3, 1000);
    return text.failed ? -1 : 0;
}
