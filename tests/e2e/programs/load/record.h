/*
 * What load writes down: a line for each request in its log, and sums for the end. A line is
 *
 *   TIME fresh|kept ok|FAILED STATUS MILLISECONDS ms TEXT
 *
 * TIME is when the request was due, in UTC; STATUS is 0 when no answer came; TEXT names who answered, or what failed.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* -1 when the file cannot be written. */
int record_open(const char *path);

void record_connection(bool is_kept);

/* A request has ended `took_us` after it was due. */
void record_request(bool is_kept, bool is_ok, int status, int64_t took_us, const char *text);

/* Prints the sums and closes the log. The program's exit status: 0 is for one request at least, and none that failed.
 */
int record_print(void);
