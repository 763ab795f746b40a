#pragma once
/*
 * AWS Signature Version 4 for S3 and STS ("Authenticating Requests: Using the Authorization Header", S3 API reference).
 * Pure: the caller says what time it is.
 */

#include <stdint.h>

#include "../../operator/base/arena.h"
#include "../../operator/http/request.h"
#include "credentials.h"

#define SIGNER_UNSIGNED "UNSIGNED-PAYLOAD" /* over TLS only, which guards the body itself */

enum { SIGNER_MAX_HEADERS = 16, SIGNER_ADDED_HEADERS = 4 };

struct signer_request {
    const char *method;
    const char *host;                  /* as it will be sent */
    const char *path;                  /* encoded once, as it will be sent */
    const char *query;                 /* encoded, in any order, without "?"; NULL or "": none */
    const char *payload;               /* SHA-256 in hexadecimal digits, or SIGNER_UNSIGNED */
    const struct http_header *headers; /* signed too: all names in lower case, none twice; no host */
    size_t header_count;               /* at most SIGNER_MAX_HEADERS - SIGNER_ADDED_HEADERS */
    const char *region, *service;      /* "us-east-1", "s3" */
    int64_t now;                       /* seconds since 1970, by the server's clock */
};

/*
 * Writes the headers to add to the request: x-amz-date, x-amz-content-sha256, x-amz-security-token when there is one,
 * Authorization. Returns how many. Values live in the arena.
 */
size_t signer_sign(const struct signer_request *request,
                   const struct s3_credentials *credentials,
                   struct arena *arena,
                   struct http_header ret[SIGNER_ADDED_HEADERS]);
