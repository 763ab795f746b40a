#pragma once
/*
 * Tells the operator how far a command is, every ten seconds, when the environment says where: KITAE_REPORT_URL,
 * KITAE_REPORT_CA (PEM; none: the system's) and KITAE_REPORT_TOKEN_FILE. Nothing waits for it and nothing depends on
 * it: what cannot be sent is left out, and the first time that is said.
 */

#include <stdbool.h>
#include <stdint.h>

struct report;

struct report_numbers {
    const char *what; /* sync, fetch, ... */
    uint64_t objects, bytes;
    uint64_t total_objects, total_bytes; /* 0: not known yet */
    uint64_t bytes_per_second;
};

struct report *report_create(int64_t now_ms); /* on a clock of the caller's; NULL: nobody wants to know */
void report_destroy(struct report *report);   /* NULL is fine */

/* Moves on what is under way; true when the next one is due, which report_send then takes. */
bool report_step(struct report *report, int64_t now_ms);
void report_send(struct report *report, const struct report_numbers *numbers);
