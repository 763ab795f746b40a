#pragma once
/*
 * TCP with deadlines: nothing here blocks longer than the caller allows, and all waiting is done in wait.h. Descriptors
 * are non-blocking and belong to the caller, who closes them. An error does not say who the peer was; the caller knows.
 */

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* A socket that listens on all addresses, IPv6 and IPv4 alike where the machine has both. */
int net_listen(int port, int *ret_fd, struct error *err);

/* Takes a connection that is waiting: its descriptor, or -1 when it is gone already. */
int net_accept(int listener);

/*
 * Connects to the master. Its name may come into DNS late and its port may not answer yet, so this tries again, at
 * first every 100 ms and then every two seconds, and says on stdout what it is waiting for.
 */
int net_connect(const char *name, int port, int64_t deadline, int *ret_fd, struct error *err);

/* Exactly `size` bytes, or an error. */
int net_send(int fd, const void *bytes, size_t size, int64_t deadline, struct error *err);
int net_receive(int fd, void *ret_bytes, size_t size, int64_t deadline, struct error *err);
