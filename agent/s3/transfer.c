#include "transfer.h"

#include <curl/curl.h>
#include <openssl/rand.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../operator/base/memory.h"
#include "../sha256.h"
#include "call.h"
#include "pace.h"
#include "signer.h"

enum {
    CONNECTIONS = 16,
    ATTEMPTS = 10,
    FIRST_DELAY_MS = 200,
    STALL_MS = 30 * 1000,
    TEXT_MAX = 8 * 1024 * 1024, /* a page of a listing is at most 2 MiB */
    BUFFER_SIZE = 128 * 1024,
    BUFFER_MIN = 16 * 1024, /* of curl's uploads */
    PROGRESS = 64 * 1024,   /* an attempt that brought so much counts as a success */
    DAMAGED_ATTEMPTS = 3,   /* what arrives damaged so often was damaged before */
};

TAILQ_HEAD(calls, s3_call);

struct s3 {
    struct s3_settings settings;
    struct http_client *http;
    struct s3_credentials credentials;
    struct calls running, waiting;
    unsigned running_count, waiting_count;
    struct pace_window window;
    struct pace_bucket bucket;
    struct s3_counters counters;
    int64_t clock_offset; /* seconds that the server is ahead of us */
    bool clock_is_set, credentials_are_forced, closing;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t random_number(void)
{
    uint64_t number = 0;

    if (RAND_bytes((unsigned char *)&number, sizeof(number)) != 1)
        return (uint64_t)now_ms();
    return number;
}

static bool is_interrupted(const struct s3 *s3)
{
    return s3->closing || (s3->settings.interrupted && *s3->settings.interrupted);
}

static struct s3_settings with_defaults(struct s3_settings settings)
{
    settings.connections = settings.connections ? settings.connections : CONNECTIONS;
    settings.attempts = settings.attempts ? settings.attempts : ATTEMPTS;
    settings.first_delay_ms = settings.first_delay_ms ? settings.first_delay_ms : FIRST_DELAY_MS;
    settings.stall_ms = settings.stall_ms ? settings.stall_ms : STALL_MS;
    return settings;
}

static int load_credentials(struct s3 *s3, struct failure *failure)
{
    const struct s3_location *location = s3->settings.location;
    struct s3_credentials fresh;

    if (location->anonymous)
        return 0;
    if (s3_credentials_load(&fresh, location->region, location->ca, failure) < 0)
        return -1;
    s3_credentials_finish(&s3->credentials);
    s3->credentials = fresh;
    return 0;
}

struct s3 *s3_create(const struct s3_settings *settings, struct failure *failure)
{
    struct s3 *s3 = xcalloc(1, sizeof(*s3));
    struct http_settings http = { .url = settings->location->url,
                                  .ca = settings->location->ca,
                                  .user_agent = "kitae-agent/" KITAE_VERSION };

