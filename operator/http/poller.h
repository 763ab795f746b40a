#pragma once
/*
 * Tells curl's multi handle which sockets have news, by epoll. curl_multi_poll and curl_multi_perform look at every
 * connection each time; with 16 of them and one answer at a time that was most of our own CPU time.
 */

#include <curl/curl.h>
#include <stddef.h>

struct poller;

struct poller *poller_create(CURLM *multi);
void poller_destroy(struct poller *poller); /* after its multi handle; NULL is fine */

/* Waits until something can be moved on, poller_wakeup is called, one of up to 8 fds is readable, or time is up. */
enum { POLLER_MAX_FDS = 8 };
void poller_wait(struct poller *poller, const int *fds, size_t count, int timeout_ms); /* an fd of -1: none */
void poller_wakeup(struct poller *poller);                                             /* from any thread */

/* Moves everything on that can be. Transfers that ended are in curl_multi_info_read. */
void poller_step(struct poller *poller);
