#include "location.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "../../operator/base/file.h"
#include "../../operator/base/memory.h"

enum { BUCKET_MIN = 3, BUCKET_MAX = 63, REGION_MAX = 63, CA_MAX = 1024 * 1024 };

/* "Bucket naming rules", S3 user guide; other servers take capitals and underscores too, so we do. */
static bool is_bucket(struct slice name)
{
    if (name.length < BUCKET_MIN || name.length > BUCKET_MAX || !isalnum((unsigned char)name.data[0]))
        return false;
    for (size_t i = 0; i < name.length; i++)
        if (!isalnum((unsigned char)name.data[i]) && !strchr(".-_", name.data[i]))
            return false;
    return true;
}

static int parse_uri(struct s3_location *location, const char *uri, struct failure *failure)
{
    const char *bucket, *slash;

    if (!uri || strncmp(uri, "s3://", 5) != 0)
        return failure_set(failure,
                           REASON_INVALID_OPTIONS,
                           "\"%s\" is not the place of a bucket: write s3://bucket or s3://bucket/prefix",
                           uri ? uri : "");
    bucket = uri + 5;
    slash = bucket + strcspn(bucket, "/");
    if (!is_bucket((struct slice){ bucket, (size_t)(slash - bucket) }))
        return failure_set(
            failure,
            REASON_INVALID_OPTIONS,
            "%s: \"%.*s\" cannot be the name of a bucket: write 3 to 63 letters, digits, dots and hyphens",
            uri,
            (int)(slash - bucket),
            bucket);
    location->bucket = xstrndup(bucket, (size_t)(slash - bucket));
    location->prefix = xstrdup(*slash ? slash + 1 : "");
    return 0;
}

static int take_region(struct s3_location *location, const char *region, struct failure *failure)
{
    location->region = xstrdup(region && *region ? region : "us-east-1");
    for (const char *c = location->region; *c; c++)
        if ((!isalnum((unsigned char)*c) && !strchr("-_", *c)) || c - location->region >= REGION_MAX)
            return failure_set(failure,
                               REASON_INVALID_OPTIONS,
                               "\"%s\" cannot be a region: write one like eu-west-1 with --region",
                               region);
    return 0;
}

/* The host and port of "scheme://host:port" or "scheme://host:port/"; data NULL: it is neither. */
static struct slice authority_of(const char *endpoint)
{
    const char *start = strncmp(endpoint, "https://", 8) == 0  ? endpoint + 8
                        : strncmp(endpoint, "http://", 7) == 0 ? endpoint + 7
                                                               : NULL;
    size_t length = start ? strcspn(start, "/?#@ ") : 0;

    if (!length || (start[length] && strcmp(start + length, "/") != 0))
        return (struct slice){ 0 };
    return (struct slice){ start, length };
}

static bool is_address(struct slice authority)
{
    auto_free char *host = xstrndup(authority.data, authority.length);
    struct in_addr address;

    if (*host == '[')
        return true;
    host[strcspn(host, ":")] = '\0';
    return inet_pton(AF_INET, host, &address) == 1 || strcmp(host, "localhost") == 0;
}

/* curl leaves the scheme's own port out of the Host header, and so must the signature. */
static size_t length_without_port(struct slice authority, bool tls)
{
    const char *port = tls ? ":443" : ":80";
    size_t length = strlen(port);

    if (authority.length > length && memcmp(authority.data + authority.length - length, port, length) == 0)
        return authority.length - length;
    return authority.length;
}

static int take_endpoint(struct s3_location *location, const char *endpoint, struct slice authority)
{
    auto_strbuf struct strbuf url = { 0 };
    const char *bucket = location->path_style ? "" : location->bucket, *dot = location->path_style ? "" : ".";

    location->tls = strncmp(endpoint, "https:", 6) == 0;
    strbuf_addf(&url,
                "%s://%s%s%.*s",
                location->tls ? "https" : "http",
                bucket,
                dot,
                (int)length_without_port(authority, location->tls),
                authority.data);
    location->url = strbuf_detach(&url);
    location->host = xstrdup(strstr(location->url, "://") + 3);
    return 0;
}

static int take_place(struct s3_location *location, const struct s3_location_options *options, struct failure *failure)
{
    auto_strbuf struct strbuf endpoint = { 0 };
    struct slice authority;

    if (options->endpoint && *options->endpoint)
        strbuf_adds(&endpoint, options->endpoint);
    else
        strbuf_addf(&endpoint,
                    "https://s3.%s.amazonaws.com%s",
                    location->region,
                    strncmp(location->region, "cn-", 3) == 0 ? ".cn" : "");
    authority = authority_of(strbuf_text(&endpoint));
    if (!authority.data)
        return failure_set(failure,
                           REASON_INVALID_OPTIONS,
                           "\"%s\" cannot be an endpoint: write http://host:port or https://host:port",
                           options->endpoint);
    if (!options->addressing || !*options->addressing)
        /* No certificate covers a name with a dot under a wildcard. */
        location->path_style = is_address(authority) || strchr(location->bucket, '.');
    else if (strcmp(options->addressing, "Path") == 0)
        location->path_style = true;
    else if (strcmp(options->addressing, "Virtual") != 0)
        return failure_set(
            failure, REASON_INVALID_OPTIONS, "\"%s\" is no addressing: write Virtual or Path", options->addressing);
    return take_endpoint(location, strbuf_text(&endpoint), authority);
}

static int read_ca(struct s3_location *location, const char *path, struct failure *failure)
{
    auto_strbuf struct strbuf pem = { .maximum = CA_MAX };
    struct error err;

    if (!path || !*path)
        return 0;
    if (file_read(path, &pem, &err) < 0)
        return failure_from(failure, REASON_INVALID_OPTIONS, &err);
    location->ca = strbuf_detach(&pem);
    return 0;
}

int s3_location_init(struct s3_location *ret, const struct s3_location_options *options, struct failure *failure)
{
    struct s3_location location = { .anonymous = options->anonymous };

    if (parse_uri(&location, options->uri, failure) < 0 || take_region(&location, options->region, failure) < 0 ||
        take_place(&location, options, failure) < 0 || read_ca(&location, options->ca_file, failure) < 0) {
        s3_location_finish(&location);
        return -1;
    }
    *ret = location;
    return 0;
}

void s3_location_finish(struct s3_location *location)
{
    free(location->bucket);
    free(location->prefix);
    free(location->region);
    free(location->url);
    free(location->host);
    free(location->ca);
    *location = (struct s3_location){ 0 };
}

void s3_location_path(const struct s3_location *location, const char *key, struct strbuf *path)
{
    strbuf_addc(path, '/');
    if (location->path_style)
        strbuf_addf(path, "%s%s", location->bucket, *key ? "/" : "");
    for (const char *c = key; *c; c++)
        if (*c == '/')
            strbuf_addc(path, '/');
        else
            strbuf_add_escaped(path, (const char[]){ *c, '\0' });
}

void s3_location_uri(const struct s3_location *location, const char *key, struct strbuf *uri)
{
    strbuf_addf(uri, "s3://%s%s%s", location->bucket, *key ? "/" : "", key);
}