    s3->settings = with_defaults(*settings);
    TAILQ_INIT(&s3->running);
    TAILQ_INIT(&s3->waiting);
    pace_window_init(&s3->window, s3->settings.connections);
    pace_bucket_init(&s3->bucket, settings->max_bytes_per_second, now_ms());
    if (load_credentials(s3, failure) < 0) {
        free(s3);
        return NULL;
    }
    s3->http = http_client_create(&http, NULL, NULL, NULL);
    return s3;
}

/* -- sending ------------------------------------------------------------------------------------------------------ */

static ssize_t read_body(void *context, uint64_t offset, void *buffer, size_t size)
{
    struct s3_call *call = context;
    uint64_t left = call->body_length - offset;
    ssize_t length = (ssize_t)(left < size ? left : size);

    if (call->body)
        memcpy(buffer, (const char *)call->body + offset, (size_t)length);
    else if (length)
        length = pread(call->fd, buffer, (size_t)length, (off_t)(call->body_from + offset));
    if (length > 0)
        pace_bucket_spend(&call->s3->bucket, (uint64_t)length);
    return length > 0 || !left ? length : -1; /* a file that became shorter must not be uploaded */
}

static const char *payload_of(const struct s3_call *call, char hash[SHA256_HEX])
{
    uint64_t there;

    if (call->body_sha256)
        return call->body_sha256;
    if (call->has_body && call->s3->settings.location->tls)
        return SIGNER_UNSIGNED;
    if (call->has_body && !call->body)
        return sha256_file(call->fd, call->body_from, call->body_length, &there, hash) == 0 ? hash : SIGNER_UNSIGNED;
    sha256_hex(call->has_body ? (struct slice){ call->body, call->body_length } : slice_of(""), hash);
    return hash;
}

/* Puts what signs the call behind its own headers; returns how many there are then. */
static size_t sign(struct s3_call *call, const char *path, struct arena *arena, struct http_header *list)
{
    const struct s3 *s3 = call->s3;
    const struct s3_location *location = s3->settings.location;
    char hash[SHA256_HEX];
    struct signer_request request = { .method = call->method,
                                      .host = location->host,
                                      .path = path,
                                      .query = call->query,
                                      .headers = call->headers,
                                      .header_count = call->header_count,
                                      .region = location->region,
                                      .service = "s3",
                                      .now = time(NULL) + s3->clock_offset };

    memcpy(list, call->headers, call->header_count * sizeof(*list));
    if (!s3->credentials.access_key)
        return call->header_count;
    request.payload = arena_strdup(arena, payload_of(call, hash));
    return call->header_count + signer_sign(&request, &s3->credentials, arena, list + call->header_count);
}

static bool received(void *context, int status, const char *bytes, size_t length)
{
    struct s3_call *call = context;

    call->status = status;
    if (status < 200 || status >= 300 || !call->receive) {
        strbuf_append(&call->text, bytes, length);
        return true; /* what is too long says so itself */
    }
    pace_bucket_spend(&call->s3->bucket, length);
    call->progress += length;
    call->s3->counters.bytes_received += length;
    call->stopped = call->receive(call, bytes, length, &call->failure) < 0;
    return !call->stopped;
}

static bool hold(void *context)
{
    struct s3_call *call = context;

    return call->held = pace_bucket_wait_ms(&call->s3->bucket, now_ms()) > 0;
}

/* Pieces small enough for a slow line to be shared by all. */
static size_t buffer_size(const struct s3 *s3)
{
    uint64_t share = s3->bucket.per_second / (4 * s3->settings.connections);

    if (!s3->bucket.per_second || share > BUFFER_SIZE)
        return BUFFER_SIZE;
    return share > BUFFER_MIN ? share : BUFFER_MIN;
}

static void ended(void *context, const struct http_response *response, uint64_t serial);

static void send_call(struct s3_call *call)
{
    struct s3 *s3 = call->s3;
    auto_strbuf struct strbuf path = { 0 };
    auto_arena struct arena arena = { 0 };
    struct http_header list[S3_CALL_HEADERS + SIGNER_ADDED_HEADERS];
    struct http_call http = { .method = call->method,
                              .headers = list,
                              .read = call->has_body ? read_body : NULL,
                              .body_length = call->body_length,
                              .stall_ms = s3->settings.stall_ms,
                              .buffer_size = buffer_size(s3),
                              .hold = s3->bucket.per_second ? hold : NULL,
                              .receive = received,
                              .end = ended,
                              .context = call };

    call->status = 0;
    call->progress = 0;
    call->held = false;
    strbuf_clear(&call->text);
    if (call->prepare)
        call->prepare(call);
    s3_location_path(s3->settings.location, call->key, &path);
    http.header_count = sign(call, strbuf_text(&path), &arena, list);
    if (call->query && *call->query)
        strbuf_addf(&path, "?%s", call->query);
    http.path = strbuf_text(&path);
    call->stream = http_client_call(s3->http, &http);
    TAILQ_INSERT_TAIL(&s3->running, call, entry);
    s3->running_count++;
    s3->counters.requests++;
}

void s3_call_start(struct s3 *s3, struct s3_call *call)
{
    call->s3 = s3;
    call->stream = NULL;
    call->text = (struct strbuf){ .maximum = TEXT_MAX };
    call->failure = (struct failure){ 0 };
    call->attempts = 0;
    call->not_before = 0;
    call->stopped = false;
    TAILQ_INSERT_TAIL(&s3->waiting, call, entry);
    s3->waiting_count++;
}

const char *s3_call_header(const struct s3_call *call, const char *name)
{
    return http_stream_header(call->stream, name);
}

/* -- answers ------------------------------------------------------------------------------------------------------ */

static void leave(struct s3_call *call)
{
    struct s3 *s3 = call->s3;

    if (call->stream) {
        TAILQ_REMOVE(&s3->running, call, entry);
        s3->running_count--;
        return;
    }
    TAILQ_REMOVE(&s3->waiting, call, entry);
    s3->waiting_count--;
}

/* `call` may be gone afterwards. What `done` still asks of the answer's head is there until it returns. */
static void end_call(struct s3_call *call, bool went_well)
{
    auto_strbuf struct strbuf text = { 0 };
    struct failure failure = call->failure;

    leave(call);
    text = call->text;
    call->done(call, went_well ? NULL : &failure);
}

void s3_call_cancel(struct s3_call *call)
{
    leave(call);
    if (call->stream)
        http_client_cancel(call->s3->http, call->stream);
    strbuf_finish(&call->text);
}

static void wait_again(struct s3_call *call, unsigned delay_ms)
{
    struct s3 *s3 = call->s3;

    leave(call);
    call->stream = NULL;
    call->not_before = now_ms() + delay_ms;
    TAILQ_INSERT_HEAD(&s3->waiting, call, entry);
    s3->waiting_count++;
    s3->counters.retries++;
}

/* Once: what is still refused by the server's own clock is refused for good. */
static bool take_clock(struct s3 *s3, const struct s3_call *call)
{
    const char *date = s3_call_header(call, "Date");
    time_t then = date ? curl_getdate(date, NULL) : -1;

    if (then == -1 || s3->clock_is_set)
        return false;
    s3->clock_offset = then - time(NULL);
    s3->clock_is_set = true;
    return true;
}

/* Calls that were under way when the clock was set are sent again as well. */
static bool may_try_again(struct s3 *s3, struct s3_call *call, enum s3_verdict verdict)
{
    bool last = ++call->attempts >= s3->settings.attempts;

    if (call->progress >= PROGRESS && verdict == S3_AGAIN)
        call->attempts = 0, last = false;
    if (call->failure.reason == REASON_CHECKSUM_MISMATCH && call->attempts >= DAMAGED_ATTEMPTS)
        return false;
    if (last || (is_interrupted(s3) && !call->cleanup))
        return false;
    if (verdict == S3_CLOCK)
        return take_clock(s3, call) || call->attempts == 1;
    if (verdict == S3_EXPIRED && s3->credentials.expires && call->attempts == 1)
        return s3->credentials_are_forced = true;
    return verdict == S3_AGAIN || verdict == S3_SLOWER;
}

static void ended(void *context, const struct http_response *response, uint64_t serial)
{
    struct s3_call *call = context;
    struct s3 *s3 = call->s3;
    struct s3_answer answer = { .method = call->method,
                                .key = call->key,
                                .status = response->status,
                                .problem = response->problem,
                                .region = s3_call_header(call, "x-amz-bucket-region"),
                                .body = { strbuf_text(&call->text), call->text.length } };
    enum s3_verdict verdict;
    unsigned delay;

    (void)serial;
    if (call->stopped) {
        end_call(call, false);
        return;
    }
    verdict = s3_judge(&answer, s3->settings.location, &call->failure);
    if (verdict == S3_FINE) {
        pace_window_fine(&s3->window);
        s3->counters.bytes_sent += call->body_length;
        end_call(call, true);
        return;
    }
    if (verdict == S3_SLOWER) {
        pace_window_slow(&s3->window, now_ms());
        s3->counters.slow_downs++;
    }
    delay = pace_delay_ms(s3->settings.first_delay_ms, call->attempts, random_number());
    if (!may_try_again(s3, call, verdict))
        end_call(call, false);
    else
        wait_again(call, response->retry_after_ms > delay ? response->retry_after_ms : delay);
}

/* -- moving on ---------------------------------------------------------------------------------------------------- */

static bool refresh_credentials(struct s3 *s3, struct failure *failure)
{
    int64_t now = time(NULL);

    if (!s3->credentials_are_forced && !s3_credentials_are_old(&s3->credentials, now))
        return true;
    if (load_credentials(s3, failure) < 0)
        return !s3->credentials_are_forced && now < s3->credentials.expires; /* the old ones still do */
    s3->credentials_are_forced = false;
    return true;
}

static struct s3_call *next_waiting(struct s3 *s3, int64_t now, int *wait_ms)
{
    struct s3_call *call;

