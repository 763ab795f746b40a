#pragma once
/*
 * Whose requests these are: the AWS_* environment, or a web identity exchanged at STS (which ends and is renewed
 * before it does), or nobody's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../reason.h"

/* Texts are owned; all NULL: anonymous. */
struct s3_credentials {
    char *access_key, *secret_key, *session_token; /* the token is NULL for keys without an end */
    int64_t expires;                               /* seconds since 1970; 0: never */
};

enum { S3_CREDENTIALS_EARLY = 5 * 60 }; /* seconds before their end at which they are renewed */

/*
 * Reads AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN; else AWS_ROLE_ARN with
 * AWS_WEB_IDENTITY_TOKEN_FILE, by one request to STS (AWS_ENDPOINT_URL_STS, else that of the region); else anonymous.
 * REASON_BAD_CREDENTIALS, REASON_UNREACHABLE when STS did not answer. `ca` (PEM) may be NULL. Blocks for the request.
 */
int s3_credentials_load(struct s3_credentials *ret, const char *region, const char *ca, struct failure *failure)
    must_check;
void s3_credentials_finish(struct s3_credentials *credentials);

/* Whether it is time to load them again. */
bool s3_credentials_are_old(const struct s3_credentials *credentials, int64_t now);
