#include "listen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int listen_parse(const char *text, const char *flag, struct listen_address *ret, struct error *err)
{
    const char *colon = strrchr(text, ':');
    char *end;
    long port = colon ? strtol(colon + 1, &end, 10) : 0;

    if (!colon || *end || port < 1 || port > 65535 || (size_t)(colon - text) >= sizeof(ret->address))
        return error_set(err,
                         ERROR_INVALID,
                         "--%s '%s' is no address and port: write 127.0.0.1:8080, or :8080 for all addresses",
                         flag,
                         text);
    snprintf(ret->address, sizeof(ret->address), "%.*s", (int)(colon - text), text);
    ret->port = (int)port;
    return 0;
}