    TAILQ_FOREACH(call, &s3->waiting, entry)
    {
        if (call->not_before <= now)
            return call;
        if (call->not_before - now < *wait_ms)
            *wait_ms = (int)(call->not_before - now);
    }
    return NULL;
}

static void start_waiting(struct s3 *s3, int *wait_ms)
{
    struct s3_call *call;

    while (s3->running_count < s3->window.size && (call = next_waiting(s3, now_ms(), wait_ms))) {
        if (!refresh_credentials(s3, &call->failure)) {
            end_call(call, false);
            continue;
        }
        leave(call);
        send_call(call);
    }
}

static struct s3_call *first_to_stop(struct calls *calls)
{
    struct s3_call *call;

    TAILQ_FOREACH(call, calls, entry)
    if (!call->cleanup || call->s3->closing)
        return call;
    return NULL;
}

/* What `done` starts meanwhile is stopped as well, but for what cleans up. */
static void stop_all(struct s3 *s3)
{
    struct s3_call *call;

    while ((call = first_to_stop(&s3->running)) || (call = first_to_stop(&s3->waiting))) {
        (void)s3_check(s3, &call->failure);
        if (call->stream)
            http_client_cancel(s3->http, call->stream);
        end_call(call, false);
    }
}

/* Each that was held moves one piece, and is held again when that was too much. */
static void resume_all(struct s3 *s3)
{
    struct s3_call *call;

    TAILQ_FOREACH(call, &s3->running, entry)
    if (call->held) {
        call->held = false;
        http_stream_resume(call->stream);
    }
}

bool s3_step(struct s3 *s3, int wait_ms)
{
    unsigned debt = pace_bucket_wait_ms(&s3->bucket, now_ms());

    if (is_interrupted(s3))
        stop_all(s3);
    start_waiting(s3, &wait_ms);
    if (!debt)
        resume_all(s3);
    else if ((int)debt < wait_ms)
        wait_ms = (int)debt;
    if (TAILQ_EMPTY(&s3->running) && TAILQ_EMPTY(&s3->waiting))
        return false;
    http_client_wait(s3->http, NULL, 0, wait_ms);
    http_client_step(s3->http);
    start_waiting(s3, &wait_ms);
    return !TAILQ_EMPTY(&s3->running) || !TAILQ_EMPTY(&s3->waiting);
}

bool s3_room(const struct s3 *s3)
{
    return s3->waiting_count < s3->settings.connections && !is_interrupted(s3);
}

int s3_check(const struct s3 *s3, struct failure *failure)
{
    if (!is_interrupted(s3))
        return 0;
    return failure_set(failure, REASON_INTERRUPTED, "interrupted: start again, what is done is kept");
}

struct s3_counters s3_counters(const struct s3 *s3)
{
    return s3->counters;
}

const struct s3_location *s3_location(const struct s3 *s3)
{
    return s3->settings.location;
}

void s3_destroy(struct s3 *s3)
{
    if (!s3)
        return;
    s3->closing = true;
    stop_all(s3);
    http_client_destroy(s3->http);
    s3_credentials_finish(&s3->credentials);
    free(s3);
}
