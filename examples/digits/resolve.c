#include "resolve.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <string.h>

enum { MESSAGE_MAX = 4096 };

static unsigned read_16(const unsigned char *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

/*
 * Finds the first record of this type among a message's answers (RFC 1035, 4.1): its data, `size` bytes, or NULL.
 * A name with an alias has other records before it.
 */
static const unsigned char *find_answer(const unsigned char *message, int length, unsigned type, unsigned size)
{
    const unsigned char *end = message + length, *at = message + HFIXEDSZ;
    int name = length >= HFIXEDSZ ? dn_skipname(at, end) : -1;
    unsigned answers = name < 0 ? 0 : read_16(message + 6);

    if (name < 0 || end - at < name + QFIXEDSZ)
        return NULL;
    for (at += name + QFIXEDSZ; answers > 0; answers--) {
        name = dn_skipname(at, end);
        if (name < 0 || end - at < name + RRFIXEDSZ)
            return NULL;
        at += name + RRFIXEDSZ;
        if (end - at < read_16(at - 2))
            return NULL;
        if (read_16(at - RRFIXEDSZ) == type && read_16(at - 2) == size)
            return at;
        at += read_16(at - 2);
    }
    return NULL;
}

static int query(const char *name, ns_type type, void *ret_address, unsigned size)
{
    unsigned char message[MESSAGE_MAX];
    const unsigned char *found = NULL;
    int length = res_search(name, ns_c_in, (int)type, message, sizeof(message));

    if (length > 0 && length <= MESSAGE_MAX)
        found = find_answer(message, length, type, size);
    if (!found)
        return -1;
    memcpy(ret_address, found, size);
    return 0;
}

static int ask_dns(const char *name, union address *address, struct error *err)
{
    if (res_init() < 0)
        return error_set(err, EXIT_FAULT, "cannot read /etc/resolv.conf");
    _res.retrans = 1; /* the caller tries again anyway; one try must not take a minute */
    _res.retry = 1;
    if (query(name, ns_t_a, &address->four.sin_addr, sizeof(address->four.sin_addr)) == 0)
        address->any.sa_family = AF_INET;
    else if (query(name, ns_t_aaaa, &address->six.sin6_addr, sizeof(address->six.sin6_addr)) == 0)
        address->any.sa_family = AF_INET6;
    else if (h_errno == TRY_AGAIN)
        return error_set(err, EXIT_FAULT, "DNS does not answer");
    else
        return error_set(err, EXIT_FAULT, "the name is not in DNS yet");
    return 0;
}

int resolve(const char *name, int port, union address *ret_address, struct error *err)
{
    union address address = { 0 };

    if (strcmp(name, "localhost") == 0)
        name = "127.0.0.1";
    if (inet_pton(AF_INET, name, &address.four.sin_addr) == 1)
        address.any.sa_family = AF_INET;
    else if (inet_pton(AF_INET6, name, &address.six.sin6_addr) == 1)
        address.any.sa_family = AF_INET6;
    else if (ask_dns(name, &address, err) < 0)
        return -1;
    if (address.any.sa_family == AF_INET)
        address.four.sin_port = htons((in_port_t)port);
    else
        address.six.sin6_port = htons((in_port_t)port);
    *ret_address = address;
    return 0;
}
