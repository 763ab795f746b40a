#pragma once
/* Where to listen, as people write it. */

#include "../base/error.h"

struct listen_address {
    char address[64]; /* "": all */
    int port;
};

/* "127.0.0.1:8080" or ":8080", of the flag --<flag>. ERROR_INVALID. */
int listen_parse(const char *text, const char *flag, struct listen_address *ret, struct error *err) must_check;
