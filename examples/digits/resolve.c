#include "resolve.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <string.h>

enum { MESSAGE_MAX = 4096 };

/* An IPv4 address in its IPv6 form (RFC 4291, 2.5.5.2), so that one kind of socket serves both. */
static void map_ipv4(const void *ipv4, struct in6_addr *ret_ipv6)
{
    static const unsigned char prefix[12] = { [10] = 0xff, [11] = 0xff };

    memcpy(ret_ipv6->s6_addr, prefix, sizeof(prefix));
    memcpy(ret_ipv6->s6_addr + sizeof(prefix), ipv4, 4);
}

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

static int query(const char *name, ns_type type, struct in6_addr *ret_address)
{
    unsigned size = type == ns_t_a ? 4 : 16;
    unsigned char message[MESSAGE_MAX];
    const unsigned char *found;
    int length = res_search(name, ns_c_in, type, message, sizeof(message));

    found = length > 0 ? find_answer(message, length < MESSAGE_MAX ? length : MESSAGE_MAX, type, size) : NULL;
    if (!found)
        return -1;
    if (type == ns_t_a)
        map_ipv4(found, ret_address);
    else
        memcpy(ret_address, found, size);
    return 0;
}

int resolve(const char *name, int port, struct sockaddr_in6 *ret_address, struct error *err)
{
    struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons((in_port_t)port) };
    struct in_addr ipv4;

    if (strcmp(name, "localhost") == 0)
        name = "127.0.0.1";
    if (inet_pton(AF_INET, name, &ipv4) == 1) {
        map_ipv4(&ipv4, &address.sin6_addr);
    } else if (inet_pton(AF_INET6, name, &address.sin6_addr) != 1) {
        if (res_init() < 0)
            return error_set(err, EXIT_FAULT, "cannot read /etc/resolv.conf");
        _res.retrans = 1; /* the caller tries again anyway; one try must not take a minute */
        _res.retry = 1;
        if (query(name, ns_t_a, &address.sin6_addr) < 0 && query(name, ns_t_aaaa, &address.sin6_addr) < 0)
            return error_set(err, EXIT_FAULT,
                             h_errno == TRY_AGAIN ? "DNS does not answer" : "the name is not in DNS yet");
    }
    *ret_address = address;
    return 0;
}
