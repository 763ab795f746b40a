#pragma once
/*
 * Names to addresses, straight from DNS. getaddrinfo would load libraries at run time, which a static program in an
 * empty image does not have. /etc/resolv.conf is honoured (servers, search list, ndots); /etc/hosts is not read.
 */

#include <netinet/in.h>

#include "error.h"

/* An address of either family, ready for connect(): `&address.any, sizeof(address)`. */
union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

/*
 * Takes an IPv4 or IPv6 address, "localhost", or a name with A or AAAA records: the first one counts, A before AAAA.
 * Asks once; a few seconds at most. On failure err says whether the name is unknown or DNS does not answer.
 */
int resolve(const char *name, int port, union address *ret_address, struct error *err);
