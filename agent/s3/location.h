#pragma once
/*
 * Where a bucket is and how to speak to it: from s3://bucket/prefix and its companions to a URL, the Host header and
 * the paths under which keys are asked for. Nothing here does I/O but the reading of the CA file.
 */

#include <stdbool.h>

#include "../../operator/base/slice.h"
#include "../../operator/base/strbuf.h"
#include "../reason.h"

struct s3_location_options {
    const char *uri;        /* s3://bucket or s3://bucket/prefix */
    const char *region;     /* NULL: us-east-1 */
    const char *endpoint;   /* http://host:port or https://...; NULL: AWS's of the region */
    const char *addressing; /* "Virtual", "Path"; NULL: Virtual, but Path when the endpoint is an IP address */
    const char *ca_file;    /* PEM; NULL: the system's */
    bool anonymous;         /* requests are not signed */
};

/* All texts are its own. A zeroed one is empty. */
struct s3_location {
    char *bucket;
    char *prefix; /* as written, without the slash before it; "" for the whole bucket */
    char *region;
    char *url;  /* "https://bucket.s3.eu-west-1.amazonaws.com", "http://127.0.0.1:9000": before every path */
    char *host; /* what the Host header says: without a default port */
    char *ca;   /* PEM; NULL: the system's */
    bool path_style, tls, anonymous;
};

/* REASON_INVALID_OPTIONS, with what to write instead. On failure nothing needs to be finished. */
int s3_location_init(struct s3_location *ret,
                     const struct s3_location_options *options,
                     struct failure *failure) must_check;
void s3_location_finish(struct s3_location *location);

/* Appends the encoded path of a key, "/key" or "/bucket/key"; "" is the bucket itself. */
void s3_location_path(const struct s3_location *location, const char *key, struct strbuf *path);

/* Appends s3://bucket/key, as people write it. */
void s3_location_uri(const struct s3_location *location, const char *key, struct strbuf *uri);
