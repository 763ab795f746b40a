#pragma once
/*
 * Errors: a function that can fail takes `struct error *err` last and returns 0 or -1. The struct lives on the
 * caller's stack and is touched only on failure. What a failure means to an observer is its exit code.
 */

enum exit_code {
    EXIT_FAULT = 1,    /* this process could not go on */
    EXIT_USAGE = 2,    /* a flag or a variable of the environment is wrong */
    EXIT_ASKED = 3,    /* --fail-at-epoch */
    EXIT_PEER = 4,     /* another rank failed or went away; the cause is there, not here */
    EXIT_SIGNAL = 128, /* plus the signal's number, as shells have it */
};

struct error {
    int exit_code;
    char message[256]; /* one line, cut at the end when too long */
};

#define printf_like(text, first) __attribute__((format(printf, text, first)))

/* Fills err and returns -1, so that a failure path is one line. */
int error_set(struct error *err, int exit_code, const char *format, ...) printf_like(3, 4);
