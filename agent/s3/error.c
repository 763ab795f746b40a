#include "error.h"

#include <string.h>

#include "../../operator/base/memory.h"
#include "xml.h"

/* A row is chosen by the code in the body, or, when there is none, by the status. `advice` ends the sentence. */
struct meaning {
    const char *code;
    int status;
    enum s3_verdict verdict;
    enum reason reason;
    const char *advice;
};

#define CHECK_KEYS "check the access key, its secret and the session token"
#define TRY_LATER  "the server had trouble, try again later"
#define ASK_REGION "set the region the bucket is in"

static const struct meaning meanings[] = {
    { "AccessDenied",
      403,
      S3_FAILED,
      REASON_ACCESS_DENIED,
      "allow these credentials s3:ListBucket on the bucket and what is to be done on its objects (s3:GetObject, "
      "s3:PutObject, s3:DeleteObject)" },
    { "AllAccessDisabled", 0, S3_FAILED, REASON_ACCESS_DENIED, "ask the owner of the bucket" },
    { "AccountProblem", 0, S3_FAILED, REASON_ACCESS_DENIED, "ask the owner of the account" },
    { "InvalidAccessKeyId", 401, S3_FAILED, REASON_BAD_CREDENTIALS, CHECK_KEYS },
    { "SignatureDoesNotMatch", 0, S3_FAILED, REASON_BAD_CREDENTIALS, CHECK_KEYS },
    { "InvalidToken", 0, S3_FAILED, REASON_BAD_CREDENTIALS, CHECK_KEYS },
    { "InvalidSecurity", 0, S3_FAILED, REASON_BAD_CREDENTIALS, CHECK_KEYS },
    { "ExpiredToken",
      0,
      S3_EXPIRED,
      REASON_BAD_CREDENTIALS,
      "the session is over, put fresh credentials into the secret" },
    { "NoSuchBucket",
      0,
      S3_FAILED,
      REASON_NO_SUCH_BUCKET,
      "check the name of the bucket, the endpoint and the region" },
    { "InvalidBucketName", 0, S3_FAILED, REASON_NO_SUCH_BUCKET, "check the name of the bucket" },
    { "PermanentRedirect", 301, S3_FAILED, REASON_WRONG_REGION, ASK_REGION },
    { "TemporaryRedirect", 307, S3_FAILED, REASON_WRONG_REGION, ASK_REGION },
    { "AuthorizationHeaderMalformed", 0, S3_FAILED, REASON_WRONG_REGION, ASK_REGION },
    { "IllegalLocationConstraintException", 0, S3_FAILED, REASON_WRONG_REGION, ASK_REGION },
    { "NoSuchKey", 404, S3_FAILED, REASON_NO_SUCH_KEY, "it was removed, or never there" },
    { "NoSuchUpload", 0, S3_FAILED, REASON_SERVER_ERROR, "its end may be done and the answer lost: start again" },
    { "InvalidObjectState", 0, S3_FAILED, REASON_ACCESS_DENIED, "it is archived: restore it first, or exclude it" },
    { "KeyTooLongError", 0, S3_FAILED, REASON_INVALID_KEY, "keys have at most 1024 bytes" },
    { "PreconditionFailed", 412, S3_FAILED, REASON_DRIFTED, "it changed since it was listed, list again" },
    { "ConditionalRequestConflict", 409, S3_AGAIN, REASON_SERVER_ERROR, "somebody else writes it, try again later" },
    { "OperationAborted", 0, S3_AGAIN, REASON_SERVER_ERROR, "somebody else writes it, try again later" },
    { "InvalidRange", 416, S3_FAILED, REASON_TRUNCATED, "it is shorter than the listing said, list again" },
    { "RequestTimeTooSkewed", 0, S3_CLOCK, REASON_BAD_CREDENTIALS, "set the clock of this machine" },
    { "SlowDown", 503, S3_SLOWER, REASON_SLOW_DOWN, "use fewer connections, or try again later" },
    { "ServiceUnavailable", 429, S3_SLOWER, REASON_SLOW_DOWN, "use fewer connections, or try again later" },
    { "Throttling", 0, S3_SLOWER, REASON_SLOW_DOWN, "use fewer connections, or try again later" },
    { "ThrottlingException", 0, S3_SLOWER, REASON_SLOW_DOWN, "use fewer connections, or try again later" },
    { "TooManyRequests", 0, S3_SLOWER, REASON_SLOW_DOWN, "use fewer connections, or try again later" },
    { "RequestLimitExceeded", 0, S3_SLOWER, REASON_SLOW_DOWN, "use fewer connections, or try again later" },
    { "RequestTimeout", 408, S3_AGAIN, REASON_UNREACHABLE, "the network is slow, try again later" },
    { "BadDigest", 0, S3_AGAIN, REASON_CHECKSUM_MISMATCH, "bytes changed on the way, check network and memory" },
    { "XAmzContentSHA256Mismatch",
      0,
      S3_AGAIN,
      REASON_CHECKSUM_MISMATCH,
      "bytes changed on the way, check network and memory" },
    { "InternalError", 500, S3_AGAIN, REASON_SERVER_ERROR, TRY_LATER },
    { NULL, 502, S3_AGAIN, REASON_SERVER_ERROR, TRY_LATER },
    { NULL, 504, S3_AGAIN, REASON_SERVER_ERROR, TRY_LATER },
};

static const struct meaning *by_code(const char *code)
{
    for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
        if (meanings[i].code && strcmp(meanings[i].code, code) == 0)
            return &meanings[i];
    return NULL;
}

static const struct meaning *by_status(int status)
{
    static const struct meaning trouble = { NULL, 0, S3_AGAIN, REASON_SERVER_ERROR, TRY_LATER };
    static const struct meaning refusal = {
        NULL, 0, S3_FAILED, REASON_SERVER_ERROR, "the server does not take this request, check the endpoint"
    };

    for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
        if (meanings[i].status == status)
            return &meanings[i];
    return status >= 500 ? &trouble : &refusal;
}

static const char *doing(const char *method, const char *key)
{
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        return *key ? "reading it" : "listing it";
    return strcmp(method, "DELETE") == 0 ? "removing it" : "writing it";
}

/* "the bucket is in eu-west-1, not us-east-1", or what the server said. */
static void add_cause(struct strbuf *cause, const struct s3_answer *answer, const struct s3_location *location)
{
    auto_strbuf struct strbuf region = { .maximum = 64 };

    if (answer->region)
        strbuf_adds(&region, answer->region);
    else
        (void)xml_find(answer->body, "Region", &region);
    if (region.length && strcmp(strbuf_text(&region), location->region) != 0)
        strbuf_addf(cause, "the bucket is in %s, not %s", strbuf_text(&region), location->region);
    else if (!xml_find(answer->body, "Message", cause) || !cause->length)
        strbuf_adds(cause, "the server does not say why");
}

static void explain(const struct s3_answer *answer,
                    const struct s3_location *location,
                    const char *code,
                    const struct meaning *meaning,
                    struct failure *failure)
{
    auto_strbuf struct strbuf cause = { .maximum = 200 }, uri = { 0 };
    enum reason reason = meaning->reason;
    const char *advice = meaning->advice;

    if (reason == REASON_DRIFTED && strcmp(answer->method, "GET") != 0) {
        reason = REASON_ALREADY_EXISTS;
        advice = "somebody else wrote it first";
    }
    if (reason == REASON_NO_SUCH_KEY && !*answer->key) {
        reason = REASON_NO_SUCH_BUCKET;
        advice = "check the name of the bucket, the endpoint and the region";
    }
    s3_location_uri(location, answer->key, &uri);
    add_cause(&cause, answer, location);
    failure_set(failure,
                reason,
                "%.200s: %s failed: %s (%d%s%s): %s",
                strbuf_text(&uri),
                doing(answer->method, answer->key),
                strbuf_text(&cause),
                answer->status,
                *code ? " " : "",
                code,
                advice);
}

static enum s3_verdict no_answer(const struct s3_answer *answer,
                                 const struct s3_location *location,
                                 struct failure *failure)
{
    auto_strbuf struct strbuf uri = { 0 };

    s3_location_uri(location, answer->key, &uri);
    failure_set(failure,
                REASON_UNREACHABLE,
                "%.200s: %s failed: no whole answer from %s: %s: check endpoint, network and certificates",
                strbuf_text(&uri),
                doing(answer->method, answer->key),
                location->url,
                answer->problem ? answer->problem : "the connection ended");
    return S3_AGAIN;
}

static bool is_error(struct slice body)
{
    struct slice name = { 0 };
    struct xml xml;

    xml_init(&xml, body);
    return body.length && xml_next(&xml, &name) == XML_OPEN && slice_is(name, "Error");
}

enum s3_verdict s3_judge(const struct s3_answer *answer, const struct s3_location *location, struct failure *failure)
{
    auto_strbuf struct strbuf code = { .maximum = 64 };
    bool is_good = answer->status >= 200 && answer->status < 300;
    const struct meaning *meaning;

    if (!answer->status || (answer->problem && is_good))
        return no_answer(answer, location, failure);
    if (is_good && !is_error(answer->body))
        return S3_FINE;
    (void)xml_find(answer->body, "Code", &code);
    meaning = code.length ? by_code(strbuf_text(&code)) : NULL;
    if (!meaning)
        meaning = by_status(is_good ? 500 : answer->status); /* an error inside a 200 is the server's */
    explain(answer, location, strbuf_text(&code), meaning, failure);
    return meaning->verdict;
}
